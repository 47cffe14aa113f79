"""``AsyncQuery``: a selection of records, lazy until a verb is called."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from airhaul.bulk.engine import Engine
from airhaul.bulk.events import PageRead
from airhaul.bulk.pages import ReadPages
from airhaul.client.inputs import Condition, SortKey
from airhaul.client.selection import Selection
from airhaul.drive import aio as drive
from airhaul.model.base import RecordBase
from airhaul.model.columns import columns_of
from airhaul.model.read import Reader
from airhaul.tabular import Format, open_writer
from airhaul.wire.shapes import RecordJson

if TYPE_CHECKING:
    from airhaul.client.aio.table import AsyncTable

M = TypeVar("M", bound=RecordBase)


class AsyncQuery(Generic[M]):
    """A selection of a table's records; each method returns a new one, and verbs send requests.

    Args:
        table: The table.
        selection: What to read.
    """

    def __init__(self, table: AsyncTable[M], selection: Selection) -> None:
        self._table = table
        self._selection = selection

    def where(self, *conditions: Condition, **lookups: Any) -> AsyncQuery[M]:
        """Add conditions; all of them hold.

        Args:
            *conditions: ``Q(...)`` or ``F("Age") > 17``.
            **lookups: ``age__gt=17``, ``name__contains="a"``, ...

        Raises:
            UnknownFieldError: The model has no such field.
            LookupValueError: A value does not fit its field.
        """
        return AsyncQuery(self._table, self._selection.where(conditions, lookups))

    def order_by(self, *keys: SortKey) -> AsyncQuery[M]:
        """Sort by fields, the first the most significant; ``"-age"`` is descending."""
        return self._with(sort=keys)

    def limit(self, count: int) -> AsyncQuery[M]:
        """Read at most so many records."""
        return self._with(max_records=count)

    def only(self, *fields: str) -> AsyncQuery[M]:
        """Read these fields only; the others count as not fetched and are never written."""
        return self._with(fields=fields)

    def view(self, name: str) -> AsyncQuery[M]:
        """Read a view's records only, in the view's order."""
        return self._with(view=name)

    async def all(self) -> list[M]:
        """Read them all."""
        return [record async for record in self.iterate()]

    async def iterate(self) -> AsyncIterator[M]:
        """Read them page by page, 100 a request, without holding more than a page."""
        reader = Reader(
            self._table.model,
            self._selection.fetched(),
            self._selection.on_invalid,
            origin=self._table.airtable.origin,
        )
        async for raw in self._raw():
            record = reader.read(raw)
            if record is not None:
                yield record

    async def first(self) -> M | None:
        """Read the first, or None; one request for one record."""
        query = self._with(max_records=1, page_size=1)
        found = [record async for record in query.iterate()]
        return found[0] if found else None

    async def exists(self) -> bool:
        """Whether there is any; one request."""
        query = self._counting()._with(max_records=1, page_size=1)
        return len([raw async for raw in query._raw()]) > 0

    async def count(self) -> int:
        """How many there are; reads them all, with one field each."""
        count = 0
        async for _ in self._counting()._raw():
            count += 1
        return count

    async def export_file(self, path: str | Path, format: Format | None = None) -> int:
        """Write them to a file; it appears whole, or not at all.

        Args:
            path: The file.
            format: ``"csv"``, ``"tsv"``, ``"json"`` or ``"jsonl"``; told from the suffix if None.

        Returns:
            How many records it holds.

        Raises:
            FileFormatError: The suffix tells no format.
        """
        columns = [
            column
            for column in columns_of(self._table.model).by_name.values()
            if self._selection.fields is None or column.column in (self._selection.fetched() or ())
        ]
        names = [column.column for column in columns]
        count = 0
        with open_writer(path, names, format) as writer:
            async for record in self.iterate():
                values = record.__dict__
                writer.write({column.column: values[column.name] for column in columns})
                count += 1
        return count

    async def _raw(self) -> AsyncIterator[RecordJson]:
        airtable = self._table.airtable
        lane = airtable.lane()
        work = ReadPages(airtable.base_id, self._table.name, self._selection.parameters())
        job = Engine(work, lane.pace, concurrency=1, retries=airtable.config.retries)
        async for event in drive.stream(job, lane):
            if isinstance(event, PageRead):
                for raw in event.records:
                    yield raw
        _ = job.result  # raises what ended the list early

    def _counting(self) -> AsyncQuery[M]:
        """The same records with as little as possible of each."""
        columns = columns_of(self._table.model).by_column
        return self._with(fields=tuple(columns)[:1] or None)

    def _with(self, **changes: Any) -> AsyncQuery[M]:
        return AsyncQuery(self._table, replace(self._selection, **changes))
