# Generated from aio/table.py by tools/sync_face.py: change that file, not this one.
"""``Table``: a model's table and its verbs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, Unpack

from airhaul.bulk.create import CreateRecords
from airhaul.bulk.engine import Engine
from airhaul.bulk.policy import interrupted, raise_if_failed
from airhaul.bulk.precheck import check_all, encode_all
from airhaul.bulk.result import BulkResult
from airhaul.bulk.rows import RowEncoder
from airhaul.client.inputs import Condition, Rows
from airhaul.client.options import ReadOptions, WriteOptions, Writing
from airhaul.client.progress import ProgressReport
from airhaul.client.query import Query
from airhaul.client.selection import Selection
from airhaul.drive import blocking as drive
from airhaul.errors import ConfigurationError
from airhaul.model.base import RecordBase, table_name_of
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

    def all(self, **options: Unpack[ReadOptions]) -> list[M]:
        """Read all records.

        Args:
            **options: ``formula``, ``view``, ``sort``, ``fields``, ``max_records``, ``page_size``,
                ``on_invalid``, each as ``ReadOptions`` says; Airtable's own names work too.
        """
        return [record for record in self.iterate(**options)]

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

    # --- many

    def bulk_create(self, rows: Rows, **options: Unpack[WriteOptions]) -> BulkResult[M]:
        """Create many records, ten to a request, at the pace that Airtable allows.

        The rows of a list are all validated before the first request. Any other iterable is
        validated as it is read, and never held whole.

        Args:
            rows: Mappings or records.
            **options: ``on_error``, ``progress``, ``on_event``, ``typecast``, each as
                ``WriteOptions`` says.

        Returns:
            The records, in the order of the rows, and the outcome of each row.

        Raises:
            BulkError: A row was not written; its ``result`` says what became of each.
            BulkInterrupted: Ctrl-C, after the requests in flight have landed.
        """
        writing = Writing(**options)
        encoder = RowEncoder(self.model)
        if not isinstance(rows, Sequence):
            return self._create(encoder, rows, None, writing)
        encoded = encode_all(encoder, rows)
        return self._create(encoder, encoded, len(encoded), writing)

    def _create(
        self, encoder: RowEncoder[M], rows: Rows, total: int | None, writing: Writing
    ) -> BulkResult[M]:
        airtable = self.airtable
        lane = airtable.lane()
        work = CreateRecords(
            airtable.base_id,
            self.name,
            encoder,
            self._reader(),
            total=total,
            typecast=writing.typecast,
        )
        job = Engine(work, lane.pace, concurrency=lane.concurrency, retries=airtable.config.retries)
        began = time.monotonic()

        def result() -> BulkResult[M]:
            return BulkResult(work.result, job.requests, time.monotonic() - began)

        with ProgressReport(writing, total=total, label=self.name) as report:
            try:
                drive.run(job, lane, rows, report)
            except KeyboardInterrupt:
                raise interrupted(result()) from None
            except Exception as error:
                error.add_note(f"airhaul: {result()}, before this error.")
                raise
        raise_if_failed(result())
        return result()

    # --- files

    def import_file(
        self, path: str | Path, format: Format | None = None, **options: Unpack[WriteOptions]
    ) -> BulkResult[M]:
        """Create a record for each row of a file.

        The file is read twice: once to validate all of it before the first request, and once to
        send it. It is never held whole.

        Args:
            path: A CSV, TSV, JSON or JSON Lines file; its columns are fields or columns by name.
            format: ``"csv"``, ``"tsv"``, ``"json"`` or ``"jsonl"``; told from the suffix if None.
            **options: As in ``bulk_create``.

        Returns:
            The records, in the order of the file, and the outcome of each row.

        Raises:
            FileFormatError: The file is not what it claims to be, with the line.
            BulkError: A row is not valid, with its line, or was not written.
        """
        writing = Writing(**options)
        encoder = RowEncoder(self.model, source=Path(path).name)
        total = check_all(encoder, read_rows(path, format))
        return self._create(encoder, read_rows(path, format), total, writing)

    def import_csv(self, path: str | Path, **options: Unpack[WriteOptions]) -> BulkResult[M]:
        """Create a record for each row of a CSV file, as ``import_file`` does."""
        return self.import_file(path, "csv", **options)

    def import_json(self, path: str | Path, **options: Unpack[WriteOptions]) -> BulkResult[M]:
        """Create a record for each object of a JSON file, as ``import_file`` does."""
        return self.import_file(path, "json", **options)

    def export_file(self, path: str | Path, format: Format | None = None) -> int:
        """Write all records to a file, as ``where().export_file`` does."""
        return self.where().export_file(path, format)

    def export_csv(self, path: str | Path) -> int:
        """Write all records to a CSV file, and say how many they are."""
        return self.export_file(path, "csv")

    def export_json(self, path: str | Path) -> int:
        """Write all records to a JSON file, and say how many they are."""
        return self.export_file(path, "json")

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
