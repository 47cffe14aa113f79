"""Drives jobs with threads: several requests at a time on a pool, one at a time right here.

The caller's rows are pulled and the caller's callbacks run on the caller's own thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import Any, Final, TypeVar, cast

from airhaul.bulk.engine.events import Event
from airhaul.bulk.engine.flow import Flow
from airhaul.bulk.engine.job import Arrival, Done, Job, Pull, Send, Wait
from airhaul.drive.interrupts import Interrupts
from airhaul.drive.lane import SOON_S, Lane, ended_before_leaving, has_succeeded, not_carried
from airhaul.drive.log import JobLog, log_request
from airhaul.drive.mailbox import Mailbox
from airhaul.errors import NotSentError, TransportError

T = TypeVar("T")
OnEvent = Callable[[Event], object]

_END: Final = object()
_Replies = Mailbox[tuple[int, Arrival | BaseException] | None]

now = time.monotonic


def stream(job: Job[Any], lane: Lane) -> Iterator[Event]:
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
                job.feed(send.ticket, _carry(send, lane), now())
            case Wait(until):
                assert until is not None, "nothing is in flight"
                log.wait(until, now())
                time.sleep(max(0.0, until - now()))
            case Pull():
                job.end_of_rows()
            case Done():
                yield from job.events()
                return


def call(job: Job[T], lane: Lane, on_event: OnEvent | None = None) -> T:
    """Run a job that takes no rows to its end.

    Args:
        job: The job.
        lane: The way to the base.
        on_event: Called with each event.

    Returns:
        Its result.
    """
    for event in stream(job, lane):
        if on_event is not None:
            on_event(event)
    return job.result


def run(job: Job[T], lane: Lane, rows: Iterable[object], on_event: OnEvent | None = None) -> T:
    """Run a job that takes rows, with as many requests in flight as the lane allows.

    Args:
        job: The job.
        lane: The way to the base.
        rows: Pulled one at a time, on this thread.
        on_event: Called on this thread.

    Returns:
        The job's result.

    Raises:
        BaseException: Whatever ``rows`` or ``on_event`` raised, and Ctrl-C, after the requests
            in flight have landed; the job's result is partial then. Requests that would have to
            wait for the pace are not sent.
    """
    replies: _Replies = Mailbox()
    interrupts = Interrupts(lambda: replies.put(None))
    sender: _Inline | _Pool
    sender = _Inline(lane, replies, interrupts) if lane.concurrency == 1 else _Pool(lane, replies)
    with closing(sender), interrupts:
        driving = _Driving(job, sender.send, replies, interrupts)
        try:
            driving.drive(iter(rows), on_event or _ignore)
        except BaseException:
            job.stop()
            sender.send_no_more()
            driving.land()
            raise
    return job.result


def follow(flow: Flow[T], lane: Lane) -> T:
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
                answer = run(
                    step.job, step_lane, cast("Iterable[object]", step.rows), step.on_event
                )
            except BaseException as error:  # noqa: BLE001 - the flow decides, and raises it again
                step = flow.throw(error)
            else:
                step = flow.send(answer)
    except StopIteration as end:
        result: T = end.value
        return result


class _Inline:
    """Sends on the caller's thread, so that one request at a time needs no other thread."""

    def __init__(self, lane: Lane, replies: _Replies, interrupts: Interrupts) -> None:
        self._lane = lane
        self._replies = replies
        self._interrupts = interrupts

    def send(self, send: Send) -> None:
        arrival: Arrival | BaseException
        has_left = False
        try:
            not_sent = _leave(send, self._lane, lambda: self._interrupts.is_noted)
            has_left = not_sent is None
            arrival = not_sent or _exchange(send, self._lane)
        except Exception as error:  # noqa: BLE001 - raised again when the job has been fed
            arrival = error
        except BaseException as error:
            # A second Ctrl-C ends the call immediately; landing must not wait for the reply.
            arrival = error if has_left else ended_before_leaving(send.call)
            self._replies.put((send.ticket, arrival))
            raise
        self._replies.put((send.ticket, arrival))

    def send_no_more(self) -> None:
        """Nothing waits on other threads."""

    def close(self) -> None:
        """Nothing was opened."""


