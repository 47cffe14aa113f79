"""Texts as Airtable shows them, and as its own CSV files have them: ``$5.00``, ``12%``, ``1:30``.

Source of the formats: https://airtable.com/developers/web/api/field-model
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from airhaul.tabular.texts.date_format import DateFormat

_DAYS: Final = {
    "iso": "YYYY-MM-DD",
    "us": "M/D/YYYY",
    "european": "D/M/YYYY",
    "friendly": "MMMM D, YYYY",
}
_TIMES: Final = {"12hour": " h:mma", "24hour": " HH:mm"}
# A name may contain commas and parentheses; an address ends at the first parenthesis.
_ATTACHMENT: Final = re.compile(r"\s*(.*?)\s\((https?://[^\s()]+)\)\s*(?:,|$)", re.DOTALL)


def without_symbol(text: str, symbol: str | None) -> str:
    """Remove the symbol of a currency before or after a number; ``-$5`` becomes ``-5``.

    Args:
        text: The text, without spaces around it.
        symbol: The symbol of the field; None if it is not known.
    """
    mark = (symbol or "").strip()
    sign, rest = (text[:1], text[1:]) if text[:1] in ("-", "+") else ("", text)
    if mark and rest.startswith(mark):
        return sign + rest[len(mark) :].lstrip()
    if mark and rest.endswith(mark):
        return sign + rest[: -len(mark)].rstrip()
    return text


def hundredth(number: str) -> str:
    """Divide a number by a hundred, exactly: what ``12%`` stores.

    Args:
        number: The number, as programs write it.
    """
    return format(Decimal(number).scaleb(-2), "f")


def attachments_in(text: str) -> list[dict[str, str]] | None:
    """Read attachments such as ``photo.jpg (https://...)``, several separated by commas.

    Args:
        text: The text.

    Returns:
        The name and address of each; None if the text is not written so.
    """
    found: list[dict[str, str]] = []
    end = 0
    while end < len(text):
        match = _ATTACHMENT.match(text, end)
        if match is None:
            return None
        found.append({"url": match[2], "filename": match[1]})
        end = match.end()
    return found or None


def shown_format(options: Mapping[str, Any]) -> DateFormat | None:
    """Find how a date field shows dates, and times if it has them.

    Args:
        options: The options of the field.

    Returns:
        The notation; None if it is that of each reader's browser, or is not known.
    """
    day = _DAYS.get(_name_in(options, "dateFormat"))
    if day is None:
        return None
    return DateFormat.of(day + _TIMES.get(_name_in(options, "timeFormat"), ""))


def _name_in(options: Mapping[str, Any], option: str) -> str:
    return str((options.get(option) or {}).get("name"))
