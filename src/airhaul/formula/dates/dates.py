"""Dates: parsing them from text, and numbering their days and weeks."""

from __future__ import annotations

import calendar
import functools
import re
from datetime import UTC, datetime, timedelta
from typing import Final

_ISO: Final = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6})\d*)?)?)?"
    r"\s*(Z|[+-]\d{2}:?\d{2})?"
)
_AMERICAN: Final = re.compile(
    r"(\d{1,2})[/-](\d{1,2})[/-](\d{2}|\d{4})(?:[ ,T]+(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([ap]m)?)?",
    re.IGNORECASE,
)
_NAMED: Final = re.compile(
    r"(?:(\d{1,2})\s+([a-z]{3,9})|([a-z]{3,9})\s+(\d{1,2})),?\s+(\d{4})"
    r"(?:[ ,T]+(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([ap]m)?)?",
    re.IGNORECASE,
)
MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip


@functools.lru_cache(maxsize=1024)
def parse_moment(text: str) -> datetime | None:
    """Parse a date as Airtable's date functions do: ISO, month/day/year, or with a month's name.

    Args:
        text: The date; in UTC unless it names a zone.

    Returns:
        The time, or None if the text is not a date.
    """
    text = text.strip()
    try:
        return _parse_iso(text) or _parse_american(text) or _parse_named(text)
    except (ValueError, OverflowError):
        return None


def _parse_iso(text: str) -> datetime | None:
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    micros = int((fraction or "0").ljust(6, "0"))
    moment = datetime(
        int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0),
        micros, tzinfo=UTC,
    )  # fmt: skip
    return moment - zone_offset(zone) if zone else moment


def zone_offset(zone: str) -> timedelta:
    """Return the offset from UTC of ``Z``, ``+02:00`` or ``-0500``."""
    if zone == "Z":
        return timedelta()
    ahead = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    return ahead if zone[0] == "+" else -ahead


def _parse_american(text: str) -> datetime | None:
    match = _AMERICAN.fullmatch(text)
    if match is None:
        return None
    month, day, year, hour, minute, second, half = match.groups()
    return _moment(full_year(year), int(month), int(day), (hour, minute, second, half))


def _parse_named(text: str) -> datetime | None:
    match = _NAMED.fullmatch(text)
    if match is None:
        return None
    day1, name1, name2, day2, year, *time = match.groups()
    month = month_number(name1 or name2)
    if month is None:
        return None
    return _moment(int(year), month, int(day1 or day2), tuple(time))


def _moment(year: int, month: int, day: int, time: tuple[str | None, ...]) -> datetime:
    hour, minute, second, half = time
    hours = int(hour or 0)
    if half:
        hours = hour_of_day(hours, half)
    return datetime(year, month, day, hours, int(minute or 0), int(second or 0), tzinfo=UTC)


def hour_of_day(hour: int, half: str) -> int:
    """Convert an hour with ``am`` or ``pm`` to an hour from 0 to 23."""
    return hour % 12 + (12 if half.lower() == "pm" else 0)


def full_year(text: str) -> int:
    """Convert a year of two or four digits; 69 to 99 are 1969 to 1999, as in moment.js."""
    year = int(text)
    if len(text) == 4:
        return year
    return year + (2000 if year < 69 else 1900)


def month_number(name: str) -> int | None:
    """Return the number of a month, from 1, by its name or the first three letters."""
    low = name.lower()
    for number, month in enumerate(MONTHS, start=1):
        if low in (month.lower(), month[:3].lower()):
            return number
    return None


def weekday(moment: datetime) -> int:
    """Return the day of the week, 0 for Sunday."""
    return moment.isoweekday() % 7


def week_of_year(moment: datetime, first_day: int = 0, first_week: int = 6) -> tuple[int, int]:
    """Return the week that contains a time.

    Args:
        moment: The time.
        first_day: The day on which weeks start, 0 for Sunday.
        first_week: The rule for week 1, as in moment.js: week 1 starts on January
            ``7 + first_day - first_week`` at the latest. With 6 and Sunday, it is the week that
            contains January 1.

    Returns:
        The year that the week belongs to, and the week's number.
    """
    day = moment.timetuple().tm_yday
    start = _first_week_start(moment.year, first_day, first_week)
    if day < start:
        before = moment.year - 1
        earlier = _first_week_start(before, first_day, first_week)
        return before, (day + _days_in(before) - earlier) // 7 + 1
    length = _days_in(moment.year)
    if day >= length + _first_week_start(moment.year + 1, first_day, first_week):
        return moment.year + 1, 1
    return moment.year, (day - start) // 7 + 1


def _days_in(year: int) -> int:
    return 365 + calendar.isleap(year)


def _first_week_start(year: int, first_day: int, first_week: int) -> int:
    """Return the day of the year on which week 1 starts; 0 and less are in the previous year."""
    # The date in January that is always in week 1.
    fixed = 7 + first_day - first_week
    ordinal = 365 * (year - 1) + (year - 1) // 4 - (year - 1) // 100 + (year - 1) // 400 + fixed
    return fixed - (ordinal - first_day) % 7
