"""A Prefect flow that loads a file every night: it can be retried at any point.

    python prefect_flow.py orders.csv

It needs ``prefect``. Token and base are in ``AIRTABLE_ACCESS_TOKEN`` and ``AIRTABLE_BASE_ID``.

Two tasks, and two ways of not doing anything twice. The orders have a key, so they are
synchronized: doing that again changes nothing. The report of the night has none, so its task keeps
a journal that is named after the run of the flow: a second attempt finds it, and resumes the first.
"""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from prefect import flow, runtime, task

from airhaul import Airtable, Record

JOURNALS = Path(os.environ.get("JOURNALS", "journals"))


class Order(Record, table="Orders"):
    """An order."""

    number: int
    customer: str
    total: float


class Load(Record, table="Loads"):
    """What one night's load has done."""

    loaded_at: datetime
    created: int
    updated: int
    unchanged: int


@task(retries=3, retry_delay_seconds=60)
def sync_orders(path: Path) -> dict[str, int]:
    """Bring the table to what the file says, without deleting anything; say what was done."""
    with Airtable.from_env() as airtable:
        counts = airtable.table(Order).sync_file(path, key="number").counts()
    return {
        "created": counts.get("created", 0),
        "updated": counts.get("updated", 0),
        "unchanged": counts.get("unchanged", 0),
    }


@task(retries=3, retry_delay_seconds=60)
def report(counts: dict[str, int], run_id: str) -> None:
    """Add a row about the load, once for each run of the flow.

    Args:
        counts: How many orders were created, updated and unchanged.
        run_id: The run of the flow. All its attempts need the same folder for the journal.
    """
    JOURNALS.mkdir(parents=True, exist_ok=True)
    with Airtable.from_env(journal=JOURNALS / f"{run_id}.db") as airtable:
        if airtable.runs():
            airtable.resume()
        else:
            airtable.table(Load).bulk_create([{"loaded_at": datetime.now(UTC), **counts}])


@flow
def load_orders(path: Path) -> None:
    """Load the orders of a file, and report it."""
    counts = sync_orders(path)
    report(counts, str(runtime.flow_run.id))


if __name__ == "__main__":
    load_orders(Path(sys.argv[1]))
