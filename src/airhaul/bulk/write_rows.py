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
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final, Generic, TypeVar, cast

from airhaul.bulk.changes import Change, Kind, Refused
from airhaul.bulk.culprits import is_about_rows, row_error, suspects_of
from airhaul.bulk.estimate import Estimate
from airhaul.bulk.events import Event, Reconciled, RowRefused, RowsWritten, Splitting
from airhaul.bulk.look import Look
from airhaul.bulk.observed import Observed
from airhaul.bulk.outcomes import Outcomes, State
from airhaul.bulk.policy import OnError
from airhaul.bulk.reconcile import Lost, Search, Verdict
from airhaul.bulk.retry import Retries
from airhaul.bulk.rows import Encoder
from airhaul.bulk.split import parts_of
from airhaul.bulk.target import Target, with_ids
from airhaul.bulk.work import Sending
from airhaul.errors import (
    AirhaulError,
    ApiError,
    BadReplyError,
    IteratorExpiredError,
    NotFoundError,
    RequestCeilingError,
    RowError,
    TransportError,
)
from airhaul.model.base import RecordBase
from airhaul.model.read import Reader
from airhaul.model.write import absorb
from airhaul.wire.call import Call
from airhaul.wire.limits import RECORDS_PER_PAGE, RECORDS_PER_WRITE
from airhaul.wire.replies import list_in, records_in
from airhaul.wire.shapes import RecordJson

M = TypeVar("M", bound=RecordBase)

_MOST_RESTARTS: Final = 5
# A service that loses so many requests in a row is down; asking on would take hours.
_MOST_OUTAGES: Final = 3
_ORDER: Final[tuple[Kind, ...]] = ("update", "upsert", "create", "delete")


@dataclass(slots=True, eq=False)
class _Chunk(Generic[M]):
    """Up to ten rows of one kind: one request."""

    kind: Kind
    changes: list[Change[M]]
    tries: int = 1


@dataclass(slots=True, eq=False)
class _Reading(Generic[M]):
    """Reading the records that some rows are about, page by page."""

    changes: list[Change[M]]
    records: list[RecordJson] = field(default_factory=list[RecordJson])
    offset: str | None = None
    restarts: int = 0


class _Looking(_Reading[M]):
    """Looking at what is there before it is changed."""


class _Missing(_Reading[M]):
    """Looking which records are left, of those that a lost request may have deleted."""


@dataclass(slots=True, eq=False)
class _Searching:
    """A page of the search for lost creates."""

    is_look: bool


