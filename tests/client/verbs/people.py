"""The table of the tests of the bulk verbs: what is written there, and what it holds."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from airhaul import Airtable, Record, Retries, airtable_field
from airhaul.local_base.base import LocalBase
from tests.conftest import connection_to

FAST = Retries(backoff_s=0.01, settle_s=0.02)


class Person(Record, table="People"):
    name: str
    email: str
    age: int | None = None
    score: float | None = None
    tags: list[str] = airtable_field(
        default_factory=list, type="multipleSelects", choices=["a", "b", "c"]
    )
    status: str = airtable_field("new", type="singleSelect", choices=["new", "old"])
    joined: date | None = None
    seen: datetime | None = None
    active: bool = True
    notes: str = ""


def rows(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"name": f"N{n}", "email": f"e{n}@x.org", "age": n, **more} for n in range(count)]


def full_rows(count: int) -> list[dict[str, Any]]:
    """Rows that hold every field with a default."""
    return rows(count, status="old", active=True, tags=[], notes="")


def bad_rows(count: int, *bad: int) -> list[dict[str, Any]]:
    """Rows of which some have a choice that only the base knows is not there."""
    given = rows(count)
    for index in bad:
        given[index]["status"] = f"none{index}"
    return given


def writes(local_base: LocalBase) -> list[tuple[str, int]]:
    """The requests that write: method and number of rows."""
    found = []
    for request in local_base.requests:
        if request.method == "DELETE":
            found.append(("DELETE", len(request.query)))
        elif request.method != "GET" and not request.path.endswith("listRecords"):
            found.append((request.method, len(request.body["records"])))
    return found


def held(local_base: LocalBase) -> list[dict[str, Any]]:
    """What the base itself holds, in its order, asked without faults."""
    faults, local_base.faults = local_base.faults, None
    requests = list(local_base.requests)
    found = Airtable(connection=connection_to(local_base)).table(Person).all()
    local_base.faults = faults
    local_base.requests.clear()
    local_base.requests.extend(requests)
    return [person._cells for person in found]
