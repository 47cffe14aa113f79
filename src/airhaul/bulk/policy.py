"""What a bulk call does about rows that were not written."""

from __future__ import annotations

from typing import Any, Final, Literal, get_args

from airhaul.bulk.result import BulkResult
from airhaul.errors import AirhaulError, BulkError, BulkInterrupted, ConfigurationError

OnError = Literal["stop", "continue", "rollback"]
"""``"stop"``: send nothing new after the first row that fails, and raise ``BulkError``.
``"continue"``: write all good rows, and list the others in the result.
``"rollback"``: take back what this call has written, and raise ``BulkError``."""

_MOST_LINES: Final = 10


def check(on_error: str) -> None:
    """Refuse a policy that does not exist.

    Raises:
        ConfigurationError: There is no such policy.
    """
    if on_error not in get_args(OnError):
        there = ", ".join(f'"{name}"' for name in get_args(OnError))
        raise ConfigurationError(f"on_error={on_error!r} is not known; there are {there}.")


def raise_if_failed(
    result: BulkResult[Any], on_error: OnError, ended_by: AirhaulError | None
) -> None:
    """Raise when the policy asks for it.

    Args:
        result: What became of each row.
        on_error: The policy.
        ended_by: What ended the call before its last row, if anything did.

    Raises:
        BulkError: Not every row was written; its ``result`` says what became of each.
    """
    if result.is_complete or (on_error == "continue" and ended_by is None):
        return
    cause = ended_by or next((row.error for row in result.outcomes if row.error is not None), None)
    raise BulkError(_message(_VERBS[on_error], result, ended_by), result=result) from cause


_VERBS: Final[dict[OnError, str]] = {
    "stop": "Stopped",
    "continue": "Ended early",
    "rollback": "Rolled back",
}


def interrupted(result: BulkResult[Any]) -> BulkInterrupted:
    """Make the error for Ctrl-C, after what was in flight has landed."""
    return BulkInterrupted(_message("Interrupted", result, None), result=result)


def _message(what: str, result: BulkResult[Any], ended_by: AirhaulError | None) -> str:
    counts = result.counts()
    figures = ", ".join(f"{number:,} {state}" for state, number in counts.items()) or "no rows"
    lines = result.explain()
    if ended_by is not None and not any(str(ended_by) in line for line in lines):
        lines.insert(0, str(ended_by))
    more = len(lines) - _MOST_LINES
    return "\n  ".join(
        [f"{what}: {figures}.", *lines[:_MOST_LINES], *([f"and {more} more"] if more > 0 else [])]
    )
