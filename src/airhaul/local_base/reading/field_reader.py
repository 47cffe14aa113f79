"""The interface of field readers, and the context that they depend on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from airhaul.formula.cell import to_cell
from airhaul.formula.values import FormulaFault, Value
from airhaul.local_base.store import StoredRecord
from airhaul.local_base.store.schema import Field, Table

T = TypeVar("T")

Touch = tuple[str, str | None]
"""When a cell was written, ISO 8601 in UTC, and the id of the person who wrote it, if known."""


@dataclass(frozen=True, slots=True)
class FieldReader:
    """Reads one field, of any record of its table.

    Args:
        cell: Returns the JSON of a cell; None if it is empty.
        value: Returns the value of the field inside a formula; None if it is empty.
    """

    cell: Callable[[StoredRecord], Any]
    value: Callable[[StoredRecord], Value]


class ReadContext(Protocol):
    """What the reader of a field needs to know about other fields and records.

    ``CellReader`` implements it. Readers are typed against this protocol, so that their modules
    do not import the class that makes them.
    """

    @property
    def now(self) -> datetime:
        """When the request arrived, in UTC."""
        ...

    def of_field(self, table_id: str, field: Field) -> FieldReader:
        """Return the reader of a field."""
        ...

    def tables_of(self, table: Table) -> dict[str, Table]:
        """Return all tables of a table's base by id."""
        ...

    def computable(self, table: Table) -> dict[str, int]:
        """Return the fields of a table's base that can be computed; see ``computed_depths``."""
        ...

    def linked(self, record: StoredRecord, link_id: str) -> list[StoredRecord]:
        """Return the records that a record links to through a field, in the order of the cell."""
        ...

    def files(self, record: StoredRecord, field_id: str) -> list[dict[str, Any]]:
        """Return the attachments in a cell, as the API shows them."""
        ...

    def person(self, person_id: str) -> dict[str, str]:
        """Return a person as a cell shows them."""
        ...

    def last_touch(
        self, table: Table, field_ids: tuple[str, ...]
    ) -> Callable[[StoredRecord], Touch | None]:
        """Return a function that finds when some cells of a record were last written."""
        ...

    def remembered(self, compute: Callable[[StoredRecord], T]) -> Callable[[StoredRecord], T]:
        """Return a version of a function that computes once for each record."""
        ...


MakeReader = Callable[[ReadContext, Table, Field], FieldReader]
"""Makes the reader of a field of one type."""


def fault_reader(fault: FormulaFault) -> FieldReader:
    """Make a reader that gives the same error for every record."""
    return FieldReader(lambda _: to_cell(fault), lambda _: fault)


def person_reader(context: ReadContext, id_of: Callable[[StoredRecord], str | None]) -> FieldReader:
    """Make a reader for one person; a formula sees the name.

    Args:
        context: What knows the people.
        id_of: Returns the person's id; None if the cell is empty.
    """

    def cell(record: StoredRecord) -> Any:
        person_id = id_of(record)
        return None if person_id is None else context.person(person_id)

    return FieldReader(cell, lambda record: (cell(record) or {}).get("name"))
