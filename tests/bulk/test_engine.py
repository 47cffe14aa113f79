"""The engine on a simulated clock: pace, concurrency, retries, order, and no row lost or doubled."""

from __future__ import annotations

import heapq
import json
import math
from collections.abc import Iterable
from random import Random
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from airhaul import Record, Retries
from airhaul.bulk.engine.context import JobContext
from airhaul.bulk.engine.engine import Engine
from airhaul.bulk.engine.events import PageRead, Restarted, Retrying
from airhaul.bulk.engine.pacer import Pacer, Window
from airhaul.bulk.engine.slots import Slot, Slots
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


PERIOD = 1.008
COLD = 0.03
GAP = 0.005
IN_ORDER = 0.02
# As late a first request counts to which no reply can be compared in time.
UNKNOWN = 0.1


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
    assert run.seconds <= 9 * PERIOD + max(COLD + 4 * GAP, UNKNOWN) + latency + 0.03
    assert table.rows == list(range(500))


def test_two_jobs_share_one_pace() -> None:
    """Jobs of one base together keep to its limit, and none starves."""
    pacer, table = airtable_pace(), Table(limit=5)
    jobs = [creating(100, pacer), creating(100, pacer)]
    sent = [simulate(job, table, rows(100), pacer=pacer).sent for job in jobs]
    assert table.refused == 0
    assert [len(requests) for requests in sent] == [10, 10]


def take_off(pacer: Pacer, slot: Slot, now: float) -> float:
    """Let a request leave as soon as it may, and return when it left."""
    for _ in range(1_000):
        if pacer.hand_over(slot, now) <= now:
            break
        now = pacer.hand_over(slot, now)
    for _ in range(1_000):
        asked_again_at = pacer.leave(slot, now)
        if asked_again_at <= now:
            return now
        now = asked_again_at
    raise AssertionError("it never leaves")


def most_in_a_second(times: Iterable[float]) -> int:
    """The most requests within any second."""
    times = sorted(times)
    return max(sum(first <= time < first + 1.0 for time in times) for first in times)


@given(st.lists(st.floats(0, 3), min_size=1, max_size=40))
def test_no_second_ever_holds_more_than_five(gaps: list[float]) -> None:
    """Whenever requests are ready, any window of a second holds five at most."""
    pacer, now, times = airtable_pace(), 0.0, []
    for gap in gaps:
        slot = Slot()
        now = take_off(pacer, slot, now + gap)
        pacer.written(slot, now)
        pacer.answered(slot, now, with_success=True)
        times.append(now)
    assert most_in_a_second(times) <= 5


def sent(pacer: Pacer, now: float = 0.0, *, written: float | None = None) -> Slot:
    """A request that left now, and was written then or at another time."""
    slot = Slot()
    now = take_off(pacer, slot, now)
    pacer.written(slot, now if written is None else written)
    return slot


def test_a_late_departure_moves_those_that_come_after() -> None:
    """A connection that takes long to open does not push requests together at its end."""
    pacer = airtable_pace()
    for _ in range(5):
        slot = sent(pacer, written=0.4)
        pacer.answered(slot, 0.4, with_success=False)
    assert take_off(pacer, Slot(), 0.4) == pytest.approx(0.4 + PERIOD + COLD)


def test_a_request_that_is_not_written_yet_is_waited_for() -> None:
    """One that left and is stuck in its process may be seen at any moment; not without end."""
    pacer = airtable_pace()
    first, sixth = Slot(), Slot()
    take_off(pacer, first, 0.0)
    for _ in range(4):
        pacer.answered(sent(pacer, 0.8), 0.9, with_success=True)
    assert pacer.hand_over(sixth, 1.1) <= 1.1
    assert pacer.leave(sixth, 1.1) > 1.1
    pacer.written(first, 1.1)
    assert pacer.leave(sixth, 1.102) == pytest.approx(0.8 + PERIOD + COLD)

    pacer = airtable_pace()
    for _ in range(5):
        take_off(pacer, Slot(), 0.0)
    assert 2.0 < take_off(pacer, Slot(), 1.1) < 2.1  # its process is gone


def test_requests_leave_one_after_the_other() -> None:
    """Those that leave together would wait for one another on their way."""
    pacer = airtable_pace()
    left = [sent(pacer).at for _ in range(5)]
    assert left == pytest.approx([number * GAP for number in range(5)])


