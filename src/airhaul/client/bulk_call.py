"""Putting a bulk call together: target, work and engine, for either face."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from airhaul.bulk.engine import Count, Engine
from airhaul.bulk.ledger import Ledger
from airhaul.bulk.look import Look
from airhaul.bulk.outcomes import Outcomes
from airhaul.bulk.policy import interrupted
from airhaul.bulk.result import BulkResult
from airhaul.bulk.retry import Retries
from airhaul.bulk.rollback import WithRollback
from airhaul.bulk.rows import Encoder, Ready
from airhaul.bulk.target import Target
from airhaul.bulk.write_rows import WriteRows
from airhaul.client.options import Writing
from airhaul.client.spool import SpooledRecords
from airhaul.drive.lane import Lane
from airhaul.errors import AirhaulError, BulkError, BulkInterrupted
from airhaul.model.base import RecordBase
from airhaul.model.read import Reader
from airhaul.wire.limits import RECORDS_PER_WRITE

if TYPE_CHECKING:
    from airhaul.bulk.actions import Job

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
        requests: How many requests were sent for this call before, to read what is compared.
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
        look: Look | None = None,
        total: int | None = None,
        source: str | None = None,
        is_stream: bool = False,
        requests: int = 0,
    ) -> None:
        rate = lane.pace.requests_per_second
        rows_per_second = None if rate is None else rate * RECORDS_PER_WRITE
        self._writing = writing
        self._requests_before = requests
        self._began = time.monotonic()
        outcomes = Outcomes[M](SpooledRecords(reader) if is_stream else None)
        observed = lane.observed
        ledger = Ledger(outcomes, reader, observed, total=total, rows_per_second=rows_per_second)
        self._main = WriteRows(
            target,
            encoder,
            ledger,
            observed,
            on_error=writing.on_error,
            look=look,
            retries=retries,
            source=source,
        )

        def undo(outcomes: Outcomes[M]) -> WriteRows[M]:
            ledger = Ledger(outcomes, reader, observed)
            return WriteRows(
                target, Ready[M](), ledger, observed, on_error="continue", retries=retries
            )

        work: WithRollback[M] | WriteRows[M] = self._main
        if writing.on_error == "rollback":
            work = WithRollback(self._main, target, undo)
        self._engine = Engine(
            work,
            lane.pace,
            concurrency=lane.concurrency,
            retries=retries,
            observed=lane.observed,
            meter=Count(_left(writing.max_requests, requests), lane.meter),
        )

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
        seconds = time.monotonic() - self._began
        requests = self._requests_before + self._engine.requests
        return BulkResult(self._engine.result, requests, seconds)

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
