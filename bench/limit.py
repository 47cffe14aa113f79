"""All tasks at Airtable's limit, with the latency of a usual link."""

from __future__ import annotations

from typing import Final

from bench import Bench
from contenders import API, ORM
from measure import Measurement
from sheet import Sheet

from airhaul.wire.limits import (
    RECORDS_PER_PAGE,
    RECORDS_PER_WRITE,
    REQUESTS_PER_SECOND_PER_BASE,
)

LATENCY_S: Final = 0.2
MOST_S: Final = 25.0
SIZES: Final = {
    "create": 1_000,
    "read": 10_000,
    "read-in-parallel": 10_000,
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
        "what came of it",
        "The limit is 5 requests a second, so 50 rows written or 500 read; who asks more is locked "
        f"out for 30 s. Whoever takes longer than {MOST_S:.0f} s is stopped. At this latency "
        "one request after the other is just below the limit; the next table has others. "
        "pyairtable's Table waits as its ORM does, and stands for it where the ORM has no verb.",
    )
    for task_name, count in SIZES.items():
        for client in clients_at_the_limit(bench, task_name):
            measured = bench.measure(
                client,
                task_name,
                bench.rows(count),
                limit=True,
                latency_s=LATENCY_S,
                most_s=MOST_S,
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
    per_request = RECORDS_PER_WRITE if measured.task.counts == "written" else RECORDS_PER_PAGE
    most = per_request * REQUESTS_PER_SECOND_PER_BASE
    return f"{measured.records / measured.seconds / most:.0%}"
