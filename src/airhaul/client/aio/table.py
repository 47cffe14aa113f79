"""``AsyncTable``: a model's table and its verbs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, TypeVar, Unpack

from airhaul.bulk.rows.encoders import RowEncoder
from airhaul.client.aio.bulk_verbs import AsyncBulkVerbs
from airhaul.client.aio.file_verbs import AsyncFileVerbs
from airhaul.client.aio.plan_verbs import AsyncPlanVerbs
from airhaul.client.aio.query import AsyncQuery
from airhaul.client.inputs import Condition
from airhaul.client.options import ReadOptions
from airhaul.client.selection import Selection
from airhaul.errors import ConfigurationError
from airhaul.model.base import RecordBase
from airhaul.model.columns import columns_of
from airhaul.model.schema import fields_to_create
from airhaul.model.write import absorb, cells_to_update
from airhaul.wire import endpoints
from airhaul.wire.replies import records_in
from airhaul.wire.shapes import TableJson

M = TypeVar("M", bound=RecordBase)


class AsyncTable(AsyncBulkVerbs[M], AsyncPlanVerbs[M], AsyncFileVerbs[M]):
    """A model's table and its verbs.

    Args:
        airtable: The connection.
        model: The model; it names the table.
    """

    # --- reading

    async def get(self, record_id: str) -> M:
        """Read one record.

        Args:
            record_id: Its id, ``rec...``.

        Raises:
            NotFoundError: There is none.
        """
        call = endpoints.get_record(self.airtable.base_id, self.name, record_id)
        return self._read(await self.airtable.call(call))

    def where(self, *conditions: Condition, **lookups: Any) -> AsyncQuery[M]:
        """Select records, lazily.

        Args:
            *conditions: ``Q(...)``, ``F("Age") > 17``, or a formula as text.
            **lookups: ``age__gt=17``, ``name__contains="a"``, ...

        Raises:
            UnknownFieldError: The model has no such field.
            LookupValueError: A value does not fit its field.
        """
        return AsyncQuery(self, Selection(self.model).where(conditions, lookups))

    async def first(self, *conditions: Condition, **lookups: Any) -> M | None:
        """Read the first record that fits, or None; one request for one record."""
        return await self.where(*conditions, **lookups).first()

    async def find_by(self, *conditions: Condition, **lookups: Any) -> list[M]:
        """Read all records that fit."""
        return await self.where(*conditions, **lookups).all()

    async def all(self, *, parallel: int = 1, **options: Unpack[ReadOptions]) -> list[M]:
        """Read all records.

        Args:
            parallel: How many page chains read at once, for links over which one cannot fill five
                requests a second; with more than one the records come in no order.
            **options: ``formula``, ``view``, ``sort``, ``fields``, ``max_records``, ``page_size``,
                ``on_invalid``, each as ``ReadOptions`` says; Airtable's own names work too.
        """
        selection = Selection(self.model).with_options(options)
        return await AsyncQuery(self, selection).all(parallel=parallel)

    def iterate(self, **options: Unpack[ReadOptions]) -> AsyncIterator[M]:
        """Read records page by page, without holding more than a page; options as in ``all``."""
        selection = Selection(self.model).with_options(options)
        return AsyncQuery(self, selection).iterate()

    async def exists(self, record_id: str | None = None, /, **lookups: Any) -> bool:
        """Whether there is a record with this id, or one that fits; one request."""
        if record_id is not None:
            lookups["id"] = record_id
        return await self.where(**lookups).exists()

    async def count(self, *conditions: Condition, **lookups: Any) -> int:
        """How many records fit; reads them all, with one field each."""
        return await self.where(*conditions, **lookups).count()

    # --- one record

    async def create(self, record: M | None = None, /, **values: Any) -> M:
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
        (raw,) = records_in(await self.airtable.call(call), count=1)
        if record is None:
            return self._read(raw)
        self._absorb(record, raw)
        return record

    async def save(self, record: M) -> M:
        """Create a record that has no id, or send what changed in one that has.

        Nothing is sent when nothing changed.

        Args:
            record: The record; it is brought up to date in place.

        Raises:
            RowError: A value does not fit; nothing was sent.
        """
        if record.id is None:
            return await self.create(record)
        cells = cells_to_update(record)
        if cells:
            call = endpoints.update_record(self.airtable.base_id, self.name, record.id, cells)
            self._absorb(record, await self.airtable.call(call))
        return record

    async def delete(self, record: M | str) -> None:
        """Delete one record.

        Args:
            record: The record, or its id.

        Raises:
            NotFoundError: There is none.
        """
        call = endpoints.delete_record(self.airtable.base_id, self.name, _id_of(record))
        await self.airtable.call(call)

    async def refresh(self, record: M) -> M:
        """Read a record again, in place; what was changed and not saved is lost."""
        call = endpoints.get_record(self.airtable.base_id, self.name, _id_of(record))
        self._absorb(record, await self.airtable.call(call))
        return record

    async def get_or_create(
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
        found = await self.first(**lookups)
        if found is not None:
            return found, False
        return await self.create(**{**lookups, **(defaults or {})}), True

    async def update_or_create(
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
        result = await self.bulk_upsert(rows, tuple(lookups))
        return result[0], result.counts().get("created", 0) > 0

    # --- the table itself

    async def create_table(self) -> TableJson:
        """Create the table that fits the model.

        Returns:
            The table, with its ids.

        Raises:
            SchemaError: No table can hold the model.
            InvalidRequestError: There is such a table already.
        """
        return await self.airtable.create_table(self.name, fields_to_create(self.model))

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
