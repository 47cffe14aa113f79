"""Writing rows in bulk: ten to a request, an outcome for each, whatever goes wrong on the way.

a row        is encoded, and refused if it is not valid (``intake``)
             waits for a look, where what is there has to be known first (``lookups``)
             fills a chunk with nine others of its kind (``chunk_queue``)
a chunk      is written, and its rows are settled (``settling``)
             is refused, and taken apart until each bad row stands alone (``split``)
             is lost: creates are looked for (``lost``), all else was repeated by the engine

What is sent next is decided here.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, Generic, TypeVar

from airhaul.bulk.engine.events import Event
from airhaul.bulk.engine.known_base import KnownBase
from airhaul.bulk.engine.retry import Retries
from airhaul.bulk.engine.work import Attempt
from airhaul.bulk.results.outcomes import Outcomes
from airhaul.bulk.results.policy import Policy, StopSwitch
from airhaul.bulk.rows.changes import Change, Chunk, InvalidRow
from airhaul.bulk.rows.encoders import Encoder
from airhaul.bulk.rows.precheck import Intake
from airhaul.bulk.rows.target import Target
from airhaul.bulk.writing.chunk_replies import ChunkReplies
from airhaul.bulk.writing.chunks import (
    CheckLookup,
    ChunkQueue,
    Log,
    Lookup,
    PrefetchLookup,
    SearchRead,
)
from airhaul.bulk.writing.lost_creates import LostCreates
from airhaul.bulk.writing.prefetch import Lookups, Prefetch
from airhaul.bulk.writing.reconcile import Lost
from airhaul.bulk.writing.recorder import OutcomeRecorder
from airhaul.errors import (
    AirhaulError,
    BadReplyError,
    RowError,
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
        encoder: Makes changes of rows.
        recorder: Settles rows.
        known_base: What is known of the base, shared with the engine.
        policy: What is done about rows that cannot be written.
        prefetch: What has to be known of records before they are changed, if anything.
        retries: How often rows are sent whose create was lost, and how long to wait before looking.
        source: The file that the rows come from, for errors.
        log: Writes down what is about to be sent; None for none.
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
        self._lost = LostCreates[M](target, known_base, retries.settle_s)
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
        self._out: dict[_Tag, None] = {}

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
        """Whether there is enough to send; with a journal, enough to write down together."""
        if self._log is None or self._chunks.next_is_intended:
            return bool(self._chunks)
        return len(self._chunks) >= self._log.ahead

    @property
    def has_taken_all(self) -> bool:
        """Whether every row was taken: a stream may have more of them, which nobody knows of."""
        return self._intake.has_ended

    @property
    def stopping(self) -> bool:
        """Whether nothing new may be sent."""
        return bool(self._stop)

    @property
    def written(self) -> list[Change[M]]:
        """What was done, where it may have to be taken back."""
        return self._replies.written

    @property
    def ended_by(self) -> AirhaulError | None:
        """What ended the call before its last row, if anything did."""
        return self._stop.ended_by

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to be found out."""
        return not (self._out or self._lost or self._lookups.is_checking)

    def is_new(self, tag: object) -> bool:
        """Whether a call writes rows, or looks at them before, and does not find out."""
        return isinstance(tag, Chunk | PrefetchLookup)

    def wakes_at(self) -> float | None:
        """When what was lost may be looked for."""
        if self._lost:
            return None if self._out else self._lost.search_at
        return self._lookups.next_check_at()

    def next_call(self, now: float) -> tuple[_Tag, Call] | None:
        """Hand over what can be sent now."""
        found = self._next(now)
        if found is not None:
            self._out[found[0]] = None
        return found

    def _next(self, now: float) -> tuple[_Tag, Call] | None:
        if self._lost:
            # While anything is on its way, what is found could not be told from it.
            return None if self._out else self._lost.next_call(now)
        if self._stop:
            self._lookups.drop_prefetches()
        lookup = self._lookups.next_call(now)
        if lookup is not None or self._stop or self._is_checking():
            return lookup
        return self._next_to_write(now)

    def _is_checking(self) -> bool:
        """Whether it is not known yet if rows have failed; until it is, nothing new is sent."""
        if self._lookups.is_checking:
            return True
        return bool(self._out) and any(isinstance(tag, CheckLookup) for tag in self._out)

    def _next_to_write(self, now: float) -> tuple[_Tag, Call] | None:
        if not self._chunks:
            if self._lookups.is_full or self._intake.has_ended:
                self._lookups.start_prefetch()
                lookup = self._lookups.next_call(now)
                if lookup is not None:
                    return lookup
            if self._intake.has_ended and not any(
                isinstance(tag, PrefetchLookup) for tag in self._out
            ):
                self._chunks.flush()
        if not self._chunks:
            return None
        if self._log is not None and not self._chunks.next_is_intended:
            if self.wants_row:
                return None
            self._log.intend(self._chunks.without_intent(), now)
        chunk = self._chunks.take(is_writing_others=self._is_writing_others())
        return None if chunk is None else (chunk, self._target.call(chunk.kind, chunk.changes))

    def _is_writing_others(self) -> bool:
        """Whether anything but deletions is on its way."""
        return any(not (isinstance(tag, Chunk) and tag.traits.removes) for tag in self._out)

    def offer(self, row: object) -> None:
        """Take a row, validate it and make a change of it."""
        match self._intake.take(row):
            case None:
                pass
            case InvalidRow(index, error, source):
                self._replies.refuse_row(index, error, source)
            case change if self._lookups.is_needed_for(change):
                self._lookups.add(change)
            case change:
                self._fill(change)

    def recover(self, chunk: Chunk[M], began: datetime, now: float) -> None:
        """Take up what another process was about to send, and may have sent.

        Args:
            chunk: What it was.
            began: A time before all of it; creates are looked for from then on, where the chunk
                knows none.
            now: In seconds on the clock of ``next_call``.
        """
        self._intake.recover(chunk.changes)
        if not chunk.traits.is_repeatable:
            error = TransportError("the process that sent it ended before the reply came")
            since = chunk.since or began
            self._lost.add_recovered(Lost(chunk.changes, error, now, chunk.tries, since))
        else:
            self._chunks.put_first([chunk])

    def _fill(self, change: Change[M]) -> None:
        if change.kind == "keep":
            self._recorder.leave_unchanged(change)
        else:
            self._chunks.add(change)

    def end_of_rows(self) -> None:
        """Learn that the last chunks may stay short."""
        self._intake.has_ended = True

    def stop(self) -> None:
        """Take no more rows, and send nothing new."""
        self._stop.stop()

    def abandon(self, tag: _Tag) -> None:
        """Learn that a call was not sent; its rows count as skipped."""
        del self._out[tag]

    def events(self) -> list[Event]:
        """Hand over what happened since the last time."""
        return self._recorder.events()

    @property
    def result(self) -> Outcomes[M]:
        """What became of each row; one that was not taken counts as skipped."""
        chunks = [tag.changes for tag in self._out if isinstance(tag, Chunk)]
        chunks += [lost.changes for lost in self._lost.waiting]
        return self._recorder.close(change for changes in chunks for change in changes)

    # --- what the engine tells

    def accept(self, tag: _Tag, value: Any, attempt: Attempt) -> None:
        """Take an answer."""
        attempt = self._with_past(tag, attempt)
        try:
            match tag:
                case Chunk():
                    self._replies.accept(tag, value, attempt)
                case SearchRead():
                    self._replies.settle_lost(self._lost.accept(tag, value, attempt), attempt)
                case Lookup():
                    if self._lookups.accept(tag, value):
                        self._settle_lookup(tag)
        except BadReplyError as error:
            self.lose(tag, error, attempt)
            return
        self._stop.note_answer()
        self._out.pop(tag, None)

    def refuse(self, tag: _Tag, error: AirhaulError, attempt: Attempt) -> None:
        """Learn that a call was not carried out."""
        attempt = self._with_past(tag, attempt)
        self._out.pop(tag, None)
        match tag:
            case Chunk():
                self._replies.refuse(tag, error, attempt)
            case SearchRead():
                for lost in self._lost.refuse(error):
                    self._recorder.leave(lost.changes, "unknown", lost.error, attempt)
                    self._stop.end(error)
            case Lookup():
                self._refuse_lookup(tag, error)

    def lose(self, tag: _Tag, error: AirhaulError, attempt: Attempt) -> None:
        """Learn that nobody knows whether a call was carried out."""
        if not isinstance(tag, Chunk):
            self.refuse(tag, error, attempt)  # what reads can be given up without harm
            return
        self._out.pop(tag, None)
        if not tag.traits.is_repeatable:
            self._lost.add(tag, error, attempt)
            return
        self._replies.check(tag, error, attempt)
        if not isinstance(error, TransportError | ServerError):
            self._stop.end(error)

    def _with_past(self, tag: _Tag, attempt: Attempt) -> Attempt:
        """Count what another process has sent as a try, and note the request in the journal."""
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
        else:
            self._settle_prefetch(lookup)

    def _settle_prefetch(self, lookup: Lookup[M]) -> None:
        refused = self._lookups.apply(lookup)
        for change in lookup.changes:
            error = refused.get(change.index)
            if error is not None:
                named = RowError(
                    error.reason, index=change.index, source=self._source, line=change.line
                )
                self._replies.refuse_row(change.index, named, change.source)
            elif not self._stop:
                self._fill(change)

    def _refuse_lookup(self, lookup: Lookup[M], error: AirhaulError) -> None:
        if not self._lookups.refuse(lookup, error):
            return
        if isinstance(lookup, CheckLookup):
            self._replies.give_up_checking(lookup, error)
        else:
            self._recorder.leave(lookup.changes, "skipped", error)
        self._stop.end(error)
