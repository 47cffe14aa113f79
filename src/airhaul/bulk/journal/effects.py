"""The records that a run has written, for undoing it."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from airhaul.bulk.journal.codec import unpack_changes
from airhaul.bulk.journal.file import Journal
from airhaul.bulk.journal.runs import Run
from airhaul.bulk.rows.changes import Change, Kind
from airhaul.bulk.rows.inverse import links_to_set
from airhaul.wire.shapes import Cells

_KINDS: Final[dict[str, Kind]] = {"created": "create", "updated": "update", "deleted": "delete"}
_STATES: Final = ("", "created", "updated", "deleted")


@dataclass(slots=True)
class WrittenRecord:
    """One record that a run has written.

    Args:
        index: The row's place in the run.
        state: ``"created"``, ``"updated"`` or ``"deleted"``.
        record_id: The record.
        cells: What was sent.
        before: What the record held before; None where that is not known.
    """

    index: int
    state: str
    record_id: str
    cells: Cells
    before: Cells | None


def written_by(journal: Journal, run: Run) -> list[WrittenRecord]:
    """Return the records that a run has written and not undone, the latest first.

    Args:
        journal: The journal.
        run: The run.
    """
    states, ids = _final_states(journal, run)
    found: list[WrittenRecord] = []
    made: dict[int, tuple[Change[Any], str]] = {}
    for *_, packed in journal.intents(run, latest_first=True):
        for change in reversed(cast("list[Change[Any]]", unpack_changes(packed, None))):
            index = change.index
            state = _STATES[states[index]] if index < len(states) else ""
            if not state:
                continue
            states[index] = 0  # an earlier intent of the same row had no effect
            record_id = ids.get(index) or change.record_id
            is_restored = run.asked.verb == "undo" and (state == "created" or change.later)
            if is_restored and record_id is not None:
                made[index] = change, record_id
            if record_id is not None:
                found.append(
                    WrittenRecord(index, state, record_id, change.cells, _before(change, state))
                )
    new_ids = {change.record_id or "": id_ for change, id_ in made.values()}
    links = links_to_set((change for change, _ in made.values()), new_ids)
    return [
        replace(row, cells={**row.cells, **links[row.index]}) if row.index in links else row
        for row in found
    ]


def written_changes(journal: Journal, run: Run) -> list[Change[Any]]:
    """Return the changes that a run has made, in their order, as its rollback needs them.

    Args:
        journal: The journal.
        run: The run.
    """
    return [
        Change(_KINDS[row.state], row.index, row.cells, row.record_id, before=row.before)
        for row in reversed(written_by(journal, run))
    ]


def _before(change: Change[Any], state: str) -> Cells | None:
    # The record did not exist when it was looked up, but did when it was written.
    return None if state == "updated" and change.record_id is None else change.before


def _final_states(journal: Journal, run: Run) -> tuple[array[int], dict[int, str]]:
    states, ids = array("B"), dict[int, str]()
    for rows, _, _ in journal.outcomes(run):
        for index, state, id_, *_ in rows:
            if index >= len(states):
                states.extend([0] * (index + 1 - len(states)))
            states[index] = _STATES.index(state) if state in _STATES else 0
            if id_ is not None:
                ids[index] = id_
    return states, ids


def sent_without_outcome(journal: Journal, run: Run) -> int:
    """Return how many rows a run was about to send, or has sent, whose outcome is not recorded."""
    settled = {row[0] for rows, _, _ in journal.outcomes(run) for row in rows}
    intended = {
        change.index
        for *_, packed in journal.intents(run)
        for change in unpack_changes(packed, None)
    }
    return len(intended - settled)
