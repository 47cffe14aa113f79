"""Assembling a bulk job: the only place, for the clients and the simulator."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from airhaul.bulk.engine.context import JobContext
from airhaul.bulk.engine.engine import Engine
from airhaul.bulk.engine.flow import Flow
from airhaul.bulk.engine.known_base import KnownBase
from airhaul.bulk.journal.runs import RowSource, Run, RunState, Source
from airhaul.bulk.results.outcomes import InMemory, Outcomes, Records
from airhaul.bulk.results.policy import Policy
from airhaul.bulk.results.result import NOTHING_SPENT, BulkResult, Spent
from airhaul.bulk.rows.changes import Change, ColumnsWritten, InvalidRow
from airhaul.bulk.rows.encoded import EncodedRows
from airhaul.bulk.rows.encoders import Encoder, Ready
from airhaul.bulk.rows.links_by_name import CreateMissing, LinkBy
from airhaul.bulk.rows.target import Target
from airhaul.bulk.rows.unchanged import AllRows, RecordsWithUnchanged, UnchangedRows
from airhaul.bulk.writing.prefetch import Prefetch
from airhaul.bulk.writing.recorder import OutcomeRecorder
from airhaul.bulk.writing.rollback import WithRollback
from airhaul.bulk.writing.write_rows import WriteRows
from airhaul.errors import AirhaulError, JournalError, RowError
from airhaul.model.base import RecordBase
from airhaul.model.read import Reader
from airhaul.wire.limits import RECORDS_PER_WRITE

if TYPE_CHECKING:
    from airhaul.bulk.journal.file import Journal
    from airhaul.bulk.journal.log import RunLog

M = TypeVar("M", bound=RecordBase)


@dataclass(frozen=True, slots=True)
class BulkWrite(Generic[M]):
    """The options of a bulk write: all of it, apart from its rows.

    Args:
        verb: The verb that was called, for the journal.
        target: The table.
        reader: Makes records of replies.
        policy: What to do about rows that cannot be written.
        prefetch: What to read of records before they are changed; None for nothing.
        needs_types: Whether the types of all columns are needed, so that deleted or replaced
            records can be restored completely.
        max_requests: The largest number of requests to send; None for no limit.
        journal: The journal that records the run; None for no journal.
        service: The service's root, or the local base's file, for the journal.
        file: The name of the file that the rows come from, for errors.
        source: That file as the journal identifies it.
        rejects: The file for rows that are refused, if there is one.
        undoes: The run that this one undoes, if it undoes one.
        retries: The run whose refused rows this one sends again, if it does so.
        link_by: The fields of linked tables that have the names in its rows, by field of links.
        create_missing: For which of them linked records are created, or whether for all.
        links_of: The run for whose links this one creates records, if it does.
        run: The id of the run in the journal, if others refer to it already; a new one if None.
        spool: Makes the store for the records of a long result, and is given whether a record that
            was used stays the same object; None for memory.
        then: What to do with the result before the run counts as ended; None for nothing.
    """

    verb: str
    target: Target
    reader: Reader[M]
    policy: Policy
    prefetch: Prefetch | None = None
    needs_types: bool = False
    max_requests: int | None = None
    journal: Journal | None = None
    service: str = ""
    file: str | None = None
    source: Source | None = None
    rejects: str | None = None
    undoes: str | None = None
    retries: str | None = None
    link_by: LinkBy = field(default_factory=dict[str, str])
    create_missing: CreateMissing = False
    links_of: str | None = None
    run: str | None = None
    spool: Callable[[bool], Records[M]] | None = None
    then: Callable[[BulkResult[M]], Flow[None]] | None = None

    @property
    def keeps_before(self) -> bool:
        """Whether previous cells are read first, so that they can be restored."""
        return self.policy.rolls_back or self.journal is not None


@dataclass(frozen=True, slots=True)
class RowInput(Generic[M]):
    """The rows of a bulk write, ready to be pulled.

    Args:
        rows: The rows.
        encoder: Makes changes of them.
        total: How many there are, or None while that is not known.
        kept: Where they are if the run is resumed: copied into the journal, in their file, or with
            the caller only. Copied rows are changes already.
        written: The columns that they write, or None while that is not known.
        unchanged: The rows among them that are unchanged, if they were compared with a whole table.
        is_stream: Whether the caller has passed a stream, so that no list holds the rows anyway.
        spent: What it has cost so far to make them ready.
    """

    rows: Iterable[object] | AsyncIterable[object]
    encoder: Encoder[M]
    total: int | None = None
    kept: RowSource = "stream"
    written: ColumnsWritten | None = None
    unchanged: UnchangedRows | None = None
    is_stream: bool = True
    spent: Callable[[], Spent] = lambda: NOTHING_SPENT

    @classmethod
    def of_encoded(cls, rows: EncodedRows[M]) -> RowInput[M]:
        """Take the rows of a list."""
        return cls(rows, Ready[M](), len(rows), "copy", rows.written, is_stream=False)

    @classmethod
    def of_changes(
        cls,
        rows: Sequence[Change[M] | InvalidRow] | AllRows[M],
        *,
        is_stream: bool = False,
    ) -> RowInput[M]:
        """Take rows that are encoded as changes already.

        Args:
            rows: The rows, in their order.
            is_stream: Whether the caller has passed a stream.
        """
        written = ColumnsWritten()
        for row in rows:
            if isinstance(row, Change):
                written.add(row)
        unchanged = rows.unchanged if isinstance(rows, AllRows) else None
        return cls(rows, Ready[M](), len(rows), "copy", written, unchanged, is_stream)


def assemble(
    context: JobContext,
    write: BulkWrite[M],
    rows: RowInput[M],
    *,
    log: RunLog | None = None,
    spent: Spent = NOTHING_SPENT,
    resumes: Run | None = None,
) -> BulkJob[M]:
    """Assemble a bulk job.

    Args:
        context: What all jobs of the base share.
        write: The options of the write.
        rows: The rows.
        log: Records the run in the journal; None for no journal.
        spent: What was sent before.
        resumes: The run to resume; None for a new one.
    """
    if resumes is not None:
        context = replace(context, known_base=context.known_base.for_resumed_run())
    parts = _Parts(context, write)
    outcomes = Outcomes[M](_store(write, rows))
    main = parts.write_rows(outcomes, rows, log)
    if resumes is not None:
        assert write.journal is not None, "a run that is resumed is in a journal"
        _resume(write.journal, resumes, main, outcomes, parts, context.clock())
    if log is not None:
        _follow(log, outcomes, context.known_base)
    logs = [] if log is None else [log]
    work: WriteRows[M] | WithRollback[M] = main
    if write.policy.rolls_back:
        work = WithRollback(
            main, write.target, _rollback(parts, logs), partial(parts.undo_rows, log=None)
        )
    so_far = spent.plus(rows.spent())
    engine = Engine(work, context, max_requests=write.max_requests, sent_before=so_far.requests)
    return BulkJob(
        engine,
        main,
        outcomes,
        write.policy,
        logs,
        lambda: spent.plus(rows.spent()),
        context.clock,
    )


def _store(write: BulkWrite[M], rows: RowInput[M]) -> Records[M]:
    """Make the store for the records of the result."""
    keeps = not rows.is_stream
    records: Records[M] = InMemory[M]() if write.spool is None else write.spool(keeps)
    if rows.unchanged is None:
        return records
    return RecordsWithUnchanged(rows.unchanged, write.reader, records, keeps_all=keeps)


class _Parts(Generic[M]):
    """A maker of the work of a bulk job, and of its rollback."""

    def __init__(self, context: JobContext, write: BulkWrite[M]) -> None:
        self.context = context
        self.write = write

    def write_rows(
        self, outcomes: Outcomes[M], rows: RowInput[M], log: RunLog | None
    ) -> WriteRows[M]:
        write, rate = self.write, self.context.pace.requests_per_second
        recorder = OutcomeRecorder(
            outcomes,
            write.reader,
            self.context.known_base,
            total=rows.total,
            rows_per_second=None if rate is None else rate * RECORDS_PER_WRITE,
            has_rows=not rows.is_stream,
        )
        return WriteRows(
            write.target,
            rows.encoder,
            recorder,
            self.context.known_base,
            policy=write.policy,
            prefetch=write.prefetch,
            retries=self.context.retries,
            source=write.file,
            log=log,
        )

    def undo_rows(self, outcomes: Outcomes[M], log: RunLog | None) -> WriteRows[M]:
        return WriteRows(
            self.write.target,
            Ready[M](),
            OutcomeRecorder(outcomes, self.write.reader, self.context.known_base),
            self.context.known_base,
            policy=Policy.of("continue"),
            retries=self.context.retries,
            log=log,
        )


def _rollback(
    parts: _Parts[M], logs: list[RunLog]
) -> Callable[[Outcomes[M], list[Change[M]]], WriteRows[M]]:
    """Return the function that makes a rollback, recorded as a run of its own."""

    def undo(outcomes: Outcomes[M], inverses: list[Change[M]]) -> WriteRows[M]:
        log: RunLog | None = None
        if logs:
            from airhaul.bulk.journal.file import Journal

            asked = logs[0].asked.for_rollback(logs[0].id, len(inverses))
            log = Journal(logs[0].path).begin(asked, inverses)
            logs.append(log)
            _follow(log, outcomes, parts.context.known_base)
        return parts.undo_rows(outcomes, log)

    return undo


def _follow(log: RunLog, outcomes: Outcomes[Any], known: KnownBase) -> None:
    """Pass outcomes and the service's time to a log."""
    outcomes.on_settle = log.settle
    if known.clock.is_known:
        log.server_time = known.clock.earliest