def test_requests_leave_in_their_order() -> None:
    """One whose thread is not awake yet is not overtaken; one that is stuck holds up the next only."""
    pacer = airtable_pace()
    first, second = Slot(), Slot()
    for slot in (first, second):
        assert pacer.hand_over(slot, 0.0) <= 0.0
    assert pacer.leave(second, GAP) > GAP
    assert take_off(pacer, first, 0.012) == 0.012
    assert pacer.leave(second, 0.012 + GAP) > 0.012 + GAP
    pacer.written(first, 0.014)
    assert take_off(pacer, second, 0.0145) == pytest.approx(0.014 + GAP)

    pacer = airtable_pace()
    left = [take_off(pacer, Slot(), 0.0) for _ in range(5)]  # none is written
    assert left == pytest.approx([number * IN_ORDER for number in range(5)])


def test_a_late_reply_moves_those_that_come_after() -> None:
    """A request that came back later than others may have been counted later, up to a bound."""
    pacer = airtable_pace()
    pacer.answered(sent(pacer), 0.2, with_success=True)
    slots = [sent(pacer, 10.0) for _ in range(5)]
    for slot in slots[2:]:
        pacer.answered(slot, slot.at + 0.2, with_success=True)
    pacer.answered(slots[0], 10.255, with_success=True)
    pacer.answered(slots[1], 19.0, with_success=True)
    assert slots[0].at == pytest.approx(10.05)
    assert slots[1].at == pytest.approx(10 + GAP + 0.5)
    left = [sent(pacer, 10.3).at for _ in range(5)]
    seen = [10 + 2 * GAP, 10.05, 10 + 3 * GAP, 10 + 4 * GAP, 10 + GAP + 0.5]
    opens = [at + PERIOD + COLD for at in seen]
    after = [opens[0]]
    for at in sorted(opens)[1:]:
        after.append(max(at, after[-1] + GAP))
    assert left == pytest.approx(after)


def test_a_reply_that_is_due_is_waited_for() -> None:
    """Only it tells whether its request came late."""
    pacer = airtable_pace()
    for number in range(10):
        slot = sent(pacer, number / 4)
        pacer.answered(slot, slot.at + 0.2, with_success=True)
    first = sent(pacer, 5.0)
    for _ in range(4):
        slot = sent(pacer, 5.7)
        pacer.answered(slot, slot.at + 0.2, with_success=True)
    sixth = Slot()
    assert pacer.hand_over(sixth, 6.1) <= 6.1
    assert pacer.leave(sixth, 6.1) > 6.1
    pacer.answered(first, 6.104, with_success=True)
    assert first.at == pytest.approx(5.5)
    assert take_off(pacer, sixth, 6.104) == pytest.approx(5.5 + PERIOD + COLD)


@settings(max_examples=3, phases=[Phase.generate])
@given(st.integers(0, 2**32).map(Random))
def test_a_service_of_changing_speed_costs_little_of_the_pace(chance) -> None:
    """Late replies are no sign of late requests where all of them vary: at most 2% are lost."""
    pacer, now, count = airtable_pace(), 0.0, 1_500
    in_flight: list[tuple[float, Slot]] = []
    for _ in range(count):
        slot = Slot()
        while (ask_at := max(pacer.hand_over(slot, now), pacer.leave(slot, now))) > now:
            now = min([ask_at, *(at for at, _ in in_flight[:1])])
            while in_flight and in_flight[0][0] <= now:
                pacer.answered(heapq.heappop(in_flight)[1], now, with_success=True)
        pacer.written(slot, now)
        heapq.heappush(in_flight, (now + chance.uniform(0.1, 0.9), slot))
    assert (now - 0.5) / ((count - 5) / 5) < 1.022  # half a second once, then 2%


