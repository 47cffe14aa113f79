"""How the texts of a file write numbers and dates, beyond what every file may write."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from airhaul.tabular.numbers import is_number
from airhaul.tabular.texts.date_format import DateFormat

_SPACES: Final = " \u00a0\u202f"
# Thousands are separated by one sign throughout, and the first group does not begin with 0.
_WHOLE: Final = rf"\d+|[1-9]\d{{0,2}}(?:(?:\.\d{{3}})+|(?:[{_SPACES}]\d{{3}})+)"
_WITH_COMMA: Final = re.compile(rf"[+-]?(?:(?:{_WHOLE})(?:,\d*)?|,\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_GROUPED: Final = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?", re.ASCII)
_FROM_COMMA: Final = str.maketrans({",": ".", ".": None} | dict.fromkeys(_SPACES))


@dataclass(frozen=True, slots=True)
class TextStyle:
    """How the texts of a file write numbers and dates.

    Args:
        decimal_comma: Whether numbers are written ``3,50`` and ``1.234,50``.
        dates: How dates are written, besides ISO 8601; None for nothing else.
        is_airtable: Whether numbers, dates and durations are written as their fields show them.
        fields: The options of the table's fields, by name and by ID, if they were read.
    """

    decimal_comma: bool = False
    dates: DateFormat | None = None
    is_airtable: bool = False
    fields: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])

    def plain_number(self, text: str) -> str | None:
        """Write a number as programs do: ``1234.50``.

        Args:
            text: The text, without spaces around it.

        Returns:
            The number; None if the text is no number in this style.
        """
        if self.decimal_comma:
            plain = text.translate(_FROM_COMMA) if _WITH_COMMA.fullmatch(text) else ""
        elif self.is_airtable and is_grouped(text):
            plain = text.replace(",", "")
        else:
            plain = text
        return plain if is_number(plain) else None


PLAIN: Final = TextStyle()
"""Numbers with a point, dates as in ISO 8601: what every file may write."""


def is_grouped(text: str) -> bool:
    """Whether a text is a number with commas between its thousands."""
    return _GROUPED.fullmatch(text) is not None


def has_decimal_comma(text: str) -> bool:
    """Whether a text, which is no number otherwise, is one with a decimal comma."""
    return "," in text and _WITH_COMMA.fullmatch(text) is not None
