"""Reading cells: for answers, formulas, filters and sorting."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final, TypeVar

from airhaul.fields import card_of
from airhaul.formula.values import Value
from airhaul.local_base.attachments.urls import AttachmentUrls
from airhaul.local_base.reading.field_reader import FieldReader, Touch
from airhaul.local_base.reading.prefetch import Prefetcher, ReadBatch
from airhaul.local_base.reading.references import computed_depths
from airhaul.local_base.reading.registry import make_reader
from airhaul.local_base.reading.system import last_touch
from airhaul.local_base.store import Session, StoredRecord
from airhaul.local_base.store.schema import Field, Table

T = TypeVar("T")

_BATCH: Final = 500
_MAX_REMEMBERED: Final = 50_000


class CellReader:
    """Reads the cells of records, for one request.

    The reader of a field is made once, when it is first needed; a computed cell is computed once
    for each record.

    Args:
        session: The transaction, which reads other records.
        now: When the request arrived, in UTC.
        urls: Makes the URLs of attachments.
    """

    def __init__(self, session: Session, now: datetime, urls: AttachmentUrls) -> None:
        self._session = session
        self._now = now
        self._urls = urls
        self._readers: dict[str, FieldReader] = {}
        self._tables: dict[str, Table] = {}
        self._computable: dict[str, dict[str, int]] = {}
        self._touches: dict[Any, Callable[[StoredRecord], Touch | None]] = {}
        self._memos: list[dict[str, Any]] = []
        self._people: dict[str, dict[str, str]] | None = None
        self._batch = ReadBatch()
        self._linked = Prefetcher(self._batch, self._fetch_records)
        self._files = Prefetcher(self._batch, session.attachments.some)

    # --- for endpoints

    def records(
        self,
        table: Table,
        records: Sequence[StoredRecord],
        fields: Iterable[Field] | None = None,
        *,
        by_id: bool = False,
        cell_of: Callable[[Field], Callable[[StoredRecord], Any]] | None = None,
    ) -> list[dict[str, Any]]:
        """Return records as the API answers them, without empty cells.

        Stored cells come before computed ones, as in recorded answers.

        Args:
            table: Their table.
            records: The records.
            fields: The fields to return; all if None.
            by_id: Whether the keys of cells are the ids of their fields instead of the names.
            cell_of: Returns for a field what reads its cells; None reads their JSON.
        """
        self._begin_batch(records)
        read = cell_of or (lambda field: self.of_field(table.id, field).cell)
        cells = [
            (field.id if by_id else field.name, read(field))
            for field in sorted(table.fields if fields is None else fields, key=_is_computed)
        ]
        shown: list[dict[str, Any]] = []
        for record in records:
            found = ((name, cell(record)) for name, cell in cells)
            kept = {name: cell for name, cell in found if cell is not None}
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
        """Return one record as the API answers it; the arguments are those of ``records``."""
        return self.records(table, [record], fields, by_id=by_id)[0]

    def cell(self, record: StoredRecord, field: Field) -> Any:
        """Return the JSON of a cell; None if it is empty."""
        return self.of_field(record.table_id, field).cell(record)

    def value(self, record: StoredRecord, field: Field) -> Value:
        """Return the value of a field inside a formula; None if it is empty."""
        return self.of_field(record.table_id, field).value(record)

    def in_batches(self, records: Iterable[StoredRecord]) -> Iterator[StoredRecord]:
        """Iterate over many records, and prefetch what they link to batch by batch."""
        left = iter(records)
        while batch := list(islice(left, _BATCH)):
            self._begin_batch(batch)
            yield from batch

    def forget(self) -> None:
        """Drop everything that was read or computed, because something has been written."""
        for known in (self._readers, self._tables, self._computable, self._touches, self._memos):
            known.clear()
        for held in (self._batch, self._linked, self._files):
            held.clear()

    # --- for readers of fields: see ReadContext

    @property
    def now(self) -> datetime:
        """When the request arrived, in UTC."""
        return self._now

    def of_field(self, table_id: str, field: Field) -> FieldReader:
        """Return the reader of a field."""
        found = self._readers.get(field.id)
        if found is None:
            found = self._readers[field.id] = make_reader(self, self._table(table_id), field)
        return found

    def tables_of(self, table: Table) -> dict[str, Table]:
        """Return all tables of a table's base by id."""
        return self._session.schema.tables(table.base_id)

    def computable(self, table: Table) -> dict[str, int]:
        """Return the fields of a table's base that can be computed; see ``computed_depths``."""
        found = self._computable.get(table.base_id)
        if found is None:
            found = self._computable[table.base_id] = computed_depths(self.tables_of(table))
        return found

    def linked(self, record: StoredRecord, link_id: str) -> list[StoredRecord]:
        """Return the records that a record links to through a field, in the order of the cell."""
        return self._linked.named_in(record, link_id)

    def files(self, record: StoredRecord, field_id: str) -> list[dict[str, Any]]:
        """Return the attachments in a cell, as the API shows them."""
        return [self._urls.shown(file) for file in self._files.named_in(record, field_id)]

    def person(self, person_id: str) -> dict[str, str]:
        """Return a person as a cell shows them; the id alone if they are no longer known."""
        if self._people is None:
            everybody = self._session.people.everybody().values()
            self._people = {person.id: person.as_json() for person in everybody}
        return self._people.get(person_id, {"id": person_id})

    def last_touch(
        self, table: Table, field_ids: tuple[str, ...]
    ) -> Callable[[StoredRecord], Touch | None]:
        """Return a function that finds when some cells of a record were last written."""
        key = (table.id, field_ids)
        found = self._touches.get(key)
        if found is None:
            found = self._touches[key] = last_touch(table, field_ids)
        return found

    def remembered(self, compute: Callable[[StoredRecord], T]) -> Callable[[StoredRecord], T]:
        """Return a version of a function that computes once for each record object."""
        known: dict[str, tuple[StoredRecord, T]] = {}
        self._memos.append(known)

        def get(record: StoredRecord) -> T:
            held = known.get(record.id)
            if held is None or held[0] is not record:
                held = known[record.id] = (record, compute(record))
            return held[1]

        return get

    # --- inside

    def _table(self, table_id: str) -> Table:
        found = self._tables.get(table_id)
        if found is None:
            found = self._tables[table_id] = self._session.schema.table(table_id)
        return found

    def _fetch_records(self, record_ids: Sequence[str]) -> dict[str, StoredRecord]:
        found = self._session.records.some(record_ids)
        self._batch.add(found)  # what they link to is read next
        return {record.id: record for record in found}

    def _begin_batch(self, records: Sequence[StoredRecord]) -> None:
        self._batch.clear()
        self._batch.add(records)
        if len(self._linked) + len(self._files) > _MAX_REMEMBERED:
            self._linked.clear()
            self._files.clear()
        for known in self._memos:
            known.clear()


def _is_computed(field: Field) -> bool:
    return card_of(field.type).is_computed