@settings(max_examples=25)
@given(st.integers(0, 2**32).map(Random), st.floats(0.05, 1.0))
def test_stalls_of_half_a_second_break_no_limit(chance, latency_s: float) -> None:
    """Whether a request is stuck before it is written, on its way, or its reply: five a second."""
    pacer, now, arrived = airtable_pace(), 0.0, []
    on_the_way: list[tuple[float, int, str, Slot]] = []
    for number in range(60):
        slot = Slot()
        while (ask_at := max(pacer.hand_over(slot, now), pacer.leave(slot, now))) > now:
            now = min([ask_at, *(at for at, *_ in on_the_way[:1])])
            while on_the_way and on_the_way[0][0] <= now:
                at, _, what, other = heapq.heappop(on_the_way)
                if what == "written":
                    pacer.written(other, at)
                else:
                    pacer.answered(other, at, with_success=True)
        # The first ones show how long a reply takes.
        stall = chance.choice(["write", "way", "reply"]) if number > 15 and not number % 9 else ""
        written_at = now + (chance.uniform(0, 0.5) if stall == "write" else 0.0)
        arrived.append(written_at + (chance.uniform(0, 0.5) if stall == "way" else 0.002))
        replied_at = arrived[-1] + latency_s + (0.5 if stall == "reply" else 0.0)
        heapq.heappush(on_the_way, (written_at, number, "written", slot))
        heapq.heappush(on_the_way, (replied_at, number, "answered", slot))
    assert most_in_a_second(arrived) <= 5


def test_those_who_waited_out_a_pause_keep_the_pace_after_it() -> None:
    """Requests that had a slot before a pause do not all leave at its end."""
    pacer = airtable_pace()
    slots = [Slot() for _ in range(12)]
    for slot in slots:
        pacer.hand_over(slot, 0.0)
    pacer.pause(30.0)
    times = [take_off(pacer, slot, 30.0) for slot in slots]
    assert min(times[5:10]) > 31.0
    assert min(times[10:]) > 32.0
    assert most_in_a_second(times) <= 5


def test_a_request_that_comes_too_late_for_its_slot_books_another() -> None:
    """A process that was stopped does not send into a second that belongs to others by now."""
    pacer, stopped = airtable_pace(), Slot()
    pacer.hand_over(stopped, 0.0)
    left = []
    for _ in range(50):
        left.append(take_off(pacer, Slot(), left[-1] if left else 0.0))
    left.append(take_off(pacer, stopped, left[-1]))
    assert most_in_a_second(left) <= 5
    assert left[0] == pytest.approx(IN_ORDER)  # nobody waited longer for it


def test_the_slots_of_a_process_that_is_gone_are_free_soon() -> None:
    """What was booked and not used in time does not count as if it had been sent."""
    pacer = airtable_pace()
    for _ in range(5):
        pacer.hand_over(Slot(), 0.0)
    assert take_off(pacer, Slot(), 0.4) == pytest.approx(0.4)


def test_replies_are_looked_for_a_little_longer_while_none_is_known() -> None:
    """The first requests may have come late, and nothing but their replies would tell."""
    pacer = airtable_pace()
    for _ in range(5):
        sent(pacer)
    assert take_off(pacer, Slot(), 0.5) == pytest.approx(PERIOD + 0.1, abs=0.003)


@pytest.mark.parametrize(
    ("latency_s", "late_s"),
    [(0.1, 0.06), (0.3, 0.06), (0.6, 0.06), (0.9, 0.06), (1.5, 0.06), (0.02, 0.18), (0.1, 0.45)],
)
def test_the_first_request_of_all_may_have_come_late(latency_s: float, late_s: float) -> None:
    """It waits for a connection and a service that wakes; no other one has shown how long it takes."""
    pacer, arrived, now = airtable_pace(), [], 0.0
    on_the_way: list[tuple[float, int, Slot]] = []

    def read_replies() -> None:
        while on_the_way and on_the_way[0][0] <= now:
            at, _, other = heapq.heappop(on_the_way)
            pacer.answered(other, at, with_success=True)

    for number in range(12):
        slot = Slot("GET" if number == 0 else "POST")
        while (ask_at := max(pacer.hand_over(slot, now), pacer.leave(slot, now))) > now:
            now = min([ask_at, *(at for at, *_ in on_the_way[:1])])
            read_replies()
        pacer.written(slot, now)
        arrived.append(now + (late_s if number == 0 else 0.002))
        heapq.heappush(on_the_way, (arrived[-1] + latency_s, number, slot))
        if number == 0:
            now = arrived[0] + latency_s
            read_replies()
    assert most_in_a_second(arrived) <= 5


