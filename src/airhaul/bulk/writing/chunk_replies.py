"""Settling rows by the results of their requests.

carried out  its rows are written
refused      its rows failed, or are sent in smaller parts (``bisect``), or the call ends
lost         its rows are read or searched for (``lost_creates``) before they are settled
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Generic, TypeVar

from airhaul.bulk.engine.events import Reconciled, Retrying, Splitting
from airhaul.bulk.engine.known_base import KnownBase
from airhaul.bulk.engine.retry import Retries
from airhaul.bulk.engine.work import Attempt
from airhaul.bulk.reads.missing import explained
from airhaul.bulk.reads.table_reader import table_in
from airhaul.bulk.results.outcomes import State
from airhaul.bulk.results.policy import Policy, StopSwitch
from airhaul.bulk.rows.changes import KINDS, Change, Chunk, Kind
from airhaul.bulk.rows.links_by_name import names_in
from airhaul.bulk.rows.target import Target
from airhaul.bulk.writing.bisect import blame, part
from airhaul.bulk.writing.blame import Hopeless, is_about_rows
from airhaul.bulk.writing.chunks import CheckLookup, ChunkQueue, ClockLookup
from airhaul.bulk.writing.lost_creates import search_failed
from airhaul.bulk.writing.prefetch import Lookups
from airhaul.bulk.writing.reconcile import Creations, Finding, Lost
from airhaul.bulk.writing.recorder import OutcomeRecorder
from airhaul.errors import (
    AirhaulError,
    ApiError,
    NotFoundError,
    RequestCeilingError,
    RowError,
    ServerError,
    TransportError,
)
from airhaul.model.base import RecordBase
from airhaul.model.columns import columns_of
from airhaul.wire.replies import list_in, records_in
from airhaul.wire.shapes import RecordJson, TableJson

M = TypeVar("M", bound=RecordBase)


_MAY_BE_CREATED: Final = (
    "a try of this call whose reply was lost may have created the record, or somebody else"
)


class ChunkReplies(Generic[M]):
    """The handling of replies: settles the rows of a chunk, or queues what to do next for them.

    Args:
        target: The table.
        recorder: Records the outcomes of rows.
        known_base: What is known of the base.
        stop: Decides whether failures stop the call.
        chunks: Takes rows that are sent again.
        lookups: Takes rows that are looked up.
        policy: What to do about rows that cannot be written.
        retries: How often to send lost creates, and how long to wait before a search.
        source: The file that the rows come from, for errors.
    """

    def __init__(
        self,
        target: Target,
        recorder: OutcomeRecorder[M],
        known_base: KnownBase,
        stop: StopSwitch,
        chunks: ChunkQueue[M],
        lookups: Lookups[M],
        *,
        policy: Policy,
        retries: Retries,
        source: str | None,
    ) -> None:
        self._target = target
        self._recorder = recorder
        self._known_base = known_base
        self._stop = stop
        self._chunks = chunks
        self._lookups = lookups
        self._policy = policy
        self._retries = retries
        self._source = source
        self._hopeless = Hopeless(target)
        self.written: list[Change[M]] = []
        self.at_work_until = 0.0

    # --- carried out

    def accept(self, chunk: Chunk[M], value: Any, attempt: Attempt) -> None:
        """Settle a chunk that was carried out.

        Raises:
            BadReplyError: The answer is not one of Airtable's.
        """
        changes = chunk.changes
        if attempt.was_lost:
            self._note_lost(attempt)
        if chunk.traits.removes:
            list_in(value, "records")
            self._delete(changes, attempt)
            return
        raws = records_in(value, len(changes))
        seen = _columns_of(changes).union(*(raw["fields"] for raw in raws))
        self._known_base.fields.note(self._target.table, seen)
        if chunk.traits.is_repeatable:
            self._accept_repeated(chunk.kind, changes, raws, value, attempt)
        else:
            self._write_found(changes, raws, Creations({raw["id"] for raw in raws}), attempt)

    def _accept_repeated(
        self,
        kind: Kind,
        changes: list[Change[M]],
        raws: Sequence[RecordJson],
        answer: Mapping[str, Any],
        attempt: Attempt,
    ) -> None:
        """Settle rows whose request may have been sent before; arguments as of ``Creations``."""
        found = Creations.of(self._target, changes, raws, answer, attempt, self._known_base)
        if not found.may_be_cleared:
            self._write_found(changes, raws, found, attempt)
            return
        at = attempt.first_at + math.ceil(attempt.now - attempt.first_at)
        error = AirhaulError(_MAY_BE_CREATED)
        lookup = ClockLookup(
            changes, kind=kind, error=error, attempt=attempt, at=at, raws=raws, answer=answer
        )
        self._lookups.check(lookup)

    def _settle_by_clock(self, lookup: ClockLookup[M]) -> None:
        found = Creations.of(
            self._target,
            lookup.changes,
            lookup.raws,
            lookup.answer,
            lookup.attempt,
            self._known_base,
        )
        self._write_found(lookup.changes, lookup.raws, found, lookup.attempt)

    def _write_found(
        self,
        changes: Sequence[Change[M]],
        raws: Sequence[RecordJson],
        found: Creations,
        attempt: Attempt,
    ) -> None:
        states: list[State] = [
            "created" if raw["id"] in found.created else "updated" for raw in raws
        ]
        self._write(changes, raws, states, attempt)
        for change in changes:
            if change.record_id in found.doubtful:
                self._recorder.outcomes.settle(change.index, "updated", note=_MAY_BE_CREATED)

    def _write(
        self,
        changes: Sequence[Change[M]],
        raws: Sequence[RecordJson],
        states: Sequence[State],
        attempt: Attempt,
    ) -> None:
        self._recorder.write(changes, raws, states, attempt)
        for change, raw, state in zip(changes, raws, states, strict=True):
            if state == "updated" and change.record_id is None:
                change.before = None  # it was not there when it was looked up
            change.record_id = raw["id"]
            change.kind = "create" if state == "created" else change.kind
        self._remember(changes)

    def _delete(self, changes: Sequence[Change[M]], attempt: Attempt) -> None:
        self._recorder.delete(changes, attempt)
        self._remember(changes)

    def _remember(self, changes: Sequence[Change[M]]) -> None:
        """Keep the changes that were made, if they may have to be undone."""
        if self._policy.rolls_back:
            self.written += changes

    # --- refused

    def refuse_row(
        self, index: int, error: RowError, row: object, attempt: Attempt | None = None
    ) -> None:
        """Settle a row that failed by itself; arguments as of ``OutcomeRecorder.refuse``."""
        self._recorder.refuse(index, error, row, attempt)
        self._stop.note_failure()

    def refuse(self, chunk: Chunk[M], error: AirhaulError, attempt: Attempt) -> None:
        """Settle a chunk that was refused, or queue its parts."""
        error = explained(error, self._target.model, self._target.table, _columns_of(chunk.changes))
        if isinstance(error, RequestCeilingError):
            # What another process may have sent cannot be found out without a request.
            self._recorder.leave(chunk.changes, "unknown" if chunk.was_sent else "skipped", error)
            self._stop.end(error)
        elif (
            chunk.traits.is_repeatable
            and attempt.was_lost
            and self._has_to_be_checked(chunk, error)
        ):
            self.check(chunk, error, attempt)
        elif not is_about_rows(error, chunk.kind):
            self._recorder.leave(chunk.changes, "failed", error, attempt)
            if isinstance(error, TransportError):
                self._stop.note_outage(error)
            else:
                self._stop.end(error)
        else:
            self._stop.note_answer()
            self._refuse_rows(chunk, error, attempt)

    def _refuse_rows(self, chunk: Chunk[M], error: AirhaulError, attempt: Attempt) -> None:
        """Settle the rows that a request was refused for, or queue its parts to find them."""
        if not self._policy.splits:
            self._blame(blame(chunk.changes, error, self._source, self._target), attempt)
            return
        if self._hopeless.note(error, chunk.changes):
            self._lookups.read_schema()
        parted = part(chunk, error, self._source, self._target)
        self._blame(parted.blamed, attempt)
        if parted.chunks:
            self._recorder.emit(Splitting(len(chunk.changes), error))
            self._chunks.put_first(parted.chunks)

    # --- refused without a request

    def learn(self, tables: Iterable[TableJson]) -> None:
        """Learn from the schema which rows would be refused like those that were."""
        self._hopeless.learn(table_in(tables, self._target.table, self._target.base_id))

    def refuse_if_hopeless(self, change: Change[M]) -> bool:
        """Settle a row that would be refused like others before it, and return whether it would."""
        error = self._hopeless.error_of(change, self._source) if self._hopeless else None
        if error is not None:
            self.refuse_row(change.index, error, change.source)
        return error is not None

    def without_hopeless(self, chunk: Chunk[M]) -> Chunk[M]:
        """Return a chunk without the rows that would be refused; one that may be sent is whole."""
        if chunk.was_sent or not self._hopeless:
            return chunk
        left = [change for change in chunk.changes if not self.refuse_if_hopeless(change)]
        return replace(chunk, changes=left)

    def _has_to_be_checked(self, chunk: Chunk[M], error: AirhaulError) -> bool:
        """Whether an earlier try may have written the rows, which another try will not show."""
        if not is_about_rows(error, chunk.kind):
            return True
        if chunk.traits.removes and _means_deleted(error):
            return True
        return not self._policy.splits

    def _blame(self, rows: Iterable[tuple[Change[M], RowError]], attempt: Attempt) -> None:
        for change, error in rows:
            self.refuse_row(change.index, error, change.source, attempt)

    # --- lost, and can be looked up

    def _note_lost(self, attempt: Attempt) -> None:
        self.at_work_until = max(self.at_work_until, attempt.now + self._retries.at_work_s)

    def check(self, chunk: Chunk[M], error: AirhaulError, attempt: Attempt) -> None:
        """Queue a lookup of rows whose request was lost, to find out whether they were written."""
        self._note_lost(attempt)
        at = attempt.now + self._retries.settle_s
        self._lookups.check(
            CheckLookup(chunk.changes, kind=chunk.kind, error=error, attempt=attempt, at=at)
        )

    def settle_checked(self, lookup: CheckLookup[M]) -> None:
        """Settle rows after a lookup: the lost request has written those that are as requested."""
        if isinstance(lookup, ClockLookup):
            self._settle_by_clock(lookup)
            return
        done, raws, left = self._target.sort(lookup.kind, lookup.changes, lookup.records)
        if KINDS[lookup.kind].removes:
            there = [change for change in done if not change.is_absent]
            self._delete(there, lookup.attempt)
            never_there = self._never_there(change for change in done if change.is_absent)
            self._blame(never_there, lookup.attempt)
        elif done:
            attempt = replace(lookup.attempt, was_lost=True)
            self._accept_repeated(lookup.kind, done, raws, {}, attempt)
        if left and not self._checks_again(left, lookup):
            self._leave_checked(left, lookup)

    def _checks_again(self, left: list[Change[M]], lookup: CheckLookup[M]) -> bool:
        """Queue another lookup of rows that are not written, if their request may be at work."""
        again_at = lookup.attempt.now + self._retries.at_work_s
        if is_about_rows(lookup.error, lookup.kind) or lookup.at >= again_at:
            return False
        call = self._target.read(self._target.find(left))
        self._recorder.emit(Retrying(call, lookup.error, again_at - lookup.at))
        self._lookups.check(
            CheckLookup(
                left, kind=lookup.kind, error=lookup.error, attempt=lookup.attempt, at=again_at
            )
        )
        return True

    def _never_there(self, missing: Iterable[Change[M]]) -> Iterator[tuple[Change[M], RowError]]:
        """Yield the deletions of records that were looked up and not found before the request."""
        for change in missing:
            reason = f"there was no record {change.record_id} when it was looked up"
            yield (
                change,
                RowError(reason, index=change.index, line=change.line, source=self._source),
            )

    def _leave_checked(self, left: list[Change[M]], lookup: CheckLookup[M]) -> None:
        """Settle or send again the rows that a lost request has not written."""
        if not is_about_rows(lookup.error, lookup.kind):
            records = {record["id"]: record for record in lookup.records}
            for change in left:
                why = self._why_unclear(lookup.kind, change, records.get(change.record_id or ""))
                state: State = "unknown" if why else "failed"
                error = TransportError(f"{lookup.error} {why}") if why else lookup.error
                self._recorder.leave([change], state, error, lookup.attempt)
            if isinstance(lookup.error, TransportError | ServerError):
                self._stop.note_outage(lookup.error)
            else:
                self._stop.end(lookup.error)
        elif KINDS[lookup.kind].removes and not self._stop:
            self._chunks.put_first([Chunk(lookup.kind, left)])  # Airtable refused the others
        else:
            self._blame(blame(left, lookup.error, self._source, self._target), lookup.attempt)

    def _why_unclear(self, kind: Kind, change: Change[M], record: RecordJson | None) -> str:
        """Return why a record does not show whether its change was made; empty if it does."""
        links = columns_of(self._target.model).links
        if any(names_in(change.cells.get(column.column)) for column in links):
            return (
                "Its links are stored by ID, so it is not known whether those that it has by name "
                "were written."
            )
        if kind == "replace" and record is not None and self._target.is_as_sent(change, record):
            kept, unclear = self._target.kept_by_replacement(change, record)
            if unclear and not kept:
                return (
                    f"Its record has {unclear[0]!r}, which the model does not have, so it is not "
                    "known whether this was cleared or is computed."
                )
        return ""

    def give_up_checking(self, lookup: CheckLookup[M], error: AirhaulError) -> None:
        """Settle rows of a lost request whose lookup failed."""
        if isinstance(lookup, ClockLookup):
            self._settle_by_clock(lookup)
            return
        unclear = search_failed(lookup.error, error)
        self._recorder.leave(lookup.changes, "unknown", unclear, lookup.attempt)
        may_be_restored = [
            change
            for change in lookup.changes
            if not (change.traits.may_create or change.traits.removes)
        ]
        self._remember(may_be_restored)

    # --- lost creates

    def settle_lost(self, findings: Sequence[Finding[M]], attempt: Attempt) -> None:
        """Settle creates that were searched for, or send them again."""
        rows = {"there": 0, "absent": 0, "unknown": 0}
        for finding in findings:
            changes = finding.lost.changes
            rows[finding.fate] += len(changes)
            if finding.fate == "there":
                states: list[State] = ["created"] * len(changes)
                self._write(changes, finding.records, states, attempt)
            elif finding.fate == "absent":
                self._send_again(finding.lost)
            else:
                error = TransportError(f"{finding.lost.error} {finding.why}.")
                self._recorder.leave(changes, "unknown", error, attempt)
                self._stop.note_unknown(error)
        if findings:
            self._recorder.emit(Reconciled(rows["there"], rows["absent"], rows["unknown"]))

    def _send_again(self, lost: Lost[M]) -> None:
        if self._stop:
            self._recorder.leave(lost.changes, "skipped", lost.error)
        elif lost.tries < self._retries.tries:
            self._chunks.put_first([Chunk("create", lost.changes, lost.tries + 1)])
        else:
            self._recorder.leave(lost.changes, "failed", lost.error)
            self._stop.note_outage(lost.error)


def _means_deleted(error: AirhaulError) -> bool:
    if isinstance(error, NotFoundError):
        return True
    return isinstance(error, ApiError) and error.type in ("ROW_DOES_NOT_EXIST", "NOT_FOUND")


def _columns_of(changes: Iterable[Change[Any]]) -> set[str]:
    return set[str]().union(*(change.cells for change in changes))
