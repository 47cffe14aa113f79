"""Putting a bulk call together: target, work and engine, for either face."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from airhaul.bulk.engine.budget import JobBudget
from airhaul.bulk.engine.engine import Engine
from airhaul.bulk.engine.known_base import KnownBase
from airhaul.bulk.engine.retry import Retries
from airhaul.bulk.results.outcomes import Outcomes
from airhaul.bulk.results.policy import interrupted
from airhaul.bulk.results.result import NOTHING_SPENT, BulkResult, Spent
from airhaul.bulk.rows.changes import Change
from airhaul.bulk.rows.encoders import Encoder, Ready
from airhaul.bulk.rows.target import Target
from airhaul.bulk.writing.prefetch import Prefetch
from airhaul.bulk.writing.recorder import OutcomeRecorder
from airhaul.bulk.writing.rollback import WithRollback
from airhaul.bulk.writing.write_rows import WriteRows
from airhaul.client.options import Writing
from airhaul.client.spool import SpooledRecords
from airhaul.drive.lane import Lane
from airhaul.errors import AirhaulError, BulkError, BulkInterrupted, JournalError, RowError
from airhaul.model.base import RecordBase
from airhaul.model.read import Reader
from airhaul.wire.limits import RECORDS_PER_WRITE

if TYPE_CHECKING:
    from airhaul.bulk.engine.job import Job
    from airhaul.bulk.journal import Journal, Run, RunLog
    from airhaul.bulk.journal.runs import RunState

M = TypeVar("M", bound=RecordBase)

_RESULT = "__airhaul_result__"


class BulkCall(Generic[M]):
    """One bulk call: its job, and its result at any time.

    Args:
        target: The table.
        encoder: Makes changes of rows.
        reader: Makes records of replies.
        lane: The way to the base.
        retries: How often to try.
        writing: The options of the call.
        look: What has to be known of records before they are changed, if anything.
        total: How many rows there are, or None while that is not known.
        source: The file that the rows come from, for errors.
        is_stream: Whether there may be more rows than memory holds.
        spent: What was sent for this call before, to read what is compared.
        log: Writes the call down; None for none.
        taken_up: The run that is taken up again, and the journal it stands in; None for a new one.
    """

    def __init__(
        self,
        target: Target,
        encoder: Encoder[M],
        reader: Reader[M],
        lane: Lane,
        retries: Retries,
        *,
        writing: Writing,
        look: Prefetch | None = None,
        total: int | None = None,
        source: str | None = None,
        is_stream: bool = False,
        spent: Spent = NOTHING_SPENT,
        log: RunLog | None = None,
        taken_up: tuple[Journal, Run] | None = None,
    ) -> None:
        rate = lane.pace.requests_per_second
        rows_per_second = None if rate is None else rate * RECORDS_PER_WRITE
        self._writing = writing
        self._spent = spent
        self._began = time.monotonic()
        self._logs = [] if log is None else [log]
        self._outcomes = outcomes = Outcomes[M](SpooledRecords(reader) if is_stream else None)
        observed = lane.known_base if taken_up is None else lane.known_base.for_run_taken_up()
        ledger = OutcomeRecorder(
            outcomes, reader, observed, total=total, rows_per_second=rows_per_second
        )
        self._main = WriteRows(
            target,
            encoder,
            ledger,
            observed,
            on_error=writing.on_error,
            look=look,
            retries=retries,
            source=source,
            log=log,
        )
        if taken_up is not None:
            self._take_up(*taken_up, target, observed)
        if log is not None:
            self._follow(log, outcomes, observed)

        work: WithRollback[M] | WriteRows[M] = self._main
        if writing.on_error == "rollback":
            undo = self._undoing(target, reader, retries, observed)
            work = WithRollback(self._main, target, undo)
        self._engine = Engine(
            work,
            lane.pace,
            concurrency=lane.concurrency,
            retries=retries,
            known_base=observed,
            budget=JobBudget(_left(writing.max_requests, spent.requests), lane.budget),
        )

    def _undoing(
        self, target: Target, reader: Reader[M], retries: Retries, observed: KnownBase
    ) -> Callable[[Outcomes[M], list[Change[M]]], WriteRows[M]]:
        """How taking back is written down, as a run of its own, and made."""

        def undo(outcomes: Outcomes[M], inverses: list[Change[M]]) -> WriteRows[M]:
            undo_log: RunLog | None = None
            if self._logs:
                undo_log = _begin_rollback(self._logs[0], inverses)
                self._logs.append(undo_log)
                self._follow(undo_log, outcomes, observed)
            return WriteRows(
                target,
                Ready[M](),
                OutcomeRecorder(outcomes, reader, observed),
                observed,
                on_error="continue",
                retries=retries,
                log=undo_log,
            )

        return undo

    @staticmethod
    def _follow(log: RunLog, outcomes: Outcomes[M], observed: KnownBase) -> None:
        """Let a log learn what becomes of the rows, and what time it is for the service."""
        outcomes.on_settle = log.settle
        if observed.clock.is_known:
            log.server_time = observed.clock.earliest

    def _take_up(self, journal: Journal, run: Run, target: Target, observed: KnownBase) -> None:
        """Begin with what another process has left of a run."""
        from airhaul.bulk.journal.recovery import open_chunks, restore

        restore(journal, run, self._outcomes, observed)
        # Its time is that of our own clock, which may be ahead of the service's, or jump.
        long_ago = run.began - timedelta(days=1)
        for chunk in open_chunks(journal, run, target.key, self._outcomes):
            self._main.recover(chunk, long_ago, self._began)

    @property
    def job(self) -> Job[Outcomes[M]]:
        """What the driver runs."""
        return self._engine

    @property
    def ended_by(self) -> AirhaulError | None:
        """What ended the call before its last row, if anything did."""
        is_whole = self._main.has_taken_all and self.result().is_complete
        return None if is_whole else self._main.ended_by

    def result(self) -> BulkResult[M]:
        """What became of each row that was taken by now."""
        seconds = self._spent.seconds + time.monotonic() - self._began
        requests = self._spent.requests + self._engine.requests
        run = self._logs[0].id if self._logs else None
        return BulkResult(self._engine.result, requests, seconds, run)

    def finish(self, error: BaseException | None = None) -> None:
        """Write down how the call ended; nothing may come after it.

        Args:
            error: What broke it off, or None.

        Raises:
            JournalError: It cannot be written, and nothing else has broken the call off.
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
                )
        except JournalError:
            if error is None:
                raise

    def _state(self, result: BulkResult[M], error: BaseException | None) -> RunState:
        counts = result.counts()
        if self._writing.on_error == "rollback" and "undone" in counts:
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

    def explain(self, error: BaseException) -> BaseException:
        """Put the partial result at hand where an error breaks the call off.

        Args:
            error: What broke it off.

        Returns:
            The error to raise: the same with a note, or for Ctrl-C one that has the result.
        """
        result = self.result()
        if isinstance(error, KeyboardInterrupt):
            return interrupted(result)
        error.add_note(f"airhaul: {result}, before this error. result_of(error) has each row.")
        setattr(error, _RESULT, result)
        return error


def _begin_rollback(log: RunLog, inverses: list[Change[Any]]) -> RunLog:
    from airhaul.bulk.journal import Journal

    return Journal(log.path).begin(log.asked.for_rollback(log.id), inverses)


def _left(most: int | None, made: int) -> int | None:
    return None if most is None else max(0, most - made)


def result_of(error: BaseException) -> BulkResult[Any] | None:
    """The partial result of the bulk call that an error has broken off.

    Args:
        error: Whatever was raised: airhaul's own errors, Ctrl-C, or what the caller's rows or
            callbacks raised.

    Returns:
        The result, or None if no bulk call was broken off by it.
    """
    if isinstance(error, BulkError | BulkInterrupted):
        found = error.result
    else:
        found = getattr(error, _RESULT, None)
    return found if isinstance(found, BulkResult) else None
