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
from decimal import Decimal
from typing import Any, Final

from airhaul.formula.dates.dates import parse_moment


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


EXACT: Final = 2**53
"""Whole numbers up to here are exact in the service's floating point; larger ones become floats."""

# A cell of Airtable holds 100,000 characters; a formula may not fill the memory.
LONGEST_TEXT: Final = 1_000_000


READY: Final = frozenset({str, int, float, bool, type(None), FormulaFault})
"""Kinds that come from a field and need no second look."""


def admit(value: Value) -> Value:
    """Take a value from a field into a formula.

    A list that holds an error is that error, so that no function meets errors inside of lists: not
    published, and decided. A date is the midnight it begins with, and a time without zone in UTC.
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
    return FormulaFault(f"a {type(value).__name__} is no value of a formula")


def _in_utc(moment: datetime) -> datetime | FormulaFault:
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # within hours of the first or the last year
        return FormulaFault("the date is out of range")


def truth(value: Value) -> bool:
    """Whether a value counts as true: not 0, ``""``, blank, NaN, an empty list or an error."""
    if value is True or value is False:
        return value
    if isinstance(value, float) and math.isnan(value):
        return False
    return bool(value) and not isinstance(value, FormulaFault)


def to_number(value: Value) -> float:
    """Make a number of a value; text is none, as the service has it (``"5" + 1`` is NaN)."""
    if isinstance(value, float):
        return value
    if isinstance(value, int):
        return int(value) if -EXACT <= value <= EXACT else _to_float(value)
    if value is None or value == "":
        return 0
    if isinstance(value, datetime):
        return value.timestamp() * 1000
    if isinstance(value, list):
        # A lookup of one record's number is that number; of several there is no one number.
        return to_number(value[0]) if len(value) == 1 else math.nan if value else 0
    return math.nan


def _to_float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def to_text(value: Value) -> str:
    """Make text of a value: lists are joined by ``", "``, dates are ISO in UTC."""
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
    """A text that was computed, or an error if it is too long to go on with."""
    return text if len(text) <= LONGEST_TEXT else FormulaFault("the text is too long")


def to_moment(value: Value) -> datetime | FormulaFault | None:
    """Make a point in time of a value, in UTC; text is read as ISO or in the American order."""
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
        return FormulaFault(f"{value!r:.50} is no date") if moment is None else moment
    if isinstance(value, FormulaFault):
        return value
    return FormulaFault("a number is no date")


def equal(left: Value, right: Value) -> bool:
    """Whether two values are the same to ``=``: exact for text; blank equals ``""``, 0 and ``[]``.

    Not published, and decided: a number and its own text are the same.
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
    """Compare by ``<`` and the like; NaN is never in order.

    Not published, and decided: texts compare by their characters, a blank with a text as ``""``,
    and all else as numbers.
    """
    if isinstance(left, str | None) and isinstance(right, str | None) and left is not right:
        return compare(left or "", right or "")
    if isinstance(left, datetime) and isinstance(right, datetime):
        return compare(left, right)
    return compare(to_number(left), to_number(right))


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
