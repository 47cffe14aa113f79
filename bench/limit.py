"""All tasks at Airtable's limit, with the latency of a usual link."""

from __future__ import annotations

from typing import Final

from bench import Bench
from contenders import API, ORM
from measure import Measurement
from sheet import Sheet
from tasks import TASKS, Task

from airhaul.wire.limits import (
    RECORDS_PER_PAGE,
    RECORDS_PER_WRITE,
    REQUESTS_PER_SECOND_PER_BASE,
)

LATENCY_S: Final = 0.2
# How much longer than the limit asks for a client may take.
_MOST: Final = 1.25
SIZES: Final = {
    "create": 1_000,
    "read": 10_000,
    # Each chain ends with a page that is not full; a large table shows the pace beside that.
    "read-as-needed": 50_000,
    "upsert": 1_000,
    "sync": 10_000,
    "delete": 1_000,
}


def run(bench: Bench) -> Sheet:
    """Measure."""
    sheet = Sheet(
        f"At Airtable's limit, {LATENCY_S} s latency",
        ("task", "client"),
        ("rows", "seconds", "requests", "429s", "share of the limit"),
        "result",
        "The limit is 5 requests a second: 50 rows written or 500 rows read. A client that exceeds "
        f"it is locked out for 30 s. A client that takes {_MOST - 1:.0%} longer than the limit "
        "allows is stopped. At this latency, sequential requests are just below the limit; the "
        "next table has other latencies. pyairtable's Table and ORM have the same waits, so Table "
        "is listed only where the ORM lacks the operation.",
    )
    for task_name, count in SIZES.items():
        for client in clients_at_the_limit(bench, task_name):
            rows = bench.rows(count)
            measured = bench.measure(
                client,
                task_name,
                rows,
                limit=True,
                latency_s=LATENCY_S,
                most_s=_MOST * rows / _records_per_second(TASKS[task_name]),
            )
            sheet.add(measured.task.label, client, *limit_cells(measured))
    return sheet


def clients_at_the_limit(bench: Bench, task_name: str) -> list[str]:
    """The clients of a task, with one of the two faces of pyairtable: both wait alike."""
    clients = bench.clients_of(task_name)
    return [client for client in clients if client != API or ORM not in clients]


def limit_cells(measured: Measurement) -> tuple[str, ...]:
    """The cells from ``rows`` on."""
    return (
        f"{measured.rows:,}",
        f"{measured.seconds:.1f}",
        f"{measured.requests:,}",
        str(measured.refused),
        _share(measured),
        measured.outcome,
    )


def _share(measured: Measurement) -> str:
    if not (measured.complete or measured.ended == "time"):
        return "-"  # who stops early has no speed
    return f"{measured.records / measured.seconds / _records_per_second(measured.task):.0%}"


def _records_per_second(task: Task) -> int:
    """The most records that the limit allows."""
    per_request = RECORDS_PER_WRITE if task.counts == "written" else RECORDS_PER_PAGE
    return per_request * REQUESTS_PER_SECOND_PER_BASE
