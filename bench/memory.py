"""What airhaul holds while rows are streamed in and out."""

from __future__ import annotations

from typing import Final

from bench import Bench
from sheet import Sheet

MOST_S: Final = 300.0
SIZES: Final = (10_000, 200_000)
_MEGABYTE: Final = 1_000_000


def run(bench: Bench) -> Sheet:
    """Measure."""
    sheet = Sheet(
        "Memory of airhaul",
        ("task",),
        ("rows", "MB before", "peak MB", "bytes/row", "seconds"),
        "result",
        "Resident memory of the client's process: before the task, with all imports and an open "
        "connection, and at its peak. In: a generator passed to bulk_create. Out: iterate, without "
        "keeping the records.",
    )
    for task_name in ("stream-in", "stream-out"):
        for count in SIZES:
            for client in bench.clients_of(task_name):
                measured = bench.measure(
                    client, task_name, bench.rows(count), limit=False, most_s=MOST_S
                )
                grown = measured.peak_memory - measured.memory_at_rest
                sheet.add(
                    measured.task.label,
                    f"{measured.rows:,}",
                    f"{measured.memory_at_rest / _MEGABYTE:.0f}",
                    f"{measured.peak_memory / _MEGABYTE:.0f}",
                    f"{grown / measured.rows:,.0f}",
                    f"{measured.seconds:.1f}",
                    measured.outcome,
                )
    return sheet
