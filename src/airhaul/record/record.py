"""``Record``: a model that carries the verbs of its table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self, TypeVar, Unpack, overload

from pydantic import BaseModel

from airhaul.bulk.results.policy import OnError
from airhaul.bulk.results.result import BulkResult
from airhaul.bulk.rows.keys import KeyNames
from airhaul.client.config import Config
from airhaul.client.connection import Connection, Origin
from airhaul.client.default import connection_of, default_connection
from airhaul.client.inputs import Condition, OnEvent, Progress, Rows
from airhaul.client.options import ReadOptions, SyncOptions, SyncWriteOptions, WriteOptions
from airhaul.client.sync.airtable import Airtable
from airhaul.client.sync.plan import Plan
from airhaul.client.sync.query import Query
from airhaul.client.sync.table import Table
from airhaul.model.base import RecordBase
from airhaul.model.reserved import refuse_names_of_verbs, refuse_other_system_fields
from airhaul.tabular import Format
from airhaul.wire.shapes import TableJson

if TYPE_CHECKING:
    from airhaul.client.aio.airtable import AsyncAirtable
    from airhaul.client.aio.table import AsyncTable

R = TypeVar("R", bound="Record")


class _AsyncVerbs:
    """``User.aio``: the same verbs, awaited."""

    def __get__(self, record: object, model: type[R]) -> AsyncTable[R]:
        # Imported here: most programs never await.
        from airhaul.client.aio.airtable import AsyncAirtable
        from airhaul.client.aio.table import AsyncTable

        connection, base_id = _place_of(model)
        return AsyncTable(AsyncAirtable(connection=connection, base_id=base_id), model)


class Record(RecordBase):
    """A model bound to a table, with its verbs.

        class User(Record, table="Users"):
            name: str
            age: int | None = None

        User.bulk_create([{"name": "Ada"}])
        User.first(name="Ada")

    The connection is looked up when a verb runs: the model's own, if it was given one, else what
    ``configure`` says. A record that was read is saved where it was read.
    """

    __airhaul_config__: ClassVar[Config | None] = None
    __airhaul_base_id__: ClassVar[str | None] = None

    aio: ClassVar[_AsyncVerbs] = _AsyncVerbs()

    def __init_subclass__(cls, table: str | None = None, **options: Any) -> None:
        """Bind a subclass to a table.

        Args:
            table: The table's name or id; a subclass without one keeps its parent's.
            **options: Pydantic's.
        """
        super().__init_subclass__(**options)
        if table is not None:
            cls.__airhaul_table__ = table

    @classmethod
    def __pydantic_init_subclass__(cls, table: str | None = None, **options: Any) -> None:
        """Look at the fields; ``__init_subclass__`` has dealt with the ``table``.

        Raises:
            ConfigurationError: A field has a name that every record has for something else.
        """
        super().__pydantic_init_subclass__(**options)
        refuse_names_of_verbs(cls.__name__, cls.model_fields, _VERBS)
        refuse_other_system_fields(cls)

    # --- the connection

    @classmethod
    @overload
    def using(cls, airtable: Airtable) -> Table[Self]: ...
    @classmethod
    @overload
    def using(cls, airtable: AsyncAirtable) -> AsyncTable[Self]: ...
    @classmethod
    def using(cls, airtable: Airtable | AsyncAirtable) -> Table[Self] | AsyncTable[Self]:
        """The model's table over another connection, with all the verbs."""
        return airtable.table(cls)

    @classmethod
    def _table(cls) -> Table[Self]:
        connection, base_id = _place_of(cls)
        return Table(Airtable(connection=connection, base_id=base_id), cls)

    def _own_table(self) -> Table[Self]:
        origin = self._reading.origin if self._reading else None
        if isinstance(origin, Origin):
            airtable = Airtable(connection=origin.connection, base_id=origin.base_id)
            return Table(airtable, type(self))
        return self._table()

    # --- reading

    @classmethod
    def get(cls, record_id: str) -> Self:
        """Read one record by its id; see ``Table.get``."""
        return cls._table().get(record_id)

    @classmethod
    def where(cls, *conditions: Condition, **lookups: Any) -> Query[Self]:
        """Select records, lazily; see ``Table.where``."""
        return cls._table().where(*conditions, **lookups)

    @classmethod
    def first(cls, *conditions: Condition, **lookups: Any) -> Self | None:
        """Read the first record that fits, or None; see ``Table.first``."""
        return cls._table().first(*conditions, **lookups)

    @classmethod
    def find_by(cls, *conditions: Condition, **lookups: Any) -> list[Self]:
        """Read all records that fit; see ``Table.find_by``."""
        return cls._table().find_by(*conditions, **lookups)

    @classmethod
    def all(cls, *, parallel: int = 1, **options: Unpack[ReadOptions]) -> list[Self]:
        """Read all records; see ``Table.all``."""
        return cls._table().all(parallel=parallel, **options)

    @classmethod
    def iterate(cls, **options: Unpack[ReadOptions]) -> Iterator[Self]:
        """Read records page by page; see ``Table.iterate``."""
        return cls._table().iterate(**options)

    @classmethod
    def exists(cls, record_id: str | None = None, /, **lookups: Any) -> bool:
        """Whether there is such a record; see ``Table.exists``."""
        return cls._table().exists(record_id, **lookups)

    @classmethod
    def count(cls, *conditions: Condition, **lookups: Any) -> int:
        """How many records fit; see ``Table.count``."""
        return cls._table().count(*conditions, **lookups)

    # --- one record

    @classmethod
    def create(cls, **values: Any) -> Self:
        """Create one record; see ``Table.create``."""
        return cls._table().create(**values)

    @classmethod
    def get_or_create(
        cls, defaults: Mapping[str, Any] | None = None, /, **lookups: Any
    ) -> tuple[Self, bool]:
        """Find a record, or create it; see ``Table.get_or_create``."""
        return cls._table().get_or_create(defaults, **lookups)

    @classmethod
    def update_or_create(
        cls, defaults: Mapping[str, Any] | None = None, /, **lookups: Any
    ) -> tuple[Self, bool]:
        """Change a record, or create it; see ``Table.update_or_create``."""
        return cls._table().update_or_create(defaults, **lookups)

    def save(self) -> Self:
        """Create this record, or send what changed in it; see ``Table.save``."""
        return self._own_table().save(self)

    def delete(self) -> None:
        """Delete this record; see ``Table.delete``."""
        self._own_table().delete(self)

    def refresh(self) -> Self:
        """Read this record again, in place; see ``Table.refresh``."""
        return self._own_table().refresh(self)

    # --- many

    @classmethod
    def bulk_create(cls, rows: Rows, **options: Unpack[WriteOptions]) -> BulkResult[Self]:
        """Create many records, ten to a request; see ``Table.bulk_create``."""
        return cls._table().bulk_create(rows, **options)

    @classmethod
    def bulk_update(
        cls,
        rows: Rows,
        *,
        on_error: OnError = "stop",
        progress: Progress = False,
        on_event: OnEvent | None = None,
        typecast: bool = False,
        concurrency: int | None = None,
        max_requests: int | None = None,
        rejects: str | Path | None = None,
        journal: str | Path | bool | None = None,
        keep_rows: bool = False,
        **same_change: Any,
    ) -> BulkResult[Self]:
        """Change many records, ten to a request; see ``Table.bulk_update``."""
        return cls._table().bulk_update(
            rows,
            on_error=on_error,
            progress=progress,
            on_event=on_event,
            typecast=typecast,
            concurrency=concurrency,
            max_requests=max_requests,
            rejects=rejects,
            journal=journal,
            keep_rows=keep_rows,
            **same_change,
        )

    @classmethod
    def bulk_save(cls, records: Rows, **options: Unpack[WriteOptions]) -> BulkResult[Self]:
        """Create or change many records, ten to a request; see ``Table.bulk_save``."""
        return cls._table().bulk_save(records, **options)

    @classmethod
    def bulk_upsert(
        cls, rows: Rows, key: KeyNames, **options: Unpack[WriteOptions]
    ) -> BulkResult[Self]:
        """Create or change many records told by a key; see ``Table.bulk_upsert``."""
        return cls._table().bulk_upsert(rows, key, **options)

    @classmethod
    def bulk_delete(cls, records: Rows, **options: Unpack[WriteOptions]) -> BulkResult[Self]:
        """Delete many records, ten to a request; see ``Table.bulk_delete``."""
        return cls._table().bulk_delete(records, **options)

    @classmethod
    def sync(
        cls,
        rows: Rows,
        key: KeyNames,
        **options: Unpack[SyncWriteOptions],
    ) -> BulkResult[Self]:
        """Make the table like the rows, with the fewest writes; see ``Table.sync``."""
        return cls._table().sync(rows, key, **options)

    # --- plans

    @classmethod
    def plan_create(cls, rows: Rows, *, typecast: bool = False) -> Plan[Self]:
        """Say what ``bulk_create`` would write; see ``Table.plan_create``."""
        return cls._table().plan_create(rows, typecast=typecast)

    @classmethod
    def plan_update(cls, rows: Rows, *, typecast: bool = False, **same_change: Any) -> Plan[Self]:
        """Say what ``bulk_update`` would write; see ``Table.plan_update``."""
        return cls._table().plan_update(rows, typecast=typecast, **same_change)

    @classmethod
    def plan_save(cls, records: Rows, *, typecast: bool = False) -> Plan[Self]:
        """Say what ``bulk_save`` would write; see ``Table.plan_save``."""
        return cls._table().plan_save(records, typecast=typecast)

    @classmethod
    def plan_upsert(cls, rows: Rows, key: KeyNames, *, typecast: bool = False) -> Plan[Self]:
        """Say what ``bulk_upsert`` would write; see ``Table.plan_upsert``."""
        return cls._table().plan_upsert(rows, key, typecast=typecast)

    @classmethod
    def plan_delete(cls, records: Rows) -> Plan[Self]:
        """Say what ``bulk_delete`` would delete; see ``Table.plan_delete``."""
        return cls._table().plan_delete(records)

    @classmethod
    def plan_update_or_create(
        cls, defaults: Mapping[str, Any] | None = None, /, **lookups: Any
    ) -> Plan[Self]:
        """Say what ``update_or_create`` would write; see ``Table.plan_update_or_create``."""
        return cls._table().plan_update_or_create(defaults, **lookups)

    @classmethod
    def plan_get_or_create(
        cls, defaults: Mapping[str, Any] | None = None, /, **lookups: Any
    ) -> Plan[Self]:
        """Say what ``get_or_create`` would write; see ``Table.plan_get_or_create``."""
        return cls._table().plan_get_or_create(defaults, **lookups)

    @classmethod
    def plan_sync(
        cls,
        rows: Rows,
        key: KeyNames,
        *,
        typecast: bool = False,
        **options: Unpack[SyncOptions],
    ) -> Plan[Self]:
        """Say what ``sync`` would write; see ``Table.plan_sync``."""
        return cls._table().plan_sync(rows, key, typecast=typecast, **options)

    # --- files

    @classmethod
    def import_file(
        cls,
        path: str | Path,
        format: Format | None = None,
        *,
        key: KeyNames | None = None,
        encoding: str | None = None,
        **options: Unpack[WriteOptions],
    ) -> BulkResult[Self]:
        """Create a record for each row of a file; see ``Table.import_file``."""
        return cls._table().import_file(path, format, key=key, encoding=encoding, **options)

    @classmethod
    def import_csv(
        cls,
        path: str | Path,
        *,
        key: KeyNames | None = None,
        encoding: str | None = None,
        **options: Unpack[WriteOptions],
    ) -> BulkResult[Self]:
        """Create a record for each row of a CSV file; see ``Table.import_file``."""
        return cls._table().import_csv(path, key=key, encoding=encoding, **options)

    @classmethod
    def import_json(
        cls, path: str | Path, *, key: KeyNames | None = None, **options: Unpack[WriteOptions]
    ) -> BulkResult[Self]:
        """Create a record for each object of a JSON file; see ``Table.import_file``."""
        return cls._table().import_json(path, key=key, **options)

    @classmethod
    def sync_file(
        cls,
        path: str | Path,
        key: KeyNames,
        format: Format | None = None,
        *,
        encoding: str | None = None,
        **options: Unpack[SyncWriteOptions],
    ) -> BulkResult[Self]:
        """Make the table like a file; see ``Table.sync_file``."""
        return cls._table().sync_file(path, key, format, encoding=encoding, **options)

    @classmethod
    def plan_sync_file(
        cls,
        path: str | Path,
        key: KeyNames,
        format: Format | None = None,
        *,
        typecast: bool = False,
        encoding: str | None = None,
        **options: Unpack[SyncOptions],
    ) -> Plan[Self]:
        """Say what ``sync_file`` would write; see ``Table.plan_sync_file``."""
        return cls._table().plan_sync_file(
            path, key, format, typecast=typecast, encoding=encoding, **options
        )

    @classmethod
    def export_file(
        cls, path: str | Path, format: Format | None = None, *, parallel: int = 1
    ) -> int:
        """Write all records to a file; see ``Query.export_file``."""
        return cls._table().export_file(path, format, parallel=parallel)

    @classmethod
    def export_csv(cls, path: str | Path, *, parallel: int = 1) -> int:
        """Write all records to a CSV file, and say how many they are."""
        return cls._table().export_csv(path, parallel=parallel)

    @classmethod
    def export_json(cls, path: str | Path, *, parallel: int = 1) -> int:
        """Write all records to a JSON file, and say how many they are."""
        return cls._table().export_json(path, parallel=parallel)

    # --- the table itself

    @classmethod
    def create_table(cls) -> TableJson:
        """Create the table that fits the model; see ``Table.create_table``."""
        return cls._table().create_table()


# Pydantic's own names, such as ``copy``, are its affair: it lets fields have them, and warns.
_VERBS: Final = frozenset(dir(Record)) - frozenset(dir(BaseModel)) - frozenset(Record.model_fields)


def _place_of(model: type[Record]) -> tuple[Connection, str | None]:
    config = model.__airhaul_config__
    connection = connection_of(config) if config is not None else default_connection()
    return connection, model.__airhaul_base_id__
