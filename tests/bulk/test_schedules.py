"""Thousands of schedules on a simulated clock, over a real local base: no row lost, none twice."""

from __future__ import annotations

import os
from collections import Counter
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from airhaul import Record
from airhaul.bulk.results.outcomes import Outcomes
from airhaul.bulk.results.result import BulkResult
from airhaul.bulk.rows.encoders import (
    DeleteEncoder,
    Encoder,
    RowEncoder,
    UpdateEncoder,
    UpsertEncoder,
)
from airhaul.bulk.rows.keys import Key, KeysSeen
from airhaul.bulk.writing.prefetch import Prefetch, PrefetchById, PrefetchByKey
from airhaul.errors import RowError
from airhaul.local_base.gate.faults import Fault, FaultKind, Faults
from airhaul.model.fields import airtable_field
from airhaul.testing import simulate
from tests.simulated_base import SimulatedBase, writing_job

pytestmark = pytest.mark.slow

EXAMPLES = int(os.environ.get("AIRHAUL_SCHEDULES", "150"))
schedules = settings(
    max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


class Item(Record, table="Items"):
    name: str
    number: int = 0
    # A choice that is not there is refused by the service alone.
    kind: str = airtable_field("plain", type="singleSelect", choices=["plain", "fancy"])


KINDS: list[FaultKind] = [
    "close-before",
    "close-after",
    "500-before",
    "500-after",
    "502-after",
    "503-before",
    "503-after",
    "429",
    "429-retry-after",
    "timeout-before",
    "timeout-after",
    "truncated",
    "not-json",
    "iterator-lost",
]
exact = st.builds(Fault, st.sampled_from(KINDS), at=st.integers(1, 14))
random = st.builds(
    Fault, st.sampled_from(KINDS), probability=st.sampled_from([0.1, 0.3]), times=st.integers(1, 6)
)
faults = st.builds(
    lambda some, seed: Faults(*some, seed=seed),
    st.lists(st.one_of(exact, random), max_size=5),
    st.integers(0, 99),
)
latencies = st.lists(st.sampled_from([0.0, 0.05, 0.2, 0.9, 2.5]), min_size=1, max_size=3)
policies = st.sampled_from(["stop", "continue", "rollback"])
# One request breaks off, and is carried out within the minute that a proxy may hold it.
late = st.dictionaries(st.integers(1, 8), st.floats(0.1, 50.0), max_size=1)


def some_numbers(size: int, seed: int) -> list[int]:
    chance = Random(seed)
    return [chance.randint(0, 6) for _ in range(size)]


# Few different rows, so that many are identical, within a request and between them.
numbers_of_rows = st.one_of(
    st.lists(st.integers(0, 6), max_size=12),
    st.builds(some_numbers, st.integers(9, 60), st.integers(0, 1_000_000)),
)


def cells(row: dict[str, Any]) -> dict[str, Any]:
    """A row as the base holds it."""
    return {name: value for name, value in {"kind": "plain", "number": 0, **row}.items()}


def as_key(held: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(sorted(held.items()))


FIGURES: Counter[str] = Counter()


@pytest.fixture(autouse=True, scope="module")
def _figures():
    """Print what came out, for the docs: AIRHAUL_SCHEDULES=5000 pytest -s tests/bulk/test_schedules.py."""
    yield
    if "AIRHAUL_SCHEDULES" in os.environ:
        print(f"\n{dict(FIGURES)}")


def note(outcomes: Outcomes[Any]) -> None:
    """Count how often each state comes out."""
    FIGURES["schedules"] += 1
    for state, rows in outcomes.counts().items():
        event(f"some rows {state}")
        FIGURES[f"rows {state}"] += rows
    for outcome in outcomes:
        if outcome.state == "unknown":
            # Nobody knows only where the looking has failed, too, and the error says so.
            assert "search for its rows" in str(outcome.error)
    BulkResult(outcomes).explain()


@schedules
@given(
    faults=faults,
    latency=latencies,
    on_error=policies,
    numbers=numbers_of_rows,
    bad=st.sets(st.integers(0, 44), max_size=2),
    concurrency=st.integers(1, 12),
    not_sent=st.sets(st.integers(1, 12), max_size=3),
    late=late,
    older=st.lists(st.integers(0, 6), max_size=12),
    others=st.lists(st.tuples(st.floats(0, 30), st.integers(0, 3)), max_size=6),
    ahead_s=st.sampled_from([0.0, 0.4, -7.3, 3_600.9]),
    stop_at=st.one_of(st.none(), st.none(), st.floats(0, 20)),
)
def test_creates(
    faults,
    latency,
    on_error,
    numbers,
    bad,
    concurrency,
    not_sent,
    late,
    older,
    others,
    ahead_s,
    stop_at,
) -> None:
    """Whatever is lost, refused, late or written by others: each outcome is what the base holds."""
    base = SimulatedBase(Item, latency, None, not_sent, late, ahead_s)
    given_rows = [
        {"name": f"n{number}", "number": number, "kind": "none" if index in bad else "plain"}
        for index, number in enumerate(numbers)
    ]
    # Equal to rows of the call, and older than it by more than the grain of the clock.
    before = base.write(*(cells({"name": f"n{number}", "number": number}) for number in older))
    start = 10.0
    for at, number in others:
        # Others write at the same time what differs from each of our rows in one cell.
        row = cells({"name": f"n{number}", "number": number + 100})
        base.at(start + at, lambda row=row: base.write(row))
    base.local_base.faults = faults
    job = writing_job(
        base, RowEncoder(Item), on_error=on_error, concurrency=concurrency, total=len(given_rows)
    )
    simulate(job, lambda call, now: base(call, now + start), given_rows, stop_at=stop_at)
    base.pass_time(10_000.0)
    outcomes = job.result
    held = base.held()
    base.close()
    note(outcomes)
    ids = [outcomes[index].id for index in range(len(outcomes))]
    created = {index for index, row in enumerate(outcomes) if row.state == "created"}
    unknown = {index for index, row in enumerate(outcomes) if row.state == "unknown"}
    # Each created row is a record of its own, with its content, and none that was there before.
    records = [ids[index] for index in created]
    assert len(set(records)) == len(records)
    assert not set(records) & set(before)
    for index in created:
        assert held[ids[index]] == cells(given_rows[index])
        assert outcomes[index].record.number == numbers[index]
    # Nothing is in the table besides: only rows that are said to be unknown may be.
    ours = {id_ for id_, row in held.items() if row.get("number", 0) < 100} - set(before)
    left = Counter(as_key(held[id_]) for id_ in ours - set(records))
    allowed = Counter(as_key(cells(given_rows[index])) for index in unknown)
    assert not left - allowed, (left, allowed)
    assert set(before) <= set(held)
    # No good row is blamed; it is left out only together with the service, or by being stopped.
    blamed = {row.index for row in outcomes if isinstance(row.error, RowError)}
    if on_error == "continue":
        assert blamed <= bad
    assert created.isdisjoint(bad)
    if on_error == "rollback" and len(created) < len(numbers) and not unknown:
        # Whatever is still there, its outcome says so, with the reason.
        assert all(outcomes.error_of(index) is not None for index in created)


VERBS = ["update", "delete", "upsert", "upsert by what Airtable cannot merge on"]


class Place(Record, table="Places"):
    code: str = ""
    number: int = 0
    kind: str = airtable_field("plain", type="singleSelect", choices=["plain", "fancy"])
    rank: float = airtable_field(0.0, type="currency")


def work_of(verb: str, on_error: str) -> tuple[Encoder, Key | None, Prefetch | None]:
    """The encoder of a verb, its key, and how it looks at records before they are changed."""
    keeps = on_error == "rollback"
    if "upsert" in verb:
        key = Key.of(Place, "code" if verb == "upsert" else "rank")
        encoder = UpsertEncoder(Place, key, seen=KeysSeen(key, by_letter=True))
        return encoder, key, PrefetchByKey(key, always=keeps)
    encoder = DeleteEncoder(Place) if verb == "delete" else UpdateEncoder(Place)
    return encoder, None, PrefetchById() if keeps else None


@schedules
@given(
    verb=st.sampled_from(VERBS),
    faults=faults,
    latency=latencies,
    on_error=policies,
    size=st.integers(1, 40),
    seed=st.integers(0, 1_000_000),
    bad=st.sets(st.integers(0, 39), max_size=2),
    concurrency=st.integers(1, 12),
    not_sent=st.sets(st.integers(1, 12), max_size=3),
    late=late,
    stop_at=st.one_of(st.none(), st.none(), st.floats(0, 20)),
)
def test_changes(
    verb, faults, latency, on_error, size, seed, bad, concurrency, not_sent, late, stop_at
) -> None:
    """Updates, deletions and upserts: a row is changed, or is as it was, as its outcome says."""
    chance = Random(seed)
    base = SimulatedBase(Place, latency, None, not_sent, late)
    # Every third row of an upsert is a new one.
    is_new = ["upsert" in verb and index % 3 == 0 for index in range(size)]
    start_rows = [
        {"code": f"c{index}", "number": chance.randint(0, 3), "kind": "plain", "rank": index + 0.5}
        for index in range(size)
    ]
    there = [index for index in range(size) if not is_new[index]]
    ids = dict(zip(there, base.write(*(start_rows[index] for index in there)), strict=True))
    before = base.held()
    rows: list[Any] = []
    for index in range(size):
        change = {"number": chance.randint(0, 3), "kind": "none" if index in bad else "fancy"}
        if verb == "delete":
            rows.append("rec" + "0" * 14 if index == min(bad, default=None) else ids[index])
        elif verb == "update":
            rows.append({"id": ids[index], **change})
        else:
            rows.append({"code": f"c{index}", "rank": index + 0.5, **change})
    encoder, key, prefetch = work_of(verb, on_error)
    base.local_base.faults = faults
    job = writing_job(
        base,
        encoder,
        on_error=on_error,
        key=key,
        prefetch=prefetch,
        concurrency=concurrency,
        total=size,
    )
    simulate(job, lambda call, now: base(call, now + 10.0), rows, stop_at=stop_at)
    base.pass_time(10_000.0)
    outcomes, held = job.result, base.held()
    base.close()
    note(outcomes)
    by_code: dict[str, list[tuple[str, Any]]] = {}
    for id_, record in held.items():
        by_code.setdefault(record["code"], []).append((id_, record))
    assert all(len(found) == 1 for found in by_code.values())  # no row twice
    for index in range(size):
        found = by_code.get(f"c{index}")
        was = before.get(ids.get(index, ""))
        wanted = None if verb == "delete" else {**start_rows[index], **rows[index]}
        if wanted is not None:
            wanted = {name: value for name, value in wanted.items() if name != "id"}
        state = outcomes[index].state if index < len(outcomes) else "skipped"
        now = found[0][1] if found else None
        if state in ("created", "updated", "unchanged"):
            assert now == wanted
            assert found[0][0] == outcomes[index].id
            assert state != "created" or is_new[index] or outcomes[index].request is not None
            # Of an upsert that was lost, a look at the clock that is lost, too, leaves a doubt.
            is_doubtful = "may have created the record" in (outcomes[index].note or "")
            assert (state == "created") == (is_new[index] and not is_doubtful)
        elif state == "deleted":
            # An id that never was is as good as deleted, when the first reply was lost.
            assert held.get(rows[index]) is None
        elif state == "unknown":
            assert now in (was, wanted)
        else:
            assert now == was, state


def test_equal_rows_of_two_lost_requests_are_not_mixed_up() -> None:
    """The later one finds its own records, because the earlier one takes the oldest that fit."""
    base = SimulatedBase(Item, latency=[0.0])
    base.local_base.faults = Faults(Fault("timeout-after", at=1), Fault("timeout-after", at=7))
    job = writing_job(base, RowEncoder(Item), total=62)
    simulate(job, lambda call, now: base(call, now + 10.0), [{"name": "same"}] * 62)
    base.pass_time(10_000.0)
    held = base.held()
    base.close()
    assert job.result.counts() == {"created": 62}
    assert len(held) == len({outcome.id for outcome in job.result}) == 62


def test_a_lost_request_is_not_made_up_of_the_records_of_others() -> None:
    """Of three lost requests with equal rows, those two are found that were carried out."""
    base = SimulatedBase(Item)
    kinds: list[FaultKind] = ["close-before", "close-after", "close-after"]
    base.local_base.faults = Faults(*(Fault(kind, at=at) for at, kind in enumerate(kinds, 1)))
    job = writing_job(base, RowEncoder(Item), total=29)
    numbers = [1, 2] * 5 + [1] * 10 + [2] * 9
    given_rows = [{"name": "n", "number": number} for number in numbers]
    simulate(job, lambda call, now: base(call, now + 10.0), given_rows)
    base.pass_time(10_000.0)
    held = base.held()
    base.close()
    assert job.result.counts() == {"created": 29}
    assert Counter(row["number"] for row in held.values()) == {1: 15, 2: 14}


def changed_late(late, bad, on_error, *given_faults):
    """Twelve records that are updated while the base has faults, and what each outcome says."""
    base = SimulatedBase(Place, late=late)
    ids = base.write(*({"code": f"c{index}"} for index in range(12)))
    rows = [{"id": id_, "kind": "none" if id_ in ids[bad:] else "fancy"} for id_ in ids]
    base.local_base.faults = Faults(*given_faults)
    encoder, key, prefetch = work_of("update", on_error)
    job = writing_job(
        base, encoder, on_error=on_error, key=key, prefetch=prefetch, concurrency=1, total=12
    )
    simulate(job, lambda call, now: base(call, now + 10.0), rows)
    base.pass_time(10_000.0)
    held = base.held()
    base.close()
    return [outcome.state for outcome in job.result], ["kind" in held[id_] for id_ in ids]


def test_a_rollback_waits_for_a_lost_try_that_was_repeated() -> None:
    """Carried out half a minute later, the first try would write again what was undone."""
    states, are_changed = changed_late({2: 30.0}, 11, "rollback")
    assert states == ["undone"] * 10 + ["skipped", "failed"]
    assert not any(are_changed)


def test_rows_have_not_failed_while_their_last_try_may_be_at_work() -> None:
    """Five lost tries, of which the last is carried out half a minute later, have changed the rows."""
    lost = Fault("close-before", probability=1.0, method="PATCH", times=4)
    states, are_changed = changed_late({5: 30.0}, 12, "stop", lost)
    assert states == ["updated"] * 12
    assert all(are_changed)
