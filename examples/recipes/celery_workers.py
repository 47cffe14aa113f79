"""Celery workers that write to one base: one pace for all of them, and no row twice.

    celery --app celery_workers worker
    python celery_workers.py

It needs ``celery[redis]``, ``airhaul[redis]``, and a Redis whose address is in ``REDIS_URL``. Token
and base are in ``AIRTABLE_ACCESS_TOKEN`` and ``AIRTABLE_BASE_ID``.

Any number of workers on any number of machines may run. They share the base's rate limit through
Redis. A task whose worker is killed is given to another worker, so it has to be a write that can be
repeated: an upsert.
"""

import os
from functools import cache
from typing import Any

from celery import Celery

from airhaul import Airtable, Record
from airhaul.errors import TransportError

REDIS = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")

app = Celery("celery_workers", broker=REDIS, backend=REDIS)
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
)


class Signup(Record, table="Signups"):
    """Somebody who signed up."""

    email: str
    name: str
    plan: str


@cache
def airtable() -> Airtable:
    """One connection for each process of a worker, opened by its first task."""
    return Airtable.from_env(pace=REDIS)


@app.task(autoretry_for=(TransportError,), retry_backoff=True, max_retries=5)
def write_signups(rows: list[dict[str, Any]]) -> str:
    """Create or update signups by their email address.

    Args:
        rows: The signups; the more of them are in a task, the fewer requests it takes: ten rows
            each.

    Returns:
        What was done, for people.
    """
    return str(airtable().table(Signup).bulk_upsert(rows, key="email"))


def main() -> None:
    """Give the workers something to do, and wait for it."""
    signups = [
        {"email": f"person{n}@example.org", "name": f"Person {n}", "plan": "trial"}
        for n in range(200)
    ]
    tasks = [write_signups.delay(signups[start : start + 20]) for start in range(0, 200, 20)]
    for task in tasks:
        print(task.get(timeout=60))


if __name__ == "__main__":
    main()
