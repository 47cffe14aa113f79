"""``AsyncQuery``: a selection of records, which sends nothing until a verb is called."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from airhaul.bulk.engine.engine import Engine
from airhaul.bulk.engine.events import PageRead
from airhaul.bulk.reads.division import ListPart, Parallel, check_parallel
from airhaul.bulk.reads.linked_names import names_of_linked
from airhaul.bulk.reads.linked_records import LinkedRecords
from airhaul.bulk.reads.pages import ReadPages
from airhaul.bulk.values.frame_columns import FrameBuilder, as_pandas, as_polars
from airhaul.client.aio.query_writes import AsyncQueryWrites
from airhaul.client.aio.session import reader_of
from airhaul.client.exports import open_export
from airhaul.client.options import (
    Condition,
    SortKey,
)
from airhaul.client.selection import LeavesOut, Selection
from airhaul.client.streams import capsule_of
from airhaul.drive import aio as drive
from airhaul.errors import NoRecordError, SeveralRecordsError
from airhaul.model.base import RecordBase
from airhaul.model.columns import columns_of
from airhaul.model.read import Reader
from airhaul.tabular import Format, WritableFile
from airhaul.wire.limits import RECORDS_PER_PAGE
from airhaul.wire.shapes import RecordJson

if TYPE_CHECKING:
    from polars import DataFrame

M = TypeVar("M", bound=RecordBase)

_WINDOW: Final = 10 * RECORDS_PER_PAGE


class AsyncQuery(AsyncQueryWrites[M]):
    """A selection of the records of a table, which sends nothing until a verb is called.

    ``where``, ``order_by``, ``limit``, ``only``, ``prefetch`` and ``view`` return a new query each;
    the other methods are verbs. To iterate over a query is to ``iterate``.

    Args:
        table: The table.
        selection: Which records and fields to read.
    """

    def __repr__(self) -> str:
        """The query parameters; nothing is sent for it."""
        table = self._table.model.__airhaul_table__
        return f"<{type(self).__name__} of {table}: {self._selection}>"

    def where(self, *conditions: Condition, **lookups: Any) -> AsyncQuery[M]:
        """Add conditions; a record has to meet all of them.

        Args:
            *conditions: ``Q(...)``, ``F("Age") > 17``, or a formula as text; a record has to meet
                all of them.
            **lookups: ``age__gt=17``, ``name__contains="a"``, ...; a record has to meet all of
                them.

        Returns:
            A new query.

        Raises:
            UnknownFieldError: The model has no such field.
            LookupValueError: A value does not fit its field.
            FormulaError: A text is not a formula.
        """
        return AsyncQuery(self._table, self._selection.where(conditions, lookups))

    def order_by(self, *keys: SortKey) -> AsyncQuery[M]:
        """Sort by fields, the most significant first.

        Airtable sorts by fields only (https://airtable.com/developers/web/api/list-records). So for
        ``"created_time"``, which can only come first, the query is read to its end and sorted here;
        unless the model has a field of the type ``createdTime``, which Airtable can sort by.

        Args:
            *keys: ``"age"``, or ``"-age"`` for descending order.

        Returns:
            A new query.
        """
        return self._with(sort=keys)

    def limit(self, count: int) -> AsyncQuery[M]:
        """Limit the number of records.

        Args:
            count: The most records to read.

        Returns:
            A new query.
        """
        return self._with(max_records=count)

    def only(self, *fields: str) -> AsyncQuery[M]:
        """Read some fields only.

        Args:
            *fields: The names of the fields; the others read as empty, are listed in
                ``not_fetched``, and are never written.

        Returns:
            A new query.
        """
        return self._with(fields=fields)

    def prefetch(self, *paths: str) -> AsyncQuery[M]:
        """Read the linked records, too, so that ``link.record`` has them.

        Each linked record is read once, a hundred in one request, and is one object for all that
        link to it. To have full requests, ``iterate`` reads up to ten pages ahead.

        Args:
            *paths: The fields with links: ``"company"``; from there on, the links of the linked
                records: ``"contacts__company"``.

        Returns:
            A new query.

        Raises:
            UnknownFieldError: A model does not have such a field.
            SchemaError: A field has no ``Link``.
        """
        return AsyncQuery(self._table, self._selection.prefetch(paths))

    def view(self, name: str) -> AsyncQuery[M]:
        """Read the records of a view only, in its order.

        Args:
            name: The view's name or id.

        Returns:
            A new query.
        """
        return self._with(view=name)

    async def all(self, *, parallel: Parallel = 1) -> list[M]:
        """Read all records of the query.

        Airtable returns up to 100 records in one request
        (https://airtable.com/developers/web/api/list-records).

        With ``parallel`` above 1 the records come in no particular order, and neither a sort order
        nor a limit is possible. ``"auto"`` keeps to one page chain where a sort order, a limit or a
        view is asked for.

        Args:
            parallel: How many page chains to read at the same time; more than 1 is faster when
                replies are slow. ``"auto"`` reads a page, and then uses as many as its latency asks
                for.

        Returns:
            The records.

        Raises:
            ConfigurationError: ``parallel`` is above 1 together with a sort order or a limit.
        """
        records: list[M] = []
        reader, linked = self._reader(), self._linked_records()
        await self._read(lambda page: records.extend(reader.read_page(page)), parallel, reader)
        if linked is not None:
            await self._table.airtable.follow(linked.load(records))
        return records

    async def to_arrow(self, *, parallel: Parallel = 1) -> Any:
        """Read all records of the query as a table of pyarrow, without making records of them.

        The first columns are ``id`` and ``created_time``. The others are in the order of the
        model's fields, or in the order given to ``only``, and have the names of the model's fields;
        of a table without a model, those of the table's. The type of a column follows from the type
        of its field. An empty cell is null, except that a checkbox is false. So is one that does
        not fit its type, such as an error of a formula; a ``CellWarning`` counts them.

        Args:
            parallel: How many page chains to read at the same time; more than 1 is faster when
                replies are slow. ``"auto"`` reads a page, and then uses as many as its latency asks
                for.

        Returns:
            The table.

        Raises:
            MissingExtraError: pyarrow is not installed.
            ConfigurationError: ``parallel`` is above 1 together with a sort order or a limit.
        """
        builder, batches = self._builder(), list[Any]()

        def take(page: Sequence[RecordJson]) -> None:
            builder.add(page)
            if builder.is_full:
                batches.append(builder.batch())

        await self._read(take, parallel, builder)
        table = builder.table([*batches, builder.batch()])
        builder.warn()
        return table

    async def to_polars(self, *, parallel: Parallel = 1) -> DataFrame:
        """Read all records of the query as a data frame of polars, without making records of them.

        The columns are those of ``to_arrow``.

        Args:
            parallel: How many page chains to read at the same time; more than 1 is faster when
                replies are slow. ``"auto"`` reads a page, and then uses as many as its latency asks
                for.

        Returns:
            The data frame.

        Raises:
            MissingExtraError: polars or pyarrow is not installed.
            ConfigurationError: ``parallel`` is above 1 together with a sort order or a limit.
        """
        return as_polars(await self.to_arrow(parallel=parallel))

    async def to_pandas(self, *, parallel: Parallel = 1) -> Any:
        """Read all records of the query as a data frame of pandas, without making records of them.

        The columns are those of ``to_arrow``, with the types that NumPy has for them; integers are
        ``Int64``, which has nulls.

        Args:
            parallel: How many page chains to read at the same time; more than 1 is faster when
                replies are slow. ``"auto"`` reads a page, and then uses as many as its latency asks
                for.

        Returns:
            The data frame.

        Raises:
            MissingExtraError: pandas or pyarrow is not installed.
            ConfigurationError: ``parallel`` is above 1 together with a sort order or a limit.
        """
        return as_pandas(await self.to_arrow(parallel=parallel))

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Stream the records as Arrow data, with the columns of ``to_arrow``.

        So DuckDB can query the query, and pyarrow and polars take it for a table. Each time, the
        records are read again; no more than ten pages are in memory.
        """
        builder = self._builder()
        return capsule_of(builder.schema, self._batches(builder), requested_schema)

    async def _batches(self, builder: FrameBuilder) -> AsyncIterator[Any]:
        async for page in self._pages(builder):
            builder.add(page)
            if builder.is_full:
                yield builder.batch()
        yield builder.batch()
        builder.warn()

    def _builder(self) -> FrameBuilder:
        columns, fetched = columns_of(self._table.model), self._selection.fetched()
        names = columns.by_column if fetched is None else dict.fromkeys(fetched)
        return FrameBuilder(self._table.model, [columns.by_column[name] for name in names])

    async def iterate(self) -> AsyncIterator[M]:
        """Read the records one page at a time, and hold no more than a page in memory.

        Airtable returns up to 100 records in one request
        (https://airtable.com/developers/web/api/list-records). With ``prefetch``, ten pages are
        held, and what they link to.

        Yields:
            The records.
        """
        reader, linked = self._reader(), self._linked_records()
        if linked is None:
            async for page in self._pages(reader):
                for record in reader.read_page(page):
                    yield record
            return
        async for records in self._windows(reader):
            await self._table.airtable.follow(linked.load(records))
            for record in records:
                yield record

    def __aiter__(self) -> AsyncIterator[M]:
        return self.iterate()

    def __bool__(self) -> bool:
        raise TypeError("A query has no truth value, because nothing is read yet; use exists().")

    async def first(self) -> M | None:
        """Read the first record; one request, unless it is sorted by ``created_time``.

        Returns:
            The record, or None if there is none.
        """
        query = self._with(max_records=1)
        found = [record async for record in query.iterate()]
        return found[0] if found else None

    async def one(self) -> M:
        """Read the only record; one request, for at most two records.

        Returns:
            The record.

        Raises:
            NoRecordError: No record meets the conditions.
            SeveralRecordsError: More than one does.
        """
        is_limited = self._selection.max_records == 1
        query = self if is_limited else self._with(max_records=2, sort=())
        found = [record async for record in query.iterate()]
        if len(found) == 1:
            return found[0]
        what = f"in the table {self._table.name!r}: {self._selection}"
        if not found:
            raise NoRecordError(f"No record meets the conditions {what}.")
        ids = ", ".join(str(record.id) for record in found)
        raise SeveralRecordsError(
            f"More than one record meets the conditions {what}. Two of them are {ids}. Add "
            "conditions, or use first() or all()."
        )

    async def exists(self) -> bool:
        """Check whether any record meets the conditions; one request.

        Returns:
            Whether there is such a record.
        """
        query = self._counting()._with(max_records=1)
        return await query.count() > 0

    async def count(self) -> int:
        """Count the records.

        Airtable has no request for it (https://airtable.com/developers/web/api/list-records): all
        of them are read, with one field each.

        Returns:
            How many records there are.
        """
        query = self._counting()
        return sum([len(page) async for page in query._pages(query._reader())])

    async def export_file(
        self,
        path: str | Path | WritableFile,
        format: Format | None = None,
        *,
        parallel: Parallel = 1,
        escape_formulas: bool = False,
    ) -> int:
        """Write all records of the query to a file, which appears complete or not at all.

        The columns are in the order of the model's fields, or in the order given to ``only``. They
        have the names of the fields in Airtable; for a model with ``field_ids``, the schema is read
        for them.

        Without a sort order or a view, the records of a local base come in the order in which they
        were created, and those of Airtable in the order of their IDs. With ``parallel`` above 1
        they come in no particular order, and neither a sort order nor a limit is possible.
        ``"auto"`` keeps to one page chain where a sort order, a limit or a view is asked for.

        Args:
            path: The file to write; it is replaced once all records have been read. A file that is
                open in binary mode is written then.
            format: ``"csv"``, ``"tsv"``, ``"json"``, ``"jsonl"``, ``"parquet"``, ``"arrow"`` or
                ``"excel"``; inferred from the suffix if None.
            parallel: How many page chains to read at the same time; more than 1 is faster when
                replies are slow. ``"auto"`` reads a page, and then uses as many as its latency asks
                for.
            escape_formulas: Whether texts that a spreadsheet would run as formulas have an
                apostrophe in front, which reading the file removes: texts that begin with ``=``,
                ``+``, ``-``, ``@``, a tab or a carriage return; only for CSV and TSV.

        Returns:
            How many records were written.

        Raises:
            FileFormatError: The suffix does not name a format.
            MissingExtraError: The library for the format is not installed.
            ConfigurationError: ``parallel`` is above 1 together with a sort order or a limit.
        """
        fetched = self._selection.fetched()
        titles = reader_of(self._table).titles(columns_of(self._table.model))
        known = await self._table.airtable.follow(titles)
        columns = (
            list(known.by_name.values())
            if fetched is None
            else [known.by_column[name] for name in dict.fromkeys(fetched)]
        )
        counts: list[int] = []
        with open_export(
            path, format, self._reader(), columns, escape_formulas=escape_formulas
        ) as export:
            keeps_order = parallel in (1, "auto")
            query = await self._in_order() if keeps_order else self
            await query._read(lambda page: counts.append(export.add(page)), parallel, export)
        return sum(counts)

    async def _in_order(self) -> AsyncQuery[M]:
        """Return the query with the order in which a local base keeps its records.

        Without a view the records are in the order of their random IDs. A view of Airtable's may
        leave some out, but the first one of a local base's table has all, as they were created.
        """
        selection, airtable = self._selection, self._table.airtable
        is_ordered = selection.view is not None or bool(selection.sort)
        if is_ordered or not airtable.connection.is_local:
            return self
        views = (await airtable.table_schema(self._table.name))["views"]
        return AsyncQuery(self._table, replace(selection, view=views[0]["id"])) if views else self

    async def _read(
        self, take: Callable[[Sequence[RecordJson]], object], parallel: Parallel, into: LeavesOut
    ) -> None:
        """Pass each page to ``take``, from one page chain or several.

        ``into`` leaves out what the table does not have.
        """
        check_parallel(parallel)
        if parallel == "auto" and not self._selection.may_be_divided:
            parallel = 1
        if parallel == 1:
            async for page in self._pages(into):
                take(page)
            return
        pages = reader_of(self._table)

        def take_page(page: Sequence[RecordJson]) -> None:
            into.leave_out(pages.missing)
            take(page)

        self._selection.refuse_order()
        selection = await self._narrowed(await self._answered())
        if selection.finds_nothing:
            return
        airtable, asked = self._table.airtable, selection.listed()
        if selection.is_sorted_here:
            records = await airtable.follow(pages.all(asked, parallel=parallel))
            for page in AsyncQuery(self._table, selection)._arranged(records):
                take_page(page)
        else:
            keeper = selection.keeper()
            kept = pages.each(asked, lambda page: take_page(keeper.keep(page)), parallel=parallel)
            await airtable.follow(kept)

    def _linked_records(self) -> LinkedRecords | None:
        """What reads the linked records of the query; None if it asks for none."""
        if not self._selection.prefetched:
            return None
        return LinkedRecords(
            reader_of(self._table), self._selection.paths(), self._table.airtable.origin
        )

    async def _windows(self, reader: Reader[M]) -> AsyncIterator[list[M]]:
        """The records of the query, some pages at a time, so that many links share a request."""
        held: list[M] = []
        async for page in self._pages(reader):
            held += reader.read_page(page)
            if len(held) >= _WINDOW:
                yield held
                held = []
        yield held

    def _reader(self) -> Reader[M]:
        return Reader(
            self._table.model,
            self._selection.fetched(),
            self._selection.on_invalid,
            origin=self._table.airtable.origin,
        )

    async def _pages(self, reader: LeavesOut) -> AsyncIterator[Sequence[RecordJson]]:
        """The pages of the query; the reader leaves out what the table does not have."""
        query = AsyncQuery(self._table, await self._answered())
        if query._selection.finds_nothing:
            return
        if not query._selection.is_sorted_here:
            async for page in query._pages_read(reader):
                yield page
            return
        records: list[RecordJson] = []
        async for page in query._pages_read(reader):
            records += page
        for page in query._arranged(records):
            yield page

    def _arranged(self, records: list[RecordJson]) -> Iterable[Sequence[RecordJson]]:
        """All records of the query, sorted here, in pages as Airtable would send them."""
        ordered = self._selection.arrange(records)
        return (
            ordered[start : start + RECORDS_PER_PAGE]
            for start in range(0, len(ordered), RECORDS_PER_PAGE)
        )

    async def _pages_read(self, reader: LeavesOut) -> AsyncIterator[Sequence[RecordJson]]:
        """The pages of the query; a long list is narrowed after its first page, if it can be."""
        selection = self._selection
        if selection.linked():
            first: list[RecordJson] = []
            keeper, work = selection.keeper(), self._list(selection)
            async for page in self._read_list(work, reader):
                first = keeper.keep(page)
                work.stop()
            if keeper.is_full or not work.has_more:
                yield first
                return
            selection = await self._narrowed(selection)
        keeper, work = selection.keeper(), self._list(selection)
        async for page in self._read_list(work, reader):
            yield keeper.keep(page)
            if keeper.is_full:
                work.stop()

    async def _narrowed(self, selection: Selection) -> Selection:
        """Look up the names of records that are linked by id, since formulas see only names."""
        linked = selection.linked()
        if not linked:
            return selection
        names = names_of_linked(reader_of(self._table), linked)
        return replace(selection, link_names=await self._table.airtable.follow(names))

    def _list(self, selection: Selection) -> ReadPages:
        airtable, whole = self._table.airtable, ListPart(selection.listed())
        known = airtable.lane().known_base.fields
        return ReadPages(airtable.base_id, self._table.name, whole, known=known)

    async def _read_list(
        self, work: ReadPages, reader: LeavesOut
    ) -> AsyncIterator[Sequence[RecordJson]]:
        lane = self._table.airtable.lane()
        job = Engine(work, lane.context, concurrency=1)
        async for event in drive.stream(job, lane):
            if isinstance(event, PageRead):
                reader.leave_out(work.missing)
                yield event.records
        _ = job.result  # raises the error that ended the list early

    def _counting(self) -> AsyncQuery[M]:
        """The same records, with one field each, in any order."""
        columns = columns_of(self._table.model).by_column
        return self._with(fields=tuple(columns)[:1] or None, sort=())

    def _with(self, **changes: Any) -> AsyncQuery[M]:
        return AsyncQuery(self._table, replace(self._selection, **changes))
