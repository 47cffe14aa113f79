"""For tests: a simulator that runs jobs on a clock of its own, thousands of runs a second.

A job decides everything, and waits for nothing. So its schedule can be played through without a
socket and without a second passing: the simulator says what time it is, and when replies arrive.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from airhaul.bulk.engine.events import Event
from airhaul.bulk.engine.job import Arrival, Done, Job, Pull, Send, Wait
from airhaul.bulk.engine.pacer import Pacer
from airhaul.wire.call import Call

T = TypeVar("T")

Service = Callable[[Call, float], tuple[float, Arrival]]
"""Answers a call that arrives at a time with the seconds until the reply, and the reply."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A request that was sent.

    Args:
        at: When, in seconds of the simulated clock.
        call: What.
    """

    at: float
    call: Call


@dataclass
class Simulation(Generic[T]):
    """What a simulated run came to.

    Args:
        sent: The requests, in the order they were sent.
        events: What the job told, in order.
        seconds: How long it took, on the simulated clock.
        most_in_flight: The most requests that were on their way at once.
    """

    sent: list[Sent] = field(default_factory=list[Sent])
    events: list[Event] = field(default_factory=list[Event])
    seconds: float = 0.0
    most_in_flight: int = 0


class StuckError(AssertionError):
    """A job waits for something that will never come, or goes on for ever."""


def simulate(
    job: Job[T],
    service: Service,
    rows: Iterable[object] = (),
    *,
    pacer: Pacer | None = None,
    stop_at: float | None = None,
    most_steps: int = 100_000,
) -> Simulation[T]:
    """Run a job to its end on a simulated clock that begins at 0.

    Args:
        job: The job; read its ``result`` afterwards.
        service: Answers its calls.
        rows: What it pulls.
        pacer: The pace that the job was given, to be told when requests leave.
        stop_at: Stop the job at this time, as Ctrl-C does.
        most_steps: Give up after so many decisions.

    Returns:
        What was sent, and when.

    Raises:
        StuckError: The job does not come to an end.
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
        self._coming: list[tuple[float, int, Arrival]] = []

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
        latency_s, arrival = self._service(send.call, self.now)
        heapq.heappush(self._coming, (self.now + latency_s, send.ticket, arrival))
        self.report.most_in_flight = max(self.report.most_in_flight, len(self._coming))

    def _wait(self, until: float | None, stop_at: float | None) -> None:
        times = [time for time in (until, stop_at) if time is not None]
        if self._coming:
            times.append(self._coming[0][0])
        if not times:
            raise StuckError("the job waits, and nothing is on its way")
        self.now = max(self.now, min(times))
        while self._coming and self._coming[0][0] <= self.now:
            _, ticket, arrival = heapq.heappop(self._coming)
            self._job.feed(ticket, arrival, self.now)
