"""The texts of one field: how they are read, and which option would make sense of one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from airhaul.errors import shown
from airhaul.fields.numbers import seconds_of
from airhaul.messages import Option
from airhaul.tabular.numbers import is_number
from airhaul.tabular.texts.airtable_text import shown_format, without_symbol
from airhaul.tabular.texts.date_format import likely_formats
from airhaul.tabular.texts.style import TextStyle, has_decimal_comma, is_grouped
from airhaul.wire.shapes import FieldType

Advice = tuple[str | Option, ...]
"""The end of a message, which names an option; empty if none would help."""

_OF_AIRTABLE: Final = Option("from_airtable_csv", True)
# Airtable, too, reads times for these in UTC.
_NO_ZONES: Final = ("utc", "client")
_NO_VALUES: Final = frozenset(
    {"na", "n/a", "#n/a", "n.a.", "nan", "nat", "null", "none", "nil", "-", "--", "?"}
)
_MARK: Final = re.compile(r"[^\d\s.,+-]+")
_ISO: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class FieldText:
    """What decides how the texts of a field are read.

    Args:
        type: The type of the field.
        options: Its options, as far as they are known.
        style: How the texts of the file write numbers and dates.
    """

    type: FieldType
    options: Mapping[str, Any]
    style: TextStyle

    @property
    def zone(self) -> str | None:
        """The time zone in which the field shows times; None for UTC."""
        zone = self.options.get("timeZone", "utc")
        return None if zone in _NO_ZONES else zone

    def seconds(self, text: str) -> float | None:
        """Read a duration; None if it is not written as one."""
        is_shown = self.style.is_airtable and self.options.get("durationFormat") == "h:mm"
        return seconds_of(text, hours_first=is_shown)

    def moment(self, text: str) -> date | datetime | None:
        """Read a date in the notation of the file; None if it may be one as in ISO 8601."""
        dates = (shown_format(self.options) if self.style.is_airtable else None) or self.style.dates
        found = None if dates is None else dates.read(text)
        if found is None and dates is not None and not is_iso(text) and not is_number(text):
            raise ValueError(f"dates are read as {dates.text} or 2024-12-31, got {shown(text)}")
        return found

    def advice_on_number(self, text: str) -> Advice:
        """Name the option with which a text would be a number, if there is one."""
        if self.style.decimal_comma:
            return advice_on_word(text)
        if is_grouped(text) or has_decimal_comma(text):
            return _advice_on_commas(text)
        if self.type == "duration" and seconds_of(text, hours_first=True) is not None:
            how = "; a duration is written 1:30:00 or in seconds"
            of_airtable = ("; in Airtable's own CSV, set ", _OF_AIRTABLE)
            return (how,) if self.style.is_airtable else (how, *of_airtable)
        mark = _MARK.search(text) if self.type == "currency" else None
        bare = "" if mark is None else without_symbol(text, mark[0])
        if is_number(bare) or is_grouped(bare):
            symbol = self.options.get("symbol")
            if symbol is None:
                return ("; to read the symbol of the field, set ", _OF_AIRTABLE)
            return (f"; the symbol of the field is {symbol}",)
        return advice_on_word(text)

    def advice_on_date(self, text: str) -> Advice:
        """Name the options with which a text would be a date."""
        formats = [Option("date_format", format) for format in likely_formats(text)]
        if not formats:
            return advice_on_word(text)
        shows = shown_format(self.options)
        if shows is not None and shows.fits(text):
            formats.append(_OF_AIRTABLE)
        parts: list[str | Option] = ["; to read it, set ", formats[0]]
        for option in formats[1:]:
            parts += [" or ", option]
        return tuple(parts)


def _advice_on_commas(text: str) -> Advice:
    decimal = Option("decimal_comma", True)
    if not is_grouped(text):
        return ("; if the comma is decimal, set ", decimal)
    advice = ("; if the commas separate thousands, as in Airtable's own CSV, set ", _OF_AIRTABLE)
    return (*advice, "; if they are decimal, ", decimal) if has_decimal_comma(text) else advice


def is_iso(text: str) -> bool:
    """Whether a text begins with a date as in ISO 8601."""
    return _ISO.match(text) is not None


def is_word_for_nothing(text: str) -> bool:
    """Whether a text is a word that usually means that there is no value, such as ``NA``."""
    return text.lower() in _NO_VALUES


def advice_on_word(text: str) -> Advice:
    """Name the option for a word that usually means that there is no value."""
    if not is_word_for_nothing(text):
        return ()
    return ("; if it means an empty cell, set ", Option("nulls", (text,)))
