"""Reading in as many page chains as the latency asks for, on a simulated clock."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator

import pytest

from airhaul import Record
from airhaul.bulk.engine.context import JobContext
from airhaul.bulk.engine.pacer import Pacer, Window
from airhaul.bulk.engine.slots import Slot
from airhaul.bulk.reads.division import Parallel
from airhaul.bulk.reads.table_reader import TableReader
from airhaul.local_base.gate.faults import Fault, Faults
from airhaul.testing import SimulatedClock, simulate_flow
from airhaul.wire.endpoints import ListParameters
from tests.simulated_base import SimulatedBase

LIMIT = 5
SIZES = (0, 1, 50, 100, 101, 1_000)


class Item(Record, table="Items"):
    number: int = 0


def base_of(size: int) -> SimulatedBase:
    """The IDs decide how long the parts of the list are, and so how long reading takes: always the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "randbelow", random.Random(size).randrange)
        base = SimulatedBase(Item)
        base.write(*({"number": number} for number in range(size)))
    base.local_base.limits.requests_per_second = LIMIT  # a request too early is a 429, and fails
    return base


@pytest.fixture(scope="module")
def long_table() -> Iterator[SimulatedBase]:
    yield base_of(20_000)


def read(
    base: SimulatedBase,
    latency_s: float | list[float],
    parallel: Parallel = "auto",
    pacer: Pacer | None = None,
) -> tuple[int, float, list[str]]:
    """Read all, and return the requests, the seconds and the ids."""
    clock, pacer = SimulatedClock(base.now + 60), pacer or Pacer([Window(LIMIT)])
    began, base.arrivals = clock.now, 0
    base.latency = [latency_s] if isinstance(latency_s, float) else latency_s
    reader = TableReader(
        JobContext(pacer, clock, concurrency=10), base.base_id, Item.__airhaul_table__
    )
    asked = ListParameters(fields=("number",))
    records = simulate_flow(reader.all(asked, parallel=parallel), base, clock, pacer=pacer)
    assert sorted(record["fields"]["number"] for record in records) == list(range(len(records)))
    return base.arrivals, clock.now - began, [record["id"] for record in records]


@pytest.mark.parametrize("size", SIZES)
def test_where_replies_are_fast_one_chain_reads_all(size: int) -> None:
    """It takes no request more than without parallel=, and the records come in the same order."""
    base = base_of(size)
    pages = max(1, -(-size // 100))
    requests, _, ids = read(base, 0.1)
    assert (requests, len(ids)) == (pages, size)
    assert read(base, 0.1, 1)[2] == ids


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("latency_s", "chains"), [(0.25, 3), (1.0, 7)])
def test_where_replies_are_slow_a_short_list_takes_few_requests_more(
    size: int, latency_s: float, chains: int
) -> None:
    """A list of one page takes one; of a longer one, no chain reads more than a page in vain."""
    requests, _, ids = read(base_of(size), latency_s)
    assert len(ids) == size
    if size <= 100:
        assert requests == 1
    else:
        assert requests <= -(-size // 100) + chains


@pytest.mark.slow
@pytest.mark.parametrize(("latency_s", "least"), [(0.25, 0.97), (1.0, 0.93)])
def test_a_long_list_is_read_as_fast_as_the_limit_allows(
    long_table: SimulatedBase, latency_s: float, least: float
) -> None:
    """20,000 records in hardly more than 40 s, with the wait for the first and the last page."""
    requests, seconds, ids = read(long_table, latency_s)
    assert len(ids) == 20_000
    assert requests <= 200 + 7
    assert 20_000 / seconds >= least * LIMIT * 100


def test_first_pages_that_take_longer_do_not_count_as_late() -> None:
    """Where a part begins, the service looks for its records; requests that are late still count."""
    pacer = Pacer([Window(LIMIT)])
    read(base_of(1_000), [1.0, 1.0, *[1.6] * 7, *[1.0] * 30], pacer=pacer)
    late = Slot("GET")
    assert pacer.hand_over(late, 1_000.0) <= 1_000.0
    assert pacer.leave(late, 1_000.0) == 1_000.0
    pacer.written(late, 1_000.0)
    pacer.answered(late, 1_009.0, with_success=True)
    assert late.at == 1_000.5  # the most that is counted, if it has not been spent before


def test_a_chain_that_is_forgotten_begins_again_without_a_record_twice() -> None:
    """Also the first page, which is no part of any chain, is passed on only once."""
    base = base_of(1_000)
    base.local_base.faults = Faults(*(Fault("iterator-lost", at=at) for at in (2, 5, 9)))
    assert len(read(base, 1.0)[2]) == 1_000
