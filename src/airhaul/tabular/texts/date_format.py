"""Dates in a given notation, such as ``DD.MM.YYYY``, with the tokens of Airtable's own formats."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Final

from airhaul.errors import ConfigurationError, shown

_DAY_TOKENS: Final = {
    "YYYY": r"(?P<year>\d{4})",
    "YY": r"(?P<short_year>\d{2})",
    "MMMM": r"(?P<month_name>[A-Za-z]+)",
    "MMM": r"(?P<month_name>[A-Za-z]+)",
    "MM": r"(?P<month>\d{2})",
    "M": r"(?P<month>\d{1,2})",
    "DD": r"(?P<day>\d{2})",
    "D": r"(?P<day>\d{1,2})",
}
_TIME_TOKENS: Final = {
    "HH": r"(?P<hour>\d{1,2})",
    "H": r"(?P<hour>\d{1,2})",
    "hh": r"(?P<hour>\d{1,2})",
    "h": r"(?P<hour>\d{1,2})",
    "mm": r"(?P<minute>\d{2})",
    "ss": r"(?P<second>\d{2})",
    "a": r"(?P<half>[AaPp][Mm])",
    "A": r"(?P<half>[AaPp][Mm])",
}
_TOKENS: Final = _DAY_TOKENS | _TIME_TOKENS
_TOKEN: Final = re.compile("|".join([*_TOKENS, r"\[([^\]]*)\]", "."]), re.DOTALL)
# The time of a day, if the notation has none.
_ANY_TIME: Final = r"(?:T|,?\s+)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?"
_MONTHS: Final = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_FIRST_YEAR: Final = 1969  # two digits are a year from 1969 to 2068, as in POSIX
_COMMON: Final = (
    "DD.MM.YYYY",
    "DD/MM/YYYY",
    "MM/DD/YYYY",
    "DD-MM-YYYY",
    "MM-DD-YYYY",
    "YYYY/MM/DD",
    "YYYY.MM.DD",
    "YYYYMMDD",
    "MMMM D, YYYY",
    "D MMMM YYYY",
    "DD-MMM-YYYY",
    "DD.MM.YY",
    "DD/MM/YY",
    "MM/DD/YY",
)
_COMMON_TIMES: Final = ("", " h:mma", " h:mm a")
_HELP: Final = "expected one such as DD.MM.YYYY, M/D/YYYY or DD/MM/YYYY HH:mm"


@dataclass(frozen=True, slots=True)
class DateFormat:
    """A notation of dates and times; ``DateFormat.of`` makes it.

    Args:
        text: The notation.
        pattern: Matches what is written so.
    """

    text: str
    pattern: re.Pattern[str]

    @staticmethod
    @lru_cache(maxsize=128)
    def of(text: str) -> DateFormat:
        """Make a notation.

        The tokens are ``YYYY``, ``YY``, ``MMMM`` (January), ``MMM`` (Jan), ``MM``, ``M``, ``DD``,
        ``D``, ``HH`` (0 to 23), ``hh`` (1 to 12) with ``a`` (am or pm), ``mm`` and ``ss``. Text in
        brackets, and everything that is not a letter, is itself.

        Args:
            text: The notation. A time comes after the date.

        Raises:
            ConfigurationError: It is not a notation of dates.
        """
        tokens = [match[0] for match in _TOKEN.finditer(text)]
        reason = _fault_of(tokens)
        if reason is not None:
            raise ConfigurationError(f"The date format {text!r} {reason}; {_HELP}.")
        day_ends = max(place for place, token in enumerate(tokens) if token in _DAY_TOKENS) + 1
        day, time = tokens[:day_ends], tokens[day_ends:]
        after = "".join(map(_pattern_of, time)) if time else _ANY_TIME
        return DateFormat(text, re.compile(f"{_day_pattern(day)}(?:{after})?", re.ASCII))

    def read(self, text: str) -> date | datetime | None:
        """Read a date, or a date with a time.

        Args:
            text: The text, without spaces around it; the time may be left out.

        Returns:
            The date, or the date with its time; None if it is not written so.

        Raises:
            ValueError: It is written so, but there is no such date or time.
        """
        match = self.pattern.fullmatch(text)
        if match is None:
            return None
        try:
            return _moment_of(match.groupdict())
        except ValueError:
            raise ValueError(
                f"there is no such date or time, got {shown(text)}; dates are read as {self.text}"
            ) from None

    def fits(self, text: str) -> bool:
        """Whether a text is a date in this notation."""
        try:
            return self.read(text) is not None
        except ValueError:
            return False


def likely_formats(text: str) -> list[str]:
    """List the common notations in which a text is a date.

    Args:
        text: The text.
    """
    for time in _COMMON_TIMES:
        found = [f"{day}{time}" for day in _COMMON if DateFormat.of(f"{day}{time}").fits(text)]
        if found:
            return found
    return []


def _fault_of(tokens: Sequence[str]) -> str | None:
    """What is wrong with the tokens of a notation, if anything is."""
    for token in tokens:
        if token.isalpha() and token not in _TOKENS:
            return f"contains {token!r}, which is no part of a date"
    known = [token for token in tokens if token in _TOKENS]
    parts = [re.findall(r"<(\w+)>", _TOKENS[token])[0] for token in known]
    days = sorted(part[:5] for part in map(_general, parts) if part in ("year", "month", "day"))
    if days != ["day", "month", "year"]:
        return "does not have a year, a month and a day, each once"
    if len(set(parts)) < len(parts):
        return "has a part of the time twice"
    if any(token in _TIME_TOKENS for token in known[:3]):
        return "has a time before the date"
    if any(pair in "".join(tokens) for pair in ("DM", "MD")) and not {"MM", "DD"} & set(known):
        return "has a day and a month with nothing between them; write DDMM or MMDD"
    times = set(parts) & {"hour", "minute", "second", "half"}
    counts_to_12 = bool({"h", "hh"} & set(known))
    if times and (not times >= {"hour", "minute"} or ("half" in times) != counts_to_12):
        return "has an incomplete time"
    return None


def _general(part: str) -> str:
    return {"short_year": "year", "month_name": "month"}.get(part, part)


def _day_pattern(tokens: Sequence[str]) -> str:
    """Match a day; a digit may be missing unless another number is next to it."""
    pattern = ""
    for place, token in enumerate(tokens):
        beside = {*tokens[max(0, place - 1) : place], *tokens[place + 1 : place + 2]}
        is_apart = not any(other in _DAY_TOKENS for other in beside)
        pattern += _pattern_of(token[0] if is_apart and token in ("MM", "DD") else token)
    return pattern


def _pattern_of(token: str) -> str:
    if token in _TOKENS:
        return _TOKENS[token]
    if token.isspace():
        return r"\s+"
    return re.escape(token[1:-1] if len(token) > 1 else token)


def _moment_of(parts: Mapping[str, str | None]) -> date | datetime:
    day = date(_year_of(parts), _month_of(parts), int(parts["day"] or 0))
    hour = parts.get("hour")
    if hour is None:
        return day
    half = parts.get("half")
    number = int(hour)
    if half is not None:
        if not 1 <= number <= 12:
            raise ValueError(hour)
        number = number % 12 + (12 if half.lower() == "pm" else 0)
    minute, second = parts.get("minute") or 0, parts.get("second") or 0
    return datetime(day.year, day.month, day.day, number, int(minute), int(second))  # noqa: DTZ001


def _year_of(parts: Mapping[str, str | None]) -> int:
    year = parts.get("year")
    if year is not None:
        return int(year)
    return _FIRST_YEAR + (int(parts["short_year"] or 0) - _FIRST_YEAR) % 100


def _month_of(parts: Mapping[str, str | None]) -> int:
    month = parts.get("month")
    if month is not None:
        return int(month)
    name = (parts["month_name"] or "").lower()
    found = [place for place, full in enumerate(_MONTHS, start=1) if name in (full, full[:3])]
    if not found:
        raise ValueError(name)
    return found[0]
