"""Fields that are formulas, and buttons, whose URL is a formula.

Not published, and decided: a button has the URL null if it has no formula, or if the formula is
empty or an error; the copied cell of a button whose formula is unknown stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from airhaul.formula.cell import to_cell
from airhaul.formula.values import FormulaFault, Value, to_text
from airhaul.local_base.reading.field_reader import FieldReader, ReadContext
from airhaul.local_base.reading.record_view import RecordInFormula, compute_for
from airhaul.local_base.reading.references import compiled, formula_of, result_of
from airhaul.local_base.store import StoredRecord
from airhaul.local_base.store.schema import Field, Table


def formula(context: ReadContext, table: Table, field: Field) -> FieldReader:
    """Compute a formula of other fields of the record."""
    value = _computed(context, table, formula_of(field))
    result = result_of(field)
    return FieldReader(lambda record: to_cell(value(record), result), value)


def no_url(field: Field) -> FieldReader:
    """Read a button whose URL cannot be computed."""
    label = _label(field)
    nothing = {"label": label, "url": None}
    return FieldReader(lambda record: record.cells.get(field.id, nothing), lambda _: label)


def _label(field: Field) -> str:
    return (field.options or {}).get("label") or field.name


def button(context: ReadContext, table: Table, field: Field) -> FieldReader:
    """Read a button's label and URL."""
    if not formula_of(field):
        return no_url(field)
    url, label = _computed(context, table, formula_of(field)), _label(field)

    def cell(record: StoredRecord) -> Any:
        value = url(record)
        shown = None if isinstance(value, FormulaFault) else to_text(value)
        return {"label": label, "url": shown or None}

    return FieldReader(cell, lambda _: label)


def _computed(context: ReadContext, table: Table, text: str) -> Callable[[StoredRecord], Value]:
    compute, names = compiled(text)
    getters: dict[str, Callable[[StoredRecord], Value]] = {}
    for name in names:
        field = table.find_in_formula(name)
        assert field is not None, "a field with a missing reference has another reader"
        getters[name] = context.of_field(table.id, field).value
    return context.remembered(
        lambda record: compute_for(compute, RecordInFormula(context, table, getters, record))
    )
