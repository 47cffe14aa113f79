"""Runs of the journal: resume, undo and retry them, and list what they did."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from airhaul.bulk.journal.file import Journal
from airhaul.bulk.journal.fingerprint import fingerprint
from airhaul.bulk.journal.recovery import kept_rows
from airhaul.bulk.results.result import BulkResult
from airhaul.bulk.rows.encoders import Ready
from airhaul.bulk.rows.keys import Key
from airhaul.bulk.undoing.flows import plan_undo, resume, write_undo
from airhaul.bulk.undoing.runs import (
    Place,
    encoder_of,
    prefetch_of,
    refuse_another_table,
    refuse_other_names,
    run_to_resume,
    run_to_retry,
    run_to_undo,
)
from airhaul.bulk.writing.assemble import RowInput
from airhaul.client.aio.bulk import AsyncBulk, input_file
from airhaul.client.aio.plan import AsyncPlan
from airhaul.client.aio.session import AsyncBound, AsyncSession, reader_of
from airhaul.client.aio.table import AsyncTable
from airhaul.client.options import AsyncRows, WriteOptions, WriteSettings, several_rows
from airhaul.drive import aio as drive
from airhaul.errors import JournalError
from airhaul.messages import Message, Option, counted
from airhaul.model.base import RecordBase
from airhaul.model.columns import columns_of
from airhaul.model.schema import model_of_table
from airhaul.tabular import FileSettings, InputFile, delete_copy

if TYPE_CHECKING:
    from airhaul.bulk.journal.runs import Run, Source


class AsyncRuns:
    """The runs that the journal of a connection knows.

    Args:
        airtable: The connection.

    Raises:
        JournalError: The connection has no journal, or it cannot be opened.
    """

    def __init__(self, airtable: AsyncSession) -> None:
        self._airtable = airtable
        journal = airtable.connection.journal()
        if journal is None:
            raise JournalError(
                Message(
                    "This connection keeps no journal. Set ",
                    Option("journal", True),
                    " or a file when you make it, or set AIRHAUL_JOURNAL.",
                )
            )
        self._journal: Journal = journal

    def all(self, most: int | None = None) -> list[Run]:
        """The runs, the latest first; at most so many."""
        return self._journal.runs(most)

    def one(self, run_id: str | None = None) -> Run:
        """A run by its id or the beginning of it; the latest if None."""
        return self._journal.run(run_id)

    # --- resuming

    async def resume(
        self,
        run_id: str | None,
        *,
        model: type[RecordBase] | None,
        rows: AsyncRows | None,
        **options: Unpack[WriteOptions],
    ) -> BulkResult[Any]:
        """Resume a run; ``AsyncAirtable.resume`` documents the arguments."""
        run = run_to_resume(self._journal, run_id, self._place)
        table = await self._table(run, model)
        asked = run.asked
        options.setdefault("on_error", asked.on_error)
        if asked.rejects is not None:
            options.setdefault("rejects", asked.rejects_file)
        options["typecast"], options["journal"] = asked.typecast, self._journal.path
        if asked.rows_from != "copy":  # copied rows have ids
            options["link_by"], options["create_missing"] = asked.link_by, asked.create_missing
        file = None
        if asked.source is not None:
            file = await input_file(table, asked.source.file, asked.source.settings)
        key = Key.of(table.model, asked.key) if asked.key else None
        columns = columns_of(table.model)
        if asked.rows_from == "file":
            columns = await self._airtable.follow(reader_of(table).titles(columns))
        writing = WriteSettings.of(options)
        bulk = AsyncBulk(
            table, writing, asked.verb, key=key, file=file, columns=columns, run=run.id
        )
        if asked.rows_from == "copy":
            kept = kept_rows(self._journal, run, key)
            ready = RowInput(kept, Ready[RecordBase](), asked.total, "copy")
        else:
            ready = await bulk.ready_again(
                lambda: bulk.encoder(encoder_of(run, table.model, key, columns)),
                _rows_of(run, file, rows),
                asked,
            )
        write = replace(
            bulk.asked,
            prefetch=prefetch_of(run, bulk.asked.target),
            needs_types=bulk.asked.policy.rolls_back,
        )
        result = await bulk.follow(resume(bulk.context, run, write, ready, bulk.listener))
        if file is not None and self._journal.run(run.id).state in ("done", "with failures"):
            delete_copy(file.path)
        return result

    @property
    def _place(self) -> Place:
        return Place(self._airtable.connection.service, self._airtable.base_id)

    async def _table(self, run: Run, model: type[RecordBase] | None) -> AsyncBound[RecordBase]:
        if model is None:
            schema = await self._airtable.table_schema(run.asked.table)
            of_table = model_of_table(schema, by_id=run.asked.field_ids)
            return AsyncTable(self._airtable, of_table)
        refuse_other_names(run, model)
        table = AsyncTable(self._airtable, model)
        if table.name != run.asked.table:
            # A table may be named by its id, and may have another name by now.
            refuse_another_table(run, table.name, await self._airtable.schema())
        return table

    # --- undoing

    async def plan_undo(self, run_id: str | None, *, force: bool) -> AsyncPlan[RecordBase]:
        """Plan what undoes a run; ``AsyncAirtable.plan_undo`` documents the arguments."""
        run = run_to_undo(self._journal, run_id, self._place)
        context = self._airtable.lane().context
        flow = plan_undo(context, self._journal, run, force=force)
        planned = await self._airtable.follow(flow)
        return AsyncPlan.of(planned, AsyncTable(self._airtable, planned.target.model))

    async def undo(
        self, run_id: str | None, *, force: bool, **options: Unpack[WriteOptions]
    ) -> BulkResult[RecordBase]:
        """Undo a run; ``AsyncAirtable.undo`` documents the arguments."""
        plan = await self.plan_undo(run_id, force=force)
        return await self.write_undo(plan, **options)

    async def write_undo(
        self, plan: AsyncPlan[RecordBase], **options: Unpack[WriteOptions]
    ) -> BulkResult[RecordBase]:
        """Make the writes of a plan of ``plan_undo``."""
        options["on_error"], options["journal"] = "continue", self._journal.path
        bulk = AsyncBulk(plan.table, WriteSettings.of(options), plan.verb)
        return await bulk.follow(write_undo(bulk.context, plan, bulk.asked, bulk.listener))

    # --- trying again

    async def retry(
        self, run_id: str | None, *, model: type[RecordBase] | None, **options: Unpack[WriteOptions]
    ) -> BulkResult[RecordBase]:
        """Send the rejected rows of a run again; see ``AsyncAirtable.retry``."""
        found, _, _ = run_to_retry(self._journal, run_id, self._place, _hash_of_rejects)
        with self._journal.alone_with(found.id):
            return await self._retry(found.id, model, options)

    async def _retry(
        self, run_id: str, model: type[RecordBase] | None, options: WriteOptions
    ) -> BulkResult[RecordBase]:
        # Found again: another process may have sent the rows meanwhile.
        run, path, earlier = run_to_retry(self._journal, run_id, self._place, _hash_of_rejects)
        options.setdefault("on_error", run.asked.on_error)
        if earlier is not None:
            return await self.resume(earlier.id, model=model, rows=None, **options)
        table = await self._table(run, model)
        options.setdefault("typecast", run.asked.typecast)
        options.setdefault("link_by", run.asked.link_by)
        options.setdefault("create_missing", run.asked.create_missing)
        options["journal"] = self._journal.path
        again = AsyncTable(self._airtable, table.model)
        file = await input_file(again, path, _settings_of_rejects(run))
        writing = WriteSettings.of(options)
        return await again.import_again(file, run.asked.key or None, writing, retries=run.id)


def _settings_of_rejects(run: Run) -> FileSettings:
    """Rejects are written as they were given, but in UTF-8, and as their suffix says."""
    if run.asked.source is None:
        return FileSettings()
    return replace(
        run.asked.source.settings, format=None, sheet=None, encoding=None, delimiter=None
    )


def _rows_of(
    run: Run, file: InputFile | None, rows: AsyncRows | None
) -> Iterable[object] | AsyncIterator[object]:
    source = run.asked.source
    if source is not None and file is not None:
        _refuse_if_changed(run, source, file)
        return file.rows()
    if rows is None:
        raise JournalError(
            f"Run {run.id} took its rows from an iterable, and the journal does not hold them. "
            "Hand over the same rows: resume(run, rows=...); or begin such a run with "
            "keep_rows=True."
        )
    return _not_fewer(run, rows)


async def _not_fewer(run: Run, rows: AsyncRows) -> AsyncIterator[object]:
    """The rows, unless they end before those that the run has taken already."""
    number = 0
    async for row in drive.each(several_rows(rows)):
        number += 1
        yield row
    taken = sum(run.counts.values())
    if number < taken:
        raise JournalError(
            f"Run {run.id} had taken {counted(taken, 'row')}, and now there are only {number:,}. "
            "Hand over the same rows to go on."
        )


def _refuse_if_changed(run: Run, source: Source, file: InputFile) -> None:
    name = source.shown_name if source.name is None else f"The copy of {source.name}"
    _check_there(file.path, name, f"Run {run.id} reads it")
    now = fingerprint(file)
    if now.sha256 == source.sha256:
        return
    size = (
        f"it had {counted(source.size, 'byte')} and has {counted(now.size, 'byte')}"
        if now.size != source.size
        else "it has the same size and other content"
    )
    raise JournalError(
        f"{name} was changed since run {run.id} began: {size}. Put the old file back to go on; or "
        "import the new one, with a key so that no row comes twice."
    )


def _hash_of_rejects(path: Path) -> str:
    _check_there(path, str(path), "The run has rejected rows to it")
    return fingerprint(InputFile(path)).sha256


def _check_there(path: Path, name: str, why: str) -> None:
    if not path.exists():
        raise JournalError(f"{name} is not there any more. {why}.")