class WriteRows(Generic[M]):
    """Work that writes rows.

    Args:
        target: The table.
        encoder: Makes changes of rows.
        reader: Makes records of replies.
        outcomes: Where what becomes of each row is kept.
        observed: What is known of the base, shared with the engine.
        on_error: What a row does that is not written.
        look: What has to be known of records before they are changed, if anything.
        retries: How often rows are sent whose create was lost, and how long to wait before looking.
        total: How many rows there are, or None while that is not known.
        rows_per_second: What the pace allows at most, or None for any number.
        source: The file that the rows come from, for errors.
    """

    def __init__(
        self,
        target: Target,
        encoder: Encoder[M],
        reader: Reader[M],
        outcomes: Outcomes[M],
        observed: Observed,
        *,
        on_error: OnError = "stop",
        look: Look | None = None,
        retries: Retries | None = None,
        total: int | None = None,
        rows_per_second: float | None = None,
        source: str | None = None,
    ) -> None:
        self._target = target
        self._encoder = encoder
        self._reader = reader
        self._outcomes = outcomes
        self._observed = observed
        self._on_error: OnError = on_error
        self._look = look
        self._retries = retries or Retries()
        self._total = total
        self._estimate = Estimate(total, rows_per_second)
        self._source = source
        self._taken = 0
        self._rows_ended = False
        self._stopped = False
        self._failed = False
        self._outages = 0
        self._looking: list[Change[M]] = []
        self._filling: dict[Kind, list[Change[M]]] = {kind: [] for kind in _ORDER}
        self._ready: deque[_Chunk[M]] = deque()
        self._readings: deque[_Reading[M]] = deque()
        self._out: dict[_Chunk[M] | _Reading[M] | _Searching, None] = {}
        self._lost: list[Lost[M]] = []
        self._search: Search[M] | None = None
        self._search_at = 0.0
        self._searches = 0
        self._restarts = 0
        self._events: list[Event] = []
        self.ended_by: AirhaulError | None = None
        self.written: list[Change[M]] = []

    # --- what the engine asks

    @property
    def wants_row(self) -> bool:
        """Whether there is room for one more row."""
        return not (
            self.stopping
            or self._lost
            or self._ready
            or self._rows_ended
            or len(self._looking) >= RECORDS_PER_PAGE
        )

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
        return isinstance(tag, _Chunk | _Looking)

    def wakes_at(self) -> float | None:
        """When lost rows may be looked for."""
        return self._search_at if self._lost and not self._out else None

    def next_call(self, now: float) -> tuple[Any, Call] | None:
        """Hand over what can be sent now."""
        found = self._next(now)
        if found is not None:
            self._out[found[0]] = None
        return found

    def _next(self, now: float) -> tuple[Any, Call] | None:
        if self._lost:
            return self._next_search(now)
        if self.stopping:
            self._readings = deque(filter(_finds_out, self._readings))
        if self._readings:
            return self._next_reading()
        if self.stopping:
            return None
        if self._ready:
            if self._ready[0].kind == "delete" and self._is_writing_others():
                return None
            chunk = self._ready.popleft()
            return chunk, self._target.call(chunk.kind, chunk.changes)
        full = len(self._looking) >= RECORDS_PER_PAGE
        if self._looking and (full or self._rows_ended):
            changes, self._looking = self._looking, []
            self._readings.append(_Looking(changes))
            return self._next_reading()
        if self._rows_ended and not any(isinstance(tag, _Looking) for tag in self._out):
            self._flush(_ORDER)
            return self._next(now) if self._ready else None
        return None

    def _is_writing_others(self) -> bool:
        """Whether anything but deletions is on its way: what replaces comes before what removes."""
        return any(not (isinstance(tag, _Chunk) and tag.kind == "delete") for tag in self._out)

    def offer(self, row: object) -> None:
        """Take a row, validate it and make a change of it."""
        index = row.index if isinstance(row, Change | Refused) else self._taken
        self._taken = max(self._taken, index + 1)
        self._outcomes.open(index)
        try:
            change = self._encoder.encode(index, row)
        except RowError as error:
            self._outcomes.open(index, error.line)
            self._refuse_row(index, error, row.source if isinstance(row, Refused) else row)
            return
        self._outcomes.open(index, change.line)
        if change.kind != "keep" and self._look is not None and self._look.is_needed(change):
            self._looking.append(change)
        else:
            self._fill(change)

    def _fill(self, change: Change[M]) -> None:
        if change.kind == "keep":
            self._keep(change)
            return
        if change.kind == "delete":
            self._flush([kind for kind in _ORDER if kind != "delete"])
        filling = self._filling[change.kind]
        filling.append(change)
        if len(filling) == RECORDS_PER_WRITE:
            self._flush([change.kind])

    def _flush(self, kinds: Iterable[Kind]) -> None:
        for kind in kinds:
            if self._filling[kind]:
                self._ready.append(_Chunk(kind, self._filling[kind]))
                self._filling[kind] = []

    def end_of_rows(self) -> None:
        """Learn that the last chunks may stay short."""
        self._rows_ended = True

    def stop(self) -> None:
        """Take no more rows, and send nothing new."""
        self._stopped = True

    def abandon(self, tag: _Chunk[M] | _Reading[M]) -> None:
        """Learn that a call was not sent; its rows count as skipped."""
        del self._out[tag]

    def events(self) -> list[Event]:
        """Hand over what happened since the last time."""
        events, self._events = self._events, []
        return events

    @property
    def result(self) -> Outcomes[M]:
        """What became of each row; one that was not taken counts as skipped."""
        self._outcomes.extend_to(self._total or 0)
        cut_off = AirhaulError("it was cut off before its reply came")
        on_way = [tag for tag in self._out if isinstance(tag, _Chunk)]
        for changes in [*(chunk.changes for chunk in on_way), *(one.changes for one in self._lost)]:
            for change in changes:
                if not self._outcomes.is_settled(change.index):
                    self._outcomes.settle(change.index, "unknown", error=cut_off)
        return self._outcomes

    # --- what the engine tells

    def accept(
        self, tag: _Chunk[M] | _Reading[M] | _Searching, value: Any, sending: Sending
    ) -> None:
        """Take an answer."""
        try:
            match tag:
                case _Chunk():
                    self._accept_chunk(tag, value, sending)
                case _Searching():
                    self._accept_search(tag, value, sending)
                case _:
                    self._accept_reading(tag, value)
        except BadReplyError as error:
            self.lose(tag, error, sending)
            return
        self._outages = 0
        self._out.pop(tag, None)

    def refuse(
        self, tag: _Chunk[M] | _Reading[M] | _Searching, error: AirhaulError, sending: Sending
    ) -> None:
        """Learn that a call was not carried out."""
        self._out.pop(tag, None)
        match tag:
            case _Chunk():
                self._refuse_chunk(tag, error, sending)
            case _Searching():
                self._refuse_search(error, sending)
            case _:
                self._refuse_reading(tag, error)

    def lose(
        self, tag: _Chunk[M] | _Reading[M] | _Searching, error: AirhaulError, sending: Sending
    ) -> None:
        """Learn that nobody knows whether a call was carried out."""
        if not isinstance(tag, _Chunk):
            self.refuse(tag, error, sending)  # what reads can be given up without harm
            return
        self._out.pop(tag, None)
        if tag.kind == "create":
            self._lost.append(Lost(tag.changes, error, sending.first_at, tag.tries))
            self._search_at = max(self._search_at, sending.now + self._retries.settle_s)
            self._searches = 0
            return
        for change in tag.changes:
            self._outcomes.settle(change.index, "unknown", error=error, request=sending.number)
        self._note_outage(error)

    # --- rows that are settled

    def _keep(self, change: Change[M]) -> None:
        record = change.record
        if change.found is not None:
            record = self._record(change, change.found)
        self._outcomes.settle(change.index, "unchanged", id=change.record_id)
        if record is not None:
            self._outcomes.keep(change.index, record, change.found)
        self._tell([record if record is not None else change.record_id], "unchanged")

    def _accept_chunk(self, chunk: _Chunk[M], value: Any, sending: Sending) -> None:
        changes = chunk.changes
        if chunk.kind == "delete":
            list_in(value, "records")
            self._settle_deleted(changes, sending)
            return
        raws = records_in(value, len(changes))
        states: list[State] = ["created" if chunk.kind == "create" else "updated"] * len(changes)
        if chunk.kind == "upsert":
            states = self._upsert_states(changes, raws, value, sending)
        self._settle_written(changes, raws, states, sending)

    def _upsert_states(
        self,
        changes: Sequence[Change[M]],
        raws: Sequence[RecordJson],
        value: Any,
        sending: Sending,
    ) -> list[State]:
        """Tell created records from updated ones, also when an earlier try has created them."""
        created = set(cast("dict[str, Any]", value).get("createdRecords") or ())
        if sending.was_lost and self._observed.clock.is_known:
            since = self._observed.clock.earliest(sending.first_at)
            created |= {
                raw["id"]
                for change, raw in zip(changes, raws, strict=True)
                if change.record_id is None and _created_since(raw, since)
            }
        return ["created" if raw["id"] in created else "updated" for raw in raws]

    def _settle_written(
        self,
        changes: Sequence[Change[M]],
        raws: Sequence[RecordJson],
        states: Sequence[State],
        sending: Sending,
    ) -> None:
        records: list[tuple[State, M]] = []
        for change, raw, state in zip(changes, raws, states, strict=True):
            record = self._record(change, raw)
            self._outcomes.settle(change.index, state, id=raw["id"], request=sending.number)
            self._outcomes.keep(change.index, record, raw)
            self._remember(change, state, raw["id"])
            records.append((state, record))
        self._observed.created(
            raw["id"] for raw, state in zip(raws, states, strict=True) if state == "created"
        )
        self._estimate.note(self._outcomes.settled, sending.now)
        for _, group in groupby(records, key=lambda pair: pair[0]):
            pairs = list(group)
            self._tell([record for _, record in pairs], pairs[0][0])

    def _settle_deleted(self, changes: Sequence[Change[M]], sending: Sending) -> None:
        for change in changes:
            self._outcomes.settle(
                change.index, "deleted", id=change.record_id, request=sending.number
            )
            self._remember(change, "deleted", change.record_id)
        self._estimate.note(self._outcomes.settled, sending.now)
        gone = [change.record_id if change.record is None else change.record for change in changes]
        self._tell(gone, "deleted")

    def _remember(self, change: Change[M], state: State, record_id: str | None) -> None:
        """Keep what is needed to take a row back."""
        if self._on_error == "rollback":
            change.record_id = record_id
            change.kind = "create" if state == "created" else change.kind
            self.written.append(change)

    def _record(self, change: Change[M], raw: RecordJson) -> M:
        record = change.record
        if record is None:
            # None is for readers that skip bad cells; one that writes never does.
            record = self._reader.read(raw)
            assert record is not None
        else:
            absorb(record, raw, self._reader.origin)
        return record

    def _tell(self, records: Sequence[Any], state: State) -> None:
        done = self._outcomes.settled
        left_s = self._estimate.seconds_left()
        self._events.append(RowsWritten(records, done, self._total, state, left_s))

    # --- rows that fail

    def _refuse_row(self, index: int, error: RowError, row: object) -> None:
        self._outcomes.settle(index, "failed", error=error)
        self._events.append(RowRefused(error, self._outcomes.settled, self._total, row))
        if self._on_error != "continue":
            self._failed = True

    def _refuse_change(self, change: Change[M], error: RowError, sending: Sending | None) -> None:
        self._refuse_row(change.index, error, change.source)
        if sending is not None and sending.number:
            self._outcomes.settle(change.index, "failed", error=error, request=sending.number)

    def _end(self, error: AirhaulError) -> None:
        """Send nothing new, whatever the policy: what failed would fail again."""
        self._failed = True
        self.ended_by = self.ended_by or error

    def _note_outage(self, error: AirhaulError) -> None:
        self._outages += 1
        if self._on_error != "continue" or self._outages >= _MOST_OUTAGES:
            self._end(error)

    def _refuse_chunk(self, chunk: _Chunk[M], error: AirhaulError, sending: Sending) -> None:
        if isinstance(error, RequestCeilingError):
            for change in chunk.changes:
                self._outcomes.settle(change.index, "skipped", error=error)
            self._end(error)
        elif chunk.kind == "delete" and sending.was_lost and _says_it_is_gone(error):
            self._readings.append(_Missing(chunk.changes))
        elif not is_about_rows(error, chunk.kind):
            for change in chunk.changes:
                self._outcomes.settle(change.index, "failed", error=error, request=sending.number)
            if isinstance(error, TransportError):
                self._note_outage(error)
            else:
                self._end(error)
        elif self._on_error == "continue":
            self._part(chunk, error, sending)
        else:
            self._blame(chunk.changes, error, sending)

    def _part(self, chunk: _Chunk[M], error: AirhaulError, sending: Sending) -> None:
        """Take a refused chunk apart, so that its good rows are written."""
        changes = chunk.changes
        suspects = suspects_of(error, changes)
        certain = set(suspects.places) if suspects.is_certain or len(changes) == 1 else set[int]()
        if len(changes) == 1:
            certain = {0}
        for place in certain:
            change = changes[place]
            named = row_error(error, change, suspects.field, self._source)
            self._refuse_change(change, named, sending)
        rest = [change for place, change in enumerate(changes) if place not in certain]
        if not rest:
            return
        parts = [rest] if certain else parts_of(rest, suspects)
        self._events.append(Splitting(len(changes), error))
        self._ready.extendleft(_Chunk(chunk.kind, part, chunk.tries) for part in reversed(parts))

    def _blame(self, changes: Sequence[Change[M]], error: AirhaulError, sending: Sending) -> None:
        """Say which row has stopped the call, as far as the refusal tells."""
        suspects = suspects_of(error, changes)
        places = set(suspects.places)
        if len(changes) == 1:
            places = {0}
        if suspects.is_certain or len(places) == 1:
            for place, change in enumerate(changes):
                if place in places:
                    named = row_error(error, change, suspects.field, self._source)
                    self._refuse_change(change, named, sending)
            return
        first, last = changes[0].index, changes[-1].index
        shared = RowError(
            f"one of the rows {first}-{last} was refused with its whole request: {error} "
            'on_error="continue" finds it and writes the others.',
            field=suspects.field,
        )
        for change in changes:
            self._refuse_change(change, shared, sending)

    # --- looking before

    def _next_reading(self) -> tuple[Any, Call]:
        reading = self._readings.popleft()
        if isinstance(reading, _Missing):
            formula, fields = with_ids(_ids(reading.changes)), None
        else:
            assert self._look is not None, "only a look makes rows wait"
            formula = self._look.formula(reading.changes)
            fields = self._look.fields(reading.changes)
        return reading, self._target.read(formula, fields, reading.offset)

    def _accept_reading(self, reading: _Reading[M], value: Any) -> None:
        reading.records += records_in(value)
        reading.offset = value.get("offset")
        if reading.offset is not None:
            self._readings.append(reading)
        elif isinstance(reading, _Missing):
            self._settle_missing(reading)
        else:
            self._settle_look(reading)

    def _settle_look(self, reading: _Reading[M]) -> None:
        assert self._look is not None, "only a look makes rows wait"
        refused = self._look.take(reading.changes, reading.records)
        for change in reading.changes:
            error = refused.get(change.index)
            if error is None:
                if not self.stopping:
                    self._fill(change)
                continue
            named = RowError(
                error.reason, index=change.index, source=self._source, line=change.line
            )
            self._refuse_change(change, named, None)

    def _settle_missing(self, reading: _Reading[M]) -> None:
        """What is gone was deleted by the request that was lost; what is there was not."""
        there = {record["id"] for record in reading.records}
        gone = [change for change in reading.changes if change.record_id not in there]
        left = [change for change in reading.changes if change.record_id in there]
        self._settle_deleted(gone, Sending(0, 0.0, self._search_at))
        if left and not self.stopping:
            self._ready.appendleft(_Chunk("delete", left))

    def _refuse_reading(self, reading: _Reading[M], error: AirhaulError) -> None:
        expired = isinstance(error, IteratorExpiredError) and reading.restarts < _MOST_RESTARTS
        if expired:
            reading.restarts += 1
            reading.records, reading.offset = [], None
            self._readings.append(reading)
            return
        is_new = self.is_new(reading)
        for change in reading.changes:
            state: State = "skipped" if is_new else "unknown"
            self._outcomes.settle(change.index, state, error=error)
        self._end(error)

    # --- looking for what was lost

    def _next_search(self, now: float) -> tuple[_Searching, Call] | None:
        if self._out or now < self._search_at:
            return None  # while anything is on its way, what is found cannot be told apart
        if self._search is None:
            self._search = Search(self._target, self._lost, self._observed)
        return _Searching(self._search.knows_time), self._search.next_call()

    def _accept_search(self, tag: _Searching, value: Any, sending: Sending) -> None:
        assert self._search is not None, "it was asked for"
        records = records_in(value)
        if not self._observed.clock.is_known:
            no_time = BadReplyError("its replies do not tell the time", status=200)
            self._refuse_search(no_time, sending)
        elif self._search.accept(records, value.get("offset"), was_look=tag.is_look):
            self._judge(self._search.verdicts(), sending)

    def _refuse_search(self, error: AirhaulError, sending: Sending) -> None:
        assert self._search is not None, "it was asked for"
        if isinstance(error, IteratorExpiredError) and self._restarts < _MOST_RESTARTS:
            self._restarts += 1
            self._search.restart()
            return
        self._search = None
        lost, self._lost = self._lost, []
        for one in lost:
            one.error.add_note(f"Looking for its rows has failed, too: {error}")
            for change in one.changes:
                self._outcomes.settle(
                    change.index, "unknown", error=one.error, request=sending.number
                )
        self._end(lost[0].error)

    def _judge(self, verdicts: Sequence[Verdict[M]], sending: Sending) -> None:
        self._search, self._lost = None, []
        self._searches += 1
        found = [verdict for verdict in verdicts if verdict.fate == "there"]
        for verdict in found:
            changes = verdict.lost.changes
            states: list[State] = ["created"] * len(changes)
            self._settle_written(changes, verdict.records, states, sending)
        rest = [verdict for verdict in verdicts if verdict.fate != "there"]
        if rest and self._searches == 1:
            # The request may still be at work: one more look, later.
            self._lost = [verdict.lost for verdict in rest]
            self._search_at = sending.now + 2 * self._retries.settle_s
            return
        for verdict in rest:
            if verdict.fate == "absent":
                self._send_again(verdict.lost)
            else:
                self._leave_unknown(verdict, sending)
        self._events.append(
            Reconciled(
                _rows(found),
                _rows(verdict for verdict in rest if verdict.fate == "absent"),
                _rows(verdict for verdict in rest if verdict.fate == "unknown"),
            )
        )

    def _send_again(self, lost: Lost[M]) -> None:
        if lost.tries < self._retries.tries and not self.stopping:
            self._ready.appendleft(_Chunk("create", lost.changes, lost.tries + 1))
            return
        state: State = "skipped" if self.stopping else "failed"
        for change in lost.changes:
            self._outcomes.settle(change.index, state, error=lost.error)
        if state == "failed":
            self._note_outage(lost.error)

    def _leave_unknown(self, verdict: Verdict[M], sending: Sending) -> None:
        error = TransportError(f"{verdict.lost.error} Looking for its rows: {verdict.why}.")
        for change in verdict.lost.changes:
            self._outcomes.settle(change.index, "unknown", error=error, request=sending.number)
        if self._on_error != "continue":
            self._end(error)


def _finds_out(reading: _Reading[Any]) -> bool:
    """Whether a reading is about what was done, and not about what is to be done."""
    return isinstance(reading, _Missing)


def _ids(changes: Iterable[Change[Any]]) -> list[str]:
    return [change.record_id for change in changes if change.record_id is not None]


def _says_it_is_gone(error: AirhaulError) -> bool:
    if isinstance(error, NotFoundError):
        return True
    return isinstance(error, ApiError) and error.type in ("ROW_DOES_NOT_EXIST", "NOT_FOUND")


def _created_since(raw: RecordJson, since: Any) -> bool:
    from datetime import datetime

    return bool(datetime.fromisoformat(raw["createdTime"]) >= since)


def _rows(verdicts: Iterable[Verdict[Any]]) -> int:
    return sum(len(verdict.lost.changes) for verdict in verdicts)
