"""moment.js's format tokens, in English and UTC: printing and reading dates by a pattern.

Source: https://support.airtable.com/docs/supported-format-specifiers-for-datetime-format; of its
list, reading leaves out weeks, quarters, days of the year and the localized forms.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from airhaul.formula.dates import (
    DAYS,
    MONTHS,
    full_year,
    hour_of_day,
    month_number,
    week_of_year,
    weekday,
    zone_offset,
)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _ordinal(number: int) -> str:
    if 10 <= number % 100 <= 20:
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def _day_of_year(moment: datetime) -> int:
    return moment.timetuple().tm_yday


def _quarter(moment: datetime) -> int:
    return (moment.month + 2) // 3


def _week(moment: datetime) -> int:
    return week_of_year(moment)[1]


def _iso_week(moment: datetime) -> int:
    return moment.isocalendar().week


def _clock(moment: datetime) -> int:
    return (moment.hour + 11) % 12 + 1


_PRINTERS: Final[dict[str, Callable[[datetime], str]]] = {
    "YYYY": lambda m: f"{m.year:04d}",
    "YY": lambda m: f"{m.year % 100:02d}",
    "Qo": lambda m: _ordinal(_quarter(m)),
    "Q": lambda m: str(_quarter(m)),
    "MMMM": lambda m: MONTHS[m.month - 1],
    "MMM": lambda m: MONTHS[m.month - 1][:3],
    "MM": lambda m: f"{m.month:02d}",
    "Mo": lambda m: _ordinal(m.month),
    "M": lambda m: str(m.month),
    "DDDD": lambda m: f"{_day_of_year(m):03d}",
    "DDDo": lambda m: _ordinal(_day_of_year(m)),
    "DDD": lambda m: str(_day_of_year(m)),
    "DD": lambda m: f"{m.day:02d}",
    "Do": lambda m: _ordinal(m.day),
    "D": lambda m: str(m.day),
    "dddd": lambda m: DAYS[weekday(m)],
    "ddd": lambda m: DAYS[weekday(m)][:3],
    "dd": lambda m: DAYS[weekday(m)][:2],
    "do": lambda m: _ordinal(weekday(m)),
    "d": lambda m: str(weekday(m)),
    "e": lambda m: str(weekday(m)),
    "E": lambda m: str(m.isoweekday()),
    "GGGG": lambda m: f"{m.isocalendar().year:04d}",
    "GG": lambda m: f"{m.isocalendar().year % 100:02d}",
    "WW": lambda m: f"{_iso_week(m):02d}",
    "Wo": lambda m: _ordinal(_iso_week(m)),
    "W": lambda m: str(_iso_week(m)),
    "gggg": lambda m: f"{week_of_year(m)[0]:04d}",
    "gg": lambda m: f"{week_of_year(m)[0] % 100:02d}",
    "ww": lambda m: f"{_week(m):02d}",
    "wo": lambda m: _ordinal(_week(m)),
    "w": lambda m: str(_week(m)),
    "HH": lambda m: f"{m.hour:02d}",
    "H": lambda m: str(m.hour),
    "hh": lambda m: f"{_clock(m):02d}",
    "h": lambda m: str(_clock(m)),
    "kk": lambda m: f"{m.hour or 24:02d}",
    "k": lambda m: str(m.hour or 24),
    "mm": lambda m: f"{m.minute:02d}",
    "m": lambda m: str(m.minute),
    "ss": lambda m: f"{m.second:02d}",
    "s": lambda m: str(m.second),
    "SSS": lambda m: f"{m.microsecond // 1_000:03d}",
    "SS": lambda m: f"{m.microsecond // 10_000:02d}",
    "S": lambda m: str(m.microsecond // 100_000),
    "A": lambda m: "AM" if m.hour < 12 else "PM",
    "a": lambda m: "am" if m.hour < 12 else "pm",
    "ZZ": lambda _: "+0000",
    "Z": lambda _: "+00:00",
    "X": lambda m: str((m - _EPOCH) // timedelta(seconds=1)),
    "x": lambda m: str((m - _EPOCH) // timedelta(milliseconds=1)),
    "LT": lambda m: format_moment(m, "h:mm A"),
    "LTS": lambda m: format_moment(m, "h:mm:ss A"),
    "L": lambda m: format_moment(m, "MM/DD/YYYY"),
    "l": lambda m: format_moment(m, "M/D/YYYY"),
    "LL": lambda m: format_moment(m, "MMMM D, YYYY"),
    "ll": lambda m: format_moment(m, "MMM D, YYYY"),
    "LLL": lambda m: format_moment(m, "MMMM D, YYYY h:mm A"),
    "lll": lambda m: format_moment(m, "MMM D, YYYY h:mm A"),
    "LLLL": lambda m: format_moment(m, "dddd, MMMM D, YYYY h:mm A"),
    "llll": lambda m: format_moment(m, "ddd, MMM D, YYYY h:mm A"),
}
_LITERAL: Final = r"\[([^\]]*)\]"
_TOKENS: Final = re.compile(
    "|".join([_LITERAL, *sorted(map(re.escape, _PRINTERS), key=len, reverse=True)])
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


_ONE_OR_TWO: Final = r"(\d{1,2})"
_WORD: Final = r"([a-z]{3,9})\.?"
_LONGEST_PATTERN: Final = 200

# What a token reads, and the expression for it.
_READERS: Final[dict[str, tuple[str, str]]] = {
    "YYYY": ("year", r"(\d{4})"),
    "YY": ("year", r"(\d{2})"),
    "MMMM": ("month name", _WORD),
    "MMM": ("month name", _WORD),
    "MM": ("month", _ONE_OR_TWO),
    "M": ("month", _ONE_OR_TWO),
    "DD": ("day", _ONE_OR_TWO),
    "Do": ("day", r"(\d{1,2})(?:st|nd|rd|th)"),
    "D": ("day", _ONE_OR_TWO),
    "dddd": ("weekday", _WORD),
    "ddd": ("weekday", _WORD),
    "HH": ("hour", _ONE_OR_TWO),
    "H": ("hour", _ONE_OR_TWO),
    "hh": ("hour", _ONE_OR_TWO),
    "h": ("hour", _ONE_OR_TWO),
    "mm": ("minute", _ONE_OR_TWO),
    "m": ("minute", _ONE_OR_TWO),
    "ss": ("second", _ONE_OR_TWO),
    "s": ("second", _ONE_OR_TWO),
    "SSS": ("fraction", r"(\d{1,6})"),
    "A": ("half", "([ap]m)"),
    "a": ("half", "([ap]m)"),
    "ZZ": ("zone", r"(Z|[+-]\d{2}:?\d{2})"),
    "Z": ("zone", r"(Z|[+-]\d{2}:?\d{2})"),
    "X": ("seconds", r"(\d{1,12})(?:\.\d+)?"),
    "x": ("milliseconds", r"(\d{1,15})"),
}
_READ_TOKENS: Final = re.compile(
    "|".join([_LITERAL, *sorted(_READERS, key=len, reverse=True), r"(\s+)", "(.)"]), re.DOTALL
)


@functools.lru_cache(maxsize=256)
def _reader(pattern: str) -> tuple[re.Pattern[str], tuple[str, ...]] | None:
    """The expression for a pattern, and what each of its groups reads.

    None for a pattern that reads one thing twice: besides having no meaning, many variable tokens
    in a row would make the engine try without end.
    """
    expression: list[str] = []
    read: list[str] = []
    for match in _READ_TOKENS.finditer(pattern):
        literal, space, other = match.groups()
        if space is not None:
            expression.append(r"\s+")
        elif literal is not None or other is not None:
            expression.append(re.escape(literal or other or ""))
        else:
            part, token = _READERS[match[0]]
            if part in read:
                return None
            expression.append(token)
            read.append(part)
    return re.compile("".join(expression), re.IGNORECASE | re.ASCII), tuple(read)


def parse_by_format(text: str, pattern: str) -> datetime | None:
    """Read a date by moment.js's tokens.

    Unlike moment.js, which is lenient unless told otherwise, the whole text must fit. Missing parts
    are the first of January and midnight; a missing year is the present one.

    Args:
        text: The date, in UTC unless it says otherwise.
        pattern: ``"D MMM YYYY HH:mm"`` and the like.

    Returns:
        The point in time, or None if the text does not fit.
    """
    reader = _reader(pattern) if len(pattern) <= _LONGEST_PATTERN else None
    if reader is None:
        return None
    expression, read = reader
    match = expression.fullmatch(text.strip())
    if match is None:
        return None
    try:
        return _moment_of(dict(zip(read, match.groups(), strict=True)))
    except (ValueError, OverflowError):
        return None


def _moment_of(parts: dict[str, str]) -> datetime | None:
    if "seconds" in parts:
        return _EPOCH + timedelta(seconds=int(parts["seconds"]))
    if "milliseconds" in parts:
        return _EPOCH + timedelta(milliseconds=int(parts["milliseconds"]))
    month = month_number(parts["month name"]) if "month name" in parts else parts.get("month", 1)
    if month is None:
        return None
    hour = int(parts.get("hour", 0))
    moment = datetime(
        full_year(parts["year"]) if "year" in parts else datetime.now(UTC).year,
        int(month),
        int(parts.get("day", 1)),
        hour_of_day(hour, parts["half"]) if "half" in parts else hour,
        int(parts.get("minute", 0)),
        int(parts.get("second", 0)),
        int(parts.get("fraction", "0").ljust(6, "0")),
        tzinfo=UTC,
    )
    return moment - zone_offset(parts["zone"].upper()) if "zone" in parts else moment
