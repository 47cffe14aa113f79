"""The limit on a machine that has something else to do: as many spinning processes as cores."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from bench import Bench
from contenders import PYDANTIC
from limit import LATENCY_S, clients_at_the_limit, limit_cells
from sheet import Sheet

_MOST_S: Final = 30.0
_SPIN: Final = [sys.executable, "-c", "while True: pass"]
SIZES: Final = {"create": 500, "read": 5_000, "read-as-needed": 5_000, "upsert": 500}


def run(bench: Bench) -> Sheet:
    """Measure."""
    cores = os.cpu_count() or 1
    sheet = Sheet(
        f"At Airtable's limit, {LATENCY_S} s latency, on a busy machine",
        ("task", "client"),
        ("rows", "seconds", "requests", "429s", "share of the limit"),
        "result",
        f"Meanwhile, {cores} other processes spin, as many as the machine has cores. The server "
        "runs on the same machine, and is slowed down, too.",
    )
    with _spinning(cores):
        for task_name, count in SIZES.items():
            for client in clients_at_the_limit(bench, task_name):
                if client != PYDANTIC:
                    measured = bench.measure(
                        client,
                        task_name,
                        bench.rows(count),
                        limit=True,
                        latency_s=LATENCY_S,
                        most_s=_MOST_S,
                    )
                    sheet.add(measured.task.label, client, *limit_cells(measured))
    return sheet


@contextmanager
def _spinning(count: int) -> Generator[None]:
    processes = [subprocess.Popen(_SPIN) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()
