"""Numbers: plain, per cent, money, durations and ratings, and those that Airtable counts.

Default options have the highest precision that floats have, so that no number is rounded; see
https://airtable.com/developers/web/api/field-model.
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from airhaul.fields.card import FieldCard, hashable

_MONEY: Final = re.compile(r"price|salary|wage|revenue|budget|payment|(^|_)(cost|amount|fee)($|_)")
_PERCENT: Final = re.compile(r"percent|(^|_)(rate|ratio)$")
_RATING: Final = re.compile(r"rating|(^|_)(stars?|score|rank|ranking)$")
_HIGHEST_RATING: Final = 10


def _canonical(cell: Any) -> Any:
    # As Airtable stores it, a double: it prints 2.881429508889297e+16 as 28814295088892970.
    try:
        return float(cell) if isinstance(cell, int | float) else hashable(cell)
    except OverflowError:
        return cell


def _canonical_rating(cell: Any) -> Any:
    return _canonical(cell) or None  # a rating of 0 is an empty cell


CARDS: Final = (
    FieldCard(
        type="rating",
        python=int,
        inferred_from={int: _RATING},
        most=_HIGHEST_RATING,
        key="compared",
        default_options={"icon": "star", "color": "yellowBright", "max": 5},
        lookup="number",
        result="number",
        canonical=_canonical_rating,
    ),
    FieldCard(
        type="currency",
        python=int | float,
        inferred_from={int: _MONEY, float: _MONEY, Decimal: _MONEY},
        can_be_primary=True,
        key="compared",
        default_options={"precision": 2, "symbol": "$"},
        lookup="number",
        result="number",
        canonical=_canonical,
    ),
    FieldCard(
        type="percent",
        python=int | float,
        inferred_from={int: _PERCENT, float: _PERCENT, Decimal: _PERCENT},
        can_be_primary=True,
        key="compared",
        default_options={"precision": 4},
        lookup="number",
        result="number",
        canonical=_canonical,
    ),
    FieldCard(
        type="number",
        python=int | float,
        inferred_from={int: None, float: None, Decimal: None},
        can_be_primary=True,
        key="merged",
        default_options={"precision": 8},
        lookup="number",
        result="number",
        canonical=_canonical,
    ),
    FieldCard(
        type="duration",
        python=int | float,
        inferred_from={timedelta: None},
        can_be_primary=True,
        key="compared",
        default_options={"durationFormat": "h:mm:ss"},
        lookup="number",
        result="number",
        canonical=_canonical,
    ),
    FieldCard(type="count", is_computed=True, python=int, lookup="number", result="number"),
    FieldCard(
        type="autoNumber",
        is_computed=True,
        python=int,
        can_be_primary=True,
        lookup="number",
        result="number",
    ),
)
