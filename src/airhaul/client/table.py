# Generated from aio/table.py by tools/sync_face.py: change that file, not this one.
"""``Table``: a model's table and its verbs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, Unpack

from airhaul.bulk.keys import Key, KeyNames
from airhaul.bulk.look import Look, LookById, LookByKey
from airhaul.bulk.policy import OnError
from airhaul.bulk.precheck import check_all
from airhaul.bulk.result import BulkResult
from airhaul.bulk.rows import (
    DeleteEncoder,
    Encoder,
    RowEncoder,
    SaveEncoder,
    UpdateEncoder,
    UpsertEncoder,
)
from airhaul.bulk.sync import Deleting
from airhaul.client.bulk import Bulk
from airhaul.client.inputs import Condition, OnEvent, Progress, Rows
from airhaul.client.options import ReadOptions, WriteOptions, Writing
from airhaul.client.plan import Plan
from airhaul.client.planning import Planning
from airhaul.client.query import Query
from airhaul.client.selection import Selection
from airhaul.errors import ConfigurationError
from airhaul.model.base import RecordBase, table_name_of
from airhaul.model.columns import columns_of
from airhaul.model.read import Reader
from airhaul.model.schema import fields_to_create
from airhaul.model.write import absorb, cells_to_update
from airhaul.tabular import Format, read_rows
from airhaul.wire import endpoints
from airhaul.wire.replies import records_in
from airhaul.wire.shapes import TableJson

if TYPE_CHECKING:
    from airhaul.client.airtable import Airtable

M = TypeVar("M", bound=RecordBase)


class Table(Generic[M]):
    """A model's table and its verbs.

    Args:
        airtable: The connection.
        model: The model; it names the table.
    """

    def __init__(self, airtable: Airtable, model: type[M]) -> None:
        self.airtable = airtable
        self.model = model
        self.name = table_name_of(model)

    # --- reading

    def get(self, record_id: str) -> M:
        """Read one record.

        Args:
            record_id: Its id, ``rec...``.

        Raises:
            NotFoundError: There is none.
        """
        call = endpoints.get_record(self.airtable.base_id, self.name, record_id)
        return self._read(self.airtable.call(call))

    def where(self, *conditions: Condition, **lookups: Any) -> Query[M]:
        """Select records, lazily.

        Args:
            *conditions: ``Q(...)`` or ``F("Age") > 17``.
            **lookups: ``age__gt=17``, ``name__contains="a"``, ...

        Raises:
            UnknownFieldError: The model has no such field.
            LookupValueError: A value does not fit its field.
        """
        return Query(self, Selection(self.model).where(conditions, lookups))

    def first(self, *conditions: Condition, **lookups: Any) -> M | None:
        """Read the first record that fits, or None; one request for one record."""
        return self.where(*conditions, **lookups).first()

    def find_by(self, *conditions: Condition, **lookups: Any) -> list[M]:
        """Read all records that fit."""
        return self.where(*conditions, **lookups).all()

    def all(self, *, parallel: int = 1, **options: Unpack[ReadOptions]) -> list[M]:
        """Read all records.

        Args:
            parallel: How many page chains read at once, for links over which one cannot fill five
                requests a second; with more than one the records come in no order.
            **options: ``formula``, ``view``, ``sort``, ``fields``, ``max_records``, ``page_size``,
                ``on_invalid``, each as ``ReadOptions`` says; Airtable's own names work too.
        """
        selection = Selection(self.model).with_options(options)
        return Query(self, selection).all(parallel=parallel)

    def iterate(self, **options: Unpack[ReadOptions]) -> Iterator[M]:
        """Read records page by page, without holding more than a page; options as in ``all``."""
        selection = Selection(self.model).with_options(options)
        return Query(self, selection).iterate()

    def exists(self, record_id: str | None = None, /, **lookups: Any) -> bool:
        """Whether there is a record with this id, or one that fits; one request."""
        if record_id is not None:
            lookups["id"] = record_id
        return self.where(**lookups).exists()

    def count(self, *conditions: Condition, **lookups: Any) -> int:
        """How many records fit; reads them all, with one field each."""
        return self.where(*conditions, **lookups).count()

    # --- one record

    def create(self, record: M | None = None, /, **values: Any) -> M:
        """Create one record.

        Args:
            record: A record of the model, without an id; or give its values.
            **values: The values by field name.

        Returns:
            The record as Airtable holds it; ``record`` itself, if one was given.

        Raises:
            RowError: A value does not fit; nothing was sent.
        """
        row = RowEncoder(self.model).encode(0, values if record is None else record)
        call = endpoints.create_records(self.airtable.base_id, self.name, [row.cells])
        (raw,) = records_in(self.airtable.call(call), count=1)
        if record is None:
            return self._read(raw)
        self._absorb(record, raw)
        return record

    def save(self, record: M) -> M:
        """Create a record that has no id, or send what changed in one that has.

        Nothing is sent when nothing changed.

        Args:
            record: The record; it is brought up to date in place.

        Raises:
            RowError: A value does not fit; nothing was sent.
        """
        if record.id is None:
            return self.create(record)
        cells = cells_to_update(record)
        if cells:
            call = endpoints.update_record(self.airtable.base_id, self.name, record.id, cells)
            self._absorb(record, self.airtable.call(call))
        return record

    def delete(self, record: M | str) -> None:
        """Delete one record.

        Args:
            record: The record, or its id.

        Raises:
            NotFoundError: There is none.
        """
        call = endpoints.delete_record(self.airtable.base_id, self.name, _id_of(record))
        self.airtable.call(call)

    def refresh(self, record: M) -> M:
        """Read a record again, in place; what was changed and not saved is lost."""
        call = endpoints.get_record(self.airtable.base_id, self.name, _id_of(record))
        self._absorb(record, self.airtable.call(call))
        return record

    def get_or_create(
        self, defaults: Mapping[str, Any] | None = None, /, **lookups: Any
    ) -> tuple[M, bool]:
        """Find the record with these values, or create it with them and some more.

        Two requests at most. Somebody else may create it between the two: where that matters, use
        ``update_or_create``, which leaves the finding to Airtable.

        Args:
            defaults: Values that only a new record gets.
            **lookups: Values by field name that tell the record.

        Returns:
            The record, and whether it is new.

        Raises:
            UnknownFieldError: A lookup is more than a field's name.
        """
        for name in lookups:
            columns_of(self.model).find(name)  # a value to create with, and not age__gt=17
        found = self.first(**lookups)
        if found is not None:
            return found, False
        return self.create(**{**lookups, **(defaults or {})}), True

    def update_or_create(
        self, defaults: Mapping[str, Any] | None = None, /, **lookups: Any
    ) -> tuple[M, bool]:
        """Change the record with these values, or create it.

        Args:
            defaults: Values that the record gets in either case.
            **lookups: One to three values by field name that tell the record.

        Returns:
            The record, and whether it is new.

        Raises:
            BulkError: Several records have these values.
        """
        rows = [{**lookups, **(defaults or {})}]
        result = self.bulk_upsert(rows, tuple(lookups))
        return result[0], result.counts().get("created", 0) > 0

    # --- many

    def bulk_create(self, rows: Rows, **options: Unpack[WriteOptions]) -> BulkResult[M]:
        """Create many records, ten to a request, at the pace that Airtable allows.

        The rows of a list are all validated before the first request, unless ``on_error`` is
        ``"continue"``. Any other iterable is validated as it is read, and never held whole.

        Args:
            rows: Mappings or records.
            **options: ``on_error``, ``progress``, ``on_event``, ``typecast``, ..., each as
                ``WriteOptions`` says.

        Returns:
            The records, in the order of the rows, and the outcome of each row.

        Raises:
            BulkError: A row was not written; its ``result`` says what became of each.
            BulkInterrupted: Ctrl-C, after the requests in flight have landed.
        """
        bulk = Bulk(self, Writing(**options))
        return bulk.write(RowEncoder(self.model), rows)

    def bulk_update(
        self,
        rows: Rows,
        *,
        on_error: OnError = "stop",
        progress: Progress = False,
        on_event: OnEvent | None = None,
        typecast: bool = False,
        concurrency: int | None = None,
        max_requests: int | None = None,
        rejects: str | Path | None = None,
        **same_change: Any,
    ) -> BulkResult[M]:
        """Change many records, ten to a request.

        Of a record what changed since it was read is sent, of a dict what it holds besides its
        ``id``. A record of which nothing changed costs nothing.

        Args:
            rows: Records, dicts with an ``id``, or, with one change for all, ids.
            on_error: As ``WriteOptions`` says, like the options that follow.
            progress: A bar, or a callable.
            on_event: Called with each event.
            typecast: Let Airtable convert text.
            concurrency: How many requests may be in flight.
            max_requests: Send at most so many requests.
            rejects: A file for the rows that are refused.
            **same_change: Values by field name that every record gets.

        Returns:
            The records, brought up to date in place, and the outcome of each.

        Raises:
            UnknownFieldError: ``same_change`` names a field that the model lacks.
            RowError: A value of ``same_change`` does not fit.
            BulkError: A record was not changed; its ``result`` says what became of each.
            BulkInterrupted: Ctrl-C, after the requests in flight have landed.
        """
        writing = Writing(
            on_error, progress, on_event, typecast, concurrency, max_requests, rejects
        )
        bulk = Bulk(self, writing)
        look = LookById() if bulk.keeps_what_was_there else None
        return bulk.write(UpdateEncoder(self.model, same_change), rows, look=look)

    def bulk_save(self, records: Rows, **options: Unpack[WriteOptions]) -> BulkResult[M]:
        """Create the records that have no id, and send what changed in the others.

        Args:
            records: Records; they are brought up to date in place.
            **options: As in ``bulk_create``.

        Returns:
            The records, and the outcome of each.

        Raises:
            BulkError: A record was not written; its ``result`` says what became of each.
            BulkInterrupted: Ctrl-C, after the requests in flight have landed.
        """
        bulk = Bulk(self, Writing(**options))
        look = LookById() if bulk.keeps_what_was_there else None
        return bulk.write(SaveEncoder(self.model), records, look=look)

    def bulk_upsert(
        self, rows: Rows, key: KeyNames, **options: Unpack[WriteOptions]
    ) -> BulkResult[M]:
        """Create the rows that are not in the table, and change those that are, told by a key.

        What a row holds is written; a default of the model only into new records. Rows that hold
        every field with a default cost a request for ten; others one more for a hundred, to
        learn which are new.

        Args:
            rows: Mappings or records, each with its key.
            key: One to three fields that tell a record.
            **options: As in ``bulk_create``.

        Returns:
            The records, in the order of the rows, and the outcome of each row.

        Raises:
            ConfigurationError: A field cannot be a key.
            BulkError: A row was not written; its ``result`` says what became of each.
            BulkInterrupted: Ctrl-C, after the requests in flight have landed.
        """
        known = Key.of(self.model, key)
        bulk = Bulk(self, Writing(**options), key=known)
        look: Look = LookByKey(bulk.target, known, always=bulk.keeps_what_was_there)
        return bulk.write(self._upsert_encoder(known), rows, look=look)

    def _upsert_encoder(self, key: Key, source: str | None = None) -> Encoder[M]:
        # What Airtable compares, it may compare without regard to case.
        by_letter = not key.can_be_merged_on
        return UpsertEncoder(self.model, key, by_letter=by_letter, source=source)

    def bulk_delete(self, records: Rows, **options: Unpack[WriteOptions]) -> BulkResult[M]:
        """Delete many records, ten to a request.

        Args:
            records: Records, ids, or dicts with an ``id``.
            **options: As in ``bulk_create``.

        Returns:
            The outcome of each; ``deleted`` has the ids.

        Raises:
            BulkError: A record was not deleted; its ``result`` says what became of each.
            BulkInterrupted: Ctrl-C, after the requests in flight have landed.
        """
        bulk = Bulk(self, Writing(**options))
        look: Look | None = None
        if bulk.keeps_what_was_there:
            look = LookById()
            bulk.learn_types()
        return bulk.write(DeleteEncoder(self.model), records, look=look)

    def sync(
        self,
        rows: Rows,
        key: KeyNames,
        *,
        delete_missing: bool = False,
        max_deletes: int | None = None,
        allow_empty: bool = False,
        parallel: int = 1,
        **options: Unpack[WriteOptions],
    ) -> BulkResult[M]:
        """Make the table like the rows, with the fewest writes: reads it once, sends what differs.

        Args:
            rows: Mappings or records, each with its key; all are held in memory, and the table too.
            key: One to three fields that tell a record.
            delete_missing: Whether records are deleted that are not among the rows.
            max_deletes: How many at most; a third of the table if None.
            allow_empty: Whether all may be deleted when there are no rows.
            parallel: How many page chains read the table at once.
            **options: As in ``bulk_create``.

        Returns:
            The records, in the order of the rows, and the outcome of each row; deletions follow.

        Raises:
            DuplicateKeyError: Several records of the table have one key; nothing was written.
            DeletionRefusedError: More would be deleted than may be; nothing was written.
            BulkError: Rows are not valid or have one key, or not every row was written.
            BulkInterrupted: Ctrl-C, after the requests in flight have landed.
        """
        deleting = Deleting(delete_missing, max_deletes, allow_empty)
        return self._sync(rows, key, deleting, Writing(**options), parallel=parallel)

    def _sync(
        self,
        rows: Rows,
        key: KeyNames,
        deleting: Deleting,
        writing: Writing,
        *,
        parallel: int = 1,
        source: str | None = None,
    ) -> BulkResult[M]:
        planning = Planning(
            self,
            typecast=writing.typecast,
            source=source,
            keeps_all=writing.on_error == "rollback" and deleting.missing,
            max_requests=writing.max_requests,
        )
        plan = planning.sync(rows, key, deleting, parallel=parallel)
        plan.refuse_if_it_must_not_be(writing)
        return plan.write(writing, requests=plan.reads)

    # --- plans: what the verbs would write

    def plan_create(self, rows: Rows, *, typecast: bool = False) -> Plan[M]:
        """Say what ``bulk_create`` would write; nothing is sent."""
        return Planning(self, typecast=typecast).create(rows)

    def plan_update(self, rows: Rows, *, typecast: bool = False, **same_change: Any) -> Plan[M]:
        """Say what ``bulk_update`` would write; the records are read, a request for a hundred."""
        return Planning(self, typecast=typecast).update(rows, same_change)

    def plan_save(self, records: Rows, *, typecast: bool = False) -> Plan[M]:
        """Say what ``bulk_save`` would write; the records are read, a request for a hundred."""
        return Planning(self, typecast=typecast).save(records)

    def plan_upsert(self, rows: Rows, key: KeyNames, *, typecast: bool = False) -> Plan[M]:
        """Say what ``bulk_upsert`` would write; reads the records with the keys of the rows."""
        return Planning(self, typecast=typecast).upsert(rows, key)

    def plan_delete(self, records: Rows) -> Plan[M]:
        """Say what ``bulk_delete`` would delete; the records are read, a request for a hundred."""
        return Planning(self).delete(records)

    def plan_sync(
        self,
        rows: Rows,
        key: KeyNames,
        *,
        delete_missing: bool = False,
        max_deletes: int | None = None,
        allow_empty: bool = False,
        parallel: int = 1,
        typecast: bool = False,
    ) -> Plan[M]:
        """Say what ``sync`` would write; reads the table once.

        A plan that would delete more than it may says so in ``refusal``, and cannot be applied.
        """
        deleting = Deleting(delete_missing, max_deletes, allow_empty)
        planning = Planning(self, typecast=typecast, keeps_all=delete_missing)
        return planning.sync(rows, key, deleting, parallel=parallel)

    # --- files

    def import_file(
        self,
        path: str | Path,
        format: Format | None = None,
        *,
        key: KeyNames | None = None,
        **options: Unpack[WriteOptions],
    ) -> BulkResult[M]:
        """Create a record for each row of a file, or with a key, create or change it.

        The file is read twice: once to validate all of it before the first request, or to count
        its rows where ``on_error`` is ``"continue"``; and once to send it. It is never held whole.

        Args:
            path: A CSV, TSV, JSON or JSON Lines file; its columns are fields or columns by name.
            format: ``"csv"``, ``"tsv"``, ``"json"`` or ``"jsonl"``; told from the suffix if None.
            key: One to three fields that tell a record, to change those that are there.
            **options: As in ``bulk_create``.

        Returns:
            The records, in the order of the file, and the outcome of each row.

        Raises:
            FileFormatError: The file is not what it claims to be, with the line.
            BulkError: A row is not valid, with its line, or was not written.
        """
        writing, source = Writing(**options), Path(path).name
        known = None if key is None else Key.of(self.model, key)
        bulk = Bulk(self, writing, key=known, source=Path(path))

        def encoder() -> Encoder[M]:
            if known is None:
                return RowEncoder(self.model, source)
            return self._upsert_encoder(known, source)

        look: Look | None = None
        if known is not None:
            look = LookByKey(bulk.target, known, always=bulk.keeps_what_was_there)
        if writing.on_error == "continue":
            total = sum(1 for _ in read_rows(path, format))
        else:
            with closing(bulk.rejects):
                total = check_all(encoder(), read_rows(path, format), bulk.rejects.add)
        rows = read_rows(path, format)
        return bulk.run(encoder(), rows, look=look, total=total, is_stream=True)

    def sync_file(
        self,
        path: str | Path,
        key: KeyNames,
        format: Format | None = None,
        *,
        delete_missing: bool = False,
        max_deletes: int | None = None,
        allow_empty: bool = False,
        parallel: int = 1,
        **options: Unpack[WriteOptions],
    ) -> BulkResult[M]:
        """Make the table like a file, as ``sync`` does with rows.

        Args:
            path: A CSV, TSV, JSON or JSON Lines file.
            key: One to three fields that tell a record.
            format: What the file is; told from the suffix if None.
            delete_missing: As in ``sync``, like the options that follow.
            max_deletes: How many deletions there may be.
            allow_empty: Whether all may be deleted when the file has no rows.
            parallel: How many page chains read the table at once.
            **options: As in ``bulk_create``.

        Raises:
            FileFormatError: The file is not what it claims to be, with the line.
        """
        deleting = Deleting(delete_missing, max_deletes, allow_empty)
        writing = Writing(**options)
        rows, source = read_rows(path, format), Path(path).name
        return self._sync(rows, key, deleting, writing, parallel=parallel, source=source)

    def plan_sync_file(
        self,
        path: str | Path,
        key: KeyNames,
        format: Format | None = None,
        *,
        delete_missing: bool = False,
        max_deletes: int | None = None,
        allow_empty: bool = False,
        parallel: int = 1,
        typecast: bool = False,
    ) -> Plan[M]:
        """Say what ``sync_file`` would write; reads the table once. Arguments as there."""
        deleting = Deleting(delete_missing, max_deletes, allow_empty)
        planning = Planning(
            self, typecast=typecast, source=Path(path).name, keeps_all=delete_missing
        )
        return planning.sync(read_rows(path, format), key, deleting, parallel=parallel)

    def import_csv(
        self, path: str | Path, *, key: KeyNames | None = None, **options: Unpack[WriteOptions]
    ) -> BulkResult[M]:
        """Create a record for each row of a CSV file, as ``import_file`` does."""
        return self.import_file(path, "csv", key=key, **options)

    def import_json(
        self, path: str | Path, *, key: KeyNames | None = None, **options: Unpack[WriteOptions]
    ) -> BulkResult[M]:
        """Create a record for each object of a JSON file, as ``import_file`` does."""
        return self.import_file(path, "json", key=key, **options)

    def export_file(
        self, path: str | Path, format: Format | None = None, *, parallel: int = 1
    ) -> int:
        """Write all records to a file, as ``where().export_file`` does."""
        return self.where().export_file(path, format, parallel=parallel)

    def export_csv(self, path: str | Path, *, parallel: int = 1) -> int:
        """Write all records to a CSV file, and say how many they are."""
        return self.export_file(path, "csv", parallel=parallel)

    def export_json(self, path: str | Path, *, parallel: int = 1) -> int:
        """Write all records to a JSON file, and say how many they are."""
        return self.export_file(path, "json", parallel=parallel)

    # --- the table itself

    def create_table(self) -> TableJson:
        """Create the table that fits the model.

        Returns:
            The table, with its ids.

        Raises:
            SchemaError: No table can hold the model.
            InvalidRequestError: There is such a table already.
        """
        return self.airtable.create_table(self.name, fields_to_create(self.model))

    def _reader(self) -> Reader[M]:
        return Reader(self.model, origin=self.airtable.origin)

    def _read(self, raw: Any) -> M:
        (checked,) = records_in({"records": [raw]})
        record = self._reader().read(checked)
        assert record is not None, "only on_invalid='skip' leaves records out"
        return record

    def _absorb(self, record: M, raw: Any) -> None:
        (checked,) = records_in({"records": [raw]})
        absorb(record, checked, self.airtable.origin)


def _id_of(record: RecordBase | str) -> str:
    if isinstance(record, str):
        return record
    if record.id is None:
        raise ConfigurationError(
            f"This {type(record).__name__} has no id: it was never saved, so Airtable knows "
            "nothing of it."
        )
    return record.id