class _Pool:
    """Sends on threads of its own, as many as there may be requests in flight."""

    def __init__(self, lane: Lane, replies: _Replies) -> None:
        self._lane = lane
        self._replies = replies
        self._has_ended = threading.Event()
        self._pool = ThreadPoolExecutor(lane.concurrency, thread_name_prefix="airhaul-request")

    def send(self, send: Send) -> None:
        has_ended = self._has_ended.is_set
        self._pool.submit(_carry_to_queue, send, self._lane, self._replies, has_ended)

    def send_no_more(self) -> None:
        """Do not send what still waits; what comes later finds out, or undoes, what was done."""
        self._has_ended.set()
        self._has_ended = threading.Event()

    def close(self) -> None:
        self._has_ended.set()
        self._pool.shutdown(wait=False, cancel_futures=True)


class _Driving:
    """One run of a job: the loop, and where replies arrive."""

    def __init__(
        self,
        job: Job[Any],
        submit: Callable[[Send], None],
        replies: _Replies,
        interrupts: Interrupts,
    ) -> None:
        self._job = job
        self._submit = submit
        self._replies = replies
        self._interrupts = interrupts
        self._lands = False
        self._log = JobLog()

    def land(self) -> None:
        """Wait for what is in flight, whatever happens to one of the requests."""
        self._lands = True
        self.drive(iter(()), _ignore)

    def drive(self, rows: Iterator[object], on_event: OnEvent) -> None:
        job, outside = self._job, self._interrupts.outside
        while True:
            self._interrupts.check()
            for event in job.events():
                self._log.note(event)
                outside(on_event, event)
            match job.next(now()):
                case Pull():
                    self._pull(rows)
                case Send() as send:
                    self._submit(send)
                case Wait(until):
                    self._wait(until)
                case Done():
                    break
        for event in job.events():
            outside(on_event, event)

    def _pull(self, rows: Iterator[object]) -> None:
        job, outside = self._job, self._interrupts.outside
        wants_more = True
        while wants_more:
            row = outside(next, rows, _END)
            if row is _END:
                job.end_of_rows()
                return
            wants_more = job.offer(row)
            self._interrupts.check()

    def _wait(self, until: float | None) -> None:
        self._log.wait(until, now())
        landed = self._replies.get(None if until is None else max(0.0, until - now()))
        if landed is None:
            return  # time has passed; or Ctrl-C, raised where the job is in a consistent state
        ticket, arrival = landed
        if isinstance(arrival, BaseException) and not isinstance(arrival, TransportError):
            # A fault of ours while sending: the job must not wait for its reply.
            self._job.feed(ticket, not_carried(arrival), now())
            if self._lands:
                return  # the first one is raised
            raise arrival
        self._job.feed(ticket, arrival, now())


def _carry(send: Send, lane: Lane, has_ended: Callable[[], bool] = lambda: False) -> Arrival:
    return _leave(send, lane, has_ended) or _exchange(send, lane)


def _leave(send: Send, lane: Lane, has_ended: Callable[[], bool]) -> NotSentError | None:
    """Wait until a request may leave, and return why it does not leave, if so."""
    try:
        while left_s := lane.leaves_in(send.slot):
            leaves_at = now() + left_s
            while (left_s := leaves_at - now()) > SOON_S:
                if has_ended():
                    return ended_before_leaving(send.call)
                time.sleep(SOON_S / 2)
            lane.alarm.sleep(max(0.0, left_s))
    except NotSentError as error:
        log_request(send.call, error, 0.0)
        return error
    return None


def _exchange(send: Send, lane: Lane) -> Arrival:
    began = now()
    arrival: Arrival
    try:
        arrival = lane.transport.send(send.call, lambda: lane.pace.written(send.slot, now()))
    except TransportError as error:
        arrival = error
    lane.pace.answered(send.slot, now(), with_success=has_succeeded(arrival))
    log_request(send.call, arrival, now() - began)
    return arrival


def _carry_to_queue(
    send: Send, lane: Lane, replies: _Replies, has_ended: Callable[[], bool]
) -> None:
    try:
        replies.put((send.ticket, _carry(send, lane, has_ended)))
    except BaseException as error:  # noqa: BLE001 - raised again on the caller's thread
        replies.put((send.ticket, error))


def each(rows: Iterable[object]) -> Iterator[object]:
    """Take rows one at a time."""
    return iter(rows)


def collect(rows: Iterable[object]) -> list[object]:
    """Take all rows into memory."""
    return list(rows)


def _ignore(event: Event) -> None:
    """Ignore an event."""
