"""Reading dates from text, and moment.js's format tokens."""

from __future__ import annotations

import re
from collections.abc import Callable
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
DAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")


def parse_moment(text: str) -> datetime | None:
    """Read a date as Airtable's date functions do: ISO, month/day/year, or with a month's name.

    Args:
        text: The date; UTC unless it says otherwise.

    Returns:
        The point in time, or None if it is no date.
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
    if zone and zone != "Z":
        hours, minutes = int(zone[1:3]), int(zone[-2:])
        shift = timedelta(hours=hours, minutes=minutes)
        moment += -shift if zone[0] == "+" else shift
    return moment


def _parse_american(text: str) -> datetime | None:
    match = _AMERICAN.fullmatch(text)
    if match is None:
        return None
    month, day, year, hour, minute, second, half = match.groups()
    return _moment(_full_year(year), int(month), int(day), (hour, minute, second, half))


def _parse_named(text: str) -> datetime | None:
    match = _NAMED.fullmatch(text)
    if match is None:
        return None
    day1, name1, name2, day2, year, *time = match.groups()
    month = _month_number(name1 or name2)
    if month is None:
        return None
    return _moment(int(year), month, int(day1 or day2), tuple(time))


def _moment(year: int, month: int, day: int, time: tuple[str | None, ...]) -> datetime:
    hour, minute, second, half = time
    hours = int(hour or 0)
    if half:
        hours = hours % 12 + (12 if half.lower() == "pm" else 0)
    return datetime(year, month, day, hours, int(minute or 0), int(second or 0), tzinfo=UTC)


def _full_year(text: str) -> int:
    # As moment.js has it: 69 to 99 belong to the last century.
    year = int(text)
    if len(text) == 4:
        return year
    return year + (2000 if year < 69 else 1900)


def _month_number(name: str) -> int | None:
    low = name.lower()
    for number, month in enumerate(MONTHS, start=1):
        if low in (month.lower(), month[:3].lower()):
            return number
    return None


def _ordinal(number: int) -> str:
    if 10 <= number % 100 <= 20:
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def weekday(moment: datetime) -> int:
    """The day of the week, 0 for Sunday."""
    return moment.isoweekday() % 7


def week_number(moment: datetime) -> int:
    """The week of the year: week 1 holds January 1, and weeks start on Sunday."""
    first = moment.replace(month=1, day=1)
    return (moment.timetuple().tm_yday - 1 + weekday(first)) // 7 + 1


_PRINTERS: Final[dict[str, Callable[[datetime], str]]] = {
    "YYYY": lambda m: f"{m.year:04d}",
    "YY": lambda m: f"{m.year % 100:02d}",
    "Q": lambda m: str((m.month + 2) // 3),
    "MMMM": lambda m: MONTHS[m.month - 1],
    "MMM": lambda m: MONTHS[m.month - 1][:3],
    "MM": lambda m: f"{m.month:02d}",
    "Mo": lambda m: _ordinal(m.month),
    "M": lambda m: str(m.month),
    "DDDD": lambda m: f"{m.timetuple().tm_yday:03d}",
    "DDD": lambda m: str(m.timetuple().tm_yday),
    "DD": lambda m: f"{m.day:02d}",
    "Do": lambda m: _ordinal(m.day),
    "D": lambda m: str(m.day),
    "dddd": lambda m: DAYS[weekday(m)],
    "ddd": lambda m: DAYS[weekday(m)][:3],
    "dd": lambda m: DAYS[weekday(m)][:2],
    "d": lambda m: str(weekday(m)),
    "E": lambda m: str(m.isoweekday()),
    "WW": lambda m: f"{m.isocalendar().week:02d}",
    "W": lambda m: str(m.isocalendar().week),
    "ww": lambda m: f"{week_number(m):02d}",
    "w": lambda m: str(week_number(m)),
    "HH": lambda m: f"{m.hour:02d}",
    "H": lambda m: str(m.hour),
    "hh": lambda m: f"{(m.hour + 11) % 12 + 1:02d}",
    "h": lambda m: str((m.hour + 11) % 12 + 1),
    "mm": lambda m: f"{m.minute:02d}",
    "m": lambda m: str(m.minute),
    "ss": lambda m: f"{m.second:02d}",
    "s": lambda m: str(m.second),
    "SSS": lambda m: f"{m.microsecond // 1000:03d}",
    "A": lambda m: "AM" if m.hour < 12 else "PM",
    "a": lambda m: "am" if m.hour < 12 else "pm",
    "ZZ": lambda _: "+0000",
    "Z": lambda _: "+00:00",
    "X": lambda m: str(int(m.timestamp())),
    "x": lambda m: str(int(m.timestamp() * 1000)),
    "LL": lambda m: f"{MONTHS[m.month - 1]} {m.day}, {m.year}",
    "L": lambda m: f"{m.month:02d}/{m.day:02d}/{m.year:04d}",
    "LT": lambda m: f"{(m.hour + 11) % 12 + 1}:{m.minute:02d} {'AM' if m.hour < 12 else 'PM'}",
}
_TOKENS: Final = re.compile(
    r"\[([^\]]*)\]|" + "|".join(sorted(map(re.escape, _PRINTERS), key=len, reverse=True))
)


def format_moment(moment: datetime, pattern: str) -> str:
    """Print a point in time by moment.js's tokens; ``[text]`` stands for itself.

    Args:
        moment: The point in time, printed in UTC.
        pattern: ``"YYYY-MM-DD"`` and the like.
    """
    return _TOKENS.sub(
        lambda match: match[1] if match[1] is not None else _PRINTERS[match[0]](moment), pattern
    )


_READERS: Final[dict[str, str]] = {
    "YYYY": "%Y",
    "YY": "%y",
    "MMMM": "%B",
    "MMM": "%b",
    "MM": "%m",
    "M": "%m",
    "DD": "%d",
    "D": "%d",
    "HH": "%H",
    "H": "%H",
    "hh": "%I",
    "h": "%I",
    "mm": "%M",
    "m": "%M",
    "ss": "%S",
    "s": "%S",
    "A": "%p",
    "a": "%p",
}
_READ_TOKENS: Final = re.compile("|".join(sorted(_READERS, key=len, reverse=True)))


def parse_by_format(text: str, pattern: str) -> datetime | None:
    """Read a date by moment.js's tokens.

    Args:
        text: The date, in UTC.
        pattern: ``"D MMM YYYY HH:mm"`` and the like.

    Returns:
        The point in time, or None if the text does not fit.
    """
    template = _READ_TOKENS.sub(lambda match: _READERS[match[0]], pattern.replace("%", "%%"))
    try:
        return datetime.strptime(text.strip(), template).replace(tzinfo=UTC)
    except (ValueError, re.error):
        return None
