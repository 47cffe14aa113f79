"""What is left of a run that was broken off: what became of its rows, and what was on its way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final, cast

from airhaul.bulk.engine.known_base import KnownBase
from airhaul.bulk.journal.codec import error_of, unpack_changes
from airhaul.bulk.journal.file import Journal
from airhaul.bulk.journal.runs import Run
from airhaul.bulk.results.outcomes import Outcomes, State
from airhaul.bulk.rows.changes import Change, Chunk, InvalidRow, Kind
from airhaul.bulk.rows.keys import Key

_FINAL: Final = frozenset({"created", "updated", "unchanged", "deleted", "undone"})


def restore(journal: Journal, run: Run, outcomes: Outcomes[Any], known_base: KnownBase) -> None:
    """Settle the rows that are settled for good, as they were.

    A row that failed through no fault of its own, or of which nobody knows, is not: it is taken up
    again.

    Args:
        journal: The journal.
        run: The run.
        outcomes: Where the rows are settled.
        known_base: Told of the records that the run has created.
    """
    for rows, _, _ in journal.outcomes(run):
        for row in rows:
            index, state, id_, _, request, is_of_row, note = row
            if state not in _FINAL and not (state == "failed" and is_of_row):
                continue
            outcomes.open(index)
            error = error_of(row)
            outcomes.settle(
                index, cast("State", state), id=id_, error=error, request=request, note=note
            )
            if state == "created" and id_ is not None:
                known_base.created([id_])


def open_chunks(
    journal: Journal, run: Run, key: Key | None, outcomes: Outcomes[Any]
) -> list[Chunk[Any]]:
    """What was about to be sent, and may have been, and whose end nobody knows.

    Args:
        journal: The journal.
        run: The run.
        key: What rows are told by, where they are.
        outcomes: What is settled.

    Returns:
        Each request, in their order; their intents stand, and need not be written again.
    """
    found: list[Chunk[Any]] = []
    seen: set[int] = set()
    # A row that was sent again, by itself or with others, counts as it was sent at last.
    for number, kind, since, packed in journal.intents(run, latest_first=True):
        rows = [
            change
            for change in cast("list[Change[Any]]", unpack_changes(packed, key))
            if change.index not in seen and not _is_settled(outcomes, change.index)
        ]
        if rows:
            seen |= {change.index for change in rows}
            at = None if since is None else datetime.fromisoformat(since)
            found.append(Chunk(cast("Kind", kind), rows, intent=number, was_sent=True, since=at))
    return found[::-1]


def _is_settled(outcomes: Outcomes[Any], index: int) -> bool:
    return index < len(outcomes) and outcomes.is_settled(index)


def kept_rows(journal: Journal, run: Run, key: Key | None) -> Iterator[Change[Any] | InvalidRow]:
    """The rows that the journal has kept, all of them, in their order."""
    for packed in journal.copies(run):
        yield from unpack_changes(packed, key)
