"""What undos have recreated, so that no other undo recreates it once more.

A deleted record that an undo creates again has a new id. The journal knows both ids, and so leads
from a record that a run has written to the record that is in its place now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from airhaul.bulk.journal.codec import unpack_changes
from airhaul.bulk.journal.file import Journal
from airhaul.bulk.journal.runs import Run
from airhaul.bulk.rows.changes import Change
from airhaul.wire.shapes import RecordJson

UNDOING: Final = ("undo", "rollback")
"""The verbs of runs that undo another run."""


@dataclass(frozen=True, slots=True)
class Recreated:
    """The records that undos have created in place of deleted ones.

    Args:
        ids: Their ids by the id of the deleted record, in the order of time.
        unclear: Deleted records that an undo may have recreated, without a known outcome, each with
            the id of that undo.
    """

    ids: Mapping[str, list[str]] = field(default_factory=dict[str, list[str]])
    unclear: Mapping[str, str] = field(default_factory=dict[str, str])

    def lineage(self, record_id: str) -> Iterator[str]:
        """Yield a record's id, and the ids of the records that were created in its place."""
        yield record_id
        for new_id in self.ids.get(record_id, ()):
            yield from self.lineage(new_id)

    def living(self, record_id: str, current: Mapping[str, RecordJson]) -> RecordJson | None:
        """Return the record itself or the latest in its place, or None if there is none.

        Args:
            record_id: The record's id when the run wrote it.
            current: The records that are in the table now, by id.
        """
        there = [current[id_] for id_ in self.lineage(record_id) if id_ in current]
        return there[-1] if there else None

    def may_be_there(self, record_id: str) -> str | None:
        """Return the undo that may have recreated a record, if that is not known."""
        undos = (self.unclear[id_] for id_ in self.lineage(record_id) if id_ in self.unclear)
        return next(undos, None)


def undos_since(journal: Journal, run: Run) -> list[Run]:
    """Return the undos and rollbacks of any run of the base since a run, the earliest first."""
    place = run.asked.service, run.asked.base_id
    undos: list[Run] = []
    for other in journal.runs():
        if other.id == run.id:
            break
        if other.asked.verb in UNDOING and place == (other.asked.service, other.asked.base_id):
            undos.append(other)
    return undos[::-1]


def undos_of(journal: Journal, run: Run) -> list[Run]:
    """Return the undos of a run, and its rollback by its own policy, the earliest first."""
    return [undo for undo in undos_since(journal, run) if undo.asked.undoes == run.id]


def recreated_by(journal: Journal, undos: Iterable[Run]) -> Recreated:
    """Return the records that some undos have recreated.

    Args:
        journal: The journal.
        undos: The undos, the earliest first.
    """
    ids = defaultdict[str, list[str]](list)
    unclear: dict[str, str] = {}
    for undo in undos:
        states: dict[int, str] = {}
        new_ids: dict[int, str] = {}
        for rows, _, _ in journal.outcomes(undo):
            states |= {row[0]: row[1] for row in rows}
            new_ids |= {row[0]: row[2] for row in rows if row[2] is not None}
        for index, old_id in _sent(journal, undo).items():
            if states.get(index, "unknown") == "unknown":
                unclear[old_id] = undo.id
            elif states[index] == "created":
                ids[old_id].append(new_ids[index])
    return Recreated(ids, unclear)


def _sent(journal: Journal, undo: Run) -> dict[int, str]:
    """Return the deleted records that an undo was about to recreate, by the place of the row."""
    found: dict[int, str] = {}
    for *_, packed in journal.intents(undo):
        for change in cast("list[Change[Any]]", unpack_changes(packed, None)):
            if not change.traits.is_repeatable and change.record_id is not None:
                found[change.index] = change.record_id
    return found
