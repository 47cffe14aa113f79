"""The format tokens of moment.js: printing a time by a pattern, in its zone and language.

Source: https://support.airtable.com/docs/supported-format-specifiers-for-datetime-format, and
https://momentjs.com/docs/#/displaying/format/ for what each token prints.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from airhaul.formula.dates.dates import week_of_year, weekday
from airhaul.formula.dates.locales import Locale, Width
from airhaul.formula.dates.moments import locale_of

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
LITERAL: Final = r"\[([^\[\]]*)\]"
LOCALIZED: Final = ("LTS", "LT", "LLLL", "LLL", "LL", "L", "llll", "lll", "ll", "l")

_Printer = Callable[[datetime, Locale], str]


def _number(count: Callable[[datetime], int], digits: int = 1) -> _Printer:
    return lambda moment, _: f"{count(moment):0{digits}d}"


def _ordinal(count: Callable[[datetime], int]) -> _Printer:
    return lambda moment, locale: locale.ordinal(count(moment))


def _day_of_year(moment: datetime) -> int:
    return moment.timetuple().tm_yday


def _quarter(moment: datetime) -> int:
    return (moment.month + 2) // 3


def _iso_week(moment: datetime) -> int:
    return moment.isocalendar().week


def _iso_year(moment: datetime) -> int:
    return moment.isocalendar().year


def _clock(moment: datetime) -> int:
    return (moment.hour + 11) % 12 + 1


def _week(part: int, digits: int = 1) -> _Printer:
    """Print the year (0) or the number (1) of the week, as the language counts weeks."""

    def printed(moment: datetime, locale: Locale) -> str:
        number = week_of_year(moment, locale.first_day, locale.first_week)[part]
        return f"{number % 100 if digits == 2 else number:0{digits}d}"

    return printed


def _day_name(width: Width | Literal["short"]) -> _Printer:
    return lambda moment, locale: locale.day(weekday(moment), width)


def _month_name(width: Width, *, alone: bool) -> _Printer:
    return lambda moment, locale: locale.month(moment.month, width, alone=alone)


def _fraction(digits: int) -> _Printer:
    # moment.js has milliseconds; further digits are 0.
    return lambda moment, _: f"{moment.microsecond // 1000:03d}000000"[:digits]


def _offset(separator: str) -> _Printer:
    def printed(moment: datetime, _: Locale) -> str:
        minutes = (moment.utcoffset() or timedelta()) // timedelta(minutes=1)
        hours, rest = divmod(abs(minutes), 60)
        return f"{'-' if minutes < 0 else '+'}{hours:02d}{separator}{rest:02d}"

    return printed


def _zone_name(moment: datetime, _: Locale) -> str:
    return moment.tzname() or ""


_PRINTERS: Final[dict[str, _Printer]] = {
    "YYYY": _number(lambda m: m.year, 4),
    "YY": _number(lambda m: m.year % 100, 2),
    "Y": _number(lambda m: m.year),
    "Qo": _ordinal(_quarter),
    "Q": _number(_quarter),
    "MMMM": _month_name("wide", alone=True),
    "MMM": _month_name("abbreviated", alone=True),
    "MM": _number(lambda m: m.month, 2),
    "Mo": _ordinal(lambda m: m.month),
    "M": _number(lambda m: m.month),
    "DDDD": _number(_day_of_year, 3),
    "DDDo": _ordinal(_day_of_year),
    "DDD": _number(_day_of_year),
    "DD": _number(lambda m: m.day, 2),
    "Do": _ordinal(lambda m: m.day),
    "D": _number(lambda m: m.day),
    "dddd": _day_name("wide"),
    "ddd": _day_name("abbreviated"),
    "dd": _day_name("short"),
    "do": _ordinal(weekday),
    "d": _number(weekday),
    "e": lambda m, locale: str((weekday(m) - locale.first_day) % 7),
    "E": _number(lambda m: m.isoweekday()),
    "GGGGG": _number(_iso_year, 5),
    "GGGG": _number(_iso_year, 4),
    "GG": _number(lambda m: _iso_year(m) % 100, 2),
    "WW": _number(_iso_week, 2),
    "Wo": _ordinal(_iso_week),
    "W": _number(_iso_week),
    "ggggg": _week(0, 5),
    "gggg": _week(0, 4),
    "gg": _week(0, 2),
    "ww": _week(1, 2),
    "wo": lambda m, locale: locale.ordinal(week_of_year(m, locale.first_day, locale.first_week)[1]),
    "w": _week(1),
    "HH": _number(lambda m: m.hour, 2),
    "H": _number(lambda m: m.hour),
    "hh": _number(_clock, 2),
    "h": _number(_clock),
    "kk": _number(lambda m: m.hour or 24, 2),
    "k": _number(lambda m: m.hour or 24),
    "mm": _number(lambda m: m.minute, 2),
    "m": _number(lambda m: m.minute),
    "ss": _number(lambda m: m.second, 2),
    "s": _number(lambda m: m.second),
    **{"S" * digits: _fraction(digits) for digits in range(1, 10)},
    "A": lambda m, locale: locale.half(m.hour, m.minute),
    "a": lambda m, locale: locale.half(m.hour, m.minute).lower(),
    "ZZ": _offset(""),
    "Z": _offset(":"),
    "zz": _zone_name,
    "z": _zone_name,
    "X": lambda m, _: str((m - EPOCH) // timedelta(seconds=1)),
    "x": lambda m, _: str((m - EPOCH) // timedelta(milliseconds=1)),
}
_TOKENS: Final = re.compile(
    "|".join([LITERAL, *sorted({*_PRINTERS, *LOCALIZED}, key=len, reverse=True), "(.)"]),
    re.DOTALL,
)
# A month after its day has another grammatical case in some languages, as in Russian.
_DAY_BEFORE: Final = re.compile(rf"D[oD]?(?:{LITERAL}|[\s.])+MMMM?")
_WITH_DAY: Final[dict[str, _Printer]] = {
    "MMMM": _month_name("wide", alone=False),
    "MMM": _month_name("abbreviated", alone=False),
}

LONGEST_PATTERN: Final = 1_000
"""The most characters of a pattern: a filter prints it for every record of a table."""


def format_moment(moment: datetime, pattern: str) -> str:
    """Print a time by the tokens of moment.js; ``[text]`` is printed as it is.

    Args:
        moment: The time, printed in its zone and language.
        pattern: The pattern, as in ``"YYYY-MM-DD"``, of at most ``LONGEST_PATTERN`` characters.
    """
    locale = locale_of(moment)
    return "".join(
        [
            part if isinstance(part, str) else part(moment, locale)
            for part in _compile(pattern, locale)
        ]
    )


@functools.lru_cache(maxsize=256)
def _compile(pattern: str, locale: Locale) -> list[str | _Printer]:
    """Compile a pattern to texts and printers, with its localized formats expanded."""
    pattern = expand(pattern, locale)
    named = _WITH_DAY if _DAY_BEFORE.search(pattern) else {}
    parts: list[str | _Printer] = []
    for match in _TOKENS.finditer(pattern):
        literal, other = match.groups()
        if literal is not None:
            parts.append(literal)
        elif other is not None:
            parts.append(other)
        else:
            parts.append(named.get(match[0]) or _PRINTERS[match[0]])
    return parts


def expand(pattern: str, locale: Locale) -> str:
    """Expand the localized tokens of a pattern, including nested ones."""
    for _ in range(3):
        pattern = _TOKENS.sub(lambda match: locale.form(match[0]) or match[0], pattern)
    return pattern
