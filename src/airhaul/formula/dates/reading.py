"""Parsing dates by the format tokens of moment.js, in any known language.

Weeks are not parsed. Unlike moment.js, which is lenient by default, the whole text must match. Not
published, and decided.
"""

from __future__ import annotations

import functools
import re
from datetime import UTC, datetime, timedelta
from typing import Final

from airhaul.formula.dates.dates import full_year, zone_offset
from airhaul.formula.dates.locales import ENGLISH, Locale
from airhaul.formula.dates.tokens import EPOCH, LITERAL, expand

_ONE_OR_TWO: Final = r"([0-9]{1,2})"
_ZONE: Final = r"(Z|[+-][0-9]{2}:?[0-9]{2})"
_LONGEST_PATTERN: Final = 200
_LONGEST_TEXT: Final = 500

# The part that a token parses, and its expression; that of names depends on the language.
_READERS: Final[dict[str, tuple[str, str]]] = {
    "YYYY": ("year", "([0-9]{4})"),
    "YY": ("year", "([0-9]{2})"),
    "Q": ("quarter", "([1-4])"),
    "MMMM": ("month name", ""),
    "MMM": ("month name", ""),
    "MM": ("month", _ONE_OR_TWO),
    "M": ("month", _ONE_OR_TWO),
    "DDDD": ("day of year", "([0-9]{3})"),
    "DDD": ("day of year", "([0-9]{1,3})"),
    "DD": ("day", _ONE_OR_TWO),
    "Do": ("day", r"([0-9]{1,2})(?:[^\W\d_]{1,4}|[.º])?"),
    "D": ("day", _ONE_OR_TWO),
    "dddd": ("weekday", ""),
    "ddd": ("weekday", ""),
    "dd": ("weekday", ""),
    "HH": ("hour", _ONE_OR_TWO),
    "H": ("hour", _ONE_OR_TWO),
    "hh": ("hour", _ONE_OR_TWO),
    "h": ("hour", _ONE_OR_TWO),
    "kk": ("hour of 24", _ONE_OR_TWO),
    "k": ("hour of 24", _ONE_OR_TWO),
    "mm": ("minute", _ONE_OR_TWO),
    "m": ("minute", _ONE_OR_TWO),
    "ss": ("second", _ONE_OR_TWO),
    "s": ("second", _ONE_OR_TWO),
    **{"S" * digits: ("fraction", f"([0-9]{{{digits}}})") for digits in range(1, 10)},
    "A": ("half", ""),
    "a": ("half", ""),
    "ZZ": ("zone", _ZONE),
    "Z": ("zone", _ZONE),
    "X": ("seconds", r"([0-9]{1,12})(?:\.[0-9]+)?"),
    "x": ("milliseconds", "([0-9]{1,15})"),
}
_TOKENS: Final = re.compile(
    "|".join([LITERAL, *sorted(_READERS, key=len, reverse=True), r"(\s+)", "(.)"]), re.DOTALL
)


@functools.lru_cache(maxsize=256)
def _reader(pattern: str, locale: Locale) -> tuple[re.Pattern[str], tuple[str, ...]] | None:
    """Return the expression for a pattern, and the part that each of its groups parses.

    None for a pattern with one part twice: it has no meaning, and many variable tokens in a row
    would cause catastrophic backtracking.
    """
    expression: list[str] = []
    read: list[str] = []
    for match in _TOKENS.finditer(expand(pattern, locale)):
        literal, space, other = match.groups()
        if space is not None:
            expression.append(r"\s+")
        elif literal is not None or other is not None:
            expression.append(re.escape(literal or other or ""))
        else:
            part, token = _READERS[match[0]]
            if part in read:
                return None
            expression.append(token or _names(part, locale))
            read.append(part)
    return re.compile("".join(expression), re.IGNORECASE), tuple(read)


def _names(part: str, locale: Locale) -> str:
    match part:
        case "month name":
            names = locale.month_names()
        case "weekday":
            names = locale.day_names()
        case _:
            names = locale.half_names()
    longest_first = sorted(set(names), key=len, reverse=True)
    return rf"({'|'.join(map(re.escape, longest_first))})\.?"


def parse_by_format(text: str, pattern: str, locale: Locale = ENGLISH) -> datetime | None:
    """Parse a date by the tokens of moment.js.

    Missing parts default to the first of January and midnight, a missing year to the current one.

    Args:
        text: The date, in UTC unless it names a zone.
        pattern: The pattern, as in ``"D MMM YYYY HH:mm"``.
        locale: The language of its names.

    Returns:
        The time, or None if the text does not match.
    """
    text = text.strip()
    if len(pattern) > _LONGEST_PATTERN or len(text) > _LONGEST_TEXT:
        return None
    reader = _reader(pattern, locale)
    match = reader[0].fullmatch(text) if reader else None
    if reader is None or match is None:
        return None
    try:
        return _moment_of(dict(zip(reader[1], match.groups(), strict=True)), locale)
    except (ValueError, OverflowError):
        return None


def _moment_of(parts: dict[str, str], locale: Locale) -> datetime | None:
    if "seconds" in parts:
        return EPOCH + timedelta(seconds=int(parts["seconds"]))
    if "milliseconds" in parts:
        return EPOCH + timedelta(milliseconds=int(parts["milliseconds"]))
    month, hour = _month(parts, locale), _hour(parts, locale)
    if month is None or hour is None:
        return None
    moment = datetime(
        full_year(parts["year"]) if "year" in parts else datetime.now(UTC).year,
        month,
        int(parts.get("day", 1)),
        hour,
        int(parts.get("minute", 0)),
        int(parts.get("second", 0)),
        int(parts.get("fraction", "0").ljust(6, "0")[:6]),
        tzinfo=UTC,
    )
    if "day of year" in parts:
        moment = moment.replace(month=1, day=1) + timedelta(days=int(parts["day of year"]) - 1)
    return moment - zone_offset(parts["zone"].upper()) if "zone" in parts else moment


def _month(parts: dict[str, str], locale: Locale) -> int | None:
    if "month name" in parts:
        return locale.month_number(parts["month name"])
    if "month" in parts:
        return int(parts["month"])
    return int(parts.get("quarter", 1)) * 3 - 2


def _hour(parts: dict[str, str], locale: Locale) -> int | None:
    hour = int(parts["hour of 24"]) % 24 if "hour of 24" in parts else int(parts.get("hour", 0))
    if "half" not in parts:
        return hour
    second = locale.half_is_second(parts["half"])
    return None if second is None else hour % 12 + 12 * second
