"""Date and time functions; all except ``DATETIME_FORMAT`` work in UTC."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta

from airhaul.formula.dates.arithmetic import (
    add,
    add_workdays,
    count_workdays,
    difference,
    distance_text,
    find_unit,
    start_of,
)
from airhaul.formula.dates.dates import parse_moment, week_of_year, weekday
from airhaul.formula.dates.locales import find_locale
from airhaul.formula.dates.moments import LocalMoment, find_zone, locale_of
from airhaul.formula.dates.reading import parse_by_format
from airhaul.formula.dates.tokens import LONGEST_PATTERN, format_moment
from airhaul.formula.functions.function import Compiled, Function, RecordView, plain
from airhaul.formula.values import (
    FAULT,
    FormulaFault,
    Value,
    flatten,
    to_moment,
    to_number,
    to_text,
)


def _of_moment(compute: Callable[..., Value]) -> Callable[..., Value]:
    """Apply a function to a date first argument; blank stays blank, anything else is an error."""

    def apply(value: Value, *rest: Value) -> Value:
        moment = to_moment(value)
        if moment is None or isinstance(moment, FormulaFault):
            return moment
        return compute(moment, *rest)

    return apply


def _of_two(compute: Callable[..., Value], if_blank: Value) -> Callable[..., Value]:
    """Apply a function to two date arguments."""

    def apply(first: Value, second: Value, *rest: Value) -> Value:
        left, right = to_moment(first), to_moment(second)
        if isinstance(left, FormulaFault):
            return left
        if isinstance(right, FormulaFault):
            return right
        return if_blank if left is None or right is None else compute(left, right, *rest)

    return apply


def _add(moment: datetime, count: Value, unit: Value) -> Value:
    number, name = to_number(count), find_unit(to_text(unit))
    if name is None or not math.isfinite(number):
        return FAULT
    try:
        return add(moment, number, name)
    except (OverflowError, ValueError):
        return FormulaFault("the date is out of range")


def _difference(left: datetime, right: datetime, unit: Value = "seconds") -> Value:
    # An unknown unit is an error: the reference contradicts itself about the default.
    name = find_unit(to_text(unit))
    return FAULT if name is None else difference(left, right, name)


def _is_same(left: datetime, right: datetime, unit: Value = None) -> Value:
    if unit is None:
        return left == right
    name = find_unit(to_text(unit))
    return FAULT if name is None else start_of(left, name) == start_of(right, name)


def _parse(value: Value, pattern: Value = None, locale: Value = "en") -> Value:
    # A pattern may lack a year; the current year replaces it, and does not change while a formula
    # is in use.
    if isinstance(value, datetime) or pattern is None or to_text(pattern) == "":
        return to_moment(value)
    text, language = to_text(value), find_locale(to_text(locale))
    if not text.strip():
        return None
    moment = parse_by_format(text, to_text(pattern), language) if language else None
    return FAULT if moment is None else moment


def _format(value: Value, pattern: Value = None) -> Value:
    # The default pattern is the one of moment.js; not published.
    text = "YYYY-MM-DDTHH:mm:ssZ" if pattern is None else to_text(pattern)
    moment = value if isinstance(value, LocalMoment) else to_moment(value)
    if moment is None or isinstance(moment, FormulaFault):
        return moment
    if len(text) > LONGEST_PATTERN:
        return FormulaFault(f"the format has more than {LONGEST_PATTERN:,} characters")
    return format_moment(moment, text)


def _set_zone(value: Value, name: Value) -> Value:
    moment, zone = to_moment(value), find_zone(to_text(name))
    if moment is None or isinstance(moment, FormulaFault):
        return moment
    if zone is None:
        return FormulaFault(f"{to_text(name)!r:.50} is not a time zone")
    try:
        local = moment.astimezone(zone)
    except OverflowError:
        return FormulaFault("the date is out of range")
    language = locale_of(value) if isinstance(value, datetime) else locale_of(moment)
    return LocalMoment.of(local, language)


def _set_locale(value: Value, name: Value) -> Value:
    moment = value if isinstance(value, LocalMoment) else to_moment(value)
    if moment is None or isinstance(moment, FormulaFault):
        return moment
    language = find_locale(to_text(name))
    if language is None:
        return FormulaFault(f"{to_text(name)!r:.50} is not a known language")
    return LocalMoment.of(moment, language)


def _weekday(moment: datetime, start: Value = "Sunday") -> Value:
    return (weekday(moment) - _first_day(start)) % 7


def _week_number(moment: datetime, start: Value = "Sunday") -> Value:
    # Week 1 contains January 1, also for the last days of December: not published, as in moment.js.
    first = _first_day(start)
    return week_of_year(moment, first, 6 + first)[1]


def _first_day(name: Value) -> int:
    return 1 if to_text(name).lower() == "monday" else 0


def _holidays(value: Value) -> list[date]:
    """Parse dates from a text with commas, or from a list; anything else is ignored."""
    days: list[date] = []
    for item in flatten([value]):
        texts = item.split(",") if isinstance(item, str) else [item]
        for text in texts:
            moment = parse_moment(text) if isinstance(text, str) else to_moment(text)
            if isinstance(moment, datetime):
                days.append(moment.date())
    return days


def _workday(moment: datetime, count: Value, holidays: Value = None) -> Value:
    number = to_number(count)
    if not math.isfinite(number):
        return FAULT
    try:
        return add_workdays(moment, int(number), _holidays(holidays))
    except OverflowError:
        return FormulaFault("the date is out of range")


def _workday_difference(left: datetime, right: datetime, holidays: Value = None) -> Value:
    return count_workdays(left.date(), right.date(), _holidays(holidays))


def _today(record: RecordView) -> Value:
    return record.now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _distance(arguments: Sequence[Compiled]) -> Compiled:
    # Without "in" and "ago", as in the reference's example.
    argument = arguments[0]

    def compiled(record: RecordView) -> Value:
        moment = to_moment(argument(record))
        if moment is None or isinstance(moment, FormulaFault):
            return moment
        return distance_text(record.now - moment)

    return compiled


def _milliseconds(moment: datetime) -> datetime:
    return moment - timedelta(microseconds=moment.microsecond % 1000)


FUNCTIONS: dict[str, Function] = {
    "NOW": Function(
        lambda _: lambda record: _milliseconds(record.now.astimezone(UTC)), 0, 0, changing=True
    ),
    "TODAY": Function(lambda _: _today, 0, 0, changing=True),
    "DATEADD": plain(_of_moment(_add), 3),
    "DATETIME_DIFF": plain(_of_two(_difference, None), 2, 3),
    "DATETIME_FORMAT": plain(_format, 1, 2),
    "DATETIME_PARSE": plain(_parse, 1, 3),
    "DATESTR": plain(_of_moment(lambda moment: f"{moment.date()}"), 1),
    # One digit for an early hour, as in the reference's example.
    "TIMESTR": plain(_of_moment(lambda moment: f"{moment.hour}:{moment:%M:%S}"), 1),
    "YEAR": plain(_of_moment(lambda moment: moment.year), 1),
    "MONTH": plain(_of_moment(lambda moment: moment.month), 1),
    "DAY": plain(_of_moment(lambda moment: moment.day), 1),
    "HOUR": plain(_of_moment(lambda moment: moment.hour), 1),
    "MINUTE": plain(_of_moment(lambda moment: moment.minute), 1),
    "SECOND": plain(_of_moment(lambda moment: moment.second), 1),
    "WEEKDAY": plain(_of_moment(_weekday), 1, 2),
    "WEEKNUM": plain(_of_moment(_week_number), 1, 2),
    "IS_BEFORE": plain(_of_two(lambda left, right: left < right, False), 2),
    "IS_AFTER": plain(_of_two(lambda left, right: left > right, False), 2),
    "IS_SAME": plain(_of_two(_is_same, False), 2, 3),
    "SET_TIMEZONE": plain(_set_zone, 2),
    "SET_LOCALE": plain(_set_locale, 2),
    "WORKDAY": plain(_of_moment(_workday), 2, 3),
    "WORKDAY_DIFF": plain(_of_two(_workday_difference, None), 2, 3),
    "TONOW": Function(_distance, 1, 1, changing=True),
    "FROMNOW": Function(_distance, 1, 1, changing=True),
}