def test_the_first_request_costs_nothing_once_others_take_as_long() -> None:
    """Their replies show that it did not come late, also if they are of another kind."""
    pacer = airtable_pace()
    slots = [Slot("GET" if number == 0 else "POST") for number in range(5)]
    for slot in slots:
        pacer.written(slot, take_off(pacer, slot, 0.0))
    for slot in slots:
        pacer.answered(slot, slot.at + 0.25, with_success=True)
    assert slots[0].at == pytest.approx(0.0)
    assert take_off(pacer, Slot("POST"), 0.5) == pytest.approx(PERIOD + COLD)


def test_a_fast_reply_shows_that_those_before_it_were_late() -> None:
    """A service that stalls at the beginning delays all that is known of it."""
    pacer, arrived = airtable_pace(), [0.0]
    first = sent(pacer)
    pacer.answered(first, 0.2, with_success=True)
    slots = [sent(pacer, 0.2) for _ in range(4)]
    arrived += [0.5] * 4
    for slot in slots:
        pacer.answered(slot, 0.6, with_success=True)
    for _ in range(10):
        slot = sent(pacer, arrived[-1])
        arrived.append(slot.at)
        pacer.answered(slot, slot.at + 0.1, with_success=True)
    assert most_in_a_second(arrived) <= 5


def test_requests_whose_replies_come_too_late_to_tell_count_as_late_as_most() -> None:
    """At a latency of 1.5 s nothing is known of a request when the sixth after it leaves."""
    pacer = airtable_pace()
    for number in range(12):
        slot = sent(pacer, 3.0 * number)
        pacer.answered(slot, slot.at + 1.5 + 0.02 * (number % 2), with_success=True)
    slots = [sent(pacer, 100.0) for _ in range(10)]
    assert slots[5].at < 102.0
    late_s = 0.02 - 0.005  # the margin covers the rest
    assert take_off(pacer, Slot(), 101.5) == pytest.approx(slots[5].at + PERIOD + late_s)


def test_the_lowest_rate_that_is_asked_for_holds() -> None:
    """Of two processes that share the slots of a base, and for as long as the slower one works."""
    slots = Slots()
    fast, slow = Pacer([Window(5, slots)], 1), Pacer([Window(2, slots)], 2)
    left = [take_off(slow, Slot(), 0.0)]
    for _ in range(7):
        left.append(take_off(fast, Slot(), left[-1]))
    assert most_in_a_second(left[:4]) <= 2
    assert most_in_a_second(left) == 5


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


@settings(max_examples=15)
@given(st.integers(1, 80), st.one_of(st.none(), st.floats(0, 3)), st.randoms(use_true_random=False))
def test_many_who_wait_at_once_keep_the_pace(waiting: int, pause_at, chance) -> None:
    """Any number of callers may hold a slot at once: each is asked cheaply, none leaves early."""
    pacer, now, left = airtable_pace(), 0.0, []
    pending = {Slot(): 0.0 for _ in range(waiting)}
    handed_over: set[Slot] = set()
    while pending:
        now = max(now, min(pending.values()))
        if pause_at is not None and now >= pause_at:
            pacer.pause(now + 30)
            pause_at = None
        due = [slot for slot, at in pending.items() if at <= now]
        chance.shuffle(due)
        for slot in due:
            is_handed_over = slot in handed_over
            ask = pacer.leave if is_handed_over else pacer.hand_over
            ask_at = ask(slot, now)
            if ask_at > now:
                pending[slot] = ask_at
            elif is_handed_over:
                pacer.written(slot, now)
                pacer.answered(slot, now, with_success=True)
                del pending[slot]
                left.append(now)
            else:
                handed_over.add(slot)
    assert most_in_a_second(left) <= 5


def test_hundreds_of_requests_can_wait_at_once() -> None:
    """They all leave in time, although the slots of only some of them are kept."""
    pacer, now, left = airtable_pace(), 0.0, []
    pending = [(0.0, number, Slot()) for number in range(400)]
    while pending:
        at, number, slot = heapq.heappop(pending)
        now = max(now, at)
        ask_at = pacer.hand_over(slot, now)
        if ask_at > now:
            heapq.heappush(pending, (ask_at, number, slot))
            continue
        now = take_off(pacer, slot, now)
        left.append(now)
        pacer.written(slot, now)
        pacer.answered(slot, now + 0.1, with_success=True)
    assert most_in_a_second(left) <= 5
    assert left[-1] < 79 * PERIOD * 1.03
