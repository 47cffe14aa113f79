"""A bulk write from the first row to the last outcome: ``bulk_write`` is the whole story."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from airhaul.bulk.engine.context import JobContext
from airhaul.bulk.engine.events import Event, RowRefused
from airhaul.bulk.engine.flow import Flow, Step
from airhaul.bulk.journal.runs import Asked, Run
from airhaul.bulk.reads.missing import missing_fields
from airhaul.bulk.reads.table_reader import TableReader
from airhaul.bulk.results.outcomes import Outcomes
from airhaul.bulk.results.policy import Policy, interrupted
from airhaul.bulk.results.result import NOTHING_SPENT, BulkResult, Spent
from airhaul.bulk.rows.encoded import EncodedRows
from airhaul.bulk.rows.encoders import Encoder
from airhaul.bulk.rows.precheck import OnRefusal, refuse_invalid
from airhaul.bulk.rows.unchanged import PlannedRow, each_change
from airhaul.bulk.writing.assemble import BulkJob, BulkWrite, RowInput, assemble
from airhaul.errors import BulkError, BulkInterrupted, UnknownFieldError
from airhaul.model.base import RecordBase
from airhaul.model.columns import columns_of

if TYPE_CHECKING:
    from airhaul.bulk.journal.file import Journal
    from airhaul.bulk.journal.log import RunLog

M = TypeVar("M", bound=RecordBase)

_RESULT = "__airhaul_result__"


class Listener(Protocol):
    """A receiver of events: a progress bar, a file of rejects, the caller's callbacks."""

    def start(self, total: int | None) -> AbstractContextManager[Callable[[Event], None]]:
        """Begin to listen: the block gets the function that takes the events.

        Args:
            total: How many rows there are, or None while that is not known.
        """
        ...


class NoListener:
    """A listener that ignores all events."""

    def start(self, total: int | None) -> AbstractContextManager[Callable[[Event], None]]:
        """Begin to listen; arguments as of ``Listener.start``."""
        del total
        return nullcontext(lambda _event: None)


def prepare(
    encoder: Encoder[M],
    rows: Iterable[object] | AsyncIterable[object],
    policy: Policy,
    on_refusal: OnRefusal,
) -> RowInput[M]:
    """Make rows ready to be pulled: a list is validated as a whole, a stream as it is read.

    Args:
        encoder: Validates them.
        rows: The rows.
        policy: Whether one invalid row prevents all others from being sent.
        on_refusal: Called with each row that is not valid, if none is sent.

    Raises:
        BulkError: A row is not valid, and the policy is not to continue; nothing was sent.
    """
    if not isinstance(rows, Sequence):
        return RowInput(rows, encoder)
    encoded = EncodedRows(encoder, rows)
    if policy.checks_first and encoded.invalid:
        refuse_invalid(encoded, on_refusal)
    return RowInput.of_encoded(encoded)


def bulk_write(
    context: JobContext,
    write: BulkWrite[M],
    rows: RowInput[M],
    listener: Listener,
    *,
    spent: Spent = NOTHING_SPENT,
    resumes: Run | None = None,
) -> Flow[BulkResult[M]]:
    """Write rows in batches, and return the outcome of each row.

    The whole story: the rows are validated already, or are validated as they are pulled. What is
    needed to restore records is read first, and the run is recorded in the journal. Then one job
    does the work. Ten rows of one kind make a request (``write_rows``). A refused request is split
    until its bad rows are found (``bisect``). A lost request is sent again, or its rows are
    searched for (``lost_creates``). Each reply settles its rows (``chunk_replies``). The engine
    sends at the pace that the base allows, and the driver waits. If something ends the job early,
    every row that was taken still has an outcome.

    Args:
        context: What all jobs of the base share.
        write: The options of the write.
        rows: The rows.
        listener: Receives the events.
        spent: The requests and seconds already spent, on reading what is compared.
        resumes: The run of the journal to resume; None for a new one.

    Returns:
        The records and the outcome of each row.

    Raises:
        BulkError: Rows failed, and the policy is not to continue.
        BulkInterrupted: Ctrl-C, after the requests in flight have landed.
    """
    write, took = yield from _read_first(context, write, rows)
    spent = spent.plus(took)
    log = _open_log(write, rows, resumes)
    job = assemble(context, write, rows, log=log, spent=spent, resumes=resumes)
    try:
        with listener.start(rows.total) as on_event:
            if resumes is not None and write.journal is not None:
                _report_rejected(write.journal, resumes, rows.total, on_event)
            yield Step(job.engine, rows.rows, context.concurrency, on_event)
            if write.then is not None:
                job.flush_log()
                yield from write.then(job.result())
        job.finish()  # what the listener keeps is in its place by now
    except KeyboardInterrupt as error:
        job.finish(error)
        raise interrupted(job.result()) from None
    except BaseException as error:
        job.finish(error)
        _attach_result(error, job)
        raise
    result = job.result()
    write.policy.raise_if_failed(result, job.ended_by)
    return result


