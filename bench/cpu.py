"""What a record costs the client's CPU: no limit, no latency."""

from __future__ import annotations

from typing import Final

from bench import Bench
from measure import Measurement
from sheet import Sheet

MOST_S: Final = 10.0
SIZES: Final = {
    "create": 10_000,
    "read": 10_000,
    "read-in-parallel": 10_000,
    "type-pages": 10_000,
    "upsert": 10_000,
    "sync": 10_000,
    "delete": 10_000,
}
_RUNS: Final = 3
_LONG_S: Final = 5.0


def run(bench: Bench) -> Sheet:
    """Measure."""
    sheet = Sheet(
        "Without a limit or latency",
        ("task", "client"),
        ("rows", "CPU us/record", "records/s"),
        "result",
        "CPU is the user and system time of the client's process without imports: the best of "
        f"{_RUNS} runs, or a single run if it takes over {_LONG_S:.0f} s. Records per second are "
        "bounded by the local base, which is a single Python process. A client is stopped after "
        f"{MOST_S:.0f} s. pyairtable's Table returns untyped records. Parsing is the step from a "
        "reply's bytes to records, without the network; for pyairtable's Table it is json.loads.",
    )
    for task_name, count in SIZES.items():
        for client in bench.clients_of(task_name):
            best = _best(bench, client, task_name, bench.rows(count))
            done = max(best.records, 1)
            sheet.add(
                best.task.label,
                client,
                f"{best.rows:,}",
                f"{best.cpu_seconds / done * 1e6:,.1f}" if best.records else "-",
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
