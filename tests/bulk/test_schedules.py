"""Thousands of schedules on a simulated clock, over a real local base: no row lost, none twice."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from airhaul import Record
from airhaul.bulk.outcomes import Outcomes
from airhaul.bulk.pacer import Pacer, Window
from airhaul.bulk.result import BulkResult
from airhaul.bulk.rows import RowEncoder
from airhaul.model.fields import airtable_field
from airhaul.server.faults import Fault, FaultKind, Faults
from airhaul.testing import simulate
from tests.simulated_base import SimulatedBase, writing_job

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
LIMITS = [Window(5), Window(50)]


def cells(row: dict[str, Any]) -> dict[str, Any]:
    """A row as the base holds it."""
    return {name: value for name, value in {"kind": "plain", "number": 0, **row}.items()}


def as_key(held: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(sorted(held.items()))


def note(outcomes: Outcomes[Any]) -> None:
    """Count how often each state comes out, for the figures in the docs."""
    for state in outcomes.counts():
        event(f"some rows {state}")
    BulkResult(outcomes).explain()


@schedules
@given(
    faults=faults,
    latency=latencies,
    on_error=policies,
    # Few different rows, so that many are identical, within a request and between them.
    numbers=st.lists(st.integers(0, 6), max_size=45),
    bad=st.sets(st.integers(0, 44), max_size=2),
    concurrency=st.integers(1, 12),
    not_sent=st.sets(st.integers(1, 12), max_size=3),
    late=st.dictionaries(st.integers(1, 8), st.floats(0.1, 4.0), max_size=1),
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
    base.emulator.faults = faults
    job, _ = writing_job(
        base, RowEncoder(Item), on_error=on_error, concurrency=concurrency,
        pacer=Pacer([Window(5), Window(50)]), total=len(given_rows),
    )  # fmt: skip
    simulate(
        job,
        lambda call, now: base(call, now + start),
        given_rows,
        stop_at=stop_at,
    )
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
    if (
        on_error == "continue"
        and stop_at is None
        and not unknown
        and not outcomes.counts().get("skipped")
    ):
        wrong = {index for index in bad if index < len(numbers)}
        assert created == set(range(len(numbers))) - wrong
    if on_error == "rollback" and len(created) < len(numbers) and not unknown:
        # Whatever is still there, its outcome says so, with the reason.
        assert all(outcomes.error_of(index) is not None for index in created)
