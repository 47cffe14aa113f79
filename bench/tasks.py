"""What is done, whoever does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

import rows
from contenders import AIRHAUL, API, ORM, PYDANTIC


@dataclass(frozen=True)
class Task:
    """One thing to do.

    Args:
        label: How it is shown.
        method: The contender's method.
        clients: Who has it.
        make_rows: Makes the rows that it is given, of their number; None if it is given none.
        seeded: How much of the number the table holds before, 0 to 1.
        takes_ids: Whether it is given the ids of the records in the table.
        counts: Whether its records are those written to the table, or those that the client read.
    """

    label: str
    method: str
    clients: tuple[str, ...]
    make_rows: Callable[[int], Any] | None = None
    seeded: float = 0.0
    takes_ids: bool = False
    counts: Literal["written", "read"] = "written"


def _list(count: int) -> list[dict[str, Any]]:
    return list(rows.make_rows(count))


_ALL: Final = (AIRHAUL, ORM, API, PYDANTIC)

TASKS: Final = {
    "create": Task("bulk create", "create", _ALL, _list),
    "create-from-two-threads": Task(
        "bulk create, two threads", "create_from_two_threads", (AIRHAUL,), _list
    ),
    "read": Task("read all", "read", _ALL, seeded=1, counts="read"),
    "read-in-parallel": Task(
        "read all, 4 page chains", "read_in_parallel", (AIRHAUL,), seeded=1, counts="read"
    ),
    "read-as-needed": Task(
        'read all, parallel="auto"', "read_as_needed", (AIRHAUL,), seeded=1, counts="read"
    ),
    "read-linked": Task(
        "read all, and what each links to", "read_linked", (AIRHAUL, ORM), seeded=1, counts="read"
    ),
    "type-pages": Task(
        "parse records", "type_pages", (AIRHAUL, ORM), rows.make_pages, counts="read"
    ),
    "upsert": Task(
        "upsert by key", "upsert", (AIRHAUL, API, PYDANTIC), rows.rows_to_upsert, seeded=0.5
    ),
    "sync": Task(
        "sync, nothing changed", "sync", (AIRHAUL, ORM, PYDANTIC), _list, seeded=1, counts="read"
    ),
    "delete": Task("delete", "delete", (AIRHAUL, API, PYDANTIC), seeded=1, takes_ids=True),
    "bad-row": Task("one bad row", "create_good_ones", _ALL, rows.rows_with_a_bad_one),
    "lost-replies": Task("lost replies", "create_good_ones", _ALL, _list),
    "cut-replies": Task("truncated replies", "create_good_ones", _ALL, _list),
    "stream-in": Task("bulk create, generator", "create", (AIRHAUL,), rows.make_rows),
    "csv-in": Task("CSV file in", "csv_in", (AIRHAUL,), rows.make_csv),
    "stream-out": Task("iterate", "stream_out", (AIRHAUL,), seeded=1, counts="read"),
    "csv-out": Task("CSV file out", "csv_out", (AIRHAUL,), seeded=1, counts="read"),
    "sync-stream": Task(
        "sync, nothing changed, generator",
        "sync",
        (AIRHAUL,),
        rows.make_rows,
        seeded=1,
        counts="read",
    ),
    "plan-sync-stream": Task(
        "plan_sync, nothing changed, generator",
        "plan_sync",
        (AIRHAUL,),
        rows.make_rows,
        seeded=1,
        counts="read",
    ),
}
