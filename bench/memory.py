"""What airhaul holds while rows are streamed in and out, synchronized, or written from a list."""

from __future__ import annotations

from typing import Final

from bench import Bench
from contenders import AIRHAUL
from measure import Measurement
from sheet import Sheet

MOST_S: Final = 900.0
_MEGABYTE: Final = 1_000_000
_FEW: Final = 10_000
_MANY: Final = 200_000
_MILLION: Final = 1_000_000
_SIZES: Final = {
    "stream-in": (_FEW, _MILLION),
    "csv-in": (_FEW, _MILLION),
    "stream-out": (_FEW, _MILLION),
    "csv-out": (_FEW, _MILLION),
    "sync-stream": (_FEW, _MANY),
    "plan-sync-stream": (_FEW, _MANY),
    "sync": (_MANY,),
    "create": (_MANY,),
}
_OF_A_LIST: Final = ("sync", "create")
_WITHOUT_A_LIST: Final = "stream-in"


def run(bench: Bench) -> Sheet:
    """Measure."""
    sheet = Sheet(
        "Memory of airhaul",
        ("task",),
        ("rows", "MB before", "of it the list", "peak MB", "bytes/row"),
        "result",
        "Resident memory of the client's process: before the task, with all imports, an open "
        "connection and the caller's list if there is one, and at its peak. Bytes per row: what "
        "the task adds, divided by the rows. Iterate and the file written keep no records; all "
        "other results are kept to the end. The server only makes records and counts requests.",
    )
    at_rest = 0
    for task_name, sizes in _SIZES.items():
        for client in {AIRHAUL} & {*bench.clients_of(task_name)}:
            for count in sizes:
                measured = bench.measure(
                    client,
                    task_name,
                    bench.rows(count),
                    limit=False,
                    most_s=MOST_S,
                    counts_only=True,
                )
                if task_name == _WITHOUT_A_LIST:
                    at_rest = measured.memory_at_rest
                _add(sheet, task_name, measured, at_rest)
    return sheet


def _add(sheet: Sheet, task_name: str, measured: Measurement, at_rest: int) -> None:
    before, peak = measured.memory_at_rest, measured.peak_memory
    has_list = task_name in _OF_A_LIST
    sheet.add(
        f"{measured.task.label}{', list' if has_list else ''}",
        f"{measured.rows:,}",
        f"{before / _MEGABYTE:.0f}",
        f"{(before - at_rest) / _MEGABYTE:.0f}" if has_list and at_rest else "",
        f"{peak / _MEGABYTE:.0f}",
        f"{(peak - before) / measured.rows:,.0f}",
        measured.outcome,
    )
