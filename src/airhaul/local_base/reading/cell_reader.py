"""Cells as they are read: in answers, in formulas, in sorting."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final, TypeVar

from airhaul.formula.values import FAULT, Value
from airhaul.local_base.attachments.urls import AttachmentUrls
from airhaul.local_base.reading import formula, linked, stored, system
from airhaul.local_base.reading.look_ahead import LookAhead, Pool
from airhaul.local_base.reading.reader import Reader, of_fault
from airhaul.local_base.reading.references import steps
from airhaul.local_base.store import Session, StoredRecord
from airhaul.local_base.store.schema import Field, Table
from airhaul.wire.shapes import COMPUTED_TYPES

T = TypeVar("T")

_AT_ONCE: Final = 500
_REMEMBERED: Final = 50_000


class Reading:
    """The cells of records, for one request.

    How a field is read is settled once, when it is first asked for; what is computed is computed
    once for each record.

    Args:
        session: The transaction, for what other records hold.
        now: When the request came, in UTC.
        urls: What shows attachments.
    """

    def __init__(self, session: Session, now: datetime, urls: AttachmentUrls) -> None:
        self._session = session
        self.now = now
        self._urls = urls
        self._readers: dict[str, Reader] = {}
        self._tables: dict[str, Table] = {}
        self._steps: dict[str, dict[str, int]] = {}
        self._touches: dict[Any, Callable[[StoredRecord], system.Touch | None]] = {}
        self._memos: list[dict[str, Any]] = []
        self._people: dict[str, dict[str, str]] | None = None
        self._pool = Pool()
        self._linked = LookAhead(self._pool, self._fetch_records)
        self._files = LookAhead(self._pool, session.attachments.some)

    # --- for endpoints

    def records(
        self,
        table: Table,
        records: Sequence[StoredRecord],
        fields: Iterable[Field] | None = None,
        *,
        by_id: bool = False,
    ) -> list[dict[str, Any]]:
        """Records as the API answers them; empty cells are left out.

        Args:
            table: Their table.
            records: The records.
            fields: Which fields; all if None.
            by_id: Whether cells stand under the ids of their fields, and not under the names.
        """
        self._expect(records)
        cells = [
            (field.id if by_id else field.name, self.reader(table.id, field).cell)
            for field in (table.fields if fields is None else fields)
        ]
        shown: list[dict[str, Any]] = []
        for record in records:
            read = ((name, cell(record)) for name, cell in cells)
            kept = {name: cell for name, cell in read if cell is not None}
            shown.append({"id": record.id, "createdTime": record.created, "fields": kept})
        return shown

    def record(
        self,
        table: Table,
        record: StoredRecord,
        fields: Iterable[Field] | None = None,
        *,
        by_id: bool = False,
    ) -> dict[str, Any]:
        """One record as the API answers it; arguments as of ``records``."""
        return self.records(table, [record], fields, by_id=by_id)[0]

    def cell(self, record: StoredRecord, field: Field) -> Any:
        """The JSON of a cell; None if it is empty."""
        return self.reader(record.table_id, field).cell(record)

    def value(self, record: StoredRecord, field: Field) -> Value:
        """What a field yields inside a formula; None if it is empty."""
        return self.reader(record.table_id, field).value(record)

    def reader(self, table_id: str, field: Field) -> Reader:
        """How a field of a table is read."""
        found = self._readers.get(field.id)
        if found is None:
            found = self._readers[field.id] = self._make_reader(self._table(table_id), field)
        return found

    def ahead(self, records: Iterable[StoredRecord]) -> Iterator[StoredRecord]:
        """Go through many records, some at a time, so that what they link to is fetched at once."""
        left = iter(records)
        while chunk := list(islice(left, _AT_ONCE)):
            self._expect(chunk)
            yield from chunk

    def forget(self) -> None:
        """Compute anew what is asked for from now on: something has been written."""
        for known in (self._readers, self._tables, self._steps, self._touches, self._memos):
            known.clear()
        for held in (self._pool, self._linked, self._files):
            held.clear()

    # --- for readers of fields

    def tables_of(self, table: Table) -> dict[str, Table]:
        """All tables of a table's base by id."""
        return self._session.schema.tables(table.base_id)

    def steps(self, table: Table) -> dict[str, int]:
        """Which fields of a table's base can be computed; see ``references.steps``."""
        found = self._steps.get(table.base_id)
        if found is None:
            found = self._steps[table.base_id] = steps(self.tables_of(table))
        return found

    def linked(self, record: StoredRecord, link_id: str) -> list[StoredRecord]:
        """The records that a record links to by a field, in the order of the cell."""
        return self._linked.named_in(record, link_id)

    def files(self, record: StoredRecord, field_id: str) -> list[dict[str, Any]]:
        """The attachments in a cell, as they are shown."""
        return [self._urls.shown(file) for file in self._files.named_in(record, field_id)]

    def person(self, person_id: str) -> dict[str, str]:
        """A person as a cell shows them; by the id alone if they are not known any more."""
        if self._people is None:
            everybody = self._session.people.everybody().values()
            self._people = {person.id: person.as_json() for person in everybody}
        return self._people.get(person_id, {"id": person_id})

    def of_person(self, id_of: Callable[[StoredRecord], str | None]) -> Reader:
        """Read a person; in a formula the name."""

        def cell(record: StoredRecord) -> Any:
            person_id = id_of(record)
            return None if person_id is None else self.person(person_id)

        return Reader(cell, lambda record: (cell(record) or {}).get("name"))

    def last_touch(
        self, table: Table, field_ids: tuple[str, ...]
    ) -> Callable[[StoredRecord], system.Touch | None]:
        """What tells when some cells were last written; see ``system.last_touch``."""
        key = (table.id, field_ids)
        found = self._touches.get(key)
        if found is None:
            found = self._touches[key] = system.last_touch(table, field_ids)
        return found

    def remembered(self, compute: Callable[[StoredRecord], T]) -> Callable[[StoredRecord], T]:
        """Compute something once for each record, as long as it is the same object."""
        known: dict[str, tuple[StoredRecord, T]] = {}
        self._memos.append(known)

        def get(record: StoredRecord) -> T:
            held = known.get(record.id)
            if held is None or held[0] is not record:
                held = known[record.id] = (record, compute(record))
            return held[1]

        return get

    # --- inside

    def _make_reader(self, table: Table, field: Field) -> Reader:
        if field.type in COMPUTED_TYPES and field.id not in self.steps(table):
            return formula.no_url(field) if field.type == "button" else of_fault(FAULT)
        return _MAKERS.get(field.type, stored.plain)(self, table, field)

    def _table(self, table_id: str) -> Table:
        found = self._tables.get(table_id)
        if found is None:
            found = self._tables[table_id] = self._session.schema.table(table_id)
        return found

    def _fetch_records(self, record_ids: Sequence[str]) -> dict[str, StoredRecord]:
        found = self._session.records.some(record_ids)
        self._pool.add(found)  # what they link to is asked for next
        return {record.id: record for record in found}

    def _expect(self, records: Sequence[StoredRecord]) -> None:
        self._pool.clear()
        self._pool.add(records)
        if len(self._linked) + len(self._files) > _REMEMBERED:
            self._linked.clear()
            self._files.clear()
        for known in self._memos:
            known.clear()


_MAKERS: Final[dict[str, Callable[[Reading, Table, Field], Reader]]] = {
    "checkbox": stored.checkbox,
    "date": stored.moment,
    "dateTime": stored.moment,
    "richText": stored.rich_text,
    "barcode": stored.barcode,
    "aiText": stored.ai_text,
    "singleCollaborator": stored.collaborator,
    "multipleCollaborators": stored.collaborators,
    "multipleAttachments": stored.attachments,
    "multipleRecordLinks": linked.links,
    "count": linked.count,
    "multipleLookupValues": linked.lookup,
    "rollup": linked.rollup,
    "formula": formula.formula,
    "button": formula.button,
    "autoNumber": system.auto_number,
    "createdTime": system.created_time,
    "createdBy": system.created_by,
    "lastModifiedTime": system.last_modified_time,
    "lastModifiedBy": system.last_modified_by,
}
