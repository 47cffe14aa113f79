"""Date and time functions; all of them work in UTC."""

from __future__ import annotations

import calendar
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from airhaul.formula.date_tokens import format_moment, parse_by_format
from airhaul.formula.dates import week_of_year, weekday
from airhaul.formula.functions.function import Function, plain
from airhaul.formula.values import (
    FAULT,
    FormulaFault,
    Value,
    bounded,
    to_moment,
    to_number,
    to_text,
)

# https://support.airtable.com/docs/supported-unit-specifiers-for-datetime-diff; case matters.
_UNITS: Final[dict[str, str]] = {
    "ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days",
    "w": "weeks", "M": "months", "Q": "quarters", "y": "years",
}  # fmt: skip
_LENGTHS: Final[dict[str, timedelta]] = {
    "milliseconds": timedelta(milliseconds=1), "seconds": timedelta(seconds=1),
    "minutes": timedelta(minutes=1), "hours": timedelta(hours=1), "days": timedelta(days=1),
    "weeks": timedelta(weeks=1),
}  # fmt: skip
_MONTHS: Final[dict[str, int]] = {"months": 1, "quarters": 3, "years": 12}


def _unit(value: Value) -> str | None:
    text = to_text(value).strip()
    name = _UNITS.get(text, text.lower())
    name = name if name.endswith("s") else f"{name}s"
    return name if name in _LENGTHS or name in _MONTHS else None


def _of_moment(compute: Callable[..., Value]) -> Callable[..., Value]:
    """Compute with a date in front; blank stays blank, and what is no date is an error."""

    def apply(value: Value, *rest: Value) -> Value:
        moment = to_moment(value)
        if moment is None or isinstance(moment, FormulaFault):
            return moment
        return compute(moment, *rest)

    return apply


def _of_two(compute: Callable[[datetime, datetime], Value]) -> Callable[..., Value]:
    """Compute with two dates; a blank among them makes the comparison false."""

    def apply(first: Value, second: Value) -> Value:
        left, right = to_moment(first), to_moment(second)
        for moment in (left, right):
            if isinstance(moment, FormulaFault):
                return moment
        if not isinstance(left, datetime) or not isinstance(right, datetime):
            return False
        return compute(left, right)

    return apply


def _add_months(moment: datetime, months: int) -> datetime:
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


def _date_add(moment: datetime, count: Value, unit: Value) -> Value:
    number, name = to_number(count), _unit(unit)
    if name is None or not math.isfinite(number):
        return FAULT
    try:
        if name in _MONTHS:
            return _add_months(moment, int(number) * _MONTHS[name])
        return moment + number * _LENGTHS[name]
    except (OverflowError, ValueError):
        return FAULT


def _difference(first: Value, second: Value, unit: Value = "seconds") -> Value:
    left, right, name = to_moment(first), to_moment(second), _unit(unit)
    for moment in (left, right):
        if isinstance(moment, FormulaFault):
            return moment
    if not isinstance(left, datetime) or not isinstance(right, datetime):
        return None
    if name is None:
        return FAULT
    # Whole units, towards zero.
    sign = 1 if left >= right else -1
    if name in _MONTHS:
        return sign * (_months_between(max(left, right), min(left, right)) // _MONTHS[name])
    return sign * (abs(left - right) // _LENGTHS[name])


def _months_between(later: datetime, earlier: datetime) -> int:
    months = (later.year - earlier.year) * 12 + later.month - earlier.month
    return months - 1 if months and _add_months(earlier, months) > later else months


def _is_same(first: Value, second: Value, unit: Value = None) -> Value:
    if unit is None:
        return _of_two(lambda left, right: left == right)(first, second)
    name = _unit(unit)
    if name is None:
        return FAULT
    return _of_two(lambda left, right: _start(left, name) == _start(right, name))(first, second)


def _start(moment: datetime, unit: str) -> datetime:
    """The beginning of the unit that holds a point in time."""
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    match unit:
        case "milliseconds":
            return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
        case "seconds":
            return moment.replace(microsecond=0)
        case "minutes":
            return moment.replace(second=0, microsecond=0)
        case "hours":
            return moment.replace(minute=0, second=0, microsecond=0)
        case "days":
            return day
        case "weeks":
            return day - timedelta(days=min(weekday(day), (day - _FIRST_DAY).days))
        case "months":
            return day.replace(day=1)
        case "quarters":
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case _:
            return day.replace(month=1, day=1)


_FIRST_DAY: Final = datetime(1, 1, 1, tzinfo=UTC)


def _parse(value: Value, pattern: Value = None, locale: Value = None) -> Value:  # noqa: ARG001
    # The locale is read and left: names of months are English here. A pattern may lack a year, and
    # the present one, which stands in for it, does not change while a formula is in use.
    if isinstance(value, datetime) or pattern is None:
        return to_moment(value)
    text = to_text(value)
    if not text.strip():
        return None
    moment = parse_by_format(text, to_text(pattern))
    return FAULT if moment is None else moment


def _format(moment: datetime, pattern: Value = None) -> Value:
    # Without a pattern as moment.js prints; not published.
    text = "YYYY-MM-DDTHH:mm:ssZ" if pattern is None else to_text(pattern)
    return bounded(format_moment(moment.astimezone(UTC), text))


def _weekday(moment: datetime, start: Value = "Sunday") -> Value:
    return (weekday(moment) - _first_day(start)) % 7


def _week_number(moment: datetime, start: Value = "Sunday") -> Value:
    # The last days of December are in week 1 if January 1 is: not published, as moment.js has it.
    return week_of_year(moment, _first_day(start))[1]


def _first_day(name: Value) -> int:
    return 1 if to_text(name).lower() == "monday" else 0


def _today() -> datetime:
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


FUNCTIONS: dict[str, Function] = {
    "NOW": Function(lambda: datetime.now(UTC), 0, 0, changing=True),
    "TODAY": Function(_today, 0, 0, changing=True),
    "DATEADD": plain(_of_moment(_date_add), 3),
    "DATETIME_DIFF": plain(_difference, 2, 3),
    "DATETIME_FORMAT": plain(_of_moment(_format), 1, 2),
    "DATETIME_PARSE": plain(_parse, 1, 3),
    "DATESTR": plain(_of_moment(lambda moment: format_moment(moment, "YYYY-MM-DD")), 1),
    "TIMESTR": plain(_of_moment(lambda moment: format_moment(moment, "H:mm:ss")), 1),
    "YEAR": plain(_of_moment(lambda moment: moment.year), 1),
    "MONTH": plain(_of_moment(lambda moment: moment.month), 1),
    "DAY": plain(_of_moment(lambda moment: moment.day), 1),
    "HOUR": plain(_of_moment(lambda moment: moment.hour), 1),
    "MINUTE": plain(_of_moment(lambda moment: moment.minute), 1),
    "SECOND": plain(_of_moment(lambda moment: moment.second), 1),
    "WEEKDAY": plain(_of_moment(_weekday), 1, 2),
    "WEEKNUM": plain(_of_moment(_week_number), 1, 2),
    "IS_BEFORE": plain(_of_two(lambda left, right: left < right), 2),
    "IS_AFTER": plain(_of_two(lambda left, right: left > right), 2),
    "IS_SAME": plain(_is_same, 2, 3),
}
