"""What a bulk call does about rows that were not written."""

from __future__ import annotations

from typing import Any, Final, Literal, get_args

from airhaul.bulk.results.result import BulkResult
from airhaul.errors import AirhaulError, BulkError, BulkInterrupted, ConfigurationError
from airhaul.messages import Message, Option

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
        raise ConfigurationError(
            Message(Option("on_error", on_error), f" does not exist; expected one of {there}.")
        )


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
    failed = result.errors
    cause = ended_by or (failed[0].error if failed else None)
    if cause is None:
        cause = next((row.error for row in result.outcomes if row.error is not None), None)
    raise BulkError(_message(_heading(on_error, result), result, cause), result=result) from cause


def _heading(on_error: OnError, result: BulkResult[Any]) -> str:
    if on_error != "rollback":
        return "Stopped" if on_error == "stop" else "Ended early"
    left = [
        state for state in ("created", "updated", "deleted", "unknown") if state in result.counts()
    ]
    return "Rolled back in part" if left else "Rolled back"


def interrupted(result: BulkResult[Any]) -> BulkInterrupted:
    """Make the error for Ctrl-C, after what was in flight has landed."""
    return BulkInterrupted(_message("Interrupted", result, None), result=result)


def _message(what: str, result: BulkResult[Any], cause: AirhaulError | None) -> str:
    counts = result.counts()
    figures = ", ".join(f"{number:,} {state}" for state, number in counts.items()) or "no rows"
    lines = result.explain()
    if cause is not None and not any(str(cause) in line for line in lines[:_MOST_LINES]):
        lines.insert(0, cause.message)  # what began it comes first, however much came of it
    more = len(lines) - _MOST_LINES
    return Message.of_lines(
        [f"{what}: {figures}.", *lines[:_MOST_LINES], *([f"and {more} more"] if more > 0 else [])]
    )
