"""Settling rows by what came of their requests.

carried out  its rows are written
refused      its rows are to blame, or are sent in smaller parts (``split``); or all is over
lost         its rows are looked at once more, or looked for (``lost``), before anything is said
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Generic, TypeVar

from airhaul.bulk.engine.events import Reconciled, Splitting
from airhaul.bulk.engine.known_base import KnownBase
from airhaul.bulk.engine.retry import Retries
from airhaul.bulk.engine.work import Attempt
from airhaul.bulk.results.outcomes import State
from airhaul.bulk.results.policy import Policy, StopSwitch
from airhaul.bulk.rows.changes import KINDS, Change, Chunk
from airhaul.bulk.rows.target import Target
from airhaul.bulk.writing.bisect import blame, part
from airhaul.bulk.writing.blame import is_about_rows
from airhaul.bulk.writing.chunks import CheckRead, ChunkQueue
from airhaul.bulk.writing.lost_creates import not_found_out
from airhaul.bulk.writing.prefetch import Lookups
from airhaul.bulk.writing.reconcile import Lost, Verdict
from airhaul.bulk.writing.recorder import OutcomeRecorder
from airhaul.errors import (
    AirhaulError,
    ApiError,
    NotFoundError,
    RequestCeilingError,
    RowError,
    TransportError,
)
from airhaul.model.base import RecordBase
from airhaul.wire.replies import list_in, records_in
from airhaul.wire.shapes import RecordJson

M = TypeVar("M", bound=RecordBase)


class ChunkReplies(Generic[M]):
    """Settles rows, or says what is to be sent or read for them next.

    Args:
        target: The table.
        ledger: Where rows are settled.
        observed: What is known of the base.
        stopping: Told of what fails.
        chunks: Takes rows that are sent again.
        readings: Takes rows that are looked at.
        policy: What is done about rows that cannot be written.
        retries: How often rows are sent whose create was lost, and how long to wait before looking.
        source: The file that the rows come from, for errors.
    """

    def __init__(
        self,
        target: Target,
        ledger: OutcomeRecorder[M],
        observed: KnownBase,
        stopping: StopSwitch,
        chunks: ChunkQueue[M],
        readings: Lookups[M],
        *,
        policy: Policy,
        retries: Retries,
        source: str | None,
    ) -> None:
        self._target = target
        self._ledger = ledger
        self._observed = observed
        self._stopping = stopping
        self._chunks = chunks
        self._readings = readings
        self._policy = policy
        self._retries = retries
        self._source = source
        self.written: list[Change[M]] = []

    # --- carried out

    def accept(self, chunk: Chunk[M], value: Any, sending: Attempt) -> None:
        """Settle a chunk that was carried out.

        Raises:
            BadReplyError: The answer is none of Airtable's.
        """
        changes = chunk.changes
        if chunk.traits.removes:
            list_in(value, "records")
            self._delete(changes, sending)
            return
        raws = records_in(value, len(changes))
        states: list[State] = ["created"] * len(changes)
        if chunk.traits.is_repeatable:
            states = created_or_updated(changes, raws, value, sending, self._observed)
        self._write(changes, raws, states, sending)

    def _write(
        self,
        changes: Sequence[Change[M]],
        raws: Sequence[RecordJson],
        states: Sequence[State],
        sending: Attempt,
    ) -> None:
        self._ledger.write(changes, raws, states, sending)
        for change, raw, state in zip(changes, raws, states, strict=True):
            change.record_id = raw["id"]
            change.kind = "create" if state == "created" else change.kind
        self._remember(changes)

    def _delete(self, changes: Sequence[Change[M]], sending: Attempt) -> None:
        self._ledger.delete(changes, sending)
        self._remember(changes)

    def _remember(self, changes: Sequence[Change[M]]) -> None:
        """Keep what was done, where it may have to be taken back."""
        if self._policy.rolls_back:
            self.written += changes

    # --- refused

    def refuse_row(
        self, index: int, error: RowError, row: object, sending: Attempt | None = None
    ) -> None:
        """Settle a row that is to blame for itself; arguments as of ``OutcomeRecorder.refuse``."""
        self._ledger.refuse(index, error, row, sending)
        self._stopping.note_failure()

    def refuse(self, chunk: Chunk[M], error: AirhaulError, sending: Attempt) -> None:
        """Settle a chunk that was refused, or let its parts be tried."""
        if isinstance(error, RequestCeilingError):
            # What another process may have sent cannot be found out without a request.
            self._ledger.leave(chunk.changes, "unknown" if chunk.was_sent else "skipped", error)
            self._stopping.end(error)
        elif (
            chunk.traits.is_repeatable
            and sending.was_lost
            and self._has_to_be_checked(chunk, error)
        ):
            self.check(chunk, error, sending)
        elif not is_about_rows(error, chunk.kind):
            self._ledger.leave(chunk.changes, "failed", error, sending)
            if isinstance(error, TransportError):
                self._stopping.note_outage(error)
            else:
                self._stopping.end(error)
        elif self._policy.splits:
            parted = part(chunk, error, self._source, self._target)
            self._blame(parted.blamed, sending)
            if parted.chunks:
                self._ledger.tell(Splitting(len(chunk.changes), error))
                self._chunks.put_first(parted.chunks)
        else:
            self._blame(blame(chunk.changes, error, self._source, self._target), sending)

    def _has_to_be_checked(self, chunk: Chunk[M], error: AirhaulError) -> bool:
        """Whether an earlier try may have written the rows, which another try will not show."""
        if not is_about_rows(error, chunk.kind):
            return True
        if chunk.traits.removes and _says_it_is_gone(error):
            return True
        return not self._policy.splits

    def _blame(self, rows: Iterable[tuple[Change[M], RowError]], sending: Attempt) -> None:
        for change, error in rows:
            self.refuse_row(change.index, error, change.source, sending)

    # --- lost, and can be looked at

    def check(self, chunk: Chunk[M], error: AirhaulError, sending: Attempt) -> None:
        """Look what became of rows whose request was lost, before anything is said of them."""
        at = sending.now + self._retries.settle_s
        self._readings.check(
            CheckRead(chunk.changes, kind=chunk.kind, error=error, sending=sending, at=at)
        )

    def settle_checked(self, reading: CheckRead[M]) -> None:
        """What is as it was asked for was done by the request that was lost; the rest was not."""
        done, raws, left = self._target.sort(reading.kind, reading.changes, reading.records)
        if KINDS[reading.kind].removes:
            self._delete(done, reading.sending)
        elif done:
            sending = replace(reading.sending, was_lost=True)
            states = created_or_updated(done, raws, {}, sending, self._observed)
            self._write(done, raws, states, sending)
        if left:
            self._leave_checked(left, reading)

    def _leave_checked(self, left: list[Change[M]], reading: CheckRead[M]) -> None:
        """Deal with rows that a lost request has not written, by what ended it."""
        if not is_about_rows(reading.error, reading.kind):
            self._ledger.leave(left, "failed", reading.error, reading.sending)
            self._stopping.note_outage(reading.error)
        elif KINDS[reading.kind].removes and not self._stopping:
            self._chunks.put_first([Chunk(reading.kind, left)])  # some are gone: these are not
        else:
            self._blame(blame(left, reading.error, self._source, self._target), reading.sending)

    def give_up_checking(self, reading: CheckRead[M], error: AirhaulError) -> None:
        """Settle rows of a lost request that cannot be looked at."""
        unclear = not_found_out(reading.error, error)
        self._ledger.leave(reading.changes, "unknown", unclear, reading.sending)
        may_be_put_back = [
            change
            for change in reading.changes
            if not (change.traits.may_create or change.traits.removes)
        ]
        self._remember(may_be_put_back)

    # --- lost creates

    def settle_lost(self, verdicts: Sequence[Verdict[M]], sending: Attempt) -> None:
        """Settle creates that were looked for, or send them again."""
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
                self._stopping.note_unknown(error)
        if verdicts:
            self._ledger.tell(Reconciled(rows["there"], rows["absent"], rows["unknown"]))

    def _send_again(self, lost: Lost[M]) -> None:
        if self._stopping:
            self._ledger.leave(lost.changes, "skipped", lost.error)
        elif lost.tries < self._retries.tries:
            self._chunks.put_first([Chunk("create", lost.changes, lost.tries + 1)])
        else:
            self._ledger.leave(lost.changes, "failed", lost.error)
            self._stopping.note_outage(lost.error)


def _says_it_is_gone(error: AirhaulError) -> bool:
    if isinstance(error, NotFoundError):
        return True
    return isinstance(error, ApiError) and error.type in ("ROW_DOES_NOT_EXIST", "NOT_FOUND")


def created_or_updated(
    changes: Sequence[Change[Any]],
    raws: Sequence[RecordJson],
    answer: Mapping[str, Any],
    sending: Attempt,
    observed: KnownBase,
) -> list[State]:
    """Tell which records a request has created.

    A request that is sent again finds the records that its first try has made, and the answer calls
    them updated. They are told by their time of creation.

    Args:
        changes: The rows of the request.
        raws: The records that they are.
        answer: The answer; an upsert's names those that it has created.
        sending: The request.
        observed: The service's clock, and the records that are known to be older.
    """
    created = set(answer.get("createdRecords") or ())
    if sending.was_lost and observed.clock.is_known:
        since = sending.since or observed.clock.earliest(sending.first_at)
        before = observed.created_lately()
        created |= {
            raw["id"]
            for change, raw in zip(changes, raws, strict=True)
            if change.record_id is None
            and raw["id"] not in before
            and datetime.fromisoformat(raw["createdTime"]) >= since
        }
    return ["created" if raw["id"] in created else "updated" for raw in raws]
