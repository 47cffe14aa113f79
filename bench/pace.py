"""How well the limit is kept busy at several latencies.

    python bench/pace.py [--quick]

prints it alone; it is one of the tables of ``compare.py``.
"""

from __future__ import annotations

import sys
from typing import Final

from bench import Bench
from contenders import PYDANTIC
from limit import clients_at_the_limit, limit_cells
from sheet import Sheet

_MOST_S: Final = 25.0
LATENCIES_S: Final = (0.05, 0.25, 1.0)
PLAN: Final = (
    ("create", 500, LATENCIES_S),
    ("create-from-two-threads", 500, (0.25,)),
    ("read", 2_000, LATENCIES_S),
    ("read-as-needed", 5_000, LATENCIES_S),
)


def run(bench: Bench) -> Sheet:
    """Measure."""
    sheet = Sheet(
        "At Airtable's limit, by latency",
        ("task", "latency", "client"),
        ("rows", "seconds", "requests", "429s", "share of the limit"),
        "result",
        "The first five requests can be sent immediately, so a short run can exceed 100%. "
        f"A client that takes longer than {_MOST_S:.0f} s is stopped.",
    )
    for task_name, count, latencies in PLAN:
        for latency_s in latencies:
            for client in clients_at_the_limit(bench, task_name):
                if client == PYDANTIC and task_name == "read":
                    continue  # it reads one page, so there is no pace
                measured = bench.measure(
                    client,
                    task_name,
                    bench.rows(count),
                    limit=True,
                    latency_s=latency_s,
                    most_s=_MOST_S,
                )
                sheet.add(measured.task.label, f"{latency_s} s", client, *limit_cells(measured))
    return sheet


if __name__ == "__main__":
    import compare

    compare.main(["--mode", "pace", *sys.argv[1:]])
