"""An Airflow DAG that appends the events of a day: an attempt that is repeated adds none twice.

Put it into the DAGs folder. It needs ``apache-airflow`` 3, and what Airtable needs from the
environment of the workers: ``AIRTABLE_ACCESS_TOKEN`` and ``AIRTABLE_BASE_ID``.

Events have no key, so they cannot be upserted. The task keeps a journal that is named after the run
of the DAG. When Airflow tries the task again, or somebody clears it, it finds the journal and
resumes: a request whose reply was lost is looked for in the table, and not sent again blindly.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

from airflow.sdk import dag, get_current_context, task

from airhaul import Airtable, Record

# On a disk that all workers see.
JOURNALS = Path(os.environ.get("JOURNALS", "journals"))


class Event(Record, table="Events"):
    """Something that happened."""

    name: str
    source: str
    amount: float


@dag(schedule="@daily", catchup=False, default_args={"retries": 3})
def append_events() -> None:
    """Append the events of a day to the table Events."""

    @task
    def extract() -> list[dict[str, Any]]:
        """Stands for whatever has the events."""
        return [{"name": f"Event {n}", "source": "shop", "amount": n / 4} for n in range(100)]

    @task
    def append(events: list[dict[str, Any]]) -> str:
        """Append events, once for each run of the DAG."""
        run_id = get_current_context()["run_id"]
        return append_once(events, JOURNALS / f"{quote(run_id, safe='')}.db")

    append(extract())


def append_once(events: list[dict[str, Any]], journal: Path) -> str:
    """Append events, or go on where an earlier attempt with this journal has ended."""
    journal.parent.mkdir(parents=True, exist_ok=True)
    with Airtable.from_env(journal=journal) as airtable:
        if airtable.runs():
            return str(airtable.resume())
        return str(airtable.table(Event).bulk_create(events))


append_events()
