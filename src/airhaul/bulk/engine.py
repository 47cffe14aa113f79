"""The engine: runs any work at the pace, with so many calls in flight, and tries again where safe.

``Work`` decides what is sent; the engine decides when, and how often.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from airhaul.bulk.actions import Action, Done, Outcome, Pull, Send, Wait
from airhaul.bulk.events import Event, Retrying
from airhaul.bulk.pacer import Pace, Slot
from airhaul.bulk.retry import Accepted, Again, Refused, Retries, judge
from airhaul.errors import AirhaulError
from airhaul.wire.call import Call

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Work(Protocol[T_co]):
    """What there is to send, apart from when."""

    @property
    def wants_row(self) -> bool:
        """Whether it could use one more row now."""
        ...

    @property
    def stopping(self) -> bool:
        """Whether something happened after which nothing more may be sent."""
        ...

    def offer(self, row: object) -> None:
        """Take a row."""
        ...

    def end_of_rows(self) -> None:
        """Learn that there are no more rows."""
        ...

    def next_call(self) -> tuple[Any, Call] | None:
        """Hand over a call that can be sent now, with a tag that names it, or None."""
        ...

    def accept(self, tag: Any, value: Any) -> None:
        """Learn that a call was carried out."""
        ...

    def refuse(self, tag: Any, error: AirhaulError) -> None:
        """Learn that a call was not carried out."""
        ...

    def lose(self, tag: Any, error: AirhaulError) -> None:
        """Learn that nobody knows whether a call was carried out."""
        ...

    def abandon(self, tag: Any) -> None:
        """Learn that a call was not sent, because the job was stopped."""
        ...

    def events(self) -> list[Event]:
        """Hand over what happened since the last time."""
        ...

    @property
    def result(self) -> T_co:
        """What the work has come to."""
        ...


@dataclass(slots=True)
class _Ticket:
    """A call on its way through the engine."""

    tag: Any
    call: Call
    slot: Slot | None = None
    tries: int = 0
    rate_limited: int = 0


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
        pace: The pace of the base, shared with its other jobs.
        concurrency: How many calls may be in flight at once, at least 1.
        retries: How often to try.
    """

    def __init__(
        self, work: Work[T], pace: Pace, *, concurrency: int, retries: Retries | None = None
    ) -> None:
        self._work = work
        self._pace = pace
        self._concurrency = concurrency
        self._retries = retries or Retries()
        self._in_flight: dict[int, _Ticket] = {}
        self._ready: _Ticket | None = None
        self._later: list[_Due] = []
        self._rows_ended = False
        self._stopped = False
        self._sendings = 0
        self._events: list[Event] = []

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        return self._sendings

    @property
    def result(self) -> T:
        """What the work has come to."""
        return self._work.result

    def events(self) -> list[Event]:
        """Hand over what happened since the last time."""
        events = self._events + self._work.events()
        self._events = []
        return events

    def offer(self, row: object) -> None:
        """Take a row that was pulled."""
        self._work.offer(row)

    def end_of_rows(self) -> None:
        """Learn that there are no more rows."""
        self._rows_ended = True
        self._work.end_of_rows()

    def stop(self) -> None:
        """Take no more rows and send nothing new; what is in flight lands."""
        self._stopped = True
        waiting = [due.ticket for due in self._later]
        if self._ready is not None:
            waiting.append(self._ready)
        self._later, self._ready = [], None
        for ticket in waiting:
            self._work.abandon(ticket.tag)

    def next(self, now: float) -> Action:
        """Say what to do next."""
        if self._work.stopping and not self._stopped:
            self.stop()
        if not self._stopped:
            action = self._next_to_send(now)
            if action is not None:
                return action
        if self._in_flight:
            return Wait()
        return Done()

    def _next_to_send(self, now: float) -> Action | None:
        if len(self._in_flight) >= self._concurrency:
            return None
        if self._ready is None:
            self._ready = self._pick(now)
        if self._ready is not None:
            return self._send_or_wait(self._ready, now)
        if self._work.wants_row and not self._rows_ended:
            return Pull()
        return Wait(self._later[0].at) if self._later else None

    def _pick(self, now: float) -> _Ticket | None:
        if self._later and self._later[0].at <= now:
            return heapq.heappop(self._later).ticket
        found = self._work.next_call()
        return _Ticket(*found) if found is not None else None

    def _send_or_wait(self, ticket: _Ticket, now: float) -> Action:
        if ticket.slot is None:
            ticket.slot = self._pace.book(now)
        opens_at = self._pace.opens_at(ticket.slot)
        if opens_at > now:
            return Wait(opens_at)
        self._pace.depart(ticket.slot, now)
        self._ready = None
        self._sendings += 1
        ticket.tries += 1
        self._in_flight[self._sendings] = ticket
        return Send(self._sendings, ticket.call, ticket.slot)

    def feed(self, ticket: int, outcome: Outcome, now: float) -> None:
        """Learn what came of a call."""
        held = self._in_flight.pop(ticket)
        verdict = judge(held.call, outcome, held.tries, held.rate_limited + 1, self._retries)
        match verdict:
            case Accepted(value):
                if held.slot is not None:
                    self._pace.returned(held.slot, now)
                self._work.accept(held.tag, value)
            case Refused(error):
                self._work.refuse(held.tag, error)
            case Again():
                self._try_again(held, verdict, now)
            case _:
                self._work.lose(held.tag, verdict.error)

    def _try_again(self, ticket: _Ticket, verdict: Again, now: float) -> None:
        if verdict.pause:
            self._pace.pause(now + verdict.wait_s)
            ticket.rate_limited += 1
            ticket.tries -= 1
        if self._stopped:
            self._give_up(ticket, verdict)
            return
        ticket.slot = None
        at = now + verdict.wait_s
        heapq.heappush(self._later, _Due(at, self._sendings, ticket))
        self._events.append(Retrying(ticket.call, verdict.error, verdict.wait_s))

    def _give_up(self, ticket: _Ticket, verdict: Again) -> None:
        # What is tried again has not been carried out, or may be carried out twice without harm.
        if verdict.pause:
            self._work.abandon(ticket.tag)
        else:
            self._work.refuse(ticket.tag, verdict.error)
