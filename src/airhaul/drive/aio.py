"""Drives jobs with anyio, on asyncio and trio alike.

The caller's rows are pulled and the caller's callbacks run in the caller's own task. A request in
flight is shielded from cancellation until its reply or its time-out, so that its result is known.
"""

from __future__ import annotations

import math
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from dataclasses import replace
from typing import Any, Final, TypeVar

import anyio
from anyio.abc import TaskGroup
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from airhaul.bulk.engine.events import Event
from airhaul.bulk.engine.flow import Flow
from airhaul.bulk.engine.job import Arrival, Done, Job, Pull, Send, Wait
from airhaul.drive.lane import SOON_S, Lane, ended_before_leaving, has_succeeded, not_carried
from airhaul.drive.log import JobLog, log_request
from airhaul.errors import NotSentError, TransportError

T = TypeVar("T")
OnEvent = Callable[[Event], object]

_END: Final = object()
_Landed = tuple[int, Arrival | Exception]

now = time.monotonic


async def stream(job: Job[Any], lane: Lane) -> AsyncIterator[Event]:
    """Run a job that takes no rows, and yield its events as they come.

    Args:
        job: The job; read its ``result`` when the iterator is exhausted.
        lane: The way to the base.

    Yields:
        Events, each before the next call is sent.
    """
    log = JobLog()
    while True:
        for event in job.events():
            log.note(event)
            yield event
        match job.next(now()):
            case Send() as send:
                job.feed(send.ticket, await _carry(send, lane, anyio.Event()), now())
            case Wait(until):
                assert until is not None, "nothing is in flight"
                log.wait(until, now())
                await anyio.sleep(max(0.0, until - now()))
            case Pull():
                job.end_of_rows()
            case Done():
                for event in job.events():
                    yield event
                return


async def call(job: Job[T], lane: Lane, on_event: OnEvent | None = None) -> T:
    """Run a job that takes no rows to its end.

    Args:
        job: The job.
        lane: The way to the base.
        on_event: Called with each event.

    Returns:
        Its result.
    """
    async for event in stream(job, lane):
        if on_event is not None:
            on_event(event)
    return job.result


async def run(
    job: Job[T],
    lane: Lane,
    rows: Iterable[object] | AsyncIterable[object],
    on_event: OnEvent | None = None,
) -> T:
    """Run a job that takes rows, with as many requests in flight as the lane allows.

    Args:
        job: The job.
        lane: The way to the base.
        rows: Pulled one at a time, in this task.
        on_event: Called in this task.

    Returns:
        The job's result.

    Raises:
        BaseException: Whatever ``rows`` or ``on_event`` raised, and cancellation, after the
            requests in flight have landed; the job's result is partial then. Requests that would
            have to wait for the pace are not sent.
    """
    put, replies = anyio.create_memory_object_stream[_Landed](math.inf)
    failure: BaseException | None = None
    with put, replies:
        async with anyio.create_task_group() as tasks:
            driving = _Driving(job, lane, tasks, put, replies)
            try:
                await driving.drive(each(rows), on_event or _ignore)
            except BaseException as error:
                job.stop()
                with anyio.CancelScope(shield=True):
                    await driving.land()
                if isinstance(error, anyio.get_cancelled_exc_class()):
                    raise  # a task group must see its own cancellation
                failure = error
    if failure is not None:
        raise failure
    return job.result


async def follow(flow: Flow[T], lane: Lane) -> T:
    """Run the jobs of a flow one after the other.

    Args:
        flow: Decides what is run next.
        lane: The way to the base.

    Returns:
        What the flow comes to.

    Raises:
        BaseException: What the flow raises, having been thrown what ended one of its jobs.
    """
    try:
        step = next(flow)
        while True:
            step_lane = replace(lane, concurrency=step.concurrency)
            try:
                answer = await run(step.job, step_lane, step.rows, step.on_event)
            except BaseException as error:  # noqa: BLE001 - the flow decides, and raises it again
                step = flow.throw(error)
            else:
                step = flow.send(answer)
    except StopIteration as end:
        result: T = end.value
        return result


