"""What the journal has of an unfinished run: the outcomes of its rows, and its open requests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final, cast

from airhaul.bulk.engine.known_base import KnownBase
from airhaul.bulk.journal.codec import error_of, row_of, unpack_changes
from airhaul.bulk.journal.file import Journal
from airhaul.bulk.journal.recreated import UNDOING, recreated_by, undos_since
from airhaul.bulk.journal.runs import Run
from airhaul.bulk.results.outcomes import Outcomes, State
from airhaul.bulk.rows.changes import Change, Chunk, InvalidRow, Kind
from airhaul.bulk.rows.keys import Key
from airhaul.errors import RowError

_FINAL: Final = frozenset({"created", "updated", "unchanged", "deleted", "undone"})


def restore(journal: Journal, run: Run, outcomes: Outcomes[Any], known_base: KnownBase) -> None:
    """Settle the rows that have a final outcome, as before.

    A row that failed through no fault of its own, or whose outcome is unknown, is written again.

    Args:
        journal: The journal.
        run: The run.
        outcomes: Where the rows are settled.
        known_base: Remembers the records that the run has created.
    """
    source = None if run.asked.source is None else run.asked.source.shown_name
    for rows, _, _ in journal.outcomes(run):
        for row in rows:
            index, state, id_, _, request, is_of_row, note, *_ = row
            if state not in _FINAL and not (state == "failed" and is_of_row):
                continue
            error = error_of(row, source)
            outcomes.open(index, error.line if isinstance(error, RowError) else None)
            outcomes.settle(
                index, cast("State", state), id=id_, error=error, request=request, note=note
            )
            if state == "created" and id_ is not None:
                known_base.created([id_])


def rejected_rows(journal: Journal, run: Run) -> Iterator[tuple[object, RowError]]:
    """Yield the rows that a run has refused so far as they were given, with the reasons.

    Args:
        journal: The journal.
        run: The run; it keeps a file of rejected rows.
    """
    source = None if run.asked.source is None else run.asked.source.shown_name
    for rows, _, _ in journal.outcomes(run):
        for outcome in rows:
            row, error = row_of(outcome), error_of(outcome, source)
            if row is not None and isinstance(error, RowError):
                yield row, error


def settle_recreated(journal: Journal, run: Run, outcomes: Outcomes[Any]) -> None:
    """Settle the rows of an undo whose records a later undo has recreated.

    Args:
        journal: The journal.
        run: The run.
        outcomes: Where the rows are settled.
    """
    later = undos_since(journal, run) if run.asked.verb in UNDOING else []
    if not later:
        return
    recreated = recreated_by(journal, later).ids
    for change in kept_rows(journal, run, None):
        if not isinstance(change, Change) or change.traits.is_repeatable:
            continue
        new_ids = recreated.get(change.record_id or "")
        if new_ids and not _is_settled(outcomes, change.index):
            outcomes.open(change.index)
            outcomes.settle(change.index, "unchanged", id=new_ids[-1])


def open_chunks(
    journal: Journal, run: Run, key: Key | None, outcomes: Outcomes[Any]
) -> list[Chunk[Any]]:
    """Return the requests that may have been sent and whose result is unknown.

    Args:
        journal: The journal.
        run: The run.
        key: The key that identifies rows, if there is one.
        outcomes: What is settled.

    Returns:
        The requests, in their order; their intents are in the journal already.
    """
    found: list[Chunk[Any]] = []
    seen: set[int] = set()
    # Of a row that was sent again, by itself or with others, only the last request counts.
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
    """Yield all rows that were copied into the journal, in their order.

    Raises:
        JournalError: Some are missing.
    """
    rows = 0
    for packed in journal.copies(run):
        changes = unpack_changes(packed, key)
        rows += len(changes)
        yield from changes
    if run.asked.rows_from == "copy" and run.asked.total not in (None, rows):
        raise journal.damaged(run.id)
