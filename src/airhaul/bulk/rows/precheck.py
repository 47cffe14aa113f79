"""Validating rows: all of them before the first request if possible, or one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Generic, TypeVar

from airhaul.bulk.results.explain import explain_briefly
from airhaul.bulk.results.outcomes import Outcomes
from airhaul.bulk.results.result import BulkResult
from airhaul.bulk.rows.changes import Change, ColumnsWritten, InvalidRow
from airhaul.bulk.rows.encoders import Encoder
from airhaul.bulk.rows.unchanged import PlannedRow, UnchangedRun
from airhaul.errors import BulkError, RowError
from airhaul.messages import Message, counted
from airhaul.model.base import RecordBase

M = TypeVar("M", bound=RecordBase)

OnRefusal = Callable[[object, RowError], object]
"""Called with each row that is not valid, and the reason."""

_MOST_ERRORS: Final = 100
_MOST_LINES: Final = 10


def encode_one(encoder: Encoder[M], index: int, row: object) -> Change[M] | InvalidRow:
    """Make a change of a row, or an invalid row with the reason.

    Args:
        encoder: Validates it.
        index: Its place in the input, from 0.
        row: The row as it was given, or what was made of it before.
    """
    try:
        return encoder.encode(index, row)
    except RowError as error:
        given = row.source if isinstance(row, Change | InvalidRow) else row
        return InvalidRow(index, error, given)


def encode_each(
    encoder: Encoder[M], rows: Iterable[object], first: int = 0
) -> Iterator[Change[M] | InvalidRow]:
    """Number rows, and make changes of them as ``encode_one`` does.

    Args:
        encoder: Validates them.
        rows: The rows.
        first: The number of the first.
    """
    for index, row in enumerate(rows, first):
        yield encode_one(encoder, index, row)


def sort_out(
    encoder: Encoder[M], rows: Iterable[object], first: int = 0
) -> tuple[list[Change[M]], list[InvalidRow]]:
    """Make changes of the rows of a list, and separate those that are not valid.

    Args:
        encoder: Validates them.
        rows: The rows.
        first: The number of the first.

    Returns:
        The changes, and the rows that are not valid with the reasons.
    """
    changes: list[Change[M]] = []
    invalid: list[InvalidRow] = []
    for one in encode_each(encoder, rows, first):
        if isinstance(one, InvalidRow):
            invalid.append(one)
        else:
            changes.append(one)
    return changes, invalid


def in_order(
    changes: Iterable[Change[M] | InvalidRow], invalid: Iterable[InvalidRow]
) -> list[Change[M] | InvalidRow]:
    """Return both together, in the order of the rows."""
    rows: list[Change[M] | InvalidRow] = [*changes, *invalid]
    rows.sort(key=lambda row: row.index)
    return rows


def refuse_invalid(rows: Iterable[PlannedRow], on_refusal: OnRefusal) -> None:
    """Raise if one of some rows is not valid.

    Args:
        rows: All rows of a list; iterated twice.
        on_refusal: Called with each row that is not valid.

    Raises:
        BulkError: A row is not valid; nothing was sent.
    """
    invalid = [row for row in rows if isinstance(row, InvalidRow)]
    for row in invalid:
        on_refusal(row.source, row.error)
    if invalid:
        raise nothing_sent(outcomes_of(rows))


def outcomes_of(rows: Iterable[PlannedRow]) -> Outcomes[Any]:
    """Return the outcomes of rows of which nothing was sent."""
    outcomes = Outcomes[Any]()
    for row in rows:
        if isinstance(row, UnchangedRun):
            outcomes.open_run(row.first, row.rows.lines(row))
        elif isinstance(row, InvalidRow):
            outcomes.open(row.index, row.error.line)
            outcomes.settle(row.index, "failed", error=row.error)
        else:
            outcomes.open(row.index, row.line)
    return outcomes


def check_all(
    rows: Iterable[Change[Any] | InvalidRow], on_refusal: OnRefusal, written: ColumnsWritten
) -> int:
    """Check that the rows of a file are valid, without keeping them in memory.

    Args:
        rows: Their changes, and the rows that are not valid.
        on_refusal: Called with each row that is not valid.
        written: Takes the columns that they write.

    Returns:
        How many there are.

    Raises:
        BulkError: A row is not valid; nothing was sent. The hundredth such row ends it.
    """
    outcomes = Outcomes[Any]()
    count = 0
    for row in rows:
        count += 1
        if isinstance(row, InvalidRow):
            outcomes.open(row.index, row.error.line)
            outcomes.settle(row.index, "failed", error=row.error)
            on_refusal(row.source, row.error)
            if outcomes.settled == _MOST_ERRORS:
                break
        else:
            written.add(row)
    if outcomes.settled:
        outcomes.extend_to(count)
        raise nothing_sent(outcomes, ended_early=outcomes.settled == _MOST_ERRORS)
    return count


def count_all(rows: Iterable[Change[Any] | InvalidRow], written: ColumnsWritten) -> int:
    """Count the rows of a file, valid or not, without keeping them in memory.

    Args:
        rows: Their changes, and the rows that are not valid.
        written: Takes the columns that the valid rows write.
    """
    count = 0
    for row in rows:
        count += 1
        if isinstance(row, Change):
            written.add(row)
    return count


def nothing_sent(outcomes: Outcomes[Any], *, ended_early: bool = False) -> BulkError:
    """Make the error for rows that are not valid, when nothing was sent.

    Args:
        outcomes: The outcomes of the rows that were checked.
        ended_early: Whether there may be more rows, which were not checked.
    """
    errors = list(outcomes.errors())
    number = len(errors)
    all_rows = counted(len(outcomes), "row")
    valid = f"{number} of {all_rows} {'is' if number == 1 else 'are'} not valid"
    if ended_early:
        valid = f"{number} of the first {all_rows} are not valid; the others were not checked"
    explained = explain_briefly(outcomes, ("failed",))
    lines = [f"Nothing was sent: {valid}.", *explained[:_MOST_LINES]]
    if len(explained) > _MOST_LINES:
        lines.append(f"and {len(explained) - _MOST_LINES} more")
    error = BulkError(Message.of_lines(lines), result=BulkResult(outcomes))
    error.__cause__ = errors[0]
    return error


class Intake(Generic[M]):
    """The intake of rows, one by one: numbers them, opens their outcomes, makes changes of them.

    Args:
        encoder: Makes changes of rows.
        outcomes: Where the outcome of each row is kept.
    """

    def __init__(self, encoder: Encoder[M], outcomes: Outcomes[M]) -> None:
        self._encoder = encoder
        self._outcomes = outcomes
        self._taken = 0
        self._recovered: set[int] = set()
        self.has_ended = False

    def take(self, row: object) -> Change[M] | InvalidRow | None:
        """Take a row.

        Args:
            row: The row as it was given, or the change that was made of it before.

        Returns:
            The change; None for a row that another process has settled.
        """
        index = row.index if isinstance(row, Change | InvalidRow) else self._taken
        self._taken = max(self._taken, index + 1)
        self._outcomes.open(index)
        change = encode_one(self._encoder, index, row)
        if isinstance(change, InvalidRow):
            if self._outcomes.is_settled(index):
                return None
            self._outcomes.open(index, change.error.line)
            return change
        if change.line is not None:
            self._outcomes.open(index, change.line)
        is_known = self._outcomes.is_settled(index) or index in self._recovered
        return None if is_known else change

    def take_unchanged(self, run: UnchangedRun) -> None:
        """Take rows that are unchanged."""
        self._outcomes.open_run(run.first, run.rows.lines(run))
        self._taken = max(self._taken, run.end)

    def recover(self, changes: Iterable[Change[M]]) -> None:
        """Skip rows that another process was about to send."""
        for change in changes:
            self._outcomes.open(change.index, change.line)
            self._recovered.add(change.index)
