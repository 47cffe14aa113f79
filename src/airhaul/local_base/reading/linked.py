"""Fields that depend on linked records: links, counts, lookups and rollups.

Not published, and decided: a lookup leaves out empty cells of the linked records, a rollup sees
them as blank; nested lists are joined into one; the first and the last of no dates are blank. The
metadata API does not print the formula of a rollup. If the formula is unknown, copied cells stay as
they are; otherwise numbers are added and anything else is joined as text.
"""

from __future__ import annotations

from typing import Any

from airhaul.formula.cell import to_cell, to_value
from airhaul.formula.result_types import NUMBER, type_of_field
from airhaul.formula.values import FAULT, Value, flatten, to_text
from airhaul.local_base.reading.field_reader import FieldReader, ReadContext, fault_reader
from airhaul.local_base.reading.record_view import RecordInFormula, compute_for
from airhaul.local_base.reading.references import VALUES, compiled, lookup_target, result_of
from airhaul.local_base.store import StoredRecord
from airhaul.local_base.store.schema import Field, Table


def links(context: ReadContext, table: Table, field: Field) -> FieldReader:
    """Read the ids of linked records; a formula sees their names."""

    def cell(record: StoredRecord) -> Any:
        return record.cells.get(field.id)

    if field.id not in context.computable(table):
        return FieldReader(cell, fault_reader(FAULT).value)
    linked = context.tables_of(table)[(field.options or {})["linkedTableId"]]
    name = context.of_field(linked.id, linked.primary).value

    def names(record: StoredRecord) -> Value:
        return [to_text(name(other)) for other in context.linked(record, field.id)] or None

    return FieldReader(cell, names)


def count(_context: ReadContext, _table: Table, field: Field) -> FieldReader:
    """Count linked records; without any the count is 0, not empty."""
    link_id = (field.options or {})["recordLinkFieldId"]

    def number(record: StoredRecord) -> int:
        return len(record.cells.get(link_id, ()))

    return FieldReader(number, number)


def lookup(context: ReadContext, table: Table, field: Field) -> FieldReader:
    """List the cells of a field in the linked records."""
    link_id = (field.options or {})["recordLinkFieldId"]
    target = _target(context, table, field)

    def cell(record: StoredRecord) -> Any:
        cells = (target.cell(other) for other in context.linked(record, link_id))
        return flatten(one for one in cells if one is not None) or None

    def value(record: StoredRecord) -> Value:
        values = (target.value(other) for other in context.linked(record, link_id))
        return flatten(one for one in values if one is not None and one is not False) or None

    return FieldReader(context.remembered(cell), context.remembered(value))


def rollup(context: ReadContext, table: Table, field: Field) -> FieldReader:
    """Compute a formula of the linked records' cells, which the formula calls ``values``."""
    options = field.options or {}
    result = result_of(field)
    text = options.get("formula") or default_formula(result)
    compute, names = compiled(text)
    target = _target(context, table, field)
    link_id = options["recordLinkFieldId"]

    def values(record: StoredRecord) -> Value:
        return flatten(target.value(other) for other in context.linked(record, link_id))

    getters = dict.fromkeys(names, values)
    is_date = result in ("date", "dateTime")

    def one(record: StoredRecord) -> Value:
        rolled = compute_for(compute, RecordInFormula(context, table, getters, record))
        # MAX and MIN of an empty list are 0, also where the list would hold dates.
        return None if is_date and isinstance(rolled, int | float) else rolled

    computed = context.remembered(one)
    is_known = bool(options.get("formula"))

    def cell(record: StoredRecord) -> Any:
        copied = None if is_known else record.cells.get(field.id)
        return to_cell(computed(record), result) if copied is None else copied

    def value(record: StoredRecord) -> Value:
        copied = None if is_known else record.cells.get(field.id)
        return computed(record) if copied is None else to_value(copied)

    return FieldReader(cell, value)


def default_formula(result_type: str | None) -> str:
    """Return the formula of a rollup that has none."""
    is_number = result_type is not None and type_of_field(result_type) == NUMBER
    return f"SUM({VALUES})" if is_number else f"ARRAYJOIN({VALUES})"


def _target(context: ReadContext, table: Table, field: Field) -> FieldReader:
    target = lookup_target(table, field, context.tables_of(table))
    assert target is not None, "a field with a missing reference has another reader"
    return context.of_field(target[0].id, target[1])
