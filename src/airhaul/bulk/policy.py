"""What a bulk call does about rows that were not written."""

from __future__ import annotations

from typing import Any, Literal

from airhaul.bulk.result import BulkResult
from airhaul.errors import BulkError, BulkInterrupted, ConfigurationError

OnError = Literal["stop"]
"""``"stop"``: send nothing new after the first row that fails, and raise ``BulkError``."""

_MOST_LINES = 10


def check(on_error: str) -> None:
    """Refuse a policy that does not exist.

    Raises:
        ConfigurationError: There is no such policy.
    """
    if on_error != "stop":
        raise ConfigurationError(f'on_error={on_error!r} is not known; there is "stop".')


def raise_if_failed(result: BulkResult[Any]) -> None:
    """Raise when a row was not written.

    Raises:
        BulkError: Not every row was written; its ``result`` says what became of each.
    """
    if len(result) < len(result.outcomes):
        cause = next((row.error for row in result.outcomes if row.error is not None), None)
        raise BulkError(_message("Stopped", result), result=result) from cause


def interrupted(result: BulkResult[Any]) -> BulkInterrupted:
    """Make the error for Ctrl-C, after what was in flight has landed."""
    return BulkInterrupted(_message("Interrupted", result), result=result)


def _message(what: str, result: BulkResult[Any]) -> str:
    lines = result.explain()
    more = len(lines) - _MOST_LINES
    written = f"{len(result):,} of {len(result.outcomes):,} rows taken are written"
    return "\n  ".join(
        [f"{what}: {written}.", *lines[:_MOST_LINES], *([f"and {more} more"] if more > 0 else [])]
    )
