"""What a formula computes with, and how one kind of value stands in for another.

Blank counts as 0 among numbers and as ``""`` among texts; an error spreads through everything.
Source: https://support.airtable.com/docs/formula-field-reference; what it leaves open is decided
here and said at each function.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from airhaul.formula.dates import parse_moment


@dataclass(frozen=True, slots=True)
class FormulaFault:
    """An error as a value, ``#ERROR!``: it spreads, and a filter drops the record.

    Args:
        reason: What went wrong, for people.
    """

    reason: str = ""


Value = Any
"""None (blank), bool, int, float, str, aware datetime, a list of these, or a ``FormulaFault``."""

FAULT: Final = FormulaFault()


def truth(value: Value) -> bool:
    """Whether a value counts as true: not 0, ``""``, blank, NaN or an empty list."""
    if isinstance(value, float) and math.isnan(value):
        return False
    return bool(value) and not isinstance(value, FormulaFault)


def to_number(value: Value) -> float | FormulaFault:
    """Make a number of a value; text is none, as the service has it (``"5" + 1`` is NaN)."""
    if isinstance(value, int | float):
        return value
    if value is None or value == "":
        return 0
    if isinstance(value, datetime):
        return value.timestamp() * 1000
    if isinstance(value, list):
        return to_number(value[0]) if len(value) == 1 else math.nan
    return value if isinstance(value, FormulaFault) else math.nan


def to_text(value: Value) -> str | FormulaFault:
    """Make text of a value: lists are joined by ``", "``, dates are ISO in UTC."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int | float):
        return number_text(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + (
            f"{value.microsecond // 1000:03d}Z"
        )
    if isinstance(value, list):
        texts = [to_text(item) for item in value]
        faults = [text for text in texts if isinstance(text, FormulaFault)]
        return faults[0] if faults else ", ".join(map(str, texts))
    return value if isinstance(value, FormulaFault) else str(value)


def number_text(value: float) -> str:
    """Print a number as JavaScript does in its everyday range."""
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        if value.is_integer() and abs(value) < 1e21:
            return str(int(value))
        return repr(value)
    return str(value) if abs(value) < 10**21 else repr(float(value))


def to_moment(value: Value) -> datetime | FormulaFault | None:
    """Make a point in time of a value; text is read as ISO or in the American order."""
    if isinstance(value, datetime) or value is None:
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    if isinstance(value, list):
        return to_moment(value[0]) if value else None
    if isinstance(value, str):
        if not value.strip():
            return None
        moment = parse_moment(value)
        return FormulaFault(f"{value!r:.50} is no date") if moment is None else moment
    if isinstance(value, FormulaFault):
        return value
    return FormulaFault("a number is no date")


def equal(left: Value, right: Value) -> bool:
    """Whether two values are the same to ``=``: exact for text, blank equals ``""`` and 0."""
    if left is None or right is None:
        other = right if left is None else left
        return other is None or other == "" or (other == 0 and not isinstance(other, str))
    if isinstance(left, list) or isinstance(right, list):
        return to_text(left) == to_text(right)
    if isinstance(left, str) != isinstance(right, str):
        # Not published: a number and its own text are taken as equal.
        return to_text(left) == to_text(right)
    return bool(left == right)


def ordered(left: Value, right: Value, compare: Callable[[Any, Any], bool]) -> bool:
    """Compare by ``<`` and the like: as texts if both are, else as numbers; NaN never holds."""
    if isinstance(left, str) and isinstance(right, str):
        return compare(left, right)
    if isinstance(left, datetime) and isinstance(right, datetime):
        return compare(left, right)
    numbers = to_number(left), to_number(right)
    return compare(*numbers)


def flatten(values: Any) -> list[Value]:
    """All values in lists, however nested."""
    flat: list[Value] = []
    waiting = list(reversed(list(values)))
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(reversed(value))
        else:
            flat.append(value)
    return flat


def is_kept(value: Value) -> bool:
    """Whether a filter keeps a record for which its formula gave this value.

    Source: https://airtable.com/developers/web/api/list-records: everything is kept except 0,
    false, ``""``, NaN, ``[]`` and errors.
    """
    return truth(value)
