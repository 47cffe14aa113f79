"""One run of the benchmark: what was selected, and the way to measure it."""

from __future__ import annotations

import sys
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from measure import Measurement, Server, measure
from tasks import TASKS


@dataclass(frozen=True)
class Bench:
    """One run.

    Args:
        server: The server's process.
        quick: Whether a tenth of the rows will do.
        tasks: The tasks that were selected.
        clients: The clients that were selected.
    """

    server: Server
    quick: bool
    tasks: Collection[str]
    clients: Collection[str]

    def rows(self, count: int) -> int:
        """Scale a number of rows."""
        return count // 10 if self.quick else count

    def clients_of(self, task_name: str) -> list[str]:
        """The clients to measure a task with; none if it was not selected."""
        if task_name not in self.tasks:
            return []
        return [client for client in TASKS[task_name].clients if client in self.clients]

    def measure(self, client: str, task_name: str, rows: int, **options: Any) -> Measurement:
        """Measure, and say so on stderr; options as of ``measure.measure``."""
        print(f"{task_name}, {rows:,} rows: {client} ...", file=sys.stderr, end=" ", flush=True)
        measured = measure(self.server, client, task_name, rows, **options)
        print(f"{measured.seconds:.1f} s", file=sys.stderr, flush=True)
        return measured
