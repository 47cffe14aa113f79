"""The values of formulas, and the conversions between kinds of values.

Blank counts as 0 among numbers and as ``""`` among texts; an error propagates through everything.
Source: https://support.airtable.com/docs/formula-field-reference; where it leaves gaps, the
decision is documented at each function.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from airhaul.formula.dates.dates import parse_moment


@dataclass(frozen=True, slots=True)
class FormulaFault:
    """An error as a value, ``#ERROR!``: it propagates, and a filter drops the record.

    Args:
        reason: The reason, for people.
    """

    reason: str = ""


Value = Any
"""None (blank), bool, int, float, str, aware datetime, a list of these, or a ``FormulaFault``."""

FAULT: Final = FormulaFault()


EXACT: Final = 2**53
"""Whole numbers up to here are exact in the service's floating point; larger ones become floats."""

# A cell of Airtable has at most 100,000 characters; a formula must not exhaust the memory.
LONGEST_TEXT: Final = 1_000_000


READY: Final = frozenset({str, int, float, bool, type(None), FormulaFault})
"""The classes of values that fields return and that need no conversion."""


def admit(value: Value) -> Value:
    """Convert a field's value for use in a formula.

    A list with an error is that error, so that functions find no errors inside lists: not
    published, and decided. A date is its first midnight, and a time without zone is in UTC.
    """
    if isinstance(value, list):
        items = [item if item.__class__ in READY else admit(item) for item in value]
        return next((item for item in items if item.__class__ is FormulaFault), items)
    if isinstance(value, datetime):
        return value if value.tzinfo is UTC else _in_utc(value)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    if isinstance(value, str | int | float):
        return value
    return FormulaFault(f"a {type(value).__name__} is not a value of a formula")


def _in_utc(moment: datetime) -> datetime | FormulaFault:
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # within hours of the first or the last year
        return FormulaFault("the date is out of range")


def truth(value: Value) -> bool:
    """Return whether a value is true: not 0, ``""``, blank, NaN, an empty list or an error."""
    if value is True or value is False:
        return value
    if isinstance(value, float) and math.isnan(value):
        return False
    return bool(value) and not isinstance(value, FormulaFault)


def to_number(value: Value) -> float:
    """Convert a value to a number; text is NaN, as in Airtable (``"5" + 1`` is NaN)."""
    if isinstance(value, float):
        return value
    if isinstance(value, int):
        return int(value) if -EXACT <= value <= EXACT else _to_float(value)
    if value is None or value == "":
        return 0
    if isinstance(value, datetime):
        return value.timestamp() * 1000
    if isinstance(value, list):
        # A lookup of one record's number is that number; several numbers are NaN.
        return to_number(value[0]) if len(value) == 1 else math.nan if value else 0
    return math.nan


def _to_float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def to_text(value: Value) -> str:
    """Convert a value to text: lists are joined by ``", "``, dates are ISO in UTC."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, int | float):
        return _number_text(to_number(value))
    if isinstance(value, datetime):
        moment = value if value.tzinfo is UTC else value.astimezone(UTC)
        return f"{moment.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
    if isinstance(value, list):
        return ", ".join(map(to_text, value))
    return "#ERROR!" if isinstance(value, FormulaFault) else str(value)


def _number_text(value: float) -> str:
    """Print a number as JavaScript does."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if abs(value) <= EXACT and value == int(value):
        return str(int(value))
    text = repr(value).removesuffix(".0")
    if "e" in text and 1e-6 <= abs(value) < 1e21:
        return format(Decimal(text), "f")
    return text.replace("e-0", "e-")


def bounded(text: str) -> Value:
    """Return a computed text, or an error if it is too long."""
    return text if len(text) <= LONGEST_TEXT else FormulaFault("the text is too long")


def to_moment(value: Value) -> datetime | FormulaFault | None:
    """Convert a value to a time in UTC; text is parsed as ISO or in the American order."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return value if value.tzinfo is UTC else _in_utc(value)
    if isinstance(value, list):
        return to_moment(value[0]) if value else None
    if isinstance(value, str):
        if not value.strip():
            return None
        moment = parse_moment(value)
        return FormulaFault(f"{value!r:.50} is not a date") if moment is None else moment
    if isinstance(value, FormulaFault):
        return value
    return FormulaFault("a number is not a date")


def equal(left: Value, right: Value) -> bool:
    """Compare by ``=``: exact for text; blank equals ``""``, 0 and ``[]``.

    Not published, and decided: a number equals its own text.
    """
    left, right = _blank_if_empty(left), _blank_if_empty(right)
    if left is None or right is None:
        other = right if left is None else left
        return other is None or other == "" or (other == 0 and not isinstance(other, str))
    if isinstance(left, list) or isinstance(right, list):
        return to_text(left) == to_text(right)
    if isinstance(left, str) != isinstance(right, str):
        return to_text(left) == to_text(right)
    if isinstance(left, int | float) and isinstance(right, int | float):
        return to_number(left) == to_number(right)
    return bool(left == right)


def _blank_if_empty(value: Value) -> Value:
    return None if isinstance(value, list) and not value else value


def ordered(left: Value, right: Value, compare: Callable[[Any, Any], bool]) -> bool:
    """Compare by ``<`` and the like; comparisons with NaN are false.

    Not published, and decided: texts are compared by their characters, a blank with a text as
    ``""``, and anything else as numbers.
    """
    if isinstance(left, str | None) and isinstance(right, str | None) and left is not right:
        return compare(left or "", right or "")
    if isinstance(left, datetime) and isinstance(right, datetime):
        return compare(left, right)
    return compare(to_number(left), to_number(right))


def flatten(values: Any) -> list[Value]:
    """Return the values of lists, however nested."""
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
    """Return whether a filter keeps a record for which its formula has this value.

    Source: https://airtable.com/developers/web/api/list-records: everything is kept except 0,
    false, ``""``, NaN, ``[]`` and errors.
    """
    return truth(value)
