"""Looking at all rows before the first request, where they can be looked at twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, Generic, TypeVar

from airhaul.bulk.results.explain import counted, explain
from airhaul.bulk.results.outcomes import Outcomes
from airhaul.bulk.results.result import BulkResult
from airhaul.bulk.rows.changes import Change, Refused
from airhaul.bulk.rows.encoders import Encoder
from airhaul.errors import BulkError, RowError
from airhaul.messages import Message
from airhaul.model.base import RecordBase

M = TypeVar("M", bound=RecordBase)

OnRefusal = Callable[[object, RowError], object]
"""Called with each row that is not valid, and the reason."""

_MOST_ERRORS: Final = 100
_MOST_LINES: Final = 10


def sort_out(encoder: Encoder[M], rows: Iterable[object]) -> tuple[list[Change[M]], list[Refused]]:
    """Make changes of the rows of a list, and set aside those that are not valid.

    Args:
        encoder: Validates them.
        rows: The rows.

    Returns:
        The changes, and the rows that are not valid with the reasons.
    """
    changes: list[Change[M]] = []
    refused: list[Refused] = []
    for index, row in enumerate(rows):
        try:
            changes.append(encoder.encode(index, row))
        except RowError as error:
            refused.append(Refused(index, error, row))
    return changes, refused


def in_order(changes: Iterable[Change[M]], refused: Iterable[Refused]) -> list[Change[M] | Refused]:
    """Both together, in the order of the rows."""
    rows: list[Change[M] | Refused] = [*changes, *refused]
    rows.sort(key=lambda row: row.index)
    return rows


def encode_all(
    encoder: Encoder[M], rows: Iterable[object], on_refusal: OnRefusal
) -> list[Change[M]]:
    """Make changes of the rows of a list.

    Args:
        encoder: Validates them.
        rows: The rows.
        on_refusal: Told of each row that is not valid.

    Returns:
        The changes.

    Raises:
        BulkError: A row is not valid; nothing was sent.
    """
    changes, refused = sort_out(encoder, rows)
    for row in refused:
        on_refusal(row.source, row.error)
    if refused:
        raise nothing_sent(outcomes_of(changes, refused))
    return changes


def outcomes_of(changes: Iterable[Change[M]], refused: Iterable[Refused]) -> Outcomes[M]:
    """The outcomes of rows of which nothing was sent."""
    outcomes = Outcomes[M]()
    for change in changes:
        outcomes.open(change.index, change.line)
    for row in refused:
        outcomes.open(row.index, row.error.line)
        outcomes.settle(row.index, "failed", error=row.error)
    return outcomes


def check_all(encoder: Encoder[Any], rows: Iterable[object], on_refusal: OnRefusal) -> int:
    """Look at the rows of a file without keeping them.

    Args:
        encoder: Validates them.
        rows: The rows.
        on_refusal: Told of each row that is not valid.

    Returns:
        How many there are.

    Raises:
        BulkError: A row is not valid; nothing was sent. The look ends with the hundredth such row.
    """
    outcomes = Outcomes[Any]()
    for index, row in enumerate(rows):
        outcomes.open(index)
        try:
            encoder.encode(index, row)
        except RowError as error:
            outcomes.open(index, error.line)
            outcomes.settle(index, "failed", error=error)
            on_refusal(row, error)
            if outcomes.settled == _MOST_ERRORS:
                break
    if outcomes.settled:
        raise nothing_sent(outcomes)
    return len(outcomes)


def nothing_sent(outcomes: Outcomes[Any]) -> BulkError:
    """Make the error for rows that were found wrong before anything was sent."""
    errors = list(outcomes.errors())
    number = len(errors)
    all_rows = counted(len(outcomes), "row")
    valid = f"{number} of {all_rows} {'is' if number == 1 else 'are'} not valid"
    told = list(explain(outcomes, ("failed",)))
    lines = [f"Nothing was sent: {valid}.", *told[:_MOST_LINES]]
    if len(told) > _MOST_LINES:
        lines.append(f"and {len(told) - _MOST_LINES} more")
    error = BulkError(Message.of_lines(lines), result=BulkResult(outcomes))
    error.__cause__ = errors[0]
    return error


class Intake(Generic[M]):
    """Numbers rows, opens an outcome for each, and makes changes of them.

    Args:
        encoder: Makes changes of rows.
        outcomes: Where what becomes of each row is kept.
    """

    def __init__(self, encoder: Encoder[M], outcomes: Outcomes[M]) -> None:
        self._encoder = encoder
        self._outcomes = outcomes
        self._taken = 0
        self._recovered: set[int] = set()
        self.has_ended = False

    def take(self, row: object) -> Change[M] | Refused | None:
        """Take a row.

        Args:
            row: The row as it was given, or what a look at all rows has made of it.

        Returns:
            What is to be done; None for a row that another process has dealt with.
        """
        index = row.index if isinstance(row, Change | Refused) else self._taken
        self._taken = max(self._taken, index + 1)
        self._outcomes.open(index)
        try:
            change = self._encoder.encode(index, row)
        except RowError as error:
            if self._outcomes.is_settled(index):
                return None
            self._outcomes.open(index, error.line)
            return Refused(index, error, row.source if isinstance(row, Refused) else row)
        self._outcomes.open(index, change.line)
        is_known = self._outcomes.is_settled(index) or index in self._recovered
        return None if is_known else change

    def recover(self, changes: Iterable[Change[M]]) -> None:
        """Learn of rows that another process was about to send; they are not taken again."""
        for change in changes:
            self._outcomes.open(change.index, change.line)
            self._recovered.add(change.index)
