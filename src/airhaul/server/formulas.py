"""Filtering and sorting records: what a field yields inside a formula, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from airhaul.errors import FormulaError
from airhaul.formula import field_names, parse
from airhaul.formula.evaluate import compile_formula
from airhaul.formula.values import Value, is_kept
from airhaul.server import refusal
from airhaul.server.reading import Reading
from airhaul.server.schema import Field, Table
from airhaul.server.store import StoredRecord


class RecordInFormula:
    """One record as a formula sees it.

    Args:
        reading: How cells are read.
        fields: The fields that the formula names, by the name it gives them.
        record: The record.
    """

    __slots__ = ("_fields", "_reading", "_record")

    def __init__(self, reading: Reading, fields: dict[str, Field], record: StoredRecord) -> None:
        self._reading = reading
        self._fields = fields
        self._record = record

    @property
    def record_id(self) -> str:
        """The record's id."""
        return self._record.id

    @property
    def created_time(self) -> datetime:
        """When it was created."""
        return datetime.fromisoformat(self._record.created)

    @property
    def now(self) -> datetime:
        """When the request came."""
        return self._reading.now

    def last_modified_time(self, fields: Sequence[str]) -> datetime | None:
        """When one of the fields was last written, or any; None if none of them ever was."""
        cells, touched = self._record.cells, self._record.touched
        ids = [self._fields[name].id for name in fields] or [*cells, *touched]
        times = [touched[id][0] if id in touched else self._record.created
                 for id in ids if id in touched or id in cells]  # fmt: skip
        if not fields:
            times.append(self._record.created)
        return datetime.fromisoformat(max(times)) if times else None

    def cell(self, name: str) -> Value:
        """The value of a field; None if it is empty."""
        return self._reading.value(self._record, self._fields[name])


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
    known = {name: field for name, field in fields.items() if field is not None}
    return lambda record: is_kept(compute(RecordInFormula(reading, known, record)))


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
