"""Running a bulk call: look at the rows, drive the job, tell progress, raise as the policy says."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from airhaul.bulk.changes import Change, Refused
from airhaul.bulk.engine import Count, Engine
from airhaul.bulk.events import Event, PageRead
from airhaul.bulk.keys import Key
from airhaul.bulk.look import Look
from airhaul.bulk.pages import ReadPages
from airhaul.bulk.parts import parts_of_list
from airhaul.bulk.policy import raise_if_failed
from airhaul.bulk.precheck import encode_all, in_order, sort_out
from airhaul.bulk.result import NOTHING_SPENT, BulkResult, Spent
from airhaul.bulk.rows import Encoder, Ready
from airhaul.bulk.target import Target
from airhaul.client.aio.bound import AsyncBound
from airhaul.client.bulk_call import BulkCall
from airhaul.client.fingerprint import fingerprint
from airhaul.client.inputs import AsyncRows, refuse_a_single_row
from airhaul.client.options import Writing
from airhaul.client.progress import ProgressReport
from airhaul.client.rejects import Rejects
from airhaul.drive import aio as drive
from airhaul.drive.lane import Lane
from airhaul.errors import ConfigurationError, PermissionDeniedError
from airhaul.model.base import RecordBase
from airhaul.model.read import Reader
from airhaul.tabular import Format
from airhaul.wire.endpoints import ListParameters
from airhaul.wire.shapes import RecordJson

if TYPE_CHECKING:
    from airhaul.bulk.journal import Journal, Run, RunLog
    from airhaul.bulk.journal.runs import RowSource

M = TypeVar("M", bound=RecordBase)


class AsyncBulk(Generic[M]):
    """Runs bulk calls on a table.

    Args:
        table: The table.
        writing: The options of the call.
        verb: The verb that was called, for the journal.
        key: What rows are told by, where they are.
        source: The file that the rows come from, if they come from one.

    Raises:
        ConfigurationError: The rejects would go to the file that the rows come from.
        JournalError: The journal cannot be opened.
    """

    def __init__(
        self,
        table: AsyncBound[M],
        writing: Writing,
        verb: str,
        *,
        key: Key | None = None,
        source: Path | None = None,
    ) -> None:
        self._verb = verb
        self._path = source
        self._table = table
        self._writing = writing
        self._source = None if source is None else source.name
        airtable = table.airtable
        self.target = Target(airtable.base_id, table.name, table.model, writing.typecast, key)
        self.rejects = Rejects(writing.rejects, table.model, source)
        self.undoes: str | None = None
        self.retries: str | None = None
        self.format: Format | None = None
        self.encoding: str | None = None
        self.journal = airtable.connection.journal(writing.journal)

    @property
    def keeps_what_was_there(self) -> bool:
        """Whether what is changed has to be read before, so that it can be put back."""
        return self._writing.on_error == "rollback" or self.journal is not None

    async def learn_types(self) -> None:
        """Read which columns can be written, so that deleted records can be made again whole."""
        try:
            schema = await self._table.airtable.table_schema(self._table.name)
        except PermissionDeniedError:
            return  # the model's own columns have to do
        types = {field["name"]: field["type"] for field in schema["fields"]}
        self.target = replace(self.target, types=types)

    async def write(
        self, encoder: Encoder[M], rows: AsyncRows, *, look: Look | None = None
    ) -> BulkResult[M]:
        """Write rows.

        The rows of a list are all looked at before the first request, unless the policy is to
        continue; any other iterable is never held whole.

        Args:
            encoder: Makes changes of them.
            rows: The rows.
            look: What has to be known of records before they are changed, if anything.

        Returns:
            What became of each.

        Raises:
            BulkError: As the policy says.
            BulkInterrupted: Ctrl-C, after the requests in flight have landed.
        """
        refuse_a_single_row(rows)
        if not isinstance(rows, Sequence):
            # Those that are told by id are held for that anyway.
            kept = self._writing.keep_rows or self._verb in ("bulk_update", "bulk_save")
            if self.journal is None or not kept:
                return await self.run(encoder, rows, look=look, is_stream=True, rows_from="stream")
            rows = await drive.collect(rows)
        if self._writing.on_error != "continue":
            changes: Sequence[Change[M] | Refused] = self.checked(encoder, rows)
        elif self.journal is None:
            return await self.run(encoder, rows, look=look, total=len(rows))
        else:
            changes = in_order(*sort_out(encoder, rows))
        return await self.run(Ready[M](), changes, look=look, total=len(rows))

    def checked(self, encoder: Encoder[M], rows: Iterable[object]) -> list[Change[M]]:
        """Look at all rows of a list; raises ``BulkError`` where one is not valid."""
        with closing(self.rejects):
            return encode_all(encoder, rows, self.rejects.add)

    async def run(
        self,
        encoder: Encoder[M],
        rows: AsyncRows,
        *,
        look: Look | None = None,
        total: int | None = None,
        is_stream: bool = False,
        spent: Spent = NOTHING_SPENT,
        rows_from: RowSource = "copy",
        taken_up: Run | None = None,
    ) -> BulkResult[M]:
        """Write rows as they come, one after the other.

        Args:
            encoder: As of ``BulkCall``, like what is not named here.
            rows: The rows; all of them in the form of ``Ready`` where the journal keeps a copy.
            look: What has to be known before.
            total: How many rows there are.
            is_stream: Whether there may be more rows than memory holds.
            spent: What was sent before.
            rows_from: Where the rows are if the call goes on another time.
            taken_up: The run that goes on; None for a new one.
        """
        airtable = self._table.airtable
        lane = airtable.lane()
        if self._writing.concurrency is not None:
            lane = replace(lane, concurrency=self._writing.concurrency)
        log: RunLog | None = None
        if self.journal is not None:
            if not lane.observed.clock.is_known:
                await airtable.call(self.target.read_one())  # its reply tells the service's time
                spent = spent._replace(requests=spent.requests + 1)
            log = self._log(self.journal, rows, rows_from, total, taken_up)
        call = BulkCall(
            self.target,
            encoder,
            Reader(self._table.model, origin=airtable.origin),
            lane,
            airtable.connection.retries,
            writing=self._writing,
            look=look,
            total=total,
            source=self._source,
            is_stream=is_stream,
            spent=spent,
            log=log,
            taken_up=None if taken_up is None or self.journal is None else (self.journal, taken_up),
        )
        label = self._table.name
        with ProgressReport(self._writing, self.rejects, total=total, label=label) as report:
            try:
                await drive.run(call.job, lane, rows, report)
                call.finish()
            except KeyboardInterrupt as error:
                call.finish(error)
                raise call.explain(error) from None
            except BaseException as error:
                call.finish(error)
                call.explain(error)
                raise
        result = call.result()
        raise_if_failed(result, self._writing.on_error, call.ended_by)
        return result

    def _log(
        self,
        journal: Journal,
        rows: AsyncRows,
        rows_from: RowSource,
        total: int | None,
        taken_up: Run | None,
    ) -> RunLog:
        """Begin a run in the journal, with a copy of its rows where there is no file, or go on."""
        from airhaul.bulk.journal import Asked

        if taken_up is not None:
            return journal.take_up(taken_up)
        writing, target = self._writing, self.target
        copied = cast("Sequence[Change[M] | Refused]", rows) if rows_from == "copy" else ()
        return journal.begin(
            Asked(
                self._verb,
                self._table.airtable.connection.service,
                target.base_id,
                target.table,
                writing.on_error,
                writing.typecast,
                () if target.key is None else target.key.names,
                rows_from,
                total,
                source=(
                    None
                    if self._path is None
                    else fingerprint(self._path, self.format, self.encoding)
                ),
                rejects=None if writing.rejects is None else str(Path(writing.rejects).resolve()),
                undoes=self.undoes,
                retries=self.retries,
            ),
            copied,
        )


class AsyncScan:
    """Reads a whole list, in several parts at once where asked.

    Args:
        table: The table.
        max_requests: Send at most so many requests; None for any number.
    """

    def __init__(self, table: AsyncBound[Any], max_requests: int | None = None) -> None:
        self._airtable = table.airtable
        self._name = table.name
        self._most = max_requests
        self.spent = NOTHING_SPENT

    async def read(
        self,
        parameters: ListParameters,
        on_page: Callable[[Sequence[RecordJson]], object],
        *,
        parallel: int = 1,
    ) -> None:
        """Read a list.

        Args:
            parameters: What to read.
            on_page: Called with each page, in the caller's own thread and task.
            parallel: How many page chains run at once; with more than one there is no order.

        Raises:
            ConfigurationError: ``parallel`` is less than 1.
            RequestCeilingError: There would be more requests than there may be.
        """
        if parallel < 1:
            raise ConfigurationError(f"parallel is at least 1, not {parallel}.")
        lane = self._airtable.lane()
        parts = parts_of_list(parameters, parallel)
        work = ReadPages(self._airtable.base_id, self._name, *parts)
        left = None if self._most is None else self._most - self.spent.requests
        job = Engine(
            work,
            lane.pace,
            concurrency=min(parallel, lane.concurrency),
            retries=self._airtable.config.retries,
            observed=lane.observed,
            meter=Count(left, lane.meter),
        )

        def take(event: Event) -> None:
            if isinstance(event, PageRead):
                on_page(event.records)

        began = time.monotonic()
        await drive.run(job, _with_room(lane, parallel), (), take)
        seconds = time.monotonic() - began
        self.spent = Spent(self.spent.requests + job.requests, self.spent.seconds + seconds)
        _ = job.result  # raises what ended the list early

    async def all(self, parameters: ListParameters, *, parallel: int = 1) -> list[RecordJson]:
        """Read a list into memory; arguments as of ``read``."""
        records: list[RecordJson] = []
        await self.read(parameters, records.extend, parallel=parallel)
        return records


def _with_room(lane: Lane, parallel: int) -> Lane:
    return replace(lane, concurrency=min(parallel, lane.concurrency))
