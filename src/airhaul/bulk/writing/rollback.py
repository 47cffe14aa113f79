"""Rolling a failed call back: undoes what it has written, in reverse order, as a call of its own.

created    is deleted
updated    gets its previous cells
deleted    is recreated with its previous cells, under a new id

Links to recreated records are set when their new ids are known.

A request whose reply was lost may still be at work when it was repeated. The rollback waits until
that is over: carried out afterwards, it would write again what was undone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from airhaul.bulk.engine.events import Event, RollingBack
from airhaul.bulk.engine.work import Attempt
from airhaul.bulk.results.outcomes import Outcomes
from airhaul.bulk.rows.changes import Change
from airhaul.bulk.rows.inverse import (
    RESTORED,
    Effect,
    inverse,
    links_refused,
    links_to_set,
    relink,
)
from airhaul.bulk.rows.target import Target
from airhaul.bulk.writing.write_rows import WriteRows
from airhaul.errors import AirhaulError, ApiError
from airhaul.messages import Message
from airhaul.model.base import RecordBase
from airhaul.wire.call import Call

M = TypeVar("M", bound=RecordBase)

_Tag = tuple[WriteRows[Any], Any]


class WithRollback(Generic[M]):
    """Work that writes rows, and undoes them if one fails or the work is stopped.

    Args:
        main: Writes the rows, and remembers what it has written.
        target: The table.
        make_undo: Makes the work that undoes changes. It gets a place for the outcomes, and all
            inverse changes before the first is offered.
        make_links: Makes the work that sets links, with a place for the outcomes.
    """

    def __init__(
        self,
        main: WriteRows[M],
        target: Target,
        make_undo: Callable[[Outcomes[M], list[Change[M]]], WriteRows[M]],
        make_links: Callable[[Outcomes[M]], WriteRows[M]],
    ) -> None:
        self._main = main
        self._target = target
        self._make_undo = make_undo
        self._make_links = make_links
        self._undo: WriteRows[M] | None = None
        self._undone: list[Change[M]] = []
        self._inverses: list[Change[M]] = []
        self._links: WriteRows[M] | None = None
        self._linked: list[Change[M]] = []
        self._waits_until: float | None = None
        self._events: list[Event] = []

    @property
    def wants_row(self) -> bool:
        """Whether there is room for one more row."""
        return self._main.wants_row

    @property
    def stopping(self) -> bool:
        """Whether nothing new may be sent; the rollback continues."""
        return self._main.stopping and self._undo is None

    @property
    def ended_by(self) -> AirhaulError | None:
        """What ended the call before its last row, if anything did."""
        return self._main.ended_by

    def is_new(self, tag: _Tag) -> bool:
        """Return whether a call writes rows, and does not check or undo them."""
        work, inner = tag
        return work is self._main and work.is_new(inner)

    def offer(self, row: object) -> bool:
        """Take a row, and return whether the next one is wanted right away."""
        return self._main.offer(row)

    def end_of_rows(self) -> None:
        """Note that there are no more rows; the last chunks may be short."""
        self._main.end_of_rows()

    def wakes_at(self) -> float | None:
        """Return when the rollback begins, or lost rows may be searched for or looked up."""
        if self._waits_until is not None:
            return self._waits_until
        return self._work.wakes_at()

    @property
    def _work(self) -> WriteRows[M]:
        return self._links or self._undo or self._main

    def next_call(self, now: float) -> tuple[_Tag, Call] | None:
        """Return a request that can be sent now."""
        if self._undo is None and self._main.stopping and self._main.is_done:
            self._begin(now)
        if self._waits_until is not None:
            if now < self._waits_until:
                return None
            self._waits_until = None
        found = self._work.next_call(now)
        if found is None and self._links is None and self._undo is not None and self._undo.is_done:
            self._begin_links(self._undo)
            found = self._work.next_call(now)
        return None if found is None else ((self._work, found[0]), found[1])

    def _begin(self, now: float) -> None:
        written = self._main.written
        gone = {change.record_id or "" for change in written if change.traits.removes}
        for change in reversed(written):
            before = change.before
            if before is None and not _is_new(change):
                outcomes = self._main.result
                error = AirhaulError("its previous cells are not known")
                outcomes.settle(change.index, outcomes.state_of(change.index), error=error)
                continue
            undo = inverse(
                _effect(change),
                change.record_id,
                before or {},
                change.cells,
                index=len(self._undone),
                target=self._target,
            )
            relink(undo, {}, gone)
            self._undone.append(change)
            self._inverses.append(undo)
        self._undo = self._make_undo(Outcomes[M](), self._inverses)
        _offer_all(self._undo, self._inverses)
        wait_s = max(0.0, self._main.at_work_until - now) if self._undone else 0.0
        if wait_s:
            self._waits_until = self._main.at_work_until
        self._events.append(RollingBack(len(self._undone), wait_s))

    def _begin_links(self, undo: WriteRows[M]) -> None:
        undo.flush_log()
        ids = {row.index: row.id for row in undo.result if row.state in RESTORED and row.id}
        # The inverse changes have their new ids by now.
        new_ids = {self._undone[index].record_id or "": id_ for index, id_ in ids.items()}
        restored = [change for change in self._inverses if change.index in ids]
        links = links_to_set(restored, new_ids)
        self._linked = [self._undone[index] for index in links]
        self._links = self._make_links(Outcomes[M]())
        changes = [
            Change[M]("update", place, cells, ids[index])
            for place, (index, cells) in enumerate(links.items())
        ]
        _offer_all(self._links, changes)

    def accept(self, tag: _Tag, value: Any, attempt: Attempt) -> None:
        """Take an answer."""
        tag[0].accept(tag[1], value, attempt)

    def refuse(self, tag: _Tag, error: AirhaulError, attempt: Attempt) -> None:
        """Handle a call that was not carried out."""
        tag[0].refuse(tag[1], error, attempt)

    def lose(self, tag: _Tag, error: AirhaulError, attempt: Attempt) -> None:
        """Handle a call that may or may not have been carried out."""
        tag[0].lose(tag[1], error, attempt)

    def abandon(self, tag: _Tag) -> None:
        """Handle a call that was not sent."""
        tag[0].abandon(tag[1])

    def stop(self) -> None:
        """Take no more rows, and undo what was written."""
        self._main.stop()

    def events(self) -> list[Event]:
        """Return what happened since the last call; the rollback is one event."""
        events = self._main.events() + self._events
        self._events = []
        return events

    @property
    def result(self) -> Outcomes[M]:
        """The outcome of each row."""
        outcomes = self._main.result
        if self._undo is not None:
            for change, (state, id_, error) in zip(
                self._undone, self._undo_outcomes(), strict=False
            ):
                _settle_undone(outcomes, change, state, id_, error)
        if self._links is not None:
            for change, linked in zip(self._linked, self._links.result, strict=False):
                if linked.error is not None:
                    note = links_refused(linked.error)
                    outcomes.settle(change.index, outcomes.state_of(change.index), note=note)
        return outcomes

    def _undo_outcomes(self) -> Iterator[tuple[str, str | None, AirhaulError | None]]:
        assert self._undo is not None
        return ((row.state, row.id, row.error) for row in self._undo.result)


def _offer_all(work: WriteRows[M], changes: list[Change[M]]) -> None:
    for change in changes:
        work.offer(change)
    work.end_of_rows()


def _settle_undone(
    outcomes: Outcomes[Any],
    change: Change[Any],
    state: str,
    new_id: str | None,
    error: AirhaulError | None,
) -> None:
    index = change.index
    if state in ("deleted", "updated", "unchanged"):
        outcomes.settle(index, "undone")
    elif state == "created":
        note = f"{change.record_id} was recreated as {new_id}"
        outcomes.settle(index, "undone", id=new_id, note=note)
    elif _is_new(change) and _is_gone(error):
        outcomes.settle(index, "undone", note="someone else deleted it")
    elif state == "unknown":
        reason = AirhaulError(
            Message(
                "it was written, and whether the rollback undid it is unknown: ",
                error.message if error else "",
            )
        )
        outcomes.settle(index, "unknown", error=reason)
    else:
        reason = error or AirhaulError("the rollback was interrupted")
        outcomes.settle(index, outcomes.state_of(index), error=reason)


def _is_gone(error: AirhaulError | None) -> bool:
    cause = error.__cause__ if error is not None else None
    return isinstance(cause, ApiError) and (
        cause.status == 404 or cause.type == "ROW_DOES_NOT_EXIST"
    )


def _effect(change: Change[Any]) -> Effect:
    if _is_new(change):
        return "created"
    return "deleted" if change.traits.removes else "updated"


def _is_new(change: Change[Any]) -> bool:
    """Return whether it has created a record; such an upsert has become a create."""
    return not change.traits.is_repeatable
