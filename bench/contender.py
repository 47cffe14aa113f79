"""The process of one measurement: one client, one task.

    python bench/contender.py '{"contender": ..., "task": ..., "rows": ..., "url": ..., ...}'

It imports, makes the rows, opens a connection, prints ``ready``, waits for a line on stdin, does
the task, and prints what came of it as JSON. Time and CPU are those of the task alone.
"""

from __future__ import annotations

import json
import re
import resource
import signal
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

import contenders
from tasks import TASKS

# Opening the connection has used a place in the first second of the limit.
_REST_S = 1.1
_ADDRESS = re.compile(r" for url: \S+")


class TimeUp(KeyboardInterrupt):
    """The time for the task is over; like Ctrl-C, so that no retry swallows it."""


def _stop(*_: Any) -> NoReturn:
    raise TimeUp


def main() -> None:
    """Measure."""
    spec = json.loads(sys.argv[1])
    task = TASKS[spec["task"]]
    contender = contenders.load(
        spec["contender"], spec["url"], spec["base_id"], limit=spec["limit"]
    )
    given = [task.make_rows(spec["rows"])] if task.make_rows else []
    if task.takes_ids:
        given = [json.loads(sys.stdin.readline())]
    contender.warm_up()
    if spec["limit"]:
        time.sleep(_REST_S)
    at_rest = _peak_memory()
    print("ready", flush=True)
    sys.stdin.readline()
    signal.signal(signal.SIGALRM, _stop)
    ended, error = "well", ""
    cpu, began = _cpu_seconds(), time.monotonic()
    signal.setitimer(signal.ITIMER_REAL, spec["most_s"])
    try:
        getattr(contender, task.method)(*given)
    except KeyboardInterrupt:
        ended = "time"
    except Exception as raised:  # noqa: BLE001 - what a client dies of is what is asked
        ended, error = "error", _explain(raised)
    signal.setitimer(signal.ITIMER_REAL, 0)
    report = contender.report
    in_all = _cpu_seconds()
    measured = {
        "seconds": time.monotonic() - began,
        "cpu_seconds": in_all - cpu,
        "process_seconds": in_all,
        "memory_at_rest": at_rest,
        "peak_memory": _peak_memory(),
        "ended": ended,
        "error": error,
        "read": report.records,
        "named": report.named,
        "said": report.said,
    }
    print(json.dumps(measured), flush=True)


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak_memory() -> int:
    """The most bytes that this process has held."""
    status = Path("/proc/self/status")
    if status.exists():
        # getrusage would count what the parent held when it started this process.
        text = status.read_text(encoding="ascii")
        return int(text.partition("VmHWM:")[2].split(maxsplit=1)[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _explain(error: Exception) -> str:
    """Say an error in a line, without the address."""
    # requests wraps urllib3's error, which has the reason; its own text is mostly the address.
    reasons = [getattr(part, "reason", None) or part for part in error.args] or [error]
    first = "; ".join(map(str, reasons)).partition("\n")[0]
    return f"{type(error).__name__}: {_ADDRESS.sub('', first)}"


if __name__ == "__main__":
    main()
