"""What bulk calls hold in memory: bytes for each row, far below what its objects would take."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from airhaul import Airtable, Record, Table

pytestmark = pytest.mark.slow  # long tables

ROWS = 3_000
# A typed record of these fields takes 2,300 bytes.
MOST_FOR_A_ROW = 1_200


class Visit(Record, table="Visits"):
    """A row with a few fields."""

    code: str
    name: str
    number: int
    at: datetime
    tags: list[str] = []
    note: str = ""


def row(number: int) -> dict[str, Any]:
    return {
        "code": f"code-{number:08}",
        "name": f"The visitor of number {number}",
        "number": number + 1_000,
        "at": datetime(2026, 1, 1) + timedelta(minutes=number),
        "tags": ["a", "b"],
        "note": "usual",
    }


@pytest.fixture(scope="module")
def visits() -> Iterator[Table[Visit]]:
    """A table with all rows."""
    with Airtable.local(":memory:") as airtable:
        table = airtable.table(Visit)
        table.create_table()
        table.bulk_create(map(row, range(ROWS)), typecast=True)
        yield table


def held_by(call: Callable[[], object]) -> float:
    """The bytes that a call holds at its peak, for each row."""
    gc.collect()
    tracemalloc.start()
    try:
        kept = call()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    del kept
    return peak / ROWS


def read_all(visits: Table[Visit]) -> None:
    for _ in visits.iterate():
        pass


@pytest.mark.parametrize("verb", ["sync", "plan_sync"])
def test_a_sync_holds_few_bytes_of_a_row_that_is_unchanged(visits, verb) -> None:
    """Neither the rows of a stream, nor records as objects; what the local base holds is left out."""
    base = held_by(lambda: read_all(visits))
    kept: list[Any] = []

    def call() -> None:
        kept.append(getattr(visits, verb)(map(row, range(ROWS)), key="code"))

    assert held_by(call) - base < MOST_FOR_A_ROW
    assert kept[0].counts()["unchanged"] == ROWS


def test_a_list_is_written_with_few_bytes_more_for_each_row(visits) -> None:
    """Its changes are columns, and most records of its result are not made before they are used."""
    rows = [row(number) for number in range(ROWS, ROWS + 2_400)]
    half = rows[:1_200]
    kept: list[Any] = []

    def create(some: list[dict[str, Any]]) -> None:
        forget = visits.airtable.local_base.requests.clear
        kept.append(visits.bulk_create(some, on_event=lambda _event: forget()))

    held = [held_by(partial(create, some)) * ROWS for some in (half, rows)]
    assert (held[1] - held[0]) / (len(rows) - len(half)) < MOST_FOR_A_ROW
    assert [outcome.state for outcome in kept[1].outcomes] == ["created"] * len(rows)
    assert held_by(lambda: [outcome.state for outcome in kept[1].outcomes]) < MOST_FOR_A_ROW / 10
