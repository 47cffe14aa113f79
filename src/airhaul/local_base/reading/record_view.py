"""A record as a formula sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from airhaul.formula.functions.function import Compiled
from airhaul.formula.values import FormulaFault, Value
from airhaul.local_base.reading.field_reader import ReadContext
from airhaul.local_base.store import StoredRecord
from airhaul.local_base.store.schema import Table


class RecordInFormula:
    """One record as a formula sees it.

    Args:
        context: What knows the clock and the times of changes.
        table: The record's table.
        getters: For each field, under the name that the formula uses, what reads its value.
        record: The record.
    """

    __slots__ = ("_context", "_getters", "_record", "_table")

    def __init__(
        self,
        context: ReadContext,
        table: Table,
        getters: Mapping[str, Callable[[StoredRecord], Value]],
        record: StoredRecord,
    ) -> None:
        self._context = context
        self._table = table
        self._getters = getters
        self._record = record

    @property
    def record_id(self) -> str:
        """The record's id."""
        return self._record.id

    @property
    def created_time(self) -> datetime:
        """When the record was created."""
        return datetime.fromisoformat(self._record.created)

    @property
    def now(self) -> datetime:
        """When the request arrived."""
        return self._context.now

    def last_modified_time(self, fields: Sequence[str] = ()) -> datetime | None:
        """Return when cells of some fields, or of any writable field, were last written."""
        found = [self._table.find_in_formula(name) for name in fields]
        ids = tuple(field.id for field in found if field is not None)
        touch = self._context.last_touch(self._table, ids)(self._record)
        return None if touch is None else datetime.fromisoformat(touch[0])

    def cell(self, name: str) -> Value:
        """Return the value of a field; None if it is empty."""
        return self._getters[name](self._record)


def compute_for(compute: Compiled, record: RecordInFormula) -> Value:
    """Compute a formula; one that depends on too many others is an error, not a crash."""
    try:
        return compute(record)
    except RecursionError:
        return FormulaFault("too many formulas depend on one another")
