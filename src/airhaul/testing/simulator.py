"""For tests: a simulator that runs jobs on a simulated clock, thousands of runs a second.

A job decides everything and never waits. So its schedule can be run without a socket and without
real time: the simulator sets the time, and when replies arrive.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Generic, TypeVar, cast

from airhaul.bulk.engine.events import Event
from airhaul.bulk.engine.flow import Flow
from airhaul.bulk.engine.job import Arrival, Done, Job, Pull, Send, Wait
from airhaul.bulk.engine.pacer import Pacer
from airhaul.bulk.engine.slots import Slot
from airhaul.wire.call import Call, Reply

T = TypeVar("T")

Service = Callable[[Call, float], tuple[float, Arrival]]
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
        sent: The requests, in the order they were sent.
        events: What the job reported, in order.
        seconds: How long it took, on the simulated clock.
        most_in_flight: The most requests that were on their way at the same time.
        was_stopped: Whether the job was stopped.
    """

    sent: list[Sent] = field(default_factory=list[Sent])
    events: list[Event] = field(default_factory=list[Event])
    seconds: float = 0.0
    most_in_flight: int = 0
    was_stopped: bool = False


class SimulatedClock:
    """A clock that the simulation moves; jobs and flows may share one.

    Args:
        now: What it shows, in seconds.
    """

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        """The time, in seconds."""
        return self.now


class KilledError(BaseException):
    """The simulated process was killed: nothing of it runs any more."""


class StuckError(AssertionError):
    """A job waits for something that will never happen, or never ends."""


def simulate(
    job: Job[T],
    service: Service,
    rows: Iterable[object] = (),
    *,
    pacer: Pacer | None = None,
    stop_at: float | None = None,
    kill_at: float | None = None,
    most_steps: int = 100_000,
    clock: SimulatedClock | None = None,
    on_event: Callable[[Event], object] | None = None,
) -> Simulation[T]:
    """Run a job to its end on a simulated clock.

    Args:
        job: The job; read its ``result`` afterwards.
        service: Answers its calls.
        rows: What it pulls.
        pacer: The pace that the job was given, to be reported when requests leave.
        stop_at: Stop the job at this time, as Ctrl-C does.
        kill_at: End the simulation at this time, as ``kill -9`` does.
        most_steps: Give up after so many decisions.
        clock: The clock; a new one that begins at 0 if None.
        on_event: Called with each event.

    Returns:
        The requests and events, and when they happened.

    Raises:
        StuckError: The job does not come to an end.
        KilledError: The time of ``kill_at`` has come.
    """
    run = _Run(job, service, iter(rows), pacer, clock or SimulatedClock())
    reported = 0
    for _ in range(most_steps):
        if kill_at is not None and run.now >= kill_at:
            raise KilledError
        if stop_at is not None and run.now >= stop_at:
            job.stop()
            run.report.was_stopped, stop_at = True, None
        times = [time for time in (stop_at, kill_at) if time is not None]
        has_ended = run.step(min(times, default=None))
        if on_event is not None:
            for event in run.report.events[reported:]:
                on_event(event)
            reported = len(run.report.events)
        if has_ended:
            run.report.seconds = run.now
            return run.report
    raise StuckError(f"no end after {most_steps} steps")


def simulate_flow(
    flow: Flow[T],
    service: Service,
    clock: SimulatedClock,
    *,
    pacer: Pacer | None = None,
    stop_at: float | None = None,
    kill_at: float | None = None,
) -> T:
    """Run the jobs of a flow one after the other on a simulated clock.

    Args:
        flow: The flow.
        service: Answers the calls of its jobs.
        clock: The clock, which the flow was given, too.
        pacer: The pace that the jobs were given.
        stop_at: Stop the job of this time, as Ctrl-C does.
        kill_at: End the simulation at this time, as ``kill -9`` does; the flow learns nothing.

    Returns:
        What the flow comes to.

    Raises:
        BaseException: What the flow raises.
        KilledError: The time of ``kill_at`` has come.
    """
    try:
        step = next(flow)
        while True:
            run = simulate(
                step.job,
                service,
                cast("Iterable[object]", step.rows),
                pacer=pacer,
                stop_at=stop_at,
                kill_at=kill_at,
                clock=clock,
                on_event=step.on_event,
            )
            if run.was_stopped:
                stop_at = None
                step = flow.throw(KeyboardInterrupt())
                continue
            try:
                answer = step.job.result
            except Exception as error:  # noqa: BLE001 - the flow decides, and raises it again
                step = flow.throw(error)
            else:
                step = flow.send(answer)
    except StopIteration as end:
        result: T = end.value
        return result


class _Run(Generic[T]):
    def __init__(
        self,
        job: Job[T],
        service: Service,
        rows: Iterator[object],
        pacer: Pacer | None,
        clock: SimulatedClock,
    ) -> None:
        self._clock = clock
        self.report = Simulation[T]()
        self._job = job
        self._service = service
        self._rows = rows
        self._pacer = pacer
        self._coming: list[tuple[float, int, Slot, Arrival]] = []

    @property
    def now(self) -> float:
        return self._clock.now

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
        wants_more = True
        while wants_more:
            row = next(self._rows, end)
            if row is end:
                self._job.end_of_rows()
                return
            wants_more = self._job.offer(row)

    def _send(self, send: Send) -> None:
        at = max(self.now, send.slot.at)
        if self._pacer is not None:
            self._pacer.written(send.slot, at)
        self.report.sent.append(Sent(at, send.call))
        latency_s, arrival = self._service(send.call, at)
        heapq.heappush(self._coming, (at + latency_s, send.ticket, send.slot, arrival))
        self.report.most_in_flight = max(self.report.most_in_flight, len(self._coming))

    def _wait(self, until: float | None, stop_at: float | None) -> None:
        times = [time for time in (until, stop_at) if time is not None]
        if self._coming:
            times.append(self._coming[0][0])
        if not times:
            raise StuckError("the job waits, and nothing is on its way")
        self._clock.now = max(self.now, min(times))
        while self._coming and self._coming[0][0] <= self.now:
            _, ticket, slot, arrival = heapq.heappop(self._coming)
            if self._pacer is not None:
                has_succeeded = isinstance(arrival, Reply) and arrival.status == HTTPStatus.OK
                self._pacer.answered(slot, self.now, with_success=has_succeeded)
            self._job.feed(ticket, arrival, self.now)
