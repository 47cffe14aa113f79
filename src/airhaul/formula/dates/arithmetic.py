"""Date arithmetic: months of different lengths, weeks, working days."""

from __future__ import annotations

import calendar
import functools
import math
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Final

from airhaul.formula.dates.dates import weekday

# https://support.airtable.com/docs/supported-unit-specifiers-for-datetime-diff; case matters.
_SHORT: Final[dict[str, str]] = {
    "ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days",
    "w": "weeks", "M": "months", "Q": "quarters", "y": "years",
}  # fmt: skip
_LENGTHS: Final[dict[str, timedelta]] = {
    "milliseconds": timedelta(milliseconds=1), "seconds": timedelta(seconds=1),
    "minutes": timedelta(minutes=1), "hours": timedelta(hours=1), "days": timedelta(days=1),
    "weeks": timedelta(weeks=1),
}  # fmt: skip
_MONTHS: Final[dict[str, int]] = {"months": 1, "quarters": 3, "years": 12}
_FIRST_DAY: Final = datetime(1, 1, 1, tzinfo=UTC)


@functools.lru_cache(maxsize=256)
def find_unit(text: str) -> str | None:
    """Return the full name of a unit, as in ``days``, by any of its names; None if unknown."""
    text = text.strip()
    name = _SHORT.get(text, text.lower())
    name = name if name.endswith("s") else f"{name}s"
    return name if name in _LENGTHS or name in _MONTHS else None


def add(moment: datetime, count: float, unit: str) -> datetime:
    """Add a number of units.

    Fractions of days and months are rounded to whole ones, as in moment.js; the day is reduced to
    the last one of a shorter month.

    Raises:
        OverflowError: The result is not in the years 1 to 9999.
        ValueError: The same.
    """
    if unit in _MONTHS:
        return _add_months(moment, _whole(count * _MONTHS[unit]))
    if unit in ("days", "weeks"):
        return moment + timedelta(days=_whole(count * _LENGTHS[unit].days))
    return moment + count * _LENGTHS[unit]


def _whole(count: float) -> int:
    return math.floor(abs(count) + 0.5) * (1 if count >= 0 else -1)


def _add_months(moment: datetime, months: int) -> datetime:
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise OverflowError("the date is out of range")
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


def difference(left: datetime, right: datetime, unit: str) -> int:
    """Return how many whole units ``left`` is after ``right``; negative if it is before."""
    sign = 1 if left >= right else -1
    if unit in _MONTHS:
        return sign * (_months_between(max(left, right), min(left, right)) // _MONTHS[unit])
    return sign * (abs(left - right) // _LENGTHS[unit])


def _months_between(later: datetime, earlier: datetime) -> int:
    months = (later.year - earlier.year) * 12 + later.month - earlier.month
    return months - 1 if months and _add_months(earlier, months) > later else months


def start_of(moment: datetime, unit: str) -> datetime:
    """Return the start of the unit that contains a time; weeks start on Sunday."""
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


def add_workdays(moment: datetime, count: int, holidays: Iterable[date]) -> datetime:
    """Add working days to a date, or subtract them if ``count`` is negative.

    Raises:
        OverflowError: The result is not in the years 1 to 9999.
    """
    day, off = moment.date(), sorted({day for day in holidays if day.weekday() < 5})
    passed = day
    while count:
        day = _add_weekdays(day, count)
        # Add one day for each holiday on the way, which may pass further holidays.
        low, high = (passed, day) if count > 0 else (day, passed)
        met = [holiday for holiday in off if low <= holiday <= high and holiday != passed]
        passed, count = day, len(met) if count > 0 else -len(met)
    return moment + (day - moment.date())


def _add_weekdays(day: date, count: int) -> date:
    """Add days from Monday to Friday."""
    ahead = count > 0
    weekend = day.weekday() - 4
    if weekend > 0:  # as if it were the Friday before, or the Monday after
        day += timedelta(days=-weekend if ahead else 3 - weekend)
    weeks, rest = divmod(abs(count), 5)
    crosses = day.weekday() + rest > 4 if ahead else day.weekday() - rest < 0
    days = weeks * 7 + rest + (2 if crosses else 0)
    return day + timedelta(days=days if ahead else -days)


def count_workdays(first: date, last: date, holidays: Iterable[date]) -> int:
    """Count the working days from one date to another, both included.

    Negative if the second is before the first: not published, and decided.
    """
    if last < first:
        return -count_workdays(last, first, holidays)
    weeks, rest = divmod((last - first).days + 1, 7)
    days = weeks * 5 + sum((first.weekday() + place) % 7 < 5 for place in range(rest))
    off = {day for day in holidays if day.weekday() < 5 and first <= day <= last}
    return days - len(off)


_DISTANCES: Final[tuple[tuple[float, float, str, str], ...]] = (
    # up to so many seconds, counted in units of, one, several
    (44.5, 1, "a few seconds", "a few seconds"),
    (44.5 * 60, 60, "a minute", "{} minutes"),
    (21.5 * 3600, 3600, "an hour", "{} hours"),
    (25.5 * 86400, 86400, "a day", "{} days"),
    (10.5 * 30.436875 * 86400, 30.436875 * 86400, "a month", "{} months"),
    (math.inf, 365.2425 * 86400, "a year", "{} years"),
)


def distance_text(apart: timedelta) -> str:
    """Describe a time span in words, as moment.js does: ``25 days``."""
    seconds = abs(apart) / timedelta(seconds=1)
    for limit, unit, one, several in _DISTANCES:
        if seconds < limit:
            count = math.floor(seconds / unit + 0.5)
            return one if count <= 1 else several.format(count)
    raise AssertionError("the last limit is infinite")
