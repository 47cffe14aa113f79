"""Reading a table of the size of a usual base, in seconds, from a server without a limit."""

from __future__ import annotations

from statistics import median
from typing import Final

from bench import Bench
from contenders import FLOOR, PYDANTIC
from measure import Measurement
from sheet import Sheet

ROWS: Final = 2_000
_TASK: Final = "read"
_ROUNDS: Final = 9


def run(bench: Bench) -> Sheet:
    """Measure."""
    sheet = Sheet(
        f"Reading {ROWS:,} records without a limit or latency",
        ("task", "client"),
        ("rows", "ms, median", "ms, best", "records/s"),
        "result",
        f"From the local base over HTTP, on the same machine. The clients take turns, {_ROUNDS} "
        "times each, so that what else the machine does meets all of them.",
    )
    clients = [client for client in bench.clients_of(_TASK) if client != PYDANTIC]
    found: dict[str, list[Measurement]] = {client: [] for client in [FLOOR, *clients] if clients}
    for _ in range(_ROUNDS):
        for client, measured in found.items():
            measured.append(bench.measure(client, _TASK, bench.rows(ROWS), limit=False))
    for client, measured in found.items():
        seconds = [one.seconds for one in measured]
        sheet.add(
            measured[0].task.label,
            client,
            f"{measured[0].rows:,}",
            f"{median(seconds) * 1e3:,.1f}",
            f"{min(seconds) * 1e3:,.1f}",
            f"{measured[0].records / median(seconds):,.0f}",
            "; ".join({one.outcome for one in measured} - {""}),
        )
    return sheet
