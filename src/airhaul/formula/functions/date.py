"""Date and time functions; all of them work in UTC."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from airhaul.formula.dates import format_moment, parse_by_format, week_number, weekday
from airhaul.formula.functions.function import Function, plain
from airhaul.formula.values import FAULT, FormulaFault, Value, to_moment, to_number, to_text

# https://support.airtable.com/docs/supported-unit-specifiers-for-datetime-diff; case matters.
_UNITS: Final[dict[str, str]] = {
    "ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days",
    "w": "weeks", "M": "months", "Q": "quarters", "y": "years",
}  # fmt: skip
_SECONDS: Final[dict[str, float]] = {
    "milliseconds": 0.001, "seconds": 1, "minutes": 60, "hours": 3600, "days": 86400,
    "weeks": 604800,
}  # fmt: skip
_MONTHS: Final[dict[str, int]] = {"months": 1, "quarters": 3, "years": 12}


def _unit(value: Value) -> str | None:
    text = str(to_text(value)).strip()
    name = _UNITS.get(text, text.lower())
    name = name if name.endswith("s") else f"{name}s"
    return name if name in _SECONDS or name in _MONTHS else None


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
    if name is None or isinstance(number, FormulaFault) or not abs(number) < 1e12:
        return FAULT
    try:
        if name in _MONTHS:
            return _add_months(moment, int(number) * _MONTHS[name])
        return moment + timedelta(seconds=number * _SECONDS[name])
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
    if name in _MONTHS:
        return int(_months_between(left, right) / _MONTHS[name])
    return int((left - right).total_seconds() / _SECONDS[name])


def _months_between(left: datetime, right: datetime) -> int:
    """Whole months from right to left, towards zero."""
    if left < right:
        return -_months_between(right, left)
    months = (left.year - right.year) * 12 + left.month - right.month
    return months - 1 if months and _add_months(right, months) > left else months


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
    # The locale is read and left: names of months are English here.
    if isinstance(value, datetime) or pattern is None:
        return to_moment(value)
    text = str(to_text(value))
    if not text.strip():
        return None
    moment = parse_by_format(text, str(to_text(pattern)))
    return FAULT if moment is None else moment


def _format(moment: datetime, pattern: Value = None) -> Value:
    text = "YYYY-MM-DDTHH:mm:ssZ" if pattern is None else str(to_text(pattern))
    return format_moment(moment.astimezone(UTC), text)


def _weekday(moment: datetime, start: Value = "Sunday") -> Value:
    offset = 1 if str(to_text(start)).lower() == "monday" else 0
    return (weekday(moment) - offset) % 7


def _today() -> datetime:
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


FUNCTIONS: dict[str, Function] = {
    "NOW": plain(lambda: datetime.now(UTC), 0),
    "TODAY": plain(_today, 0),
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
    "WEEKNUM": plain(_of_moment(week_number), 1),
    "IS_BEFORE": plain(_of_two(lambda left, right: left < right), 2),
    "IS_AFTER": plain(_of_two(lambda left, right: left > right), 2),
    "IS_SAME": plain(_is_same, 2, 3),
}
