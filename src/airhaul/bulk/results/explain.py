"""Explanations of what was not written; neighbouring rows with one cause share a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, get_args

from airhaul.bulk.results.outcomes import Outcomes, RowOutcome, State
from airhaul.errors import RowError
from airhaul.messages import Message

_WRITTEN: Final[tuple[State, ...]] = ("created", "updated", "unchanged", "deleted")


def explain(outcomes: Outcomes[Any], states: Sequence[State] = get_args(State)) -> Iterator[str]:
    """Explain what was not written, in the order of the rows.

    Args:
        outcomes: The outcome of each row.
        states: Which rows to explain; all if left out.

    Yields:
        A line for each row, or for neighbouring rows with one cause.
    """
    first: RowOutcome[Any] | None = None
    last = -1
    for place in outcomes.places(*states):
        if outcomes.state_of(place) in _WRITTEN and outcomes.error_of(place) is None:
            continue
        if first is not None and (
            place != last + 1 or _cause(outcomes, place) != _cause(outcomes, first.index)
        ):
            yield _line(first, outcomes[last])
            first = None
        if first is None:
            first = outcomes[place]
        last = place
    if first is not None:
        yield _line(first, outcomes[last])


def _cause(outcomes: Outcomes[Any], place: int) -> tuple[Any, ...]:
    """Return what neighbouring rows must have in common to share a line."""
    state, error = outcomes.state_of(place), outcomes.error_of(place)
    has_note = outcomes.has_note(place)
    if isinstance(error, RowError):
        return state, error.field, error.reason, has_note
    return state, str(error) if error else None, has_note


def _line(first: RowOutcome[Any], last: RowOutcome[Any]) -> str:
    is_one = first.index == last.index
    rows = f"row {first.index}" if is_one else f"rows {first.index}-{last.index}"
    error = first.error
    reason = error.message if error else ""
    match first.state:
        case "skipped":
            return (
                Message(f"{rows}: not written (", reason, ")") if error else f"{rows}: not written"
            )
        case "unknown":
            was, it = ("it was", "it") if is_one else ("they were", "them")
            return Message(
                f"{rows}: sent, but whether {was} written is unknown. Check the table before "
                f"sending {it} again. (",
                reason,
                ")",
            )
        case "undone" if first.note is not None:
            return f"{rows}: {first.note if is_one else 'recreated with new record ids'}"
        case "undone":
            return f"{rows}: written, then undone"
        case "failed" if isinstance(error, RowError):
            return reason if is_one else Message(f"{_address(error, last, rows)}: ", error.reason)
        case "failed":
            return Message(f"{rows}: ", reason)
        case _:
            return Message(f"{rows}: {first.state}, but not undone: ", reason)


def _address(error: RowError, last: RowOutcome[Any], rows: str) -> str:
    lines = ""
    if error.line and last.line:
        # All JSON objects may be on one line.
        one = error.line == last.line
        lines = f"line {error.line}" if one else f"lines {error.line}-{last.line}"
    file = " ".join(part for part in (error.source, lines) if part)
    field = f"field {error.field!r}" if error.field is not None else ""
    return ", ".join(part for part in (file, rows, field) if part)
