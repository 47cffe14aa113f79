"""One measurement: a fresh server, a fresh process for the client, and what both say of it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from tasks import TASKS, Task

_HERE: Final = Path(__file__).parent
# What a client may take to come to an end after its time was up.
_GRACE_S: Final = 60.0


@dataclass(frozen=True)
class Measurement:
    """What one client came to with one task.

    Args:
        contender: The client.
        task: The task.
        rows: How many rows there were to write or to read.
        records: How many were written, or read, or compared.
        seconds: How long the task took.
        cpu_seconds: The CPU time of the client's process for the task.
        process_seconds: The CPU time of the client's process from its start.
        memory_at_rest: What the process held at most before the task, in bytes.
        peak_memory: What it held at most in the end, in bytes.
        ended: ``well``; with an ``error``; or because the ``time`` was up.
        error: What it died of.
        named: The rows, by their places, that it says it has not written.
        said: What else it said.
        requests: How many requests came to the server.
        refused: How many of them were answered with 429.
        held: How many rows the table holds in the end.
        distinct: How many of them have different keys.
        odd: How many of them have a choice that was unknown before.
    """

    contender: str
    task: Task
    rows: int
    records: int
    seconds: float
    cpu_seconds: float
    process_seconds: float
    memory_at_rest: int
    peak_memory: int
    ended: str
    error: str
    named: list[int]
    said: str
    requests: int
    refused: int
    held: int
    distinct: int
    odd: int

    @property
    def doubled(self) -> int:
        """How many rows the table holds twice."""
        return self.held - self.distinct

    @property
    def complete(self) -> bool:
        """Whether all was done."""
        return self.ended == "well" and self.records == self.rows and not self.doubled

    @property
    def outcome(self) -> str:
        """The result in words; empty if all was done."""
        far = f"{self.records:,} of {self.rows:,}"
        words: list[str] = []
        if self.ended == "time":
            words.append(f"stopped after {self.seconds:.0f} s: {far}")
        elif self.ended == "error":
            words.append(f"failed after {far}: {self.error}")
        elif self.records != self.rows:
            words.append(f"{far}, without an error")
        if self.doubled:
            words.append(f"{self.doubled:,} rows duplicated")
        return "; ".join(words)


class Server:
    """The server's process; see ``server.py`` for the orders it takes."""

    def __enter__(self) -> Self:
        """Start it."""
        self._process = subprocess.Popen(
            [sys.executable, str(_HERE / "server.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def ask(self, do: str, **order: Any) -> dict[str, Any]:
        """Give an order, and wait for the answer."""
        return json.loads(_ask(self._process, json.dumps({"do": do, **order})))

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()


def measure(
    server: Server,
    contender: str,
    task_name: str,
    rows: int,
    *,
    limit: bool,
    latency_s: float = 0.0,
    most_s: float = 30.0,
    trouble: dict[str, Any] | None = None,
    counts_only: bool = False,
) -> Measurement:
    """Let a client do a task.

    Args:
        server: The server.
        contender: The client.
        task_name: The task.
        rows: How many rows it is about.
        limit: Whether Airtable's limit holds, with its penalty of 30 seconds.
        latency_s: How long each reply is held back, in seconds.
        most_s: After how many seconds the client is stopped.
        trouble: ``lose`` or ``fault``, as the server takes them.
        counts_only: Whether the server only counts, as of ``CountingServer``.
    """
    task = TASKS[task_name]
    seed = round(rows * task.seeded)
    more = {**(trouble or {}), "counts_only": counts_only}
    where = server.ask("reset", limit=limit, latency_s=latency_s, seed=seed, **more)
    spec = {
        "contender": contender,
        "task": task_name,
        "rows": rows,
        "limit": limit,
        "most_s": most_s,
        **where,
    }
    with subprocess.Popen(
        [sys.executable, str(_HERE / "contender.py"), json.dumps(spec)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as client:
        ready = _ask(client, json.dumps(server.ask("ids")["ids"])) if task.takes_ids else ""
        ready = ready or _read(client)
        if ready.strip() != "ready":
            raise RuntimeError(f"{contender} did not begin with {task_name!r}")
        server.ask("clear")
        try:
            answer, _ = client.communicate("go\n", timeout=most_s + _GRACE_S)
        except subprocess.TimeoutExpired:
            client.kill()
            raise RuntimeError(f"{contender} did not stop with {task_name!r}") from None
    measured = json.loads(answer)
    read = measured.pop("read")
    counts = server.ask("counts")
    return Measurement(
        contender,
        task,
        rows,
        records=counts["written"] if task.counts == "written" else read,
        requests=sum(counts["requests"].values()),
        refused=counts["refused"],
        **server.ask("held"),
        **measured,
    )


def _ask(process: subprocess.Popen[str], line: str) -> str:
    assert process.stdin is not None, "opened as a pipe"
    process.stdin.write(line + "\n")
    process.stdin.flush()
    return _read(process)


def _read(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None, "opened as a pipe"
    line = process.stdout.readline()
    if not line:
        raise RuntimeError("a process of the benchmark ended before its time; see above")
    return line
