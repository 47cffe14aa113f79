"""Reading lists of a table as steps of a flow, and counting its requests and seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any, TypeVar

from airhaul.bulk.engine.context import JobContext
from airhaul.bulk.engine.engine import Engine
from airhaul.bulk.engine.events import Event, PageRead
from airhaul.bulk.engine.flow import Flow, OnEvent, Step
from airhaul.bulk.engine.work import Work
from airhaul.bulk.reads.division import (
    ListPart,
    Parallel,
    chains_needed,
    check_parallel,
    parts_of_list,
)
from airhaul.bulk.reads.one_call import OneCall
from airhaul.bulk.reads.pages import ReadPages
from airhaul.bulk.results.result import NOTHING_SPENT, Spent
from airhaul.bulk.rows.target import Target
from airhaul.errors import PermissionDeniedError, UnknownTableError
from airhaul.formula import Node, print_formula
from airhaul.model.columns import Columns
from airhaul.model.schema import titles_in
from airhaul.wire import endpoints
from airhaul.wire.call import Call
from airhaul.wire.endpoints import ListParameters
from airhaul.wire.limits import RECORDS_PER_PAGE
from airhaul.wire.replies import list_in
from airhaul.wire.shapes import RecordJson, TableJson

T = TypeVar("T")


class _Total:
    """What several readers of a base have spent together."""

    def __init__(self) -> None:
        self.so_far = NOTHING_SPENT

    def add(self, spent: Spent) -> None:
        self.so_far = self.so_far.plus(spent)


class TableReader:
    """A reader of lists of a table, which counts its requests and seconds.

    Args:
        context: What all jobs of the base share.
        base_id: The base.
        table: The table's name or id.
        max_requests: The largest number of requests to send; None for no limit.
        by_field_id: Whether records and types name fields by ID instead of name.

    Attributes:
        missing: The fields of the latest list that the table does not have.
    """

    def __init__(
        self,
        context: JobContext,
        base_id: str,
        table: str,
        max_requests: int | None = None,
        *,
        by_field_id: bool = False,
    ) -> None:
        self._context = context
        self.base_id = base_id
        self.table = table
        self._most = max_requests
        self._by_field_id = by_field_id
        self._spent = _Total()
        self.missing: AbstractSet[str] = frozenset()

    @property
    def spent(self) -> Spent:
        """The requests and seconds so far."""
        return self._spent.so_far

    def of_table(self, table: str, *, by_field_id: bool = False) -> TableReader:
        """Return a reader of another table of the base, with the same limit and the same count.

        Args:
            table: The table's name or id.
            by_field_id: Whether records name fields by ID instead of name.
        """
        other = TableReader(self._context, self.base_id, table, self._most, by_field_id=by_field_id)
        other._spent = self._spent
        return other

    @classmethod
    def of(
        cls, context: JobContext, target: Target, max_requests: int | None = None
    ) -> TableReader:
        """Make a reader of the table that changes go to."""
        return cls(
            context, target.base_id, target.table, max_requests, by_field_id=target.by_field_id
        )

    def fetch(self, call: Call) -> Flow[Any]:
        """Send one call.

        Args:
            call: The call.

        Returns:
            The answer's JSON.
        """
        job = self._engine(OneCall(call), 1)
        return (yield from self._run(job, 1, self._context.on_event))

    def tables(self) -> Flow[list[TableJson]]:
        """Read the tables of the base with their fields."""
        answer = yield from self.fetch(endpoints.base_schema(self.base_id))
        tables: list[TableJson] = list_in(answer, "tables")
        return tables

    def described(self, target: Target) -> Flow[Target]:
        """Read the types and names of all columns of a table that changes go to.

        Args:
            target: The table.

        Returns:
            The table with them; as it is if the token may not read the schema.
        """
        table = yield from self._schema()
        return target if table is None else target.described_by(table)

    def titles(self, columns: Columns) -> Flow[Columns]:
        """Read the names of columns that are named by ID, so that files can use the names.

        Args:
            columns: The columns of a model.

        Returns:
            The columns with their names in the table; as they are if they have names already, or
            if the token may not read the schema.
        """
        table = (yield from self._schema()) if columns.are_ids else None
        if table is None:
            return columns
        return columns.titled(titles_in(table))

    def _schema(self) -> Flow[TableJson | None]:
        """Read the table with its fields; None if the token may not read the schema."""
        try:
            tables = yield from self.tables()
        except PermissionDeniedError:
            return None
        return table_in(tables, self.table, self.base_id)

    def each(
        self,
        parameters: ListParameters,
        on_page: Callable[[Sequence[RecordJson]], object],
        *,
        parallel: Parallel = 1,
    ) -> Flow[None]:
        """Read a list.

        Args:
            parameters: What to read.
            on_page: Called with each page, in the caller's own thread and task.
            parallel: How many page chains run at the same time; with more than one the records
                come in no order. ``"auto"`` reads a page, and divides what is left as the latency
                asks for.

        Raises:
            ConfigurationError: ``parallel`` is less than 1.
            RequestCeilingError: It would take more than ``max_requests`` requests.
        """
        check_parallel(parallel)
        if parallel == "auto":
            yield from self._read([ListPart(parameters)], on_page, self._chains_needed)
        else:
            yield from self._read(parts_of_list(parameters, parallel), on_page)

    def _read(
        self,
        parts: Sequence[ListPart],
        on_page: Callable[[Sequence[RecordJson]], object],
        chains: Callable[[float], int] | None = None,
    ) -> Flow[None]:
        """Read parts of a list side by side; each record counts once."""
        most = self._context.concurrency
        concurrency = most if chains is not None else min(len(parts), most)
        parts = [replace(part, parameters=self._named(part.parameters)) for part in parts]
        known = self._context.known_base.fields
        work = ReadPages(self.base_id, self.table, *parts, known=known, chains=chains)
        job = self._engine(work, concurrency)

        def take(event: Event) -> None:
            if isinstance(event, PageRead):
                self.missing = work.missing
                on_page(event.records)
            elif self._context.on_event is not None:
                self._context.on_event(event)

        yield from self._run(job, concurrency, take)

    def _named(self, parameters: ListParameters) -> ListParameters:
        return replace(parameters, by_field_id=self._by_field_id)

    def _chains_needed(self, latency_s: float) -> int:
        rate, most = self._context.pace.requests_per_second, self._context.concurrency
        return chains_needed(latency_s, rate, most)

    def all(self, parameters: ListParameters, *, parallel: Parallel = 1) -> Flow[list[RecordJson]]:
        """Read a list into memory; arguments as of ``each``."""
        records: list[RecordJson] = []
        yield from self.each(parameters, records.extend, parallel=parallel)
        return records

    def all_of(self, lists: Sequence[ListParameters]) -> Flow[list[RecordJson]]:
        """Read several lists side by side into memory.

        Args:
            lists: What to read; no record is in two of them.
        """
        records: list[RecordJson] = []
        yield from self._read([ListPart(each) for each in lists], records.extend)
        return records

    def missing_of(self, columns: Iterable[str]) -> Flow[AbstractSet[str]]:
        """Find out which of some columns the table does not have; one request if it has them all.

        Args:
            columns: The columns.

        Returns:
            Those that it does not have; none if the token may not read records.
        """
        parameters = ListParameters(fields=tuple(sorted(columns)), max_records=1, page_size=1)
        try:
            yield from self.all(parameters)
        except PermissionDeniedError:
            return frozenset()
        return self.missing

    def find(
        self,
        wanted: Sequence[T],
        formula_of: Callable[[Sequence[T]], Node],
    ) -> Flow[dict[str, RecordJson]]:
        """Read the records that the items of a list identify, a hundred items a request.

        Args:
            wanted: What identifies the records.
            formula_of: Makes the formula that finds the records of some items.

        Returns:
            The records that are there, by id.
        """
        found: dict[str, RecordJson] = {}
        for start in range(0, len(wanted), RECORDS_PER_PAGE):
            some = wanted[start : start + RECORDS_PER_PAGE]
            formula = print_formula(formula_of(some))
            records = yield from self.all(ListParameters(formula=formula))
            found |= {record["id"]: record for record in records}
        return found

    def _run(self, job: Engine[T], concurrency: int, on_event: OnEvent | None) -> Flow[T]:
        began = self._context.clock()
        try:
            answer: T = yield Step(job, concurrency=concurrency, on_event=on_event)
            return answer
        finally:
            seconds = self._context.clock() - began
            self._spent.add(Spent(job.requests, seconds))

    def _engine(self, work: Work[T], concurrency: int) -> Engine[T]:
        sent = self.spent.requests
        return Engine(
            work,
            self._context,
            concurrency=concurrency,
            max_requests=self._most,
            sent_before=sent,
        )


def table_in(tables: Iterable[TableJson], name: str, base_id: str) -> TableJson:
    """Find a table in a schema.

    Args:
        tables: The tables of the base.
        name: The table's name or id.
        base_id: The base, for the error.

    Raises:
        UnknownTableError: The base has no such table.
    """
    known: list[str] = []
    for table in tables:
        if name in (table["id"], table["name"]):
            return table
        known.append(repr(table["name"]))
    raise UnknownTableError(
        f"The base {base_id} has no table {name!r}; its tables: {', '.join(known) or 'none'}."
    )
