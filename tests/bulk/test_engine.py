"""The engine on a simulated clock: pace, concurrency, retries, order, and no row lost or doubled."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airhaul import Record, Retries
from airhaul.bulk.engine.context import JobContext
from airhaul.bulk.engine.engine import Engine
from airhaul.bulk.engine.events import PageRead, Restarted, Retrying
from airhaul.bulk.engine.pacer import Pacer, Window
from airhaul.bulk.reads.division import ListPart
from airhaul.bulk.reads.one_call import OneCall
from airhaul.bulk.reads.pages import ReadPages
from airhaul.bulk.results.policy import Policy
from airhaul.bulk.rows.encoders import RowEncoder
from airhaul.bulk.rows.target import Target
from airhaul.bulk.writing.assemble import BulkWrite, RowInput, assemble
from airhaul.errors import (
    IteratorExpiredError,
    LostReplyError,
    NotSentError,
    RateLimitError,
    ReplyTimeoutError,
)
from airhaul.model.read import Reader
from airhaul.testing import StuckError, simulate
from airhaul.wire.call import Call, Reply
from airhaul.wire.endpoints import ListParameters, update_record

BASE = "app00000000000000"


class Item(Record, table="Items"):
    number: int


def ok(body: Any) -> Reply:
    return Reply(200, json.dumps(body).encode())


def limited() -> Reply:
    return Reply(429, b'{"errors":[{"error":"RATE_LIMIT_REACHED"}]}')


class Table:
    """A service that keeps rows, and plays the faults that a test asks for."""

    def __init__(self, faults=(), latency=(0.2,), limit: int | None = None) -> None:
        self.rows: list[int] = []
        self.faults = list(faults)
        self.latency = list(latency)
        self.limit = limit
        self.arrivals: list[float] = []
        self.refused = 0

    def __call__(self, call: Call, now: float):
        fault = self.faults.pop(0) if self.faults else "ok"
        latency = self.latency[len(self.arrivals) % len(self.latency)]
        window = [at for at in self.arrivals if at > now - 1.0]
        self.arrivals.append(now)
        if self.limit is not None and len(window) >= self.limit:
            self.refused += 1
            return latency, limited()
        match fault:
            case "429":
                return latency, limited()
            case "not sent":
                return latency, NotSentError("no")
            case "422":
                return latency, Reply(422, b'{"error":{"type":"INVALID_VALUE_FOR_COLUMN"}}')
            case "lost before":
                return latency, LostReplyError("no")
        answer = self.do(call)
        match fault:
            case "lost after":
                return latency, LostReplyError("no")
            case "time-out":
                return latency * 10, ReplyTimeoutError("no")
            case "500 after":
                return latency, Reply(500, b"")
            case "cut":
                return latency, Reply(200, answer.body[:-3], {"content-type": "application/json"})
        return latency, answer

    def do(self, call: Call) -> Reply:
        records = []
        for row in call.body["records"]:
            self.rows.append(row["fields"]["number"])
            records.append(
                {
                    "id": f"rec{len(self.rows):014}",
                    "createdTime": "2024-01-01T00:00:00.000Z",
                    "fields": row["fields"],
                }
            )
        return ok({"records": records})


def context_of(pacer: Pacer, concurrency: int = 1, retries=None, **more) -> JobContext:
    """What a job shares with others; no time passes for it by itself."""
    retries = retries or Retries()
    return JobContext(pacer, lambda: 0.0, retries=retries, concurrency=concurrency, **more)


def creating(count: int | None, pacer: Pacer, concurrency: int = 10, retries=None):
    target = Target(BASE, "Items", Item)
    write = BulkWrite("bulk_create", target, Reader(Item), Policy.of("stop"))
    context = context_of(pacer, concurrency, retries)
    return assemble(context, write, RowInput((), RowEncoder(Item), count)).engine


def airtable_pace() -> Pacer:
    return Pacer([Window(5), Window(50)])


def rows(count: int):
    return ({"number": number} for number in range(count))


@pytest.mark.parametrize("latency", [0.0, 0.25, 1.0, 1.9])
def test_the_limit_is_kept_busy_at_any_latency(latency: float) -> None:
    """500 rows are 50 requests, spread over ten windows of a second whatever the latency."""
    pacer, table = airtable_pace(), Table(latency=[latency], limit=5)
    run = simulate(creating(500, pacer), table, rows(500), pacer=pacer)
    assert len(run.sent) == 50
    assert table.refused == 0
    assert run.seconds <= 9 * 1.015 + 0.08 + 4 * 0.03 + latency + 0.001
    assert table.rows == list(range(500))


def test_two_jobs_share_one_pace() -> None:
    """Jobs of one base together keep to its limit, and none starves."""
    pacer, table = airtable_pace(), Table(limit=5)
    jobs = [creating(100, pacer), creating(100, pacer)]
    sent = [simulate(job, table, rows(100), pacer=pacer).sent for job in jobs]
    assert table.refused == 0
    assert [len(requests) for requests in sent] == [10, 10]


@given(st.lists(st.floats(0, 3), min_size=1, max_size=40))
def test_no_second_ever_holds_more_than_five(gaps: list[float]) -> None:
    """Whenever requests are booked, any window of a second holds five at most."""
    pacer, now, times = airtable_pace(), 0.0, []
    for gap in gaps:
        now += gap
        slot = pacer.book(now)
        assert slot.at >= now
        times.append(slot.at)
    for time in times:
        assert sum(time <= other < time + 1.0 for other in times) <= 5


def test_a_late_departure_moves_those_that_come_after() -> None:
    """A connection that takes long to open does not push requests together at its end."""
    pacer = airtable_pace()
    slots = [pacer.book(0.0) for _ in range(5)]
    sixth = pacer.book(0.0)
    for slot in slots:
        pacer.depart(slot, 0.0)
        pacer.left(slot, 0.4)
    assert pacer.opens_at(sixth) == pytest.approx(0.4 + 1.015 + 0.08)


def test_requests_leave_one_after_the_other() -> None:
    """Those that leave together would wait for one another on their way."""
    pacer = airtable_pace()
    assert [pacer.book(0.0).at for _ in range(5)] == pytest.approx([0.0, 0.03, 0.06, 0.09, 0.12])


def test_a_late_reply_moves_those_that_come_after() -> None:
    """A request that came back later than others may have been counted later, up to a bound."""
    pacer = airtable_pace()
    slots = [pacer.book(0.0) for _ in range(5)]
    for slot in slots:
        pacer.depart(slot, 0.0)
    for slot in slots[1:]:
        pacer.returned(slot, slot.at + 0.2)
    pacer.returned(slots[0], 0.232)
    assert pacer.opens_at(pacer.book(0.3)) == pytest.approx(0.02 + 1.015 + 0.08)
    pacer.returned(slots[1], 3.0)
    assert pacer.opens_at(pacer.book(0.3)) == pytest.approx(0.03 + 0.038 + 1.015 + 0.08)


def test_those_who_waited_out_a_pause_keep_the_pace_after_it() -> None:
    """Requests that had a slot before a pause do not all leave at its end."""
    pacer = airtable_pace()
    slots = [pacer.book(0.0) for _ in range(12)]
    pacer.pause(30.0)
    assert pacer.opens_at(slots[5]) > 31.0  # though nobody has asked for the first since
    times = []
    for slot in slots:
        times.append(pacer.opens_at(slot))
        pacer.depart(slot, times[-1])
    assert times[:5] == pytest.approx([30.0, 30.03, 30.06, 30.09, 30.12])
    assert min(times[5:10]) > 31.0
    assert min(times[10:]) > 32.0


def test_the_first_429_stops_the_whole_base_for_30_s() -> None:
    """Nothing leaves while the penalty lasts, and everything is written after it."""
    pacer, table = airtable_pace(), Table(faults=["ok", "429"])
    run = simulate(creating(200, pacer), table, rows(200), pacer=pacer)
    refused_at = run.sent[1].at + 0.2
    assert not [sent for sent in run.sent if refused_at < sent.at < refused_at + 30]
    assert sorted(table.rows) == list(range(200))
    assert any(isinstance(event, Retrying) and event.wait_s == 30 for event in run.events)


def test_retry_after_is_kept() -> None:
    """Where the server names the seconds, they count."""
    pacer = airtable_pace()
    replies = [Reply(429, b'{"errors":[{"error":"X"}]}', {"retry-after": "7"}), ok({"id": 1})]
    job = Engine(OneCall(Call("GET", "/", "read")), context_of(pacer))
    run = simulate(job, lambda call, now: (0.1, replies.pop(0)), pacer=pacer)
    assert [sent.at for sent in run.sent] == [0.0, pytest.approx(7.1)]


def test_retries_are_bounded() -> None:
    """A service that stays down is given up, after so many tries."""
    job = Engine(
        OneCall(Call("GET", "/", "read")),
        context_of(Pacer([]), retries=Retries(tries=4, backoff_s=1)),
    )
    run = simulate(job, lambda call, now: (0, NotSentError("down")))
    assert [sent.at for sent in run.sent] == [0, 1, 3, 7]
    with pytest.raises(NotSentError):
        _ = job.result
    job = Engine(
        OneCall(Call("GET", "/", "read")),
        context_of(Pacer([]), retries=Retries(rate_limited=2)),
    )
    assert len(simulate(job, lambda call, now: (0, limited())).sent) == 3
    with pytest.raises(RateLimitError):
        _ = job.result


def test_an_update_whose_reply_is_lost_is_repeated() -> None:
    """What does no harm twice is sent twice."""
    outcomes = [LostReplyError("x"), Reply(502, b""), ok({"id": "rec1", "fields": {}})]
    call = update_record(BASE, "Items", "rec00000000000000", {"number": 1})
    job = Engine(OneCall(call), context_of(Pacer([])))
    assert len(simulate(job, lambda call, now: (0, outcomes.pop(0))).sent) == 3


def test_the_concurrency_is_kept_to() -> None:
    """Never more calls in flight than allowed, and as many as help."""
    run = simulate(creating(300, Pacer([]), concurrency=4), Table(), rows(300))
    assert run.most_in_flight == 4


class Pages:
    """A list service whose iterator is lost at the pages that a test says."""

    def __init__(self, total: int, lost: list[int], size: int = 10) -> None:
        self.ids = [f"rec{number:014}" for number in range(total)]
        self.lost = lost
        self.size = size
        self.pages = 0

    def __call__(self, call: Call, now: float):
        offset = dict(call.query).get("offset")
        self.pages += 1
        if offset and self.pages in self.lost:
            return 0.1, Reply(422, b'{"error":{"type":"LIST_RECORDS_ITERATOR_NOT_AVAILABLE"}}')
        start = int(offset or 0)
        page = [
            {"id": id_, "createdTime": "", "fields": {}}
            for id_ in self.ids[start : start + self.size]
        ]
        body: dict[str, Any] = {"records": page}
        if start + self.size < len(self.ids):
            body["offset"] = str(start + self.size)
        return 0.1, ok(body)


@given(st.integers(0, 60), st.lists(st.integers(1, 12), max_size=4, unique=True))
def test_a_lost_list_is_read_again_and_no_record_comes_twice(total, lost) -> None:
    """An expired iterator costs time, and neither a record nor a double."""
    pages = Pages(total, lost)
    job = Engine(ReadPages(BASE, "Items", ListPart(ListParameters())), context_of(Pacer([])))
    run = simulate(job, pages)
    assert job.result is None
    read = [
        raw["id"] for event in run.events if isinstance(event, PageRead) for raw in event.records
    ]
    assert read == pages.ids
    restarts = sum(isinstance(event, Restarted) for event in run.events)
    assert len(run.sent) >= math.ceil(max(total, 1) / 10) + restarts


def test_a_list_that_never_ends_well_is_given_up() -> None:
    """Restarts are bounded."""
    pages = Pages(30, list(range(2, 100)))
    job = Engine(ReadPages(BASE, "Items", ListPart(ListParameters())), context_of(Pacer([])))
    simulate(job, pages)
    with pytest.raises(IteratorExpiredError):
        _ = job.result


def test_the_simulator_notices_a_job_that_waits_for_ever() -> None:
    """A stuck job fails a test instead of hanging it."""
    job = Engine(OneCall(Call("GET", "/", "read")), context_of(Pacer([])))
    job.next(0)
    with pytest.raises(StuckError):
        simulate(job, lambda call, now: (0, ok({})))


@settings(max_examples=40)
@given(st.integers(1, 80), st.one_of(st.none(), st.floats(0, 3)), st.randoms(use_true_random=False))
def test_many_who_wait_at_once_keep_the_pace(waiting: int, pause_at, chance) -> None:
    """Any number of callers may hold a slot at once: each is asked cheaply, none leaves early."""
    pacer, now, left = airtable_pace(), 0.0, []
    pending = {pacer.book(0.0): 0.0 for _ in range(waiting)}
    while pending:
        now = max(now, min(pending.values()))
        if pause_at is not None and now >= pause_at:
            pacer.pause(now + 30)
            pause_at = None
        due = [slot for slot, at in pending.items() if at <= now]
        chance.shuffle(due)
        for slot in due:
            opens_at = pacer.opens_at(slot)
            if opens_at > now:
                pending[slot] = opens_at
                continue
            pacer.depart(slot, now)
            del pending[slot]
            left.append(now)
    for time in left:
        assert sum(time <= other < time + 1.0 for other in left) <= 5


def test_a_thousand_slots_can_be_booked_at_once() -> None:
    """What a slot costs does not grow with those that wait before it."""
    pacer = airtable_pace()
    slots = [pacer.book(0.0) for _ in range(1_000)]
    assert slots[-1].at == pytest.approx(199 * 1.015 + 0.08 + 4 * 0.03)
