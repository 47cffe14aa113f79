"""How well the limit is kept busy: bulk creates over HTTP on a base with Airtable's limit.

    python bench/pace.py [ROWS]

For each latency it prints how long the rows took, the share of the possible 50 rows a second, and
how many requests were refused with 429, which should be none.
"""

import sys
import threading
import time
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from airhaul import Airtable, Record
from airhaul.server.emulator import Emulator
from airhaul.server.serve import LocalServer
from airhaul.wire.limits import RECORDS_PER_WRITE, REQUESTS_PER_SECOND_PER_BASE

BEST_ROWS_PER_SECOND = RECORDS_PER_WRITE * REQUESTS_PER_SECOND_PER_BASE


class Item(Record, table="Items"):
    """A small row."""

    name: str
    number: int


def rows(count: int) -> list[dict[str, object]]:
    """Make rows."""
    return [{"name": f"Item {number}", "number": number} for number in range(count)]


def one_job(airtable: Airtable, count: int) -> None:
    """Write all rows in one call."""
    airtable.table(Item).bulk_create(rows(count))


def two_jobs(airtable: Airtable, count: int) -> None:
    """Write half of the rows in each of two threads."""
    half = rows(count // 2)
    threads = [threading.Thread(target=one_job, args=(airtable, len(half))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def measure(
    count: int, latency_s: float, write: Callable[[Airtable, int], None]
) -> tuple[float, int, int]:
    """Run once: seconds, requests, and how many of them were refused."""
    with (
        Emulator.open(requests_per_second=REQUESTS_PER_SECOND_PER_BASE) as emulator,
        LocalServer(emulator) as server,
        Airtable("patBench.x", emulator.default_base_id, endpoint_url=server.url) as airtable,
    ):
        airtable.table(Item).create_table()
        time.sleep(1.1)  # creating the table has used a place in the first second
        emulator.latency_s = latency_s
        emulator.requests.clear()
        began = time.monotonic()
        write(airtable, count)
        seconds = time.monotonic() - began
        refused = sum(request.status == 429 for request in emulator.requests)
        return seconds, len(emulator.requests), refused


def main() -> None:
    """Measure and print a table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    grid = Table(title=f"{count} rows at 5 requests a second")
    for heading in ("latency", "jobs", "requests", "seconds", "share of the limit", "429s"):
        grid.add_column(heading, justify="right")
    for latency_s, jobs, write in (
        (0.05, 1, one_job),
        (0.25, 1, one_job),
        (0.25, 2, two_jobs),
        (1.0, 1, one_job),
    ):
        seconds, requests, refused = measure(count, latency_s, write)
        share = count / seconds / BEST_ROWS_PER_SECOND
        grid.add_row(
            f"{latency_s} s",
            str(jobs),
            str(requests),
            f"{seconds:.2f}",
            f"{share:.1%}",
            str(refused),
        )
    Console().print(grid)


if __name__ == "__main__":
    main()
