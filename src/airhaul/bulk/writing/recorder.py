"""The recorder of a bulk call: keeps the outcome of each row, and emits events."""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, Final, Generic, TypeVar, cast

from airhaul.bulk.engine.events import Event, RowRefused, RowsWritten
from airhaul.bulk.engine.known_base import KnownBase
from airhaul.bulk.engine.work import Attempt
from airhaul.bulk.results.outcomes import Outcomes, RecordsAt, State
from airhaul.bulk.rows.changes import Change
from airhaul.bulk.rows.unchanged import UnchangedRun
from airhaul.errors import AirhaulError, RowError
from airhaul.model.base import RecordBase
from airhaul.model.read import Reader
from airhaul.model.write import absorb
from airhaul.wire.shapes import RecordJson

M = TypeVar("M", bound=RecordBase)


# As many as a page has; more would be reported late.
_UNCHANGED_TOGETHER: Final = 100


class OutcomeRecorder(Generic[M]):
    """The recorder of outcomes.

    Args:
        outcomes: Where the outcome of each row is kept.
        reader: Makes records of replies.
        known_base: Remembers the records that were created.
        total: How many rows there are, or None while that is not known.
        rows_per_second: The most that the pace allows, or None for no limit.
        has_rows: Whether a list of the caller's holds the rows, so that its records are held, too.
    """

    def __init__(
        self,
        outcomes: Outcomes[M],
        reader: Reader[M],
        known_base: KnownBase,
        *,
        total: int | None = None,
        rows_per_second: float | None = None,
        has_rows: bool = False,
    ) -> None:
        self.outcomes = outcomes
        self._has_rows = has_rows
        self._reader = reader
        self._known_base = known_base
        self._total = total
        self._estimate = Estimate(total, rows_per_second)
        self._events: list[Event] = []
        self._unchanged: list[Change[M] | UnchangedRun] = []
        self._unchanged_rows = 0

    def events(self) -> list[Event]:
        """Return what happened since the last call."""
        self._settle_unchanged()
        events, self._events = self._events, []
        return events

    @property
    def has_events(self) -> bool:
        """Whether something has happened that is to be reported before more rows are taken."""
        return bool(self._events) or self._unchanged_rows >= _UNCHANGED_TOGETHER

    def emit(self, event: Event) -> None:
        """Add an event."""
        self._settle_unchanged()
        self._events.append(event)

    def leave_unchanged(self, row: Change[M] | UnchangedRun) -> None:
        """Settle rows whose records are already as they should be, together with neighbours."""
        self._unchanged.append(row)
        self._unchanged_rows += len(row) if isinstance(row, UnchangedRun) else 1

    def _settle_unchanged(self) -> None:
        if not self._unchanged:
            return
        rows, self._unchanged, self._unchanged_rows = self._unchanged, [], 0
        for is_compared, some in groupby(rows, key=lambda row: isinstance(row, UnchangedRun)):
            if is_compared:
                self._settle_runs(cast("Iterable[UnchangedRun]", some))
            else:
                self._settle_kept(cast("list[Change[M]]", list(some)))

    def _settle_runs(self, runs: Iterable[UnchangedRun]) -> None:
        indices: list[int] = []
        for run in runs:
            self.outcomes.settle_unchanged(run.first, run.rows.stored.ids, run.rows.places(run))
            indices += range(run.first, run.end)
        self._emit_written(RecordsAt(self.outcomes, indices), "unchanged")

    def _settle_kept(self, changes: Sequence[Change[M]]) -> None:
        read = [change for change in changes if change.found is not None]
        made = iter(self._records(read, [change.found for change in read if change.found]))
        records: list[M | str | None] = []
        for change in changes:
            record = change.record if change.found is None else next(made)
            self.outcomes.settle(change.index, "unchanged", id=change.record_id)
            if record is not None:
                is_held = self._has_rows and change.record is not None
                self.outcomes.keep(change.index, record, None if is_held else change.found)
            records.append(change.record_id if record is None else record)
        self._emit_written(records, "unchanged")

    def write(
        self,
        changes: Sequence[Change[M]],
        raws: Sequence[RecordJson],
        states: Sequence[State],
        attempt: Attempt,
    ) -> None:
        """Settle rows that were written.

        Args:
            changes: The rows.
            raws: Their records.
            states: Whether each was created or updated.
            attempt: The request that wrote them.
        """
        self._settle_unchanged()
        records = self._records(changes, raws)
        for change, raw, state, record in zip(changes, raws, states, records, strict=True):
            self.outcomes.settle(change.index, state, id=raw["id"], request=attempt.number)
            is_held = self._has_rows and change.record is not None
            self.outcomes.keep(change.index, record, None if is_held else raw)
        self._known_base.created(
            raw["id"] for raw, state in zip(raws, states, strict=True) if state == "created"
        )
        self._estimate.note(self.outcomes.settled, attempt.now)
        pairs = zip(states, records, strict=True)
        for state, group in groupby(pairs, key=operator.itemgetter(0)):
            self._emit_written([record for _, record in group], state)

    def delete(self, changes: Sequence[Change[M]], attempt: Attempt) -> None:
        """Settle rows whose records were deleted."""
        self._settle_unchanged()
        for change in changes:
            id_ = change.record_id
            self.outcomes.settle(change.index, "deleted", id=id_, request=attempt.number)
        self._estimate.note(self.outcomes.settled, attempt.now)
        gone = [change.record_id if change.record is None else change.record for change in changes]
        self._emit_written(gone, "deleted")

    def refuse(
        self, index: int, error: RowError, row: object, attempt: Attempt | None = None
    ) -> None:
        """Settle a row that failed by itself.

        Args:
            index: Its place.
            error: The error, with the address of the row.
            row: The row as it was given.
            attempt: The request that was refused because of it, if there is one.
        """
        self._settle_unchanged()
        request = attempt.number if attempt is not None else None
        self.outcomes.settle(index, "failed", error=error, request=request, row=row)
        self.emit(RowRefused(error, self.outcomes.settled, self._total, row))

    def leave(
        self,
        changes: Iterable[Change[M]],
        state: State,
        error: AirhaulError,
        attempt: Attempt | None = None,
    ) -> None:
        """Settle rows that were not written, or may not have been, for a reason outside of them."""
        request = attempt.number if attempt is not None else None
        for change in changes:
            # The id names the record to look at, above all where its fate is unknown.
            self.outcomes.settle(
                change.index, state, id=change.record_id, error=error, request=request
            )

    def close(self, in_flight: Iterable[Change[M]]) -> Outcomes[M]:
        """Return the outcome of every row so far.

        Args:
            in_flight: The rows whose requests were sent and not answered.
        """
        self._settle_unchanged()
        self.outcomes.extend_to(self._total or 0)
        cut_off = AirhaulError("the call was interrupted before the reply came")
        for change in in_flight:
            if not self.outcomes.is_settled(change.index):
                self.outcomes.settle(change.index, "unknown", id=change.record_id, error=cut_off)
        return self.outcomes

    def _records(self, changes: Sequence[Change[M]], raws: Sequence[RecordJson]) -> list[M]:
        """Make the records of some changes; the caller's own are brought up to date."""
        own = [change.record for change in changes]
        # Only a reader that skips invalid records leaves some out, and writes do not use one.
        made = iter(
            self._reader.read_page(
                [raw for raw, record in zip(raws, own, strict=True) if record is None]
            )
        )
        for raw, record in zip(raws, own, strict=True):
            if record is not None:
                absorb(record, raw, self._reader.origin)
        return [next(made) if record is None else record for record in own]

    def _emit_written(self, records: Sequence[Any], state: State) -> None:
        done, left_s = self.outcomes.settled, self._estimate.seconds_left()
        self._events.append(RowsWritten(records, done, self._total, state, left_s))


_LATELY_S: Final = 30.0


class Estimate:
    """An estimate of the time left.

    Args:
        total: How many rows there are, or None while that is not known.
        rows_per_second: The most that the pace allows, or None for no limit.
    """

    def __init__(self, total: int | None, rows_per_second: float | None) -> None:
        self._total = total
        self._most = rows_per_second
        self._lately: deque[tuple[float, int]] = deque()

    def note(self, done: int, now: float) -> None:
        """Record how many rows are settled so far."""
        if self._lately and self._lately[-1][0] < now - _LATELY_S:
            # A pause, such as the search for lost rows, tells nothing about the rate after it.
            self._lately.clear()
        self._lately.append((now, done))
        while len(self._lately) > 2 and self._lately[1][0] <= now - _LATELY_S:
            self._lately.popleft()

    def seconds_left(self) -> float | None:
        """Return the time left, in seconds; None while there is no estimate."""
        if self._total is None or not self._lately:
            return None
        (began, done_then), (now, done) = self._lately[0], self._lately[-1]
        seen = (done - done_then) / (now - began) if now > began and done > done_then else None
        rates = [rate for rate in (seen, self._most) if rate is not None]
        if not rates:
            return None
        return max(0, self._total - done) / min(rates)
