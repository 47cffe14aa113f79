"""The table of the tests of the bulk verbs: what is written there, and what it holds.

It has three models: its fields are named as in Python, as people name them, or by ID. Rows, and what
the functions below return, have the names of the model, whichever it is.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from airhaul import Airtable, Record, Retries, airtable_field
from airhaul.local_base.base import LocalBase
from airhaul.model.columns import columns_of
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


class SpacedPerson(Record, table="People"):
    """The same person; no column has a name that Python could have."""

    name: str = airtable_field(column="Full Name")
    email: str = airtable_field(column="E-mail")
    age: int | None = airtable_field(None, column="Age")
    score: float | None = airtable_field(None, column="Test Score (%)")
    tags: list[str] = airtable_field(
        default_factory=list, column="All Tags", type="multipleSelects", choices=["a", "b", "c"]
    )
    status: str = airtable_field(
        "new", column="Current Status", type="singleSelect", choices=["new", "old"]
    )
    joined: date | None = airtable_field(None, column="Date Joined")
    seen: datetime | None = airtable_field(None, column="Last Seen")
    active: bool = airtable_field(True, column="Is Active?")
    notes: str = airtable_field("", column="Further Notes")


def person_by_id(airtable: Airtable) -> type[Record]:
    """The same person by field ID, for the table that was created for ``SpacedPerson``."""
    table = airtable.table_schema("People")
    ids = {field["name"]: field["id"] for field in table["fields"]}

    class PersonById(Record, table=table["id"], field_ids=True):
        name: str = airtable_field(column=ids["Full Name"])
        email: str = airtable_field(column=ids["E-mail"])
        age: int | None = airtable_field(None, column=ids["Age"])
        score: float | None = airtable_field(None, column=ids["Test Score (%)"])
        tags: list[str] = airtable_field(
            default_factory=list, column=ids["All Tags"], type="multipleSelects"
        )
        status: str = airtable_field("new", column=ids["Current Status"], type="singleSelect")
        joined: date | None = airtable_field(None, column=ids["Date Joined"])
        seen: datetime | None = airtable_field(None, column=ids["Last Seen"])
        active: bool = airtable_field(True, column=ids["Is Active?"])
        notes: str = airtable_field("", column=ids["Further Notes"])

    PersonById.__qualname__ = "PersonById"
    globals()["PersonById"] = PersonById  # where pickle looks for it
    return PersonById


def by_name(cells: dict[str, Any], model: type[Record] = SpacedPerson) -> dict[str, Any]:
    """Cells by the names of the model instead of those of the table, or its IDs."""
    names = {column.column: name for name, column in columns_of(model).by_name.items()}
    return {names.get(key, key): cell for key, cell in cells.items()}


def title(name: str, model: type[Record]) -> str:
    """What people read for a field of the model: the name that the table has, if it is known."""
    return columns_of(model).by_name[name].title


def cells_sent(request: Any, model: type[Record]) -> dict[str, Any]:
    """The cells of the first record of a request."""
    return by_name(request.body["records"][0]["fields"], model)


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
    """The requests that write: method and number of rows; the largest first, since on a busy machine
    one of those that are under way at the same time may overtake another.
    """
    found = []
    for request in local_base.requests:
        if request.method == "DELETE":
            found.append(("DELETE", len(request.query)))
        elif request.method != "GET" and not request.path.endswith("listRecords"):
            found.append((request.method, len(request.body["records"])))
    return sorted(found, key=lambda write: -write[1])


def held(local_base: LocalBase) -> list[dict[str, Any]]:
    """What the base itself holds, in the order of creation, asked without faults."""
    faults, local_base.faults = local_base.faults, None
    requests = list(local_base.requests)
    people = Airtable(connection=connection_to(local_base)).table_named("People")
    found = people.all(view="Grid view")  # without a view, the order is that of the ids
    local_base.faults = faults
    local_base.requests.clear()
    local_base.requests.extend(requests)
    return [by_name(person._cells) for person in found]
