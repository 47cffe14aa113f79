"""The order in which records are listed.

Not published, and decided: blanks come first, and last when descending; choices have the order of
the field; text is compared without regard to case, then by its characters; in a computed field,
errors and NaN come first, then numbers, dates and texts, and lists are compared as text. Equal
records stay in the order that they have without a sort.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from airhaul.fields import card_of
from airhaul.formula.values import FormulaFault, Value, to_text
from airhaul.local_base.lists.scan import Scan
from airhaul.local_base.protocol import refusal
from airhaul.local_base.store import Scanned
from airhaul.local_base.store.schema import Field, Table

SortKey = tuple[Field, bool]
"""A field, and whether it is descending."""


def read_sort(table: Table, given: Any) -> list[SortKey]:
    """Read the sort keys of a request or a view.

    Args:
        table: The table, for its fields.
        given: ``[{"field": "Name", "direction": "desc"}]``, or None for none.

    Raises:
        Refusal: The order is malformed, or names a field that does not exist.
    """
    if given is None:
        return []
    if not isinstance(given, list):
        raise refusal.invalid_request()
    keys: list[SortKey] = []
    for key in given:
        name = key.get("field") if isinstance(key, dict) else None
        direction = key.get("direction", "asc") if isinstance(key, dict) else None
        if not isinstance(name, str) or direction not in ("asc", "desc"):
            raise refusal.invalid_request()
        keys.append((table.find(name), direction == "desc"))
    return keys


def sort_key(scan: Scan, field: Field) -> Callable[[Scanned], Any]:
    """Return a function that gives the value by which records are compared; None for a blank.

    Args:
        scan: The scan that reads the records.
        field: The field.
    """
    cell = scan.cell(field)
    card = card_of(field.type)
    if card.result != "text" and not card.is_computed:
        return cell  # dates are ISO, which sorts as text
    if card.is_text:

        def by_text(scanned: Scanned) -> Any:
            text = cell(scanned)
            return None if text is None else _text_key(text)

        return by_text
    if field.type in ("singleSelect", "multipleSelects"):
        return _by_choice(cell, field)
    value = scan.value(field)
    return lambda scanned: _mixed_key(value(scanned))


def _by_choice(cell: Callable[[Scanned], Any], field: Field) -> Callable[[Scanned], Any]:
    choices = (field.options or {}).get("choices", [])
    places = {choice["name"]: place for place, choice in enumerate(choices)}

    def by_one(scanned: Scanned) -> Any:
        name = cell(scanned)
        return None if name is None else places.get(name, len(places))

    def by_many(scanned: Scanned) -> Any:
        names = cell(scanned)
        return None if names is None else [places.get(name, len(places)) for name in names]

    return by_one if field.type == "singleSelect" else by_many


def _text_key(text: str) -> str:
    # Comparing one text is faster than comparing a pair.
    return f"{text.casefold()}\0{text}"


def _mixed_key(value: Value) -> Any:
    match value:
        case None | "" | []:
            return None
        case FormulaFault():
            return (0,)
        case int() | float():
            return (0,) if math.isnan(value) else (1, value)
        case datetime():
            return (2, value)
        case _:
            return (3, _text_key(to_text(value)))


def sort(columns: Sequence[tuple[list[Any], bool]], count: int) -> list[int]:
    """Sort by columns of keys.

    Args:
        columns: For each key, the most significant first: the value of each record, and whether
            the order is descending.
        count: The number of records.

    Returns:
        The indexes of the records in the columns, sorted.
    """
    order = list(range(count))
    for keys, descending in reversed(columns):
        blank = [number for number in order if keys[number] is None]
        filled = [number for number in order if keys[number] is not None]
        filled.sort(key=keys.__getitem__, reverse=descending)
        order = [*filled, *blank] if descending else [*blank, *filled]
    return order
