"""The engine: runs any work at the pace, with a bounded number of calls in flight, and retries.

``Work`` decides what is sent; the engine decides when, and how often.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from airhaul.bulk.engine.context import JobBudget, JobContext
from airhaul.bulk.engine.events import Event, Retrying
from airhaul.bulk.engine.job import Action, Arrival, Done, Pull, Send, Wait
from airhaul.bulk.engine.retry import Accepted, Again, History, Refused, judge
from airhaul.bulk.engine.slots import Slot
from airhaul.bulk.engine.work import Attempt, Work
from airhaul.errors import RequestCeilingError
from airhaul.messages import Message, Option, counted
from airhaul.wire.call import Call, Reply
from airhaul.wire.limits import NO_RATE_LIMIT_HEADER

T = TypeVar("T")


@dataclass(slots=True)
class _Ticket:
    """A call on its way through the engine."""

    tag: Any
    call: Call
    slot: Slot | None = None
    first_at: float = 0.0
    sent_at: float = 0.0
    history: History = field(default_factory=History)


@dataclass(order=True, slots=True)
class _Due:
    """A ticket that waits for its next try."""

    at: float
    number: int
    ticket: _Ticket = field(compare=False)


class Engine(Generic[T]):
    """A job that runs some work.

    Args:
        work: What to send.
        context: What it shares with the other jobs of its base.
        concurrency: How many of its requests may be in flight or wait for their next try; as in the
            context if None.
        max_requests: How many requests it may send; None for any number.
        sent_before: How many of these were sent by other jobs of the same call.
    """

    def __init__(
        self,
        work: Work[T],
        context: JobContext,
        *,
        concurrency: int | None = None,
        max_requests: int | None = None,
        sent_before: int = 0,
    ) -> None:
        self._work = work
        self._pace = context.pace
        self._concurrency = concurrency or context.concurrency
        self._retries = context.retries
        self._known_base = context.known_base
        self._budget = JobBudget(max_requests, context.budget, sent_before)
        self._in_flight: dict[int, _Ticket] = {}
        self._ready: _Ticket | None = None
        self._later: list[_Due] = []
        self._rows_ended = False
        self._sendings = 0
        self._events: list[Event] = []

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        return self._sendings

    @property
    def result(self) -> T:
        """The result of the work so far."""
        return self._work.result

    def events(self) -> list[Event]:
        """Return what happened since the last call."""
        events = self._events + self._work.events()
        self._events = []
        return events

    def offer(self, row: object) -> bool:
        """Take a row that was pulled, and return whether the next one is wanted right away."""
        # A call that waits for its next try may be due before a slow stream has another row.
        return self._work.offer(row) and not self._later

    def end_of_rows(self) -> None:
        """Note that there are no more rows."""
        self._rows_ended = True
        self._work.end_of_rows()

    def stop(self) -> None:
        """Take no more rows and send nothing new; what is in flight lands."""
        self._work.stop()
        self._drop_what_is_new()

    def next(self, now: float) -> Action:
        """Decide what to do next."""
        if self._work.stopping:
            self._drop_what_is_new()
        action = self._next_to_send(now)
        if action is not None:
            return action
        return Wait() if self._in_flight else Done()

    def _drop_what_is_new(self) -> None:
        """Give up the calls that have not been carried out, and keep those that may have been."""
        waiting = [due.ticket for due in self._later]
        if self._ready is not None:
            waiting.append(self._ready)
        if not any(map(self._is_new, waiting)):
            return
        self._later = [due for due in self._later if not self._is_new(due.ticket)]
        heapq.heapify(self._later)
        if self._ready is not None and self._is_new(self._ready):
            self._ready = None
        for ticket in filter(self._is_new, waiting):
            self._work.abandon(ticket.tag)

    def _is_new(self, ticket: _Ticket) -> bool:
        """Whether nothing is left in doubt when a call is not sent, or not sent again."""
        return not ticket.history.was_lost and self._work.is_new(ticket.tag)

    def _next_to_send(self, now: float) -> Action | None:
        if len(self._in_flight) >= self._concurrency:
            return None
        if self._ready is None:
            self._ready = self._pick(now)
        if self._ready is not None:
            return self._send_or_wait(self._ready, now)
        if self._has_room and self._work.wants_row and not self._rows_ended:
            return Pull()
        times = [self._later[0].at] if self._later else []
        wakes_at = self._work.wakes_at()
        if wakes_at is not None:
            times.append(wakes_at)
        return Wait(min(times)) if times else None

    @property
    def _has_room(self) -> bool:
        """Whether there is room for a new call.

        A call that waits for its next try keeps its place: were others sent meanwhile, a service
        that has gone away would lose them all.
        """
        return len(self._in_flight) + len(self._later) < self._concurrency

    def _pick(self, now: float) -> _Ticket | None:
        if self._later and self._later[0].at <= now:
            return heapq.heappop(self._later).ticket
        if not self._has_room:
            return None
        found = self._work.next_call(now)
        return _Ticket(*found) if found is not None else None

    def _send_or_wait(self, ticket: _Ticket, now: float) -> Action:
        if not self._budget.has_room() and self._is_new(ticket):
            self._ready = None
            self._refuse_over_ceiling(ticket, now)
            return Wait(now)
        if ticket.slot is None:
            ticket.slot = Slot(_kind_of(ticket.call))
        ask_at = self._pace.hand_over(ticket.slot, now)
        if ask_at > now:
            return Wait(ask_at)
        self._ready = None
        self._budget.count()
        self._sendings += 1
        if not ticket.history.tries:
            ticket.first_at = now
        ticket.sent_at = now
        ticket.history.tries += 1
        self._in_flight[self._sendings] = ticket
        return Send(self._sendings, ticket.call, ticket.slot)

    def _refuse_over_ceiling(self, ticket: _Ticket, now: float) -> None:
        error = RequestCeilingError(
            Message(
                f"The limit of {counted(self._budget.most or 0, 'request')} is reached; nothing "
                "more was sent. To continue, raise ",
                Option("max_requests"),
                ".",
            )
        )
        self._work.refuse(ticket.tag, error, Attempt(self._sendings, now, now))

    def feed(self, ticket: int, arrival: Arrival, now: float) -> None:
        """Take the reply of a call, or the reason why there is none."""
        held = self._in_flight.pop(ticket)
        if isinstance(arrival, Reply):
            self._known_base.clock.observe(held.sent_at, now, arrival.headers.get("date"))
            self._known_base.has_rate_limit = NO_RATE_LIMIT_HEADER not in arrival.headers
        decision = judge(
            held.call,
            arrival,
            held.history,
            self._retries,
            has_answered=self._known_base.has_answered,
        )
        # Opening a connection came before, if the transport has noted when the request was written.
        written_at = None if held.slot is None else held.slot.written_at
        took_s = now - (held.sent_at if written_at is None else written_at)
        attempt = Attempt(ticket, held.first_at, now, held.history.was_lost, took_s=took_s)
        match decision:
            case Accepted(value):
                self._known_base.has_answered = True
                self._known_base.note_created(held.call, value)
                self._work.accept(held.tag, value, attempt)
            case Refused(error):
                self._work.refuse(held.tag, error, attempt)
            case Again():
                self._try_again(held, decision, now)
            case _:
                self._work.lose(held.tag, decision.error, attempt)

    def _try_again(self, ticket: _Ticket, decision: Again, now: float) -> None:
        history = ticket.history
        history.was_lost = history.was_lost or decision.lost
        if decision.pause:
            self._pace.pause(now + decision.wait_s)
            history.rate_limited += 1
            history.tries -= 1
        if self._work.stopping and self._is_new(ticket):
            self._work.abandon(ticket.tag)
            return
        ticket.slot = None
        at = now + decision.wait_s
        heapq.heappush(self._later, _Due(at, self._sendings, ticket))
        self._events.append(Retrying(ticket.call, decision.error, decision.wait_s))


def _kind_of(call: Call) -> str:
    """Name the kind of a call, to compare how long its reply takes with others of its kind.

    The first page of a list takes longer if the service has to look for its records, and the other
    pages do not.
    """
    asked = {name for name, _ in call.query} | (call.body.keys() if call.body else set())
    if "offset" in asked:
        return "next page"
    return f"{call.method} found" if "filterByFormula" in asked else call.method
