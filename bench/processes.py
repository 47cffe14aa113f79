"""Several processes on one base: one pace for all of them, through the host's file or Redis.

    python bench/processes.py [--processes 16] [--requests 100] [--redis]
                              [--stop] [--kill] [--pause]

Each process writes its rows ten at a time to one served base with Airtable's limit. They share a
file, or with ``--redis`` nothing but a ``redis-server`` that is started for them. ``--stop`` stops
one process for 10 s on its way, ``--kill`` kills one, and ``--pause`` makes the server refuse one
request, so that all have to wait for 30 s.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from typing import Any, Final

from airhaul import Airtable, Record, airtable_field
from airhaul.wire.limits import REQUESTS_PER_SECOND_PER_BASE

LATENCY_S: Final = 0.2
STOPPED_S: Final = 10.0
_SERVE: Final = """
import json, sys
from airhaul.local_base.base import LocalBase
from airhaul.local_base.gate.faults import Fault, Faults
from airhaul.local_base.http.serve import LocalServer
from airhaul.local_base.store import MEMORY, Store
base = LocalBase(Store(MEMORY), requests_per_second=5, latency_s=float(sys.argv[1]))
if sys.argv[2] == "pause":
    base.faults = Faults(Fault("429", method="POST", at=int(sys.argv[3])))
with LocalServer(base) as server:
    print(server.url, base.default_base_id, flush=True)
    sys.stdin.readline()
    print(json.dumps([[r.at, r.status, r.body] for r in base.requests]), flush=True)
"""
_WRITE: Final = """
import json, sys, time
from airhaul import Airtable, Record, airtable_field
class Row(Record, table="Rows"):
    name: str = airtable_field(column="Full Name")
url, base, name, requests, pace = sys.argv[1:]
airtable = Airtable("pat.x", base, endpoint_url=url, pace=pace, concurrency=5)
table = airtable.table(Row)
print("ready", flush=True)
sys.stdin.readline()
began = time.monotonic()
result = table.bulk_create([{"Full Name": f"{name} {n}"} for n in range(10 * int(requests))])
print(json.dumps([began, time.monotonic(), len(result.created)]), flush=True)
"""


class Row(Record, table="Rows"):
    """A row that a process writes."""

    name: str = airtable_field(column="Full Name")


def free_port() -> int:
    """Find a port that nobody listens to."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Run all processes, and return what the server saw."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, **more: Any) -> subprocess.Popen[str]:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        started.append(subprocess.Popen(arguments, **pipes, **more))
        return started[-1]

    with tempfile.TemporaryDirectory() as folder:
        try:
            pause = ["pause" if options.pause else "no", str(options.processes * 3)]
            server = start(sys.executable, "-c", _SERVE, str(LATENCY_S), *pause)
            url, base = line_of(server).split()
            pace = "host"
            if options.redis:
                port = free_port()
                quiet = ["--save", "", "--appendonly", "no", "--bind", "127.0.0.1"]
                start("redis-server", "--port", str(port), "--dir", folder, *quiet)
                pace = f"redis://127.0.0.1:{port}/0"
            make_table(url, base)
            environment = {**os.environ, "XDG_RUNTIME_DIR": folder}
            writers = []
            for number in range(options.processes):
                told = [url, base, f"process {number}", str(options.requests), pace]
                writers.append(start(sys.executable, "-c", _WRITE, *told, env=environment))
            for writer in writers:
                line_of(writer)
            for writer in writers:
                tell(writer)
            disturb(writers, options)
            done = [json.loads(line) for writer in writers if (line := writer.stdout.readline())]
            tell(server)
            return summary(options, done, json.loads(line_of(server)))
        finally:
            for process in started:
                process.kill()
                process.wait()
                process.stdin.close()
                process.stdout.close()


def line_of(process: subprocess.Popen[str]) -> str:
    """Read the next line that a process prints."""
    assert process.stdout is not None, "opened as a pipe"
    return process.stdout.readline()


def tell(process: subprocess.Popen[str]) -> None:
    """Let a process go on."""
    assert process.stdin is not None, "opened as a pipe"
    process.stdin.write("\n")
    process.stdin.flush()


def make_table(url: str, base: str) -> None:
    """Make the table that all write to, and wait until its requests are past."""
    with Airtable("pat.x", base, endpoint_url=url, pace="process") as airtable:
        airtable.table(Row).create_table()
    time.sleep(1.5)


def disturb(writers: list[subprocess.Popen[str]], options: argparse.Namespace) -> None:
    """Stop and kill processes as asked, in the first third of the run."""
    time.sleep(options.processes * options.requests / REQUESTS_PER_SECOND_PER_BASE / 3)
    if options.kill:
        writers[0].send_signal(signal.SIGKILL)
    if options.stop:
        writers[1].send_signal(signal.SIGSTOP)
        time.sleep(STOPPED_S)
        writers[1].send_signal(signal.SIGCONT)


def summary(
    options: argparse.Namespace, done: list[list[float]], requests: list[list[Any]]
) -> dict[str, Any]:
    """Say how well the limit was kept, and shared."""
    writes = [(at, status, body) for at, status, body in requests if body and "records" in body]
    times = sorted(at for at, status, _ in writes if status == 200)
    ideal_s = (len(times) - REQUESTS_PER_SECOND_PER_BASE) / REQUESTS_PER_SECOND_PER_BASE
    whose = [body["records"][0]["fields"]["Full Name"].rsplit(" ", 1)[0] for _, _, body in writes]
    # Fairness: who sent how many while all of them were at it.
    shared = Counter(whose[: len(whose) // 2]).values()
    sixth = min(later - first for first, later in zip(times, times[5:], strict=False))
    return {
        "requests": len(times),
        "rows": sum(int(each[2]) for each in done),
        "429s": sum(status == 429 for _, status, _ in writes),
        "seconds": round(times[-1] - times[0], 1),
        "share": f"{ideal_s / (times[-1] - times[0] - 30 * options.pause):.1%}",
        "closest six": f"{sixth:.3f} s",
        "requests by process, at half time": f"{min(shared)} to {max(shared)}",
    }


def main() -> None:
    """Run it as the command line asks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--processes", type=int, default=16)
    parser.add_argument("--requests", type=int, default=100)
    for name in ("redis", "stop", "kill", "pause"):
        parser.add_argument(f"--{name}", action="store_true")
    for name, value in run(parser.parse_args()).items():
        print(f"{name:36}{value}")


if __name__ == "__main__":
    main()
