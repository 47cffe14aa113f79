"""Fields that tell of linked records: counts, lookups and rollups.

Not published, and decided: a lookup leaves out what is empty in the linked records, a rollup is
given it as blank; lists in lists become one; the first and the last of no dates are blank. The
formula of a rollup is not published by the metadata API: one that is not known leaves cells that
were copied as they are, and else adds up numbers and joins all else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airhaul.formula.cell import to_cell, to_value
from airhaul.formula.result_type import NUMBER, type_of_field
from airhaul.formula.values import FAULT, Value, to_text
from airhaul.local_base.reading.reader import Reader, of_fault
from airhaul.local_base.reading.record_view import RecordInFormula, compute_for
from airhaul.local_base.reading.references import VALUES, compiled, looked_up, result_of
from airhaul.local_base.store import StoredRecord
from airhaul.local_base.store.schema import Field, Table

if TYPE_CHECKING:
    from airhaul.local_base.reading.reading import Reading


def links(reading: Reading, table: Table, field: Field) -> Reader:
    """Read the ids of linked records; in a formula, what they are called."""

    def cell(record: StoredRecord) -> Any:
        return record.cells.get(field.id)

    if field.id not in reading.steps(table):
        return Reader(cell, of_fault(FAULT).value)
    linked = reading.tables_of(table)[(field.options or {})["linkedTableId"]]
    name = reading.reader(linked.id, linked.primary).value

    def names(record: StoredRecord) -> Value:
        return [to_text(name(other)) for other in reading.linked(record, field.id)] or None

    return Reader(cell, names)


def count(_reading: Reading, _table: Table, field: Field) -> Reader:
    """Count linked records; none are 0, and not empty."""
    link_id = (field.options or {})["recordLinkFieldId"]

    def number(record: StoredRecord) -> int:
        return len(record.cells.get(link_id, ()))

    return Reader(number, number)


def lookup(reading: Reading, table: Table, field: Field) -> Reader:
    """List what a field holds in the linked records."""
    link_id = (field.options or {})["recordLinkFieldId"]
    far = _far(reading, table, field)

    def cell(record: StoredRecord) -> Any:
        cells = (far.cell(other) for other in reading.linked(record, link_id))
        return _flat(one for one in cells if one is not None) or None

    def value(record: StoredRecord) -> Value:
        values = (far.value(other) for other in reading.linked(record, link_id))
        return _flat(one for one in values if one is not None and one is not False) or None

    return Reader(reading.remembered(cell), reading.remembered(value))


def rollup(reading: Reading, table: Table, field: Field) -> Reader:
    """Compute a formula of what a field holds in the linked records, which it calls ``values``."""
    options = field.options or {}
    result = result_of(field)
    text = options.get("formula") or default_formula(result)
    compute, names = compiled(text)
    far = _far(reading, table, field)
    link_id = options["recordLinkFieldId"]

    def values(record: StoredRecord) -> Value:
        return _flat(far.value(other) for other in reading.linked(record, link_id))

    getters = dict.fromkeys(names, values)
    is_date = result in ("date", "dateTime")

    def one(record: StoredRecord) -> Value:
        rolled = compute_for(compute, RecordInFormula(reading, table, getters, record))
        # The last of no dates is 0 to a function that is shown none.
        return None if is_date and isinstance(rolled, int | float) else rolled

    computed = reading.remembered(one)
    is_known = bool(options.get("formula"))

    def cell(record: StoredRecord) -> Any:
        copied = None if is_known else record.cells.get(field.id)
        return to_cell(computed(record), result) if copied is None else copied

    def value(record: StoredRecord) -> Value:
        copied = None if is_known else record.cells.get(field.id)
        return computed(record) if copied is None else to_value(copied)

    return Reader(cell, value)


def default_formula(result_type: str | None) -> str:
    """The formula of a rollup that says none."""
    is_number = result_type is not None and type_of_field(result_type) == NUMBER
    return f"SUM({VALUES})" if is_number else f"ARRAYJOIN({VALUES})"


def _far(reading: Reading, table: Table, field: Field) -> Reader:
    far = looked_up(table, field, reading.tables_of(table))
    assert far is not None, "fields that are not whole are read as errors"
    return reading.reader(far[0].id, far[1])


def _flat(items: Any) -> list[Any]:
    flat: list[Any] = []
    for item in items:
        if isinstance(item, list):
            flat += item
        else:
            flat.append(item)
    return flat