def _read_first(
    context: JobContext, write: BulkWrite[M], rows: RowInput[M]
) -> Flow[tuple[BulkWrite[M], Spent]]:
    """Read what is needed to restore records, and to find lost ones after a crash.

    Raises:
        BulkError: The table does not have a column that the rows write; nothing was written.
    """
    target = write.target
    needs_types = write.keeps_before and write.needs_types and target.types is None
    needs_time = write.journal is not None and not context.known_base.clock.is_known
    unsure = _unsure_columns(context, write, rows, asks=not needs_types and target.types is None)
    if not (needs_types or needs_time or unsure):
        return write, NOTHING_SPENT
    reader = TableReader.of(context, target)
    if needs_types:
        # Without permission to read the schema, the model's own columns have to do.
        target = yield from reader.described(target)
    missing: AbstractSet[str] = frozenset()
    if target.types is not None:
        missing = unsure - target.types.keys()
    elif unsure:
        missing = yield from reader.missing_of(unsure)
    if missing:
        raise _nothing_written(missing_fields(target.model, target.table, missing), rows)
    if needs_time and not context.known_base.clock.is_known:
        yield from reader.fetch(target.read_one())  # the reply has the service's time
    return replace(write, target=target), reader.spent


def _unsure_columns(
    context: JobContext, write: BulkWrite[M], rows: RowInput[M], *, asks: bool
) -> AbstractSet[str]:
    """Return the columns that some rows write, and of which it has to be found out if they exist.

    Mostly there are none: the columns are known from requests before, or each request names all
    that are not, so that every request would be refused.

    Args:
        context: What all jobs of the base share.
        write: The options of the write.
        rows: The rows.
        asks: Whether it takes a request to find out.
    """
    target, written = write.target, rows.written
    if written is None or columns_of(target.model).table_name is not None:
        return frozenset()
    unsure = context.known_base.fields.unsure(target.table, written.all)
    # A row that is compared first names only the columns in which its record differs.
    is_reduced = write.prefetch is not None and write.prefetch.reduces_all
    if asks and not is_reduced and written.are_in_each(unsure):
        return frozenset()
    return unsure


def _nothing_written(error: UnknownFieldError, rows: RowInput[Any]) -> BulkError:
    outcomes = Outcomes[Any]()
    for index in range(rows.total or 0):
        outcomes.open(index)
    made = BulkError(f"Nothing was written: {error.message}", result=BulkResult(outcomes))
    made.__cause__ = error
    return made


def _open_log(write: BulkWrite[M], rows: RowInput[M], resumes: Run | None) -> RunLog | None:
    """Begin a run in the journal, with a copy of its rows unless a file has them, or resume it."""
    if write.journal is None:
        return None
    if resumes is not None:
        return write.journal.resume(resumes)
    target = write.target
    kept = cast("Iterable[PlannedRow]", rows.rows) if rows.kept == "copy" else ()
    asked = Asked(
        write.verb,
        write.service,
        target.base_id,
        target.table,
        write.policy.name,
        target.typecast,
        () if target.key is None else target.key.names,
        rows.kept,
        rows.total,
        source=write.source,
        rejects=write.rejects,
        undoes=write.undoes,
        retries=write.retries,
        field_ids=target.by_field_id,
        link_by=write.link_by,
        create_missing=write.create_missing,
        links_of=write.links_of,
    )
    return write.journal.begin(asked, each_change(kept), write.run)


def _report_rejected(
    journal: Journal, run: Run, total: int | None, on_event: Callable[[Event], None]
) -> None:
    """Report the rows that a run has refused before, so that all are in its file of rejects."""
    from airhaul.bulk.journal.recovery import rejected_rows

    for done, (row, error) in enumerate(rejected_rows(journal, run), start=1):
        on_event(RowRefused(error, done, total, row))


def _attach_result(error: BaseException, job: BulkJob[Any]) -> None:
    result = job.result()
    error.add_note(f"airhaul: {result}, before this error. result_of(error) has each row.")
    setattr(error, _RESULT, result)


def result_of(error: BaseException) -> BulkResult[Any] | None:
    """Return the partial result of the bulk call that an error has ended.

    Args:
        error: Whatever was raised: airhaul's own errors, Ctrl-C, or what the caller's rows or
            callbacks raised.

    Returns:
        The result, or None if the error did not come from a bulk call.
    """
    if isinstance(error, BulkError | BulkInterrupted):
        found = error.result
    else:
        found = getattr(error, _RESULT, None)
    return found if isinstance(found, BulkResult) else None
