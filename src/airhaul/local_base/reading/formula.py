"""Fields that are formulas, and buttons, whose URL is one.

Not published, and decided: a button without a URL has the URL null, as one whose formula is empty
or an error; what was copied of a button whose formula is not known stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from airhaul.formula.cell import to_cell
from airhaul.formula.values import FormulaFault, Value, to_text
from airhaul.local_base.reading.reader import Reader
from airhaul.local_base.reading.record_view import RecordInFormula, compute_for
from airhaul.local_base.reading.references import compiled, formula_of, result_of
from airhaul.local_base.store import StoredRecord
from airhaul.local_base.store.schema import Field, Table

if TYPE_CHECKING:
    from airhaul.local_base.reading.reading import Reading


def formula(reading: Reading, table: Table, field: Field) -> Reader:
    """Compute a formula of other fields of the record."""
    value = _computed(reading, table, formula_of(field))
    result = result_of(field)
    return Reader(lambda record: to_cell(value(record), result), value)


def no_url(field: Field) -> Reader:
    """Read a button whose URL cannot be computed."""
    label = _label(field)
    nothing = {"label": label, "url": None}
    return Reader(lambda record: record.cells.get(field.id, nothing), lambda _: label)


def _label(field: Field) -> str:
    return (field.options or {}).get("label") or field.name


def button(reading: Reading, table: Table, field: Field) -> Reader:
    """Read a button's label and URL."""
    if not formula_of(field):
        return no_url(field)
    url, label = _computed(reading, table, formula_of(field)), _label(field)

    def cell(record: StoredRecord) -> Any:
        value = url(record)
        shown = None if isinstance(value, FormulaFault) else to_text(value)
        return {"label": label, "url": shown or None}

    return Reader(cell, lambda _: label)


def _computed(reading: Reading, table: Table, text: str) -> Callable[[StoredRecord], Value]:
    compute, names = compiled(text)
    getters: dict[str, Callable[[StoredRecord], Value]] = {}
    for name in names:
        field = table.find_in_formula(name)
        assert field is not None, "fields that are not whole are read as errors"
        getters[name] = reading.reader(table.id, field).value
    return reading.remembered(
        lambda record: compute_for(compute, RecordInFormula(reading, table, getters, record))
    )
