"""A record as a formula sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from airhaul.formula.functions.function import Compiled
from airhaul.formula.values import FormulaFault, Value
from airhaul.local_base.store import StoredRecord
from airhaul.local_base.store.schema import Table

if TYPE_CHECKING:
    from airhaul.local_base.reading.reading import Reading


class RecordInFormula:
    """One record as a formula sees it.

    Args:
        reading: How cells are read.
        table: The record's table.
        getters: What gives the value of each field that the formula names, by the name it gives it.
        record: The record.
    """

    __slots__ = ("_getters", "_reading", "_record", "_table")

    def __init__(
        self,
        reading: Reading,
        table: Table,
        getters: Mapping[str, Callable[[StoredRecord], Value]],
        record: StoredRecord,
    ) -> None:
        self._reading = reading
        self._table = table
        self._getters = getters
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

    def last_modified_time(self, fields: Sequence[str] = ()) -> datetime | None:
        """When cells of some fields, or any that can be written, were last written."""
        found = [self._table.find_in_formula(name) for name in fields]
        ids = tuple(field.id for field in found if field is not None)
        touch = self._reading.last_touch(self._table, ids)(self._record)
        return None if touch is None else datetime.fromisoformat(touch[0])

    def cell(self, name: str) -> Value:
        """The value of a field; None if it is empty."""
        return self._getters[name](self._record)


def compute_for(compute: Compiled, record: RecordInFormula) -> Value:
    """Compute a formula; one that stands on too many others is an error, and no crash."""
    try:
        return compute(record)
    except RecursionError:
        return FormulaFault("too many formulas stand on one another")
