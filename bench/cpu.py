"""What a record costs the client's CPU, next to the least that Python can do, without limits."""

from __future__ import annotations

from typing import Final

from bench import Bench
from contenders import FLOOR
from measure import Measurement
from sheet import Sheet

MOST_S: Final = 10.0
ROWS: Final = 10_000
_FIRST: Final = 100
_RUNS: Final = 3
_LONG_S: Final = 5.0
# What the floor does for each task. To synchronize, a table has at least to be read.
FLOORS: Final = {
    "create": "create",
    "read": "read",
    "read-in-parallel": "read",
    "type-pages": "type-pages",
    "upsert": "upsert",
    "sync": "read",
    "delete": "delete",
}


def run(bench: Bench) -> Sheet:
    """Measure."""
    sheet = Sheet(
        "Without a limit or latency",
        ("task", "client"),
        ("rows", "times the floor", "CPU us/record", f"first {_FIRST}, ms", "records/s"),
        "result",
        f"CPU is the user and system time of the client's process. Per record: what each record "
        f"costs after the first {_FIRST}. First {_FIRST}: a new process from its start, with all "
        f"imports, until {_FIRST} records are done. Each is the best of {_RUNS} runs, or a single "
        f"run if it takes over {_LONG_S:.0f} s. The floor is {FLOOR}, with a connection kept open; "
        "for sync, it is reading the table. Records per second are bounded by the local base, "
        f"which is a single Python process. A client is stopped after {MOST_S:.0f} s. pyairtable's "
        "Table and the floor return untyped records. Parsing is the step from a reply's bytes to "
        "records, without the network. airhaul and the floor do not ask a service on the same "
        "machine to compress its replies; the other clients do.",
    )
    rows, floors = bench.rows(ROWS), dict[str, float]()
    for task_name, floor_name in FLOORS.items():
        for client in [FLOOR, *bench.clients_of(task_name)]:
            if client == FLOOR and (task_name != floor_name or not bench.clients_of(task_name)):
                continue
            first = _best(bench, client, task_name, _FIRST)
            best = _best(bench, client, task_name, rows)
            more = best.records - first.records
            each = (best.cpu_seconds - first.cpu_seconds) / max(more, 1)
            if client == FLOOR:
                floors[task_name] = each
            floor = floors.get(floor_name)
            sheet.add(
                best.task.label,
                client,
                f"{best.rows:,}",
                f"{each / floor:.1f}" if floor and more else "-",
                f"{each * 1e6:,.1f}" if more else "-",
                f"{first.process_seconds * 1e3:,.0f}",
                f"{best.records / best.seconds:,.0f}" if best.records else "-",
                best.outcome,
            )
    return sheet


def _best(bench: Bench, client: str, task_name: str, rows: int) -> Measurement:
    best = bench.measure(client, task_name, rows, limit=False, most_s=MOST_S)
    for _ in range(_RUNS - 1):
        if best.seconds < _LONG_S:
            again = bench.measure(client, task_name, rows, limit=False, most_s=MOST_S)
            best = min(best, again, key=lambda measured: measured.cpu_seconds)
    return best
