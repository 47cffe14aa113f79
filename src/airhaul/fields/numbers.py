"""Numbers: plain, per cent, money, durations and ratings, and those that Airtable counts.

Default options have the highest precision that floats have, so that no number is rounded; see
https://airtable.com/developers/web/api/field-model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from airhaul.fields.arrow import DURATION, INTEGER, NUMBER, ArrowType
from airhaul.fields.card import FieldCard, Key, hashable
from airhaul.wire.shapes import FieldType

_NUMBERS: Final = (int, float, Decimal)
_MONEY: Final = re.compile(r"price|salary|wage|revenue|budget|payment|(^|_)(cost|amount|fee)($|_)")
_PERCENT: Final = re.compile(r"percent|(^|_)(rate|ratio)$")
_RATING: Final = re.compile(r"rating|(^|_)(stars?|score|rank|ranking)$")
_HIGHEST_RATING: Final = 10
_SHOWN: Final = re.compile(r"([-+]?)[$€£]?\s*(\d+|\d{1,3}(?:,\d{3})+|(?=\.\d))(\.\d*)?\s*(%?)")
_DURATION: Final = re.compile(r"(-?)(\d+):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?", re.ASCII)


def seconds_of(text: str, *, hours_first: bool) -> float | None:
    """Read a duration such as ``1:30:00``, in seconds.

    Args:
        text: The text, without spaces around it.
        hours_first: Whether ``1:30`` are hours and minutes; otherwise it is not read.

    Returns:
        The seconds; None for anything else.
    """
    match = _DURATION.fullmatch(text)
    if match is None or (match[4] is None and not hours_first):
        return None
    sign, hours, minutes, seconds = match.groups(default="0")
    total = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    exact = int(total) if total.is_integer() else total
    return -exact if sign == "-" else exact


def clock_text(duration: timedelta) -> str:
    """Write a duration so that ``seconds_of`` reads it: ``36:00:00``, ``-0:30:00``, ``0:00:01.5``.

    Args:
        duration: The duration.
    """
    minutes, rest = divmod(abs(duration), timedelta(minutes=1))
    hours, minute = divmod(minutes, 60)
    fraction = f".{rest.microseconds:06}".rstrip("0").rstrip(".")
    sign = "-" if duration < timedelta() else ""
    return f"{sign}{hours}:{minute:02}:{rest.seconds:02}{fraction}"


def _canonical(cell: Any) -> Any:
    # As Airtable stores it, a double: it prints 2.881429508889297e+16 as 28814295088892970.
    try:
        return float(cell) if isinstance(cell, int | float) else hashable(cell)
    except OverflowError:
        return cell


def _is_stored_number(cell: Any) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def _canonical_rating(cell: Any) -> Any:
    return _canonical(cell) or None  # a rating of 0 is an empty cell


def _is_number(sent: Any, stored: Any) -> bool:
    match = _SHOWN.fullmatch(sent.strip()) if isinstance(sent, str) else None
    if match is None or not isinstance(stored, int | float):
        return False
    sign, whole, decimals, percent = match.groups()
    number = float(f"{sign}{whole.replace(',', '')}{decimals or ''}")
    return bool((number / 100 if percent else number) == stored)


def _is_duration(sent: Any, stored: Any) -> bool:
    seconds = seconds_of(sent.strip(), hours_first=True) if isinstance(sent, str) else None
    return _is_number(sent, stored) if seconds is None else bool(seconds == stored)


def _number(
    type_: FieldType,
    default_options: Mapping[str, Any],
    inferred_from: Mapping[Any, re.Pattern[str] | None],
    key: Key = "compared",
    is_converted: Callable[[Any, Any], bool] = _is_number,
    arrow: ArrowType = NUMBER,
) -> FieldCard:
    return FieldCard(
        type=type_,
        python=int | float,
        inferred_from=inferred_from,
        can_be_primary=True,
        key=key,
        is_stored_as_sent=_is_stored_number,
        default_options=default_options,
        lookup="number",
        result="number",
        arrow=arrow,
        canonical=_canonical,
        is_converted=is_converted,
    )


CARDS: Final = (
    FieldCard(
        type="rating",
        python=int,
        inferred_from={int: _RATING},
        most=_HIGHEST_RATING,
        key="compared",
        is_stored_as_sent=_is_stored_number,
        default_options={"icon": "star", "color": "yellowBright", "max": 5},
        lookup="number",
        result="number",
        arrow=INTEGER,
        canonical=_canonical_rating,
        is_converted=_is_number,
    ),
    _number("currency", {"precision": 2, "symbol": "$"}, dict.fromkeys(_NUMBERS, _MONEY)),
    _number("percent", {"precision": 4}, dict.fromkeys(_NUMBERS, _PERCENT)),
    _number("number", {"precision": 8}, dict.fromkeys(_NUMBERS), "merged"),
    _number(
        "duration",
        {"durationFormat": "h:mm:ss"},
        {timedelta: None},
        is_converted=_is_duration,
        arrow=DURATION,
    ),
    FieldCard(
        type="count",
        is_computed=True,
        python=int,
        lookup="number",
        result="number",
        arrow=INTEGER,
    ),
    FieldCard(
        type="autoNumber",
        is_computed=True,
        python=int,
        can_be_primary=True,
        lookup="number",
        result="number",
        arrow=INTEGER,
    ),
)
