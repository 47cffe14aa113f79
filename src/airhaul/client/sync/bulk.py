# Generated from client/aio/bulk.py by tools/sync_face.py: change that one instead.
"""Running the bulk writes of a table: what is asked, who listens, and the flow that does it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from airhaul.bulk.engine.context import JobBudget, JobContext
from airhaul.bulk.engine.flow import Flow
from airhaul.bulk.journal.fingerprint import fingerprint
from airhaul.bulk.journal.runs import Asked
from airhaul.bulk.linking.link_encoders import NamesSeen, TakesOneName
from airhaul.bulk.linking.link_keys import LinkKeys
from airhaul.bulk.linking.link_names import LinkNames
from airhaul.bulk.linking.linked_creates import HeldRows, Linking
from airhaul.bulk.plans.apply import sync_table, write_plan
from airhaul.bulk.plans.plan import Planned
from airhaul.bulk.plans.planner import Planner
from airhaul.bulk.plans.sync import DeleteGuard
from airhaul.bulk.reads.division import Parallel
from airhaul.bulk.results.result import NOTHING_SPENT, BulkResult, Spent
from airhaul.bulk.rows.changes import ColumnsWritten
from airhaul.bulk.rows.encoders import Encoder, Ready
from airhaul.bulk.rows.keys import Key
from airhaul.bulk.rows.links_by_name import ChecksLinks, CreateMissing, LinkBy
from airhaul.bulk.rows.precheck import check_all, count_all, encode_each
from airhaul.bulk.writing.assemble import BulkWrite, RowInput
from airhaul.bulk.writing.bulk_write import bulk_write, prepare, result_of
from airhaul.bulk.writing.prefetch import Prefetch, PrefetchById
from airhaul.client.listener import ProgressReport, Rejects, report_warnings
from airhaul.client.options import OnEvent, Rows, WriteSettings, several_rows
from airhaul.client.spool import SpooledRecords
from airhaul.client.spooled_rows import spooled_changes
from airhaul.client.sync.session import Bound, target_of
from airhaul.drive import blocking as drive
from airhaul.errors import ConfigurationError, JournalError
from airhaul.messages import Message, Option
from airhaul.model.base import RecordBase
from airhaul.model.columns import Columns, columns_of
from airhaul.model.read import Reader
from airhaul.tabular import FileSettings, InputFile, ReadableFile

M = TypeVar("M", bound=RecordBase)
T = TypeVar("T")

_HELD_ANYWAY = ("bulk_update", "bulk_save", "bulk_replace")


class Bulk(Generic[M]):
    """Runs the bulk writes of a table.

    Args:
        table: The table.
        settings: The options of the call.
        verb: The verb that was called, for the journal.
        key: What identifies rows, if anything does.
        file: The file that the rows come from, if they come from one.
        columns: The columns of the model by the names that the file has for them; None for the
            model's own.
        retries: The run whose rejected rows these are, if they are.
        run: The run that is resumed, by its id, if one is.

    Raises:
        ConfigurationError: The rejects would go to the file that the rows come from.
        JournalError: The journal cannot be opened.
    """

    def __init__(
        self,
        table: Bound[M],
        settings: WriteSettings,
        verb: str,
        *,
        key: Key | None = None,
        file: InputFile | None = None,
        columns: Columns | None = None,
        retries: str | None = None,
        run: str | None = None,
    ) -> None:
        self._table = table
        self._settings = settings
        self._file = file
        airtable = table.airtable
        self.lane = airtable.lane()
        if settings.concurrency is not None:
            self.lane = replace(self.lane, concurrency=settings.concurrency)
        keys = _link_keys(table, settings.link_by, settings.create_missing)
        named = columns_of(table.model) if columns is None else columns
        self.rejects = Rejects(settings.rejects, file, named)
        self.listener = ProgressReport(settings, self.rejects, label=table.name)
        journal = airtable.connection.journal(settings.journal)
        reader = Reader(table.model, origin=airtable.origin)
        self.asked = BulkWrite(
            verb,
            target_of(table, typecast=settings.typecast, key=key, columns=columns),
            reader,
            settings.policy,
            max_requests=settings.max_requests,
            journal=journal,
            service=airtable.connection.service,
            file=None if file is None else file.name,
            rejects=None if settings.rejects is None else str(Path(settings.rejects).resolve()),
            retries=retries,
            spool=lambda keeps: SpooledRecords(reader, keeps=keeps),
        )
        self.linking: Linking[M] | None = None
        if keys is not None:
            # Names are also looked up while rows are written.
            budget = JobBudget(settings.max_requests, self.lane.context.budget)
            self.lane = replace(self.lane, budget=budget)
            self.linking = Linking(self.context, self.asked, keys, run)
            self.asked = self.linking.write

    @property
    def context(self) -> JobContext:
        """What all jobs of the base share."""
        return replace(self.lane.context, on_event=self._settings.on_event)

    @property
    def by_id(self) -> Prefetch | None:
        """What has to be known of records by id before they are changed, if anything."""
        return PrefetchById() if self.asked.keeps_before else None

    def encoder(self, encoder: Encoder[M]) -> Encoder[M]:
        """Return an encoder that refuses names in links, unless their records are found."""
        by_key: Collection[str] = ()
        if self.linking is not None:
            keys, titles = self.linking.keys, self.asked.target.titles
            columns = columns_of(self._table.model).titled(titles)
            encoder, by_key = TakesOneName(encoder, keys, columns), keys.columns
        model, typecast = self._table.model, self._settings.typecast
        return ChecksLinks(encoder, model, self.asked.file, by_key, typecast=typecast)

    def each_linked(
        self,
        encoder: Encoder[M],
        rows: Rows,
        linking: Linking[M],
    ) -> Iterator[object]:
        """Yield the changes of a stream of rows, whose names in links are looked up as they come.

        Args:
            encoder: Makes changes of them.
            rows: The rows.
            linking: Looks names up.
        """
        held = HeldRows(encoder, linking.keys)
        for row in drive.each(several_rows(rows)):
            if held.add(row):
                for change in self.follow(linking.part(held.take())):
                    yield change
        for change in self.follow(linking.part(held.take())):
            yield change

    def write(
        self,
        encoder: Encoder[M],
        rows: Rows,
        *,
        prefetch: Prefetch | None = None,
        needs_types: bool = False,
    ) -> BulkResult[M]:
        """Write rows.

        The rows of a list are all validated before the first request, unless the policy is to
        continue; any other iterable is never held whole.

        Args:
            encoder: Makes changes of them.
            rows: The rows.
            prefetch: What has to be known of records before they are changed, if anything.
            needs_types: As of ``BulkWrite``.

        Raises:
            BulkError: Not every row was written, and the policy is to raise.
            BulkInterrupted: Ctrl-C, after the requests in flight have landed.
        """
        taken = several_rows(rows)
        # Rows that are identified by id are held anyway, to find doubles.
        keeps_rows = self._settings.keep_rows or self.asked.verb in _HELD_ANYWAY
        if self.asked.journal is not None and keeps_rows and not isinstance(taken, Sequence):
            taken = drive.collect(taken)
        encoder = self.encoder(encoder)
        with closing(self.rejects):
            ready = self._ready(encoder, taken)
        return self.run(ready, prefetch=prefetch, needs_types=needs_types)

    def _ready(self, encoder: Encoder[M], rows: Rows) -> RowInput[M]:
        """Make rows ready to be pulled, as ``prepare`` does; names in their links are looked up."""
        rows, linking = several_rows(rows), self.linking
        if linking is None:
            return prepare(encoder, rows, self.asked.policy, self.rejects.add)
        if isinstance(rows, Sequence):
            return self.follow(linking.prepare(encoder, rows, self.rejects.add))
        return RowInput(self.each_linked(encoder, rows, linking), Ready[M](), spent=linking.spent)

    def ready_file(self, encoder: Callable[[], Encoder[M]], file: InputFile) -> RowInput[M]:
        """Make the rows of a file ready to be pulled: they are validated first, or counted.

        Their changes are kept on disk meanwhile; names in their links are looked up together.

        Args:
            encoder: Makes an encoder, for each reading of the file.
            file: The file.

        Raises:
            BulkError: A row is not valid, and the policy is not to continue; nothing was written.
        """
        written, checks_first = ColumnsWritten(), self.asked.policy.checks_first
        linking, names = self.linking, LinkNames()
        # Before it is read: a run is not resumed from a file that was changed while it was read.
        self.asked = self.with_source()
        first = encoder() if linking is None else NamesSeen(encoder(), linking.keys, names)
        checked = self.listener.checking(file.rows(), file.count())
        changes = spooled_changes(lambda: encode_each(encoder(), file.rows()))
        rows = changes.keeping(encode_each(first, checked))
        with closing(self.rejects):
            if checks_first:
                total = check_all(rows, self.rejects.add, written)
            else:
                total = count_all(rows, written)
            if linking is None:
                return RowInput(changes, Ready[M](), total, "file", written)
            self.follow(linking.look_up(names))
            if checks_first and linking.keys.refuses(names):
                named = linking.encoder(Ready[M](), creates_later=True)
                check_all(encode_each(named, changes), self.rejects.add, ColumnsWritten())
        self.follow(linking.create(names))
        by_key = linking.encoder(Ready[M]())
        return RowInput(changes, by_key, total, "file", written, spent=linking.spent)

    def ready_again(
        self,
        encoder: Callable[[], Encoder[M]],
        rows: Rows,
        asked: Asked,
    ) -> RowInput[M]:
        """Make the rows of a run that is resumed ready to be pulled.

        Args:
            encoder: Makes an encoder, for each reading of the rows.
            rows: The rows.
            asked: What the run was asked to do.
        """
        linking = self.linking
        if linking is None:
            return RowInput(several_rows(rows), encoder(), asked.total, asked.rows_from)
        if self._file is None:
            linked = self.each_linked(encoder(), rows, linking)
            return RowInput(linked, Ready[M](), asked.total, "stream", spent=linking.spent)
        names, file = LinkNames(), self._file
        changes = spooled_changes(lambda: encode_each(encoder(), file.rows()))
        seen = NamesSeen(encoder(), linking.keys, names)
        count_all(changes.keeping(encode_each(seen, file.rows())), ColumnsWritten())
        self.follow(linking.look_up(names))
        self.follow(linking.create(names))
        by_key = linking.encoder(Ready[M]())
        return RowInput(changes, by_key, asked.total, "file", spent=linking.spent)

    def run(
        self,
        rows: RowInput[M],
        *,
        prefetch: Prefetch | None = None,
        needs_types: bool = False,
        spent: Spent = NOTHING_SPENT,
    ) -> BulkResult[M]:
        """Write rows that are ready; arguments and errors as of ``write`` and ``bulk_write``."""
        asked = replace(self.with_source(), prefetch=prefetch, needs_types=needs_types)
        flow = bulk_write(self.context, asked, rows, self.listener, spent=spent)
        if self.linking is not None:
            flow = self.linking.with_rollback(flow)
        try:
            return self.follow(flow)
        finally:
            report_warnings([] if self.linking is None else self.linking.keys.warnings)

    def follow(self, flow: Flow[T]) -> T:
        """Run the jobs of a flow, at the concurrency of the call."""
        return drive.follow(flow, self.lane)

    def sync(
        self, rows: Rows, key: Key, guard: DeleteGuard, *, parallel: Parallel
    ) -> BulkResult[M]:
        """Make the table like some rows.

        Args:
            rows: The rows.
            key: What identifies them.
            guard: What may be deleted.
            parallel: How many page chains read the table.

        Raises:
            DuplicateKeyError: Several records of the table have the same key.
            DeletionRefusedError: More would be deleted than may be.
            BulkError: Rows are not valid, or not every row was written.
        """
        taken = several_rows(rows)
        planner = planner_of(
            self._table,
            typecast=self._settings.typecast,
            link_by=self._settings.link_by,
            create_missing=self._settings.create_missing,
            keeps_all=guard.missing and self.asked.keeps_before,
            file=self._file,
            max_requests=self._settings.max_requests,
            on_event=self._settings.on_event,
        )
        with closing(self.rejects):
            flow = sync_table(
                self.context,
                planner,
                taken,
                key,
                guard,
                self.with_source(),
                self.listener,
                self.rejects.add,
                parallel=parallel,
            )
            try:
                return self.follow(flow)
            finally:
                report_warnings(planner.link_warnings)

    def write_planned(self, flow: Flow[Planned[M]]) -> BulkResult[M]:
        """Make the writes of a plan as soon as it is made.

        Args:
            flow: Makes the plan.
        """
        plan = self._table.airtable.follow(flow)
        report_warnings([] if plan.links is None else plan.links.warnings)
        return self.follow(
            write_plan(self.context, plan, self.asked, self.listener, spent=plan.spent)
        )

    def has_left_unfinished(self, error: BaseException) -> bool:
        """Return whether the error that has ended the call left a run that can be resumed."""
        result, journal = result_of(error), self.asked.journal
        if journal is None or result is None or result.run is None:
            return False
        try:
            return journal.run(result.run).is_unfinished
        except JournalError:
            return True  # as far as can be known

    def with_source(self) -> BulkWrite[M]:
        """What is asked, with what recognises the file when the run is resumed."""
        if self._file is None or self.asked.journal is None or self.asked.source is not None:
            return self.asked
        source = fingerprint(self._file)
        return replace(self.asked, source=source)


def planner_of(
    table: Bound[M],
    *,
    typecast: bool = False,
    link_by: LinkBy | None = None,
    create_missing: CreateMissing = False,
    keeps_all: bool = False,
    file: InputFile | None = None,
    max_requests: int | None = None,
    on_event: OnEvent | None = None,
) -> Planner[M]:
    """Make what plans the writes of a table.

    Args:
        table: The table.
        typecast: Whether Airtable may convert text, which is then compared as text.
        link_by: As of ``WriteOptions``.
        create_missing: As of ``WriteOptions``.
        keeps_all: Whether records that may be deleted are read with all their columns.
        file: The file that the rows come from, if they come from one.
        max_requests: Send at most so many requests; None for any number.
        on_event: Called with the retries of the reading.
    """
    airtable = table.airtable
    return Planner(
        replace(airtable.lane().context, on_event=on_event),
        target_of(table, typecast=typecast),
        table.model,
        source=file,
        keeps_all=keeps_all,
        max_requests=max_requests,
        links=_link_keys(table, link_by, create_missing),
    )


def _link_keys(
    table: Bound[Any], link_by: LinkBy | None, create_missing: CreateMissing
) -> LinkKeys | None:
    """Make the columns whose cells may have names in place of ids; None if there are none.

    Raises:
        ConfigurationError: Records would be created for names that are not looked up.
    """
    if link_by:
        return LinkKeys(table.model, link_by, create_missing)
    if create_missing:
        raise ConfigurationError(
            Message(Option("create_missing"), " needs ", Option("link_by"), ".")
        )
    return None


def input_file(
    table: Bound[M], path: str | Path | ReadableFile, settings: FileSettings
) -> InputFile:
    """Make the input of a file; the schema is read if the file is written as fields show values.

    Args:
        table: The table whose fields the file has.
        path: The file.
        settings: How it is read.

    Raises:
        UnknownTableError: The base has no such table.
        ConfigurationError: It is a folder, or a file opened as text.
    """
    file = InputFile.of(path, settings)
    if not settings.from_airtable_csv:
        return file
    schema = table.airtable.table_schema(table.name)
    fields = {
        name: field.get("options") or {}
        for field in schema["fields"]
        for name in (field["name"], field.get("id", ""))
    }
    return replace(file, fields=fields)
