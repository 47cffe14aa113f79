"""Explanations of what was not written; neighbouring rows with one cause share a line."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from typing import Any, Final, get_args

from airhaul.bulk.results.outcomes import Outcomes, RowOutcome, State
from airhaul.errors import RowError, shown
from airhaul.messages import Message, counted

_MOST_ALIKE: Final = 3
_WRITTEN: Final[tuple[State, ...]] = ("created", "updated", "unchanged", "deleted")


def explain(outcomes: Outcomes[Any], states: Sequence[State] = get_args(State)) -> Iterator[str]:
    """Explain what was not written, in the order of the rows.

    Args:
        outcomes: The outcome of each row.
        states: Which rows to explain; all if left out.

    Returns:
        A line for each row, or for neighbouring rows with one cause.
    """
    return (_line(first, last) for first, last in _neighbours(outcomes, states))


def explain_briefly(
    outcomes: Outcomes[Any], states: Sequence[State] = get_args(State)
) -> list[str]:
    """Explain what was not written; also rows with like causes that are many share a line."""
    lines = SharedLines()
    for first, last in _neighbours(outcomes, states):
        error, rows = first.error, last.index - first.index + 1
        cause: Hashable = first.index  # other rows are mostly neighbours
        if first.state == "failed" and isinstance(error, RowError):
            cause = cause_of(error)
        lines.add(cause, partial(_line, first, last), rows)
    return [line for line, _ in lines.lines()]


class SharedLines:
    """Lines about rows. More than three with one cause share that of the first row.

    Args:
        most: How many causes are kept.

    Attributes:
        rows: How many rows there are.
    """

    def __init__(self, most: int | None = None) -> None:
        self._most = most
        self._by_cause: dict[Hashable, _Cause] = {}
        self.rows = 0

    def add(self, cause: Hashable, line: Callable[[], str], rows: int = 1) -> None:
        """Add a line.

        Args:
            cause: What lines have in common that may share one.
            line: Makes the line.
            rows: How many rows it is about.
        """
        place, self.rows = self.rows, self.rows + rows
        if cause not in self._by_cause:
            if len(self._by_cause) == self._most:
                return
            self._by_cause[cause] = _Cause()
        known = self._by_cause[cause]
        known.rows += rows
        known.count += 1
        if len(known.lines) < _MOST_ALIKE:
            known.lines.append((place, line(), rows))

    def lines(self) -> list[tuple[str, int]]:
        """Return the lines in the order of their rows, each with how many rows it is about."""
        found: list[tuple[int, str, int]] = []
        for cause in self._by_cause.values():
            if cause.count <= _MOST_ALIKE:
                found += cause.lines
                continue
            place, line, rows = cause.lines[0]
            more = f" (and {counted(cause.rows - rows, 'more row')} with the same problem)"
            found.append((place, Message(line, more), cause.rows))
        return [(line, rows) for _, line, rows in sorted(found, key=itemgetter(0))]


@dataclass(slots=True)
class _Cause:
    lines: list[tuple[int, str, int]] = field(default_factory=list[tuple[int, str, int]])
    count: int = 0
    rows: int = 0


def cause_of(error: RowError) -> Hashable:
    """Return what errors of rows have in common whose fields and reasons are equal.

    Reasons are equal that differ in the value only.
    """
    return tuple((one.field, one.reason.replace(shown(one.value), "")) for one in error.errors)


def _neighbours(
    outcomes: Outcomes[Any], states: Sequence[State]
) -> Iterator[tuple[RowOutcome[Any], RowOutcome[Any]]]:
    """Yield the first and the last of neighbouring rows with one cause that were not written."""
    first: RowOutcome[Any] | None = None
    last = -1
    for place in outcomes.places(*states):
        if outcomes.state_of(place) in _WRITTEN and outcomes.error_of(place) is None:
            continue
        if first is not None and (
            place != last + 1 or _cause(outcomes, place) != _cause(outcomes, first.index)
        ):
            yield first, outcomes[last]
            first = None
        if first is None:
            first = outcomes[place]
        last = place
    if first is not None:
        yield first, outcomes[last]


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