def _resume(
    journal: Journal,
    run: Run,
    main: WriteRows[M],
    outcomes: Outcomes[M],
    parts: _Parts[M],
    now: float,
) -> None:
    """Restore the outcomes and open requests that another process has left of a run."""
    from airhaul.bulk.journal.effects import written_changes
    from airhaul.bulk.journal.recovery import open_chunks, restore, settle_recreated

    restore(journal, run, outcomes, parts.context.known_base)
    settle_recreated(journal, run, outcomes)
    if parts.write.policy.rolls_back:
        main.recall(written_changes(journal, run), has_failed="failed" in outcomes.counts())
    # The time is that of our own clock, which may be ahead of the service's, or jump.
    long_ago = run.began - timedelta(days=1)
    for chunk in open_chunks(journal, run, parts.write.target.key, outcomes):
        main.recover(chunk, long_ago, now)


class BulkJob(Generic[M]):
    """A bulk write as a job, with its result at any time.

    Args:
        engine: What the driver runs.
        main: Writes the rows.
        outcomes: The outcome of each row.
        policy: What to do about rows that cannot be written.
        logs: The log of the run, and that of its rollback once there is one.
        spent: What was sent before, and is sent to make rows ready.
        clock: The time, in seconds.
    """

    def __init__(
        self,
        engine: Engine[Outcomes[M]],
        main: WriteRows[M],
        outcomes: Outcomes[M],
        policy: Policy,
        logs: list[RunLog],
        spent: Callable[[], Spent],
        clock: Callable[[], float],
    ) -> None:
        self.engine = engine
        self._main = main
        self._outcomes = outcomes
        self._policy = policy
        self._logs = logs
        self._spent = spent
        self._clock = clock
        self._began = clock()
        self._began_with = spent().seconds

    @property
    def ended_by(self) -> AirhaulError | None:
        """What ended the call before its last row, if anything did."""
        is_whole = self._main.has_taken_all and self.result().is_complete
        return None if is_whole else self._main.ended_by

    def result(self) -> BulkResult[M]:
        """Return the outcome of each row that was taken so far."""
        spent = self._spent()
        seconds = self._began_with + self._clock() - self._began
        requests = spent.requests + self.engine.requests
        run = self._logs[0].id if self._logs else None
        return BulkResult(self.engine.result, requests, seconds, run)

    def flush_log(self) -> None:
        """Record all outcomes so far, before what was written is changed by other requests."""
        self._main.flush_log()

    def finish(self, error: BaseException | None = None) -> None:
        """Record how the call ended; it must be the last call.

        Args:
            error: What ended it, or None.

        Raises:
            JournalError: It cannot be recorded, and nothing else has ended the call.
        """
        if not self._logs:
            return
        result = self.result()
        self._outcomes.on_settle = None
        reason = error or self.ended_by
        try:
            for log in reversed(self._logs):
                state: RunState = self._state(result, error)
                if log is not self._logs[0]:
                    state = "done" if state == "rolled back" else "interrupted"
                log.finish(
                    state,
                    result.counts() if log is self._logs[0] else {},
                    result.requests,
                    result.seconds,
                    None if reason is None else str(reason) or type(reason).__name__,
                    self._main.not_carried_out if log is self._logs[0] else (),
                )
        except JournalError:
            if error is None:
                raise

    def _state(self, result: BulkResult[M], error: BaseException | None) -> RunState:
        counts = result.counts()
        if self._policy.rolls_back and "undone" in counts:
            left = {"created", "updated", "deleted", "unknown"} & set(counts)
            return "interrupted" if left else "rolled back"
        if error is not None or not self._main.has_taken_all:
            return "interrupted"
        if result.is_complete:
            return "done"
        failed = [row.error for row in result.errors]
        is_over = not {"skipped", "unknown"} & set(counts) and all(
            isinstance(one, RowError) for one in failed
        )
        return "with failures" if is_over else "interrupted"
