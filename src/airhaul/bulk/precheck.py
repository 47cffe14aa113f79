"""Looking at all rows before the first request, where they can be looked at twice."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypeVar

from airhaul.bulk.result import BulkResult, RowOutcome
from airhaul.bulk.rows import EncodedRow, RowEncoder
from airhaul.errors import BulkError, RowError
from airhaul.model.base import RecordBase

M = TypeVar("M", bound=RecordBase)

_MOST_ERRORS: Final = 100
_MOST_LINES: Final = 10


def encode_all(encoder: RowEncoder[M], rows: Iterable[object]) -> list[EncodedRow[M]]:
    """Encode the rows of a list.

    Args:
        encoder: Validates them.
        rows: The rows.

    Returns:
        The rows, ready to be sent.

    Raises:
        BulkError: A row is not valid; nothing was sent.
    """
    encoded: list[EncodedRow[M]] = []
    failed: dict[int, RowError] = {}
    taken = 0
    for index, row in enumerate(rows):
        taken += 1
        try:
            encoded.append(encoder.encode(index, row))
        except RowError as error:
            failed[index] = error
    if failed:
        outcomes: list[RowOutcome[Any]] = [
            RowOutcome(index, "failed", error=failed[index], line=failed[index].line)
            if index in failed
            else RowOutcome(index, "skipped")
            for index in range(taken)
        ]
        raise _nothing_sent(outcomes, list(failed.values()), taken)
    return encoded


def check_all(encoder: RowEncoder[Any], rows: Iterable[object]) -> int:
    """Look at the rows of a file without keeping them.

    Args:
        encoder: Validates them.
        rows: The rows.

    Returns:
        How many there are.

    Raises:
        BulkError: A row is not valid; nothing was sent. It lists the first hundred such rows.
    """
    errors: list[RowError] = []
    taken = 0
    for index, row in enumerate(rows):
        taken += 1
        try:
            encoder.encode(index, row)
        except RowError as error:
            errors.append(error)
            if len(errors) == _MOST_ERRORS:
                break
    if errors:
        outcomes: list[RowOutcome[Any]] = [
            RowOutcome(error.index or 0, "failed", error=error, line=error.line) for error in errors
        ]
        raise _nothing_sent(outcomes, errors, taken)
    return taken


def _nothing_sent(outcomes: list[RowOutcome[Any]], errors: list[RowError], taken: int) -> BulkError:
    valid = f"{len(errors)} of {taken:,} rows {'is' if len(errors) == 1 else 'are'} not valid"
    lines = [f"Nothing was sent: {valid}.", *map(str, errors[:_MOST_LINES])]
    if len(errors) > _MOST_LINES:
        lines.append(f"and {len(errors) - _MOST_LINES} more")
    error = BulkError("\n  ".join(lines), result=BulkResult(outcomes, requests=0, seconds=0.0))
    error.__cause__ = errors[0]
    return error
