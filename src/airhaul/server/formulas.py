"""Filtering and sorting records: what a field yields inside a formula, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from airhaul.errors import FormulaError
from airhaul.formula import field_names, parse
from airhaul.formula.evaluate import compile_formula
from airhaul.formula.values import is_kept
from airhaul.server import refusal
from airhaul.server.computed.record_view import RecordInFormula, compute_for
from airhaul.server.reading import Reading
from airhaul.server.schema import Field, Table
from airhaul.server.store import StoredRecord


def make_filter(reading: Reading, table: Table, text: str) -> Callable[[StoredRecord], bool]:
    """Make a test of a formula.

    Args:
        reading: How cells are read.
        table: The table, for its fields.
        text: The formula.

    Returns:
        A function that tells whether a record is kept.

    Raises:
        Refusal: The formula cannot be read, or names fields that are not there.
    """
    try:
        node = parse(text)
        fields = {name: table.find_in_formula(name) for name in field_names(node)}
        unknown = [name.lower() for name, field in fields.items() if field is None]
        if unknown:
            raise refusal.invalid_formula(f"Unknown field names: {', '.join(unknown)}")
        compute = compile_formula(node)
    except FormulaError:
        raise refusal.invalid_formula("Invalid formula. Please check your formula text.") from None
    getters = {
        name: reading.reader(table.id, field).value
        for name, field in fields.items()
        if field is not None
    }
    return lambda record: is_kept(
        compute_for(compute, RecordInFormula(reading, table, getters, record))
    )


def sort_records(
    reading: Reading, records: Iterable[StoredRecord], keys: list[tuple[Field, bool]]
) -> list[StoredRecord]:
    """Sort records by fields.

    Not published, and decided: blanks come first, and last when descending; choices have the order
    of the field; text is compared without regard to case, then by its characters.

    Args:
        reading: How cells are read.
        records: The records.
        keys: Fields, the most significant first, and whether each is descending.
    """
    ordered = list(records)
    for field, descending in reversed(keys):
        ordered.sort(key=_sort_key(reading, field), reverse=descending)
    return ordered


_BLANK: Final = (0,)


def _sort_key(reading: Reading, field: Field) -> Callable[[StoredRecord], Any]:
    if field.type in ("singleSelect", "multipleSelects"):
        choices = (field.options or {}).get("choices", [])
        places = {choice["name"]: place for place, choice in enumerate(choices)}

        def by_choice(record: StoredRecord) -> Any:
            cell = reading.cell(record, field)
            if cell is None:
                return _BLANK
            names = cell if isinstance(cell, list) else [cell]
            return (1, [places.get(name, len(places)) for name in names])

        return by_choice

    def by_value(record: StoredRecord) -> Any:
        cell = reading.cell(record, field)
        if cell is None:
            return _BLANK
        return (1, cell.casefold(), cell) if isinstance(cell, str) else (1, cell)

    return by_value
