"""Writing rows in bulk: ten to a request, an outcome for each, whatever goes wrong on the way.

a row        is encoded, and refused if it is not valid
             waits for a look, where what is there has to be known first
             fills a chunk with nine others of its kind
a chunk      is written, and its rows are settled
             is refused, and taken apart until each bad row stands alone (``split``)
             is lost: creates are looked for (``reconcile``), all else was repeated by the engine
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from airhaul.bulk.changes import Change, Refused
from airhaul.bulk.chunk_queue import ChunkQueue
from airhaul.bulk.chunks import Checking, Chunk, Looking, Reading, Searching
from airhaul.bulk.created import created_or_updated
from airhaul.bulk.culprits import is_about_rows
from airhaul.bulk.events import Event, Reconciled, Splitting
from airhaul.bulk.ledger import Ledger
from airhaul.bulk.log import Log
from airhaul.bulk.look import Look
from airhaul.bulk.lost import LostCreates, not_found_out
from airhaul.bulk.observed import Observed
from airhaul.bulk.outcomes import Outcomes, State
from airhaul.bulk.policy import OnError
from airhaul.bulk.reconcile import Lost, Verdict
from airhaul.bulk.retry import Retries
from airhaul.bulk.rows import Encoder
from airhaul.bulk.split import blame, part
from airhaul.bulk.target import Target
from airhaul.bulk.work import Sending
from airhaul.errors import (
    AirhaulError,
    ApiError,
    BadReplyError,
    IteratorExpiredError,
    NotFoundError,
    RequestCeilingError,
    RowError,
    ServerError,
    TransportError,
)
from airhaul.model.base import RecordBase
from airhaul.wire.call import Call
from airhaul.wire.limits import RECORDS_PER_PAGE
from airhaul.wire.replies import list_in, records_in
from airhaul.wire.shapes import RecordJson

M = TypeVar("M", bound=RecordBase)

_Tag = Chunk[Any] | Reading[Any] | Searching

_MOST_RESTARTS: Final = 5
# A service that loses so many requests in a row is down; asking on would take hours.
_MOST_OUTAGES: Final = 3


class WriteRows(Generic[M]):
    """Work that writes rows.

    Args:
        target: The table.
        encoder: Makes changes of rows.
        ledger: Settles rows.
        observed: What is known of the base, shared with the engine.
        on_error: What a row does that is not written.
        look: What has to be known of records before they are changed, if anything.
        retries: How often rows are sent whose create was lost, and how long to wait before looking.
        source: The file that the rows come from, for errors.
        log: Writes down what is about to be sent; None for none.
    """

    def __init__(
        self,
        target: Target,
        encoder: Encoder[M],
        ledger: Ledger[M],
        observed: Observed,
        *,
        on_error: OnError = "stop",
        look: Look | None = None,
        retries: Retries | None = None,
        source: str | None = None,
        log: Log[M] | None = None,
    ) -> None:
        self._target = target
        self._encoder = encoder
        self._ledger = ledger
        self._observed = observed
        self._on_error: OnError = on_error
        self._look = look
        self._retries = retries or Retries()
        self._source = source
        self._log = log
        self._taken = 0
        self._rows_ended = False
        self._stopped = False
        self._failed = False
        self._outages = 0
        self._looking: list[Change[M]] = []
        self._chunks = ChunkQueue[M]()
        self._readings: deque[Reading[M]] = deque()
        self._lost = LostCreates[M](target, observed, self._retries.settle_s)
        self._out: dict[_Tag, None] = {}
        self._recovered: set[int] = set()
        self.ended_by: AirhaulError | None = None
        self.written: list[Change[M]] = []

    # --- what the engine asks

    @property
    def wants_row(self) -> bool:
        """Whether there is room for one more row."""
        return not (
            self.stopping
            or self._lost
            or self._has_enough_chunks
            or self._rows_ended
            or len(self._looking) >= RECORDS_PER_PAGE
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
        return self._rows_ended

    @property
    def stopping(self) -> bool:
        """Whether nothing new may be sent."""
        return self._stopped or self._failed

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to be found out."""
        return not (self._out or self._lost or any(map(_finds_out, self._readings)))

    def is_new(self, tag: object) -> bool:
        """Whether a call writes rows, or looks at them before, and does not find out."""
        return isinstance(tag, Chunk | Looking)

    def wakes_at(self) -> float | None:
        """When what was lost may be looked for."""
        if self._lost:
            return None if self._out else self._lost.looks_at
        checks = [reading.at for reading in self._readings if isinstance(reading, Checking)]
        return min(checks, default=None)

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
        if self.stopping:
            self._readings = deque(filter(_finds_out, self._readings))
        reading = self._next_reading(now)
        if reading is not None or self.stopping or self._is_checking():
            return reading
        return self._next_to_write(now)

    def _is_checking(self) -> bool:
        """Whether it is not known yet if rows have failed; until it is, nothing new is sent."""
        return any(isinstance(one, Checking) for one in (*self._readings, *self._out))

    def _next_to_write(self, now: float) -> tuple[_Tag, Call] | None:
        if not self._chunks:
            full = len(self._looking) >= RECORDS_PER_PAGE
            if self._looking and (full or self._rows_ended):
                changes, self._looking = self._looking, []
                self._readings.append(Looking(changes))
                return self._next_reading(now)
            if self._rows_ended and not any(isinstance(tag, Looking) for tag in self._out):
                self._chunks.flush()
        if self._log is not None and self._chunks and not self._chunks.next_is_intended:
            if self.wants_row:
                return None
            self._log.intend(self._chunks.without_intent(), now)
        chunk = self._chunks.take(is_writing_others=self._is_writing_others())
        return None if chunk is None else (chunk, self._target.call(chunk.kind, chunk.changes))

    def _is_writing_others(self) -> bool:
        """Whether anything but deletions is on its way."""
        return any(not (isinstance(tag, Chunk) and tag.kind == "delete") for tag in self._out)

    def offer(self, row: object) -> None:
        """Take a row, validate it and make a change of it."""
        index = row.index if isinstance(row, Change | Refused) else self._taken
        self._taken = max(self._taken, index + 1)
        outcomes = self._ledger.outcomes
        outcomes.open(index)
        try:
            change = self._encoder.encode(index, row)
        except RowError as error:
            if outcomes.is_settled(index):
                return
            outcomes.open(index, error.line)
            self._refuse(index, error, row.source if isinstance(row, Refused) else row)
            return
        outcomes.open(index, change.line)
        if outcomes.is_settled(index) or index in self._recovered:
            return  # before this process took the call up
        if change.kind != "keep" and self._look is not None and self._look.is_needed(change):
            self._looking.append(change)
        else:
            self._fill(change)

    def recover(self, chunk: Chunk[M], began: datetime, now: float) -> None:
        """Take up what another process was about to send, and may have sent.

        Args:
            chunk: What it was.
            began: A time before all of it; creates are looked for from then on, where the chunk
                knows none.
            now: In seconds on the clock of ``next_call``.
        """
        for change in chunk.changes:
            self._ledger.outcomes.open(change.index, change.line)
            self._recovered.add(change.index)
        if chunk.kind == "create":
            error = TransportError("the process that sent it was ended before its reply came")
            since = chunk.since or began
            self._lost.add_of_others(Lost(chunk.changes, error, now, chunk.tries, since))
        else:
            self._chunks.put_first([chunk])

    def _fill(self, change: Change[M]) -> None:
        if change.kind == "keep":
            self._ledger.leave_unchanged(change)
        else:
            self._chunks.add(change)

    def end_of_rows(self) -> None:
        """Learn that the last chunks may stay short."""
        self._rows_ended = True

    def stop(self) -> None:
        """Take no more rows, and send nothing new."""
        self._stopped = True

    def abandon(self, tag: _Tag) -> None:
        """Learn that a call was not sent; its rows count as skipped."""
        del self._out[tag]

    def events(self) -> list[Event]:
        """Hand over what happened since the last time."""
        return self._ledger.events()

    @property
    def result(self) -> Outcomes[M]:
        """What became of each row; one that was not taken counts as skipped."""
        chunks = [tag.changes for tag in self._out if isinstance(tag, Chunk)]
        chunks += [lost.changes for lost in self._lost.waiting]
        return self._ledger.close(change for changes in chunks for change in changes)

    # --- what the engine tells

    def accept(self, tag: _Tag, value: Any, sending: Sending) -> None:
        """Take an answer."""
        sending = self._with_past(tag, sending)
        try:
            match tag:
                case Chunk():
                    self._accept_chunk(tag, value, sending)
                case Searching():
                    self._act_on(self._lost.accept(tag, value, sending), sending)
                case Reading():
                    self._accept_reading(tag, value)
        except BadReplyError as error:
            self.lose(tag, error, sending)
            return
        self._outages = 0
        self._out.pop(tag, None)

    def refuse(self, tag: _Tag, error: AirhaulError, sending: Sending) -> None:
        """Learn that a call was not carried out."""
        sending = self._with_past(tag, sending)
        self._out.pop(tag, None)
        match tag:
            case Chunk():
                self._refuse_chunk(tag, error, sending)
            case Searching():
                for lost in self._lost.refuse(error):
                    self._ledger.leave(lost.changes, "unknown", lost.error, sending)
                    self._end(error)
            case Reading():
                self._refuse_reading(tag, error)

    def lose(self, tag: _Tag, error: AirhaulError, sending: Sending) -> None:
        """Learn that nobody knows whether a call was carried out."""
        if not isinstance(tag, Chunk):
            self.refuse(tag, error, sending)  # what reads can be given up without harm
            return
        self._out.pop(tag, None)
        if tag.kind == "create":
            self._lost.add(tag, error, sending)
            return
        self._check(tag, error, sending)
        if not isinstance(error, TransportError | ServerError):
            self._end(error)

    def _with_past(self, tag: _Tag, sending: Sending) -> Sending:
        """Count what another process has sent as a try, and note the request in the journal."""
        if not isinstance(tag, Chunk):
            return sending
        if self._log is not None:
            took = sending.now - sending.first_at
            self._log.note_request(sending.number, tag.kind, len(tag.changes), took, sending.now)
        return replace(sending, was_lost=True, since=tag.since) if tag.was_sent else sending

    # --- chunks that were carried out

    def _accept_chunk(self, chunk: Chunk[M], value: Any, sending: Sending) -> None:
        changes = chunk.changes
        if chunk.kind == "delete":
            list_in(value, "records")
            self._delete(changes, sending)
            return
        raws = records_in(value, len(changes))
        states: list[State] = ["created"] * len(changes)
        if chunk.kind != "create":
            states = created_or_updated(changes, raws, value, sending, self._observed)
        self._write(changes, raws, states, sending)

    def _write(
        self,
        changes: Sequence[Change[M]],
        raws: Sequence[RecordJson],
        states: Sequence[State],
        sending: Sending,
    ) -> None:
        self._ledger.write(changes, raws, states, sending)
        for change, raw, state in zip(changes, raws, states, strict=True):
            change.record_id = raw["id"]
            change.kind = "create" if state == "created" else change.kind
        self._remember(changes)

    def _delete(self, changes: Sequence[Change[M]], sending: Sending) -> None:
        self._ledger.delete(changes, sending)
        self._remember(changes)

    def _remember(self, changes: Sequence[Change[M]]) -> None:
        """Keep what was done, where it may have to be taken back."""
        if self._on_error == "rollback":
            self.written += changes

    # --- chunks that were refused

    def _refuse(
        self, index: int, error: RowError, row: object, sending: Sending | None = None
    ) -> None:
        self._ledger.refuse(index, error, row, sending)
        if self._on_error != "continue":
            self._failed = True

    def _end(self, error: AirhaulError) -> None:
        """Send nothing new, whatever the policy: what failed would fail again."""
        self._failed = True
        self.ended_by = self.ended_by or error

    def _note_outage(self, error: AirhaulError) -> None:
        self._outages += 1
        if self._on_error != "continue" or self._outages >= _MOST_OUTAGES:
            self._end(error)

    def _refuse_chunk(self, chunk: Chunk[M], error: AirhaulError, sending: Sending) -> None:
        if isinstance(error, RequestCeilingError):
            self._ledger.leave(chunk.changes, "skipped", error)
            self._end(error)
        elif chunk.kind != "create" and sending.was_lost and self._has_to_be_checked(chunk, error):
            self._check(chunk, error, sending)
        elif not is_about_rows(error, chunk.kind):
            self._ledger.leave(chunk.changes, "failed", error, sending)
            if isinstance(error, TransportError):
                self._note_outage(error)
            else:
                self._end(error)
        elif self._on_error == "continue":
            parted = part(chunk, error, self._source)
            self._blame(parted.blamed, sending)
            if parted.chunks:
                self._ledger.tell(Splitting(len(chunk.changes), error))
                self._chunks.put_first(parted.chunks)
        else:
            self._blame(blame(chunk.changes, error, self._source), sending)

    def _has_to_be_checked(self, chunk: Chunk[M], error: AirhaulError) -> bool:
        """Whether an earlier try may have written rows that are not to be sent again."""
        if chunk.kind == "delete" and _says_it_is_gone(error):
            return True
        return is_about_rows(error, chunk.kind) and self._on_error != "continue"

    def _blame(self, rows: Iterable[tuple[Change[M], RowError]], sending: Sending) -> None:
        for change, error in rows:
            self._refuse(change.index, error, change.source, sending)

    # --- reading what is there

    def _next_reading(self, now: float) -> tuple[_Tag, Call] | None:
        is_due = (not isinstance(one, Checking) or one.at <= now for one in self._readings)
        place = next((place for place, due in enumerate(is_due) if due), None)
        if place is None:
            return None
        reading = self._readings[place]
        del self._readings[place]
        if isinstance(reading, Checking):
            formula, fields = self._target.find(reading.changes), None
        else:
            assert self._look is not None, "only a look makes rows wait"
            formula = self._look.formula(reading.changes)
            fields = self._look.fields(reading.changes)
        return reading, self._target.read(formula, fields, reading.offset)

    def _accept_reading(self, reading: Reading[M], value: Any) -> None:
        reading.records += records_in(value)
        reading.offset = value.get("offset")
        if reading.offset is not None:
            self._readings.append(reading)
        elif isinstance(reading, Checking):
            self._settle_checked(reading)
        else:
            self._settle_look(reading)

    def _settle_look(self, reading: Reading[M]) -> None:
        assert self._look is not None, "only a look makes rows wait"
        refused = self._look.take(reading.changes, reading.records)
        for change in reading.changes:
            error = refused.get(change.index)
            if error is not None:
                named = RowError(
                    error.reason, index=change.index, source=self._source, line=change.line
                )
                self._refuse(change.index, named, change.source)
            elif not self.stopping:
                self._fill(change)

    def _check(self, chunk: Chunk[M], error: AirhaulError, sending: Sending) -> None:
        """Look what became of rows whose request was lost, before anything is said of them."""
        at = sending.now + self._retries.settle_s
        self._readings.append(
            Checking(chunk.changes, kind=chunk.kind, error=error, sending=sending, at=at)
        )

    def _settle_checked(self, reading: Checking[M]) -> None:
        """What is as it was asked for was done by the request that was lost; the rest was not."""
        done, raws, left = self._target.sort(reading.kind, reading.changes, reading.records)
        if reading.kind == "delete":
            self._delete(done, reading.sending)
        elif done:
            sending = replace(reading.sending, was_lost=True)
            states = created_or_updated(done, raws, {}, sending, self._observed)
            self._write(done, raws, states, sending)
        if left:
            self._leave_checked(left, reading)

    def _leave_checked(self, left: list[Change[M]], reading: Checking[M]) -> None:
        """Deal with rows that a lost request has not written, by what ended it."""
        if not is_about_rows(reading.error, reading.kind):
            self._ledger.leave(left, "failed", reading.error, reading.sending)
            self._note_outage(reading.error)
        elif reading.kind == "delete" and not self.stopping:
            self._chunks.put_first([Chunk(reading.kind, left)])  # some are gone: these are not
        else:
            self._blame(blame(left, reading.error, self._source), reading.sending)

    def _refuse_reading(self, reading: Reading[M], error: AirhaulError) -> None:
        if isinstance(error, IteratorExpiredError) and reading.restarts < _MOST_RESTARTS:
            reading.restart()
            self._readings.append(reading)
            return
        if isinstance(reading, Checking):
            unclear = not_found_out(reading.error, error)
            self._ledger.leave(reading.changes, "unknown", unclear, reading.sending)
            self._remember([change for change in reading.changes if change.kind == "update"])
        else:
            self._ledger.leave(reading.changes, "skipped", error)
        self._end(error)

    # --- creates whose reply was lost

    def _act_on(self, verdicts: Sequence[Verdict[M]], sending: Sending) -> None:
        rows = {"there": 0, "absent": 0, "unknown": 0}
        for verdict in verdicts:
            changes = verdict.lost.changes
            rows[verdict.fate] += len(changes)
            if verdict.fate == "there":
                states: list[State] = ["created"] * len(changes)
                self._write(changes, verdict.records, states, sending)
            elif verdict.fate == "absent":
                self._send_again(verdict.lost)
            else:
                error = TransportError(f"{verdict.lost.error} Looking for its rows: {verdict.why}.")
                self._ledger.leave(changes, "unknown", error, sending)
                if self._on_error != "continue":
                    self._end(error)
        if verdicts:
            self._ledger.tell(Reconciled(rows["there"], rows["absent"], rows["unknown"]))

    def _send_again(self, lost: Lost[M]) -> None:
        if self.stopping:
            self._ledger.leave(lost.changes, "skipped", lost.error)
        elif lost.tries < self._retries.tries:
            self._chunks.put_first([Chunk("create", lost.changes, lost.tries + 1)])
        else:
            self._ledger.leave(lost.changes, "failed", lost.error)
            self._note_outage(lost.error)


def _finds_out(reading: Reading[Any]) -> bool:
    """Whether a reading is about what was done, and not about what is to be done."""
    return isinstance(reading, Checking)


def _says_it_is_gone(error: AirhaulError) -> bool:
    if isinstance(error, NotFoundError):
        return True
    return isinstance(error, ApiError) and error.type in ("ROW_DOES_NOT_EXIST", "NOT_FOUND")
