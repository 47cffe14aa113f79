"""For tests: a simulator that runs jobs on a simulated clock, thousands of runs a second.

A job decides everything and never waits. So its schedule can be run without a socket and without
real time: the simulator sets the time, and when replies arrive.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from airhaul.bulk.engine.events import Event
from airhaul.bulk.engine.job import Done, Job, Outcome, Pull, Send, Wait
from airhaul.bulk.engine.pacer import Pacer
from airhaul.wire.call import Call

T = TypeVar("T")

Service = Callable[[Call, float], tuple[float, Outcome]]
"""Answers a request sent at a time: the seconds until the reply, and the reply."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A request that was sent.

    Args:
        at: When it was sent, in seconds of the simulated clock.
        call: The request.
    """

    at: float
    call: Call


@dataclass
class Simulation(Generic[T]):
    """The result of a simulated run.

    Args:
        sent: The requests, in the order in which they were sent.
        events: The events that the job reported, in order.
        seconds: The duration, in seconds of the simulated clock.
        most_in_flight: The most requests that were in flight at the same time.
    """

    sent: list[Sent] = field(default_factory=list[Sent])
    events: list[Event] = field(default_factory=list[Event])
    seconds: float = 0.0
    most_in_flight: int = 0


class StuckError(AssertionError):
    """A job waits for something that will never happen, or never ends."""


def simulate(
    job: Job[T],
    service: Service,
    rows: Iterable[object] = (),
    *,
    pacer: Pacer | None = None,
    stop_at: float | None = None,
    most_steps: int = 100_000,
) -> Simulation[T]:
    """Run a job to its end on a simulated clock that starts at 0.

    Args:
        job: The job; read its ``result`` afterwards.
        service: Answers its requests.
        rows: The rows for the job.
        pacer: The job's pacer, to be notified when requests are sent.
        stop_at: When to stop the job as Ctrl-C does, in seconds of the simulated clock; None for
            never.
        most_steps: The most decisions before giving up.

    Returns:
        The requests and events, and when they happened.

    Raises:
        StuckError: The job does not end.
    """
    run = _Run(job, service, iter(rows), pacer)
    for _ in range(most_steps):
        if stop_at is not None and run.now >= stop_at:
            job.stop()
            stop_at = None
        if run.step(stop_at):
            run.report.seconds = run.now
            return run.report
    raise StuckError(f"no end after {most_steps} steps")


class _Run(Generic[T]):
    def __init__(
        self, job: Job[T], service: Service, rows: Iterator[object], pacer: Pacer | None
    ) -> None:
        self.now = 0.0
        self.report = Simulation[T]()
        self._job = job
        self._service = service
        self._rows = rows
        self._pacer = pacer
        self._coming: list[tuple[float, int, Outcome]] = []

    def step(self, stop_at: float | None) -> bool:
        action = self._job.next(self.now)
        self.report.events += self._job.events()
        match action:
            case Pull():
                self._pull()
            case Send() as send:
                self._send(send)
            case Wait(until):
                self._wait(until, stop_at)
            case Done():
                return True
        return False

    def _pull(self) -> None:
        end: Any = object()
        row = next(self._rows, end)
        if row is end:
            self._job.end_of_rows()
        else:
            self._job.offer(row)

    def _send(self, send: Send) -> None:
        if self._pacer is not None:
            self._pacer.left(send.slot, self.now)
        self.report.sent.append(Sent(self.now, send.call))
        latency_s, outcome = self._service(send.call, self.now)
        heapq.heappush(self._coming, (self.now + latency_s, send.ticket, outcome))
        self.report.most_in_flight = max(self.report.most_in_flight, len(self._coming))

    def _wait(self, until: float | None, stop_at: float | None) -> None:
        times = [time for time in (until, stop_at) if time is not None]
        if self._coming:
            times.append(self._coming[0][0])
        if not times:
            raise StuckError("the job waits, and no request is in flight")
        self.now = max(self.now, min(times))
        while self._coming and self._coming[0][0] <= self.now:
            _, ticket, outcome = heapq.heappop(self._coming)
            self._job.feed(ticket, outcome, self.now)
