"""Bases read at the limit by Spark: how much of the limit of each base and of the token is used.

    python bench/spark_reads.py [--slots 2] [--bases 20] [--pages 30] [--latency 0.1] [--segments 1]

A local base in a process of its own serves the bases, with Airtable's limits: five requests a
second for each, and fifty for the token. Spark reads them with so many tasks at the same time, all
of which share the pace of this machine. A share is that of the requests that could have been sent
between the first and the last one: of a base, or of all.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import mean
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from airhaul.wire.limits import (
    RECORDS_PER_PAGE,
    REQUESTS_PER_SECOND_PER_BASE,
    REQUESTS_PER_SECOND_PER_TOKEN,
)
from processes import line_of, tell

_TABLE: Final = "Deals"
_SERVE: Final = """
import contextlib, json, os, sys
from datetime import UTC, datetime
from airhaul.local_base.base import LocalBase
from airhaul.local_base.http.serve import LocalServer
from airhaul.wire.call import Call
with contextlib.suppress(PermissionError):  # a service has a machine of its own
    os.nice(-15)
bases, records, latency_s = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
fields = [{"name": "Name", "type": "singleLineText"},
          {"name": "Amount", "type": "number", "options": {"precision": 2}}]
local_base, ids = LocalBase.open(requests_per_second=5), []
for number in range(bases):
    body = {"name": f"Base {number}", "workspaceId": local_base.workspace_id,
            "tables": [{"name": sys.argv[4], "fields": fields}]}
    made = local_base.send(Call("POST", "/v0/meta/bases", "create", body=body), lambda: None)
    made = json.loads(made.body)
    ids.append(made["id"])
    name, amount = (field["id"] for field in made["tables"][0]["fields"])
    cells = [{name: f"Deal {number}-{n}", amount: n / 4} for n in range(records)]
    with local_base._store.session(write=True) as session:
        user_id = local_base._store.user_id
        session.records.add(made["tables"][0]["id"], cells, datetime.now(UTC), user_id)
local_base.latency_s = latency_s
local_base.requests.clear()
with LocalServer(local_base) as server:
    print(json.dumps([server.url, ids]), flush=True)
    sys.stdin.readline()
    sent = [[r.at, r.status, r.base_id, r.path.endswith(sys.argv[4])] for r in local_base.requests]
    print(json.dumps(sent), flush=True)
"""


def import_what_tasks_need(batches: Iterator[Any]) -> Iterator[Any]:
    """Let the Python of a task start and import, which takes seconds, before time is taken."""
    import airhaul.spark.source  # noqa: F401 - it is imported by the task

    time.sleep(2)  # so that no task does the work of another
    yield from batches


def read(options: argparse.Namespace, url: str, bases: Sequence[str]) -> int:
    """Read all bases, and return how many different records there are."""
    from pyspark.sql import SparkSession

    from airhaul.spark import AirtableDataSource

    session = (
        SparkSession.builder.master(f"local[{options.slots}]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("OFF")
    session.dataSource.register(AirtableDataSource)
    warm = session.range(0, options.slots, 1, options.slots)
    warm.mapInArrow(import_what_tasks_need, warm.schema).count()
    given = {
        "bases": ",".join(bases),
        "table": _TABLE,
        "access_token": "patSpark.bench",
        "endpoint_url": url,
        "segments": str(options.segments),
    }
    frame = session.read.format("airtable").options(**given).load()
    count = frame.select("_airtable_id", "Name", "Amount").distinct().count()
    session.stop()
    return count


def share(times: Sequence[float], per_second: int) -> float:
    """Return which share of a limit was used from the first to the last of some requests.

    Args:
        times: When they came, in seconds.
        per_second: The limit.
    """
    # They come in bursts, one a second: from the beginning of the first to that of the last.
    ordered = sorted(times)
    whole = (len(ordered) - 1) // per_second * per_second
    return whole / per_second / (ordered[whole] - ordered[0])


def main() -> None:
    """Run it as the command line asks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--slots", type=int, default=2, help="tasks at the same time")
    parser.add_argument("--bases", type=int, default=20)
    parser.add_argument("--pages", type=int, default=30, help="of a hundred records in each base")
    parser.add_argument("--latency", type=float, default=0.1, help="of a reply, in seconds")
    parser.add_argument("--segments", type=int, default=1, help="tasks for each table")
    options = parser.parse_args()
    records = options.pages * RECORDS_PER_PAGE
    arguments = [f"{options.bases}", f"{records}", f"{options.latency}", _TABLE]
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"XDG_RUNTIME_DIR": folder, "PYSPARK_PYTHON": sys.executable}
        server = subprocess.Popen(
            [sys.executable, "-c", _SERVE, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            url, bases = json.loads(line_of(server))
            count = read(options, url, bases)
            tell(server)
            requests = json.loads(line_of(server))
        finally:
            server.kill()
            server.wait()
    report(requests, count, options)


def report(
    requests: Sequence[tuple[float, int, str, bool]], count: int, options: argparse.Namespace
) -> None:
    """Print what the server saw."""
    pages: dict[str, list[float]] = defaultdict(list)
    for at, status, base_id, is_page in requests:
        if is_page and status == 200:
            pages[base_id].append(at)
    every = [at for times in pages.values() for at in times]
    shares = [share(times, REQUESTS_PER_SECOND_PER_BASE) for times in pages.values()]
    table = Table("what", "figure", title=f"{options.bases} bases, {options.slots} at a time")
    table.add_row("records in the frame", f"{count:,} of {options.bases * options.pages * 100:,}")
    table.add_row("pages, 429s", f"{len(every):,}, {sum(one[1] == 429 for one in requests)}")
    table.add_row("seconds from the first page to the last", f"{max(every) - min(every):.1f}")
    table.add_row("share of a base's limit: mean, least", f"{mean(shares):.1%}, {min(shares):.1%}")
    token = share(every, REQUESTS_PER_SECOND_PER_TOKEN)
    table.add_row("share of the token's limit", f"{token:.1%}")
    Console(width=90).print(table)


if __name__ == "__main__":
    main()
