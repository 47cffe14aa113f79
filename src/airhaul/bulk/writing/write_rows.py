"""Writing rows in bulk: ten to a request, an outcome for each row, whatever happens.

a row        is encoded, and refused if it is not valid (``rows/precheck``)
             is looked up first, if its record has to be known (``prefetch``)
             fills a chunk with nine others of its kind (``chunks``)
a chunk      is written, and its rows are settled (``chunk_replies``)
             is refused, and split until each bad row is alone (``bisect``)
             is lost: creates are searched for (``lost_creates``), the engine has repeated all else

This file decides what to send next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Generic, TypeVar

from airhaul.bulk.engine.events import Event
from airhaul.bulk.engine.known_base import KnownBase
from airhaul.bulk.engine.retry import Retries
from airhaul.bulk.engine.work import Attempt
from airhaul.bulk.reads.missing import explained
from airhaul.bulk.results.outcomes import Outcomes
from airhaul.bulk.results.policy import Policy, StopSwitch
from airhaul.bulk.rows.changes import Change, Chunk, InvalidRow, Kind
from airhaul.bulk.rows.encoders import Encoder
from airhaul.bulk.rows.precheck import Intake
from airhaul.bulk.rows.target import Target
from airhaul.bulk.rows.unchanged import UnchangedRun
from airhaul.bulk.writing.blame import is_about_rows
from airhaul.bulk.writing.chunk_replies import ChunkReplies
from airhaul.bulk.writing.chunks import (
    CheckLookup,
    ChunkQueue,
    Log,
    Lookup,
    NamesLookup,
    PrefetchLookup,
    SchemaLookup,
    SearchRead,
)
from airhaul.bulk.writing.lost_creates import LostCreates
from airhaul.bulk.writing.prefetch import Lookups, Prefetch, is_waited_for
from airhaul.bulk.writing.reconcile import Lost
from airhaul.bulk.writing.recorder import OutcomeRecorder
from airhaul.errors import (
    AirhaulError,
    ApiError,
    BadReplyError,
    NotSentError,
    RequestCeilingError,
    ServerError,
    TransportError,
)
from airhaul.model.base import RecordBase
from airhaul.wire.call import Call

M = TypeVar("M", bound=RecordBase)

_Tag = Chunk[Any] | Lookup[Any] | SearchRead


class WriteRows(Generic[M]):
    """Work that writes rows.

    Args:
        target: The table.
        encoder: Encodes rows as changes.
        recorder: Records the outcomes of rows.
        known_base: What is known of the base, shared with the engine.
        policy: What to do about rows that cannot be written.
        prefetch: What to read of records before they are changed; None for nothing.
        retries: How often to send lost creates, and how long to wait before a search.
        source: The file that the rows come from, for errors.
        log: Records what is about to be sent; None for no journal.
    """

    def __init__(
        self,
        target: Target,
        encoder: Encoder[M],
        recorder: OutcomeRecorder[M],
        known_base: KnownBase,
        *,
        policy: Policy,
        prefetch: Prefetch | None = None,
        retries: Retries | None = None,
        source: str | None = None,
        log: Log[M] | None = None,
    ) -> None:
        self._target = target
        self._recorder = recorder
        retries = retries or Retries()
        self._source = source
        self._log = log
        self._stop = StopSwitch(policy)
        self._intake = Intake(encoder, recorder.outcomes)
        self._lookups = Lookups[M](target, prefetch)
        self._chunks = ChunkQueue[M]()
        self._lost = LostCreates[M](target, known_base, retries, recorder.outcomes.ids_among)
        self._replies = ChunkReplies(
            target,
            recorder,
            known_base,
            self._stop,
            self._chunks,
            self._lookups,
            policy=policy,
            retries=retries,
            source=source,
        )
        self._in_flight: dict[_Tag, None] = {}
        self._not_carried_out: list[Chunk[M]] = []
        self._waited_for: set[_Tag] = set()

    # --- what the engine asks

    @property
    def wants_row(self) -> bool:
        """Whether there is room for one more row."""
        return not (
            self._stop
            or self._lost
            or self._has_enough_chunks
            or self._intake.has_ended
            or self._lookups.is_full
            or self._is_checking()
        )

    @property
    def _has_enough_chunks(self) -> bool:
        """Whether there is enough to send; with a journal, enough to record in one group."""
        if self._log is None or self._chunks.next_is_intended:
            return bool(self._chunks)
        return len(self._chunks) >= self._log.ahead

    @property
    def has_taken_all(self) -> bool:
        """Whether every row was taken; a stream may have more rows that were not read yet."""
        return self._intake.has_ended

    @property
    def stopping(self) -> bool:
        """Whether nothing new may be sent."""
        return bool(self._stop)

    @property
    def written(self) -> list[Change[M]]:
        """The changes that were made, if they may have to be undone."""
        return self._replies.written

    @property
    def at_work_until(self) -> float:
        """Until when a try whose reply was lost may make a change that was made once more."""
        return self._replies.at_work_until

    @property
    def ended_by(self) -> AirhaulError | None:
        """What ended the call before its last row, if anything did."""
        return self._stop.ended_by

    @property
    def is_done(self) -> bool:
        """Whether every outcome is known, and nothing is in flight."""
        return not (self._in_flight or self._lost or self._lookups.is_checking)

    def is_new(self, tag: object) -> bool:
        """Return whether a call writes or prefetches rows, and does not check lost ones."""
        return isinstance(tag, Chunk | PrefetchLookup)

    def wakes_at(self) -> float | None:
        """Return when lost rows may be searched for or looked up."""
        if self._lost:
            return None if self._in_flight else self._lost.search_at
        return self._lookups.next_check_at()

    def next_call(self, now: float) -> tuple[_Tag, Call] | None:
        """Return a request that can be sent now."""
        found = self._next(now)
        if found is not None:
            self._in_flight[found[0]] = None
            if is_waited_for(found[0]):
                self._waited_for.add(found[0])
        return found

    def _land(self, tag: _Tag) -> None:
        self._in_flight.pop(tag, None)
        self._waited_for.discard(tag)

    def _next(self, now: float) -> tuple[_Tag, Call] | None:
        if self._lost:
            # The rows of requests in flight could not be distinguished from the lost ones.
            return None if self._in_flight else self._lost.next_call(now)
        if self._stop:
            self._lookups.drop_prefetches()
        lookup = self._lookups.next_call(now)
        if lookup is not None or self._stop or self._is_checking():
            return lookup
        return self._next_to_write(now)

    def _is_checking(self) -> bool:
        """Return whether something is looked up that all rows wait for."""
        return bool(self._waited_for) or self._lookups.is_checking

    def _next_to_write(self, now: float) -> tuple[_Tag, Call] | None:
        if not self._chunks:
            if self._lookups.is_full or self._intake.has_ended:
                self._lookups.start_prefetch()
                lookup = self._lookups.next_call(now)
                if lookup is not None:
                    return lookup
            if self._intake.has_ended and not any(
                isinstance(tag, PrefetchLookup) for tag in self._in_flight
            ):
                self._chunks.flush()
        if not self._chunks:
            return None
        if self._log is not None and not self._chunks.next_is_intended:
            if self.wants_row:
                return None
            self._log.intend(self._chunks.without_intent(), now)
        while chunk := self._chunks.take(is_writing_others=self._is_writing_others()):
            chunk = self._replies.without_hopeless(chunk)
            if chunk.changes:
                return chunk, self._target.call(chunk.kind, chunk.changes)
        return None

    def _is_writing_others(self) -> bool:
        """Return whether anything but deletions is in flight."""
        return any(not (isinstance(tag, Chunk) and tag.traits.removes) for tag in self._in_flight)

    def offer(self, row: object) -> bool:
        """Take a row, validate it, make a change of it, and return whether it wants another."""
        if isinstance(row, UnchangedRun):
            self._intake.take_unchanged(row)
            self._recorder.leave_unchanged(row)
            if self._log is not None:
                self._log.flush_if_many()
            return self.wants_row and not self._recorder.has_events
        match self._intake.take(row):
            case None:
                pass
            case InvalidRow(index, error, source):
                self._replies.refuse_row(index, error, source)
            case change if self._lookups.is_needed_for(change):
                self._lookups.add(change)
            case change if not self._replies.refuse_if_hopeless(change):
                self._queue(change)
            case _:
                pass
        return self.wants_row and not self._recorder.has_events

    def recall(self, changes: Sequence[Change[M]], *, has_failed: bool) -> None:
        """Take over what another process has written, so that it is rolled back, too.

        Args:
            changes: The changes that were made, in their order.
            has_failed: Whether a row had failed already; then nothing more is sent.
        """
        self._replies.written += changes
        if has_failed:
            self._stop.note_failure()

    def recover(self, chunk: Chunk[M], began: datetime, now: float) -> None:
        """Take a request that another process may have sent.

        Args:
            chunk: The request.
            began: A time before it was sent; creates are searched for from then on, if the chunk
                has no time of its own.
            now: The time, in seconds on the clock of ``next_call``.
        """
        self._intake.recover(chunk.changes)
        error = TransportError("The process that sent the request ended before its reply came.")
        since = chunk.since or began
        if not chunk.traits.is_repeatable:
            self._lost.add_recovered(Lost(chunk.changes, error, now, chunk.tries, since))
        elif self._stop:
            self._replies.check(chunk, error, Attempt(0, now, now, was_lost=True, since=since))
        else:
            self._chunks.put_first([chunk])

    def _queue(self, change: Change[M]) -> None:
        if change.kind == "keep":
            self._recorder.leave_unchanged(change)
        else:
            self._chunks.add(change)

    def flush_log(self) -> None:
        """Record all outcomes so far, before what was written is changed by other requests.

        After a crash, records that have changed could not be found.

        Raises:
            JournalError: They cannot be recorded.
        """
        if self._log is not None:
            self._log.flush()

    def end_of_rows(self) -> None:
        """Note that there are no more rows; the last chunks may be short."""
        self._intake.has_ended = True

    def stop(self) -> None:
        """Take no more rows, and send nothing new."""
        self._stop.stop()

    def abandon(self, tag: _Tag) -> None:
        """Take back a call that was not sent; rows that were not sent before count as skipped."""
        self._land(tag)
        if isinstance(tag, Chunk):
            if tag.was_sent:
                self._chunks.put_first([tag])
            else:
                self._not_carried_out.append(tag)

    @property
    def not_carried_out(self) -> list[Chunk[M]]:
        """The chunks in the journal that were certainly not carried out: not sent, or refused.

        Whoever resumes the run sends them, without a search for what they may have written.
        """
        known = [chunk for chunk in self._not_carried_out if chunk.intent]
        return [*known, *self._chunks.intended()]

    def events(self) -> list[Event]:
        """Return what happened since the last call."""
        return self._recorder.events()

    @property
    def result(self) -> Outcomes[M]:
        """The outcome of each row; one that was not taken counts as skipped."""
        chunks = [tag.changes for tag in self._in_flight if isinstance(tag, Chunk)]
        chunks += [chunk.changes for chunk in self._chunks.may_be_carried_out()]
        chunks += [lost.changes for lost in self._lost.waiting]
        return self._recorder.close(change for changes in chunks for change in changes)

    # --- what the engine reports

    def accept(self, tag: _Tag, value: Any, attempt: Attempt) -> None:
        """Take an answer."""
        attempt = self._with_past(tag, attempt)
        try:
            match tag:
                case Chunk():
                    self._replies.accept(tag, value, attempt)
                    if not tag.traits.is_repeatable:
                        self._lost.learn(tag, value["records"])
                case SearchRead():
                    self._settle_lost(tag, value, attempt)
                case Lookup():
                    if self._lookups.accept(tag, value):
                        self._settle_lookup(tag)
        except BadReplyError as error:
            self.lose(tag, error, attempt)
            return
        if isinstance(tag, Chunk):
            self._stop.note_answer()
        self._land(tag)

    def _settle_lost(self, tag: SearchRead, value: Any, attempt: Attempt) -> None:
        self._replies.settle_lost(self._lost.accept(tag, value), attempt)
        again = self._lost.searches_again(attempt.now)
        if again is not None:
            self._recorder.emit(again)

    def refuse(self, tag: _Tag, error: AirhaulError, attempt: Attempt) -> None:
        """Handle a call that was not carried out."""
        attempt = self._with_past(tag, attempt)
        self._land(tag)
        match tag:
            case Chunk():
                self._replies.refuse(tag, error, attempt)
                if not attempt.was_lost and _leaves_no_doubt(error, tag.kind):
                    self._not_carried_out.append(tag)
            case SearchRead():
                for lost in self._lost.refuse(tag, error):
                    self._recorder.leave(lost.changes, "unknown", lost.error, attempt)
                    self._stop.end(error)
            case Lookup():
                self._refuse_lookup(tag, error)

    def lose(self, tag: _Tag, error: AirhaulError, attempt: Attempt) -> None:
        """Handle a call that may or may not have been carried out."""
        if not isinstance(tag, Chunk):
            self.refuse(tag, error, attempt)  # a read can be given up without harm
            return
        self._land(tag)
        if not tag.traits.is_repeatable:
            self._lost.add(tag, error, attempt)
            return
        self._replies.check(tag, error, attempt)

    def _with_past(self, tag: _Tag, attempt: Attempt) -> Attempt:
        """Record a request in the journal, and count what another process sent as a try."""
        if not isinstance(tag, Chunk):
            return attempt
        if self._log is not None:
            took = attempt.now - attempt.first_at
            self._log.note_request(attempt.number, tag.kind, len(tag.changes), took, attempt.now)
        return replace(attempt, was_lost=True, since=tag.since) if tag.was_sent else attempt

    # --- what was read

    def _settle_lookup(self, lookup: Lookup[M]) -> None:
        if isinstance(lookup, CheckLookup):
            self._replies.settle_checked(lookup)
        elif isinstance(lookup, SchemaLookup | NamesLookup) and lookup.before is not None:
            self._settle_prefetch(lookup.before)
        elif isinstance(lookup, SchemaLookup):
            self._replies.learn(lookup.tables)
        else:
            self._settle_prefetch(lookup)

    def _settle_prefetch(self, lookup: Lookup[M]) -> None:
        refused = self._lookups.apply(lookup)
        for change in lookup.changes:
            error = refused.get(change.index)
            if error is not None:
                named = error.placed(change.index, source=self._source, line=change.line)
                self._replies.refuse_row(change.index, named, change.source)
            elif not self._stop:
                self._queue(change)

    def _refuse_lookup(self, lookup: Lookup[M], error: AirhaulError) -> None:
        if not self._lookups.refuse(lookup, error):
            return
        if isinstance(lookup, SchemaLookup | NamesLookup):
            if lookup.before is not None:
                self._lookups.give_up_names()
                self._settle_prefetch(lookup.before)
            return
        if isinstance(lookup, CheckLookup):
            self._replies.give_up_checking(lookup, error)
        else:
            columns = {column for change in lookup.changes for column in change.cells}
            error = explained(error, self._target.model, self._target.table, columns)
            self._recorder.leave(lookup.changes, "skipped", error)
        self._stop.end(error)


def _leaves_no_doubt(error: AirhaulError, kind: Kind) -> bool:
    """Whether a request was certainly not carried out, for a reason outside of its rows."""
    is_certain = isinstance(error, RequestCeilingError | NotSentError | ApiError)
    return is_certain and not isinstance(error, ServerError) and not is_about_rows(error, kind)