class _Driving:
    """One run of a job: the loop, and where replies arrive."""

    def __init__(
        self,
        job: Job[Any],
        lane: Lane,
        tasks: TaskGroup,
        put: MemoryObjectSendStream[_Landed],
        replies: MemoryObjectReceiveStream[_Landed],
    ) -> None:
        self._job = job
        self._lane = lane
        self._tasks = tasks
        self._put = put
        self._replies = replies
        self._lands = False
        self._has_ended = anyio.Event()
        self._log = JobLog()

    async def land(self) -> None:
        """Wait for what is in flight, whatever happens to one of the requests."""
        self._lands = True
        self._has_ended.set()
        self._has_ended = anyio.Event()  # what is sent from now on finds out what was done
        await self.drive(each(()), _ignore)

    async def drive(self, rows: AsyncIterator[object], on_event: OnEvent) -> None:
        job = self._job
        while True:
            for event in job.events():
                self._log.note(event)
                on_event(event)
            match job.next(now()):
                case Pull():
                    await self._pull(rows)
                case Send() as send:
                    self._tasks.start_soon(self._carry_to_stream, send, self._has_ended)
                case Wait(until):
                    await self._wait(until)
                case Done():
                    break
        for event in job.events():
            on_event(event)

    async def _pull(self, rows: AsyncIterator[object]) -> None:
        wants_more = True
        while wants_more:
            row = await anext(rows, _END)
            if row is _END:
                self._job.end_of_rows()
                return
            wants_more = self._job.offer(row)

    async def _wait(self, until: float | None) -> None:
        self._log.wait(until, now())
        timeout_s = None if until is None else max(0.0, until - now())
        with anyio.move_on_after(timeout_s):
            ticket, arrival = await self._replies.receive()
            if isinstance(arrival, Exception) and not isinstance(arrival, TransportError):
                # A fault of ours while sending: the job must not wait for its reply.
                self._job.feed(ticket, not_carried(arrival), now())
                if self._lands:
                    return  # the first one is raised
                raise arrival
            self._job.feed(ticket, arrival, now())

    async def _carry_to_stream(self, send: Send, has_ended: anyio.Event) -> None:
        with anyio.CancelScope(shield=True):
            try:
                arrival: Arrival | Exception = await _carry(send, self._lane, has_ended)
            except Exception as error:  # noqa: BLE001 - raised again in the caller's task
                arrival = error
            self._put.send_nowait((send.ticket, arrival))


async def _carry(send: Send, lane: Lane, has_ended: anyio.Event) -> Arrival:
    return await _leave(send, lane, has_ended) or await _exchange(send, lane)


async def _leave(send: Send, lane: Lane, has_ended: anyio.Event) -> NotSentError | None:
    """Wait until a request may leave, and return why it does not leave, if so."""
    try:
        while left_s := lane.leaves_in(send.slot):
            if left_s <= SOON_S:
                await anyio.sleep(left_s)
                continue
            with anyio.move_on_after(left_s - SOON_S / 2):
                await has_ended.wait()
                return ended_before_leaving(send.call)
    except NotSentError as error:
        log_request(send.call, error, 0.0)
        return error
    return None


async def _exchange(send: Send, lane: Lane) -> Arrival:
    began = now()
    arrival: Arrival
    try:
        arrival = await lane.async_transport.send(
            send.call, lambda: lane.pace.written(send.slot, now())
        )
    except TransportError as error:
        arrival = error
    lane.pace.answered(send.slot, now(), with_success=has_succeeded(arrival))
    log_request(send.call, arrival, now() - began)
    return arrival


async def each(rows: Iterable[object] | AsyncIterable[object]) -> AsyncIterator[object]:
    """Take rows one at a time."""
    if isinstance(rows, AsyncIterable):
        async for row in rows:
            yield row
    else:
        for row in rows:
            yield row


async def collect(rows: Iterable[object] | AsyncIterable[object]) -> list[object]:
    """Take all rows into memory."""
    return [row async for row in each(rows)]


def _ignore(event: Event) -> None:
    """Ignore an event."""
