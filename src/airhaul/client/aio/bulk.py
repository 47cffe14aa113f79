"""Running a bulk call: look at the rows, drive the job, tell progress, raise as the policy says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from airhaul.bulk.results.policy import raise_if_failed
from airhaul.bulk.results.result import NOTHING_SPENT, BulkResult, Spent
from airhaul.bulk.rows.changes import Change, Refused
from airhaul.bulk.rows.encoders import Encoder, Ready
from airhaul.bulk.rows.keys import Key
from airhaul.bulk.rows.precheck import encode_all, in_order, sort_out
from airhaul.bulk.rows.target import Target
from airhaul.bulk.writing.prefetch import Prefetch
from airhaul.client.aio.bound import AsyncBound
from airhaul.client.bulk_call import BulkCall
from airhaul.client.fingerprint import fingerprint
from airhaul.client.inputs import AsyncRows, refuse_a_single_row
from airhaul.client.options import Writing
from airhaul.client.progress import ProgressReport
from airhaul.client.rejects import Rejects
from airhaul.drive import aio as drive
from airhaul.errors import PermissionDeniedError
from airhaul.model.base import RecordBase
from airhaul.model.read import Reader
from airhaul.tabular import Format

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
        self, encoder: Encoder[M], rows: AsyncRows, *, look: Prefetch | None = None
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
        look: Prefetch | None = None,
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
            if not lane.known_base.clock.is_known:
                # The reply has the service's time.
                await airtable.call(self.target.read_one(), on_event=self._writing.on_event)
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
