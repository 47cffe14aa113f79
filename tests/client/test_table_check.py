"""A model and its table: every difference is found, what is missing is created, nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from annotated_types import Le

from airhaul import Airtable, Record, airtable_field
from airhaul.client.aio.airtable import AsyncAirtable
from airhaul.errors import SchemaError
from airhaul.local_base.base import LocalBase


class Status(Enum):
    OPEN = "open"
    DONE = "done"


class Task(Record, table="Tasks"):
    """One field of each kind that a model and a table can disagree on."""

    title: str
    notes: str = airtable_field("", type="multilineText")
    points: int | None = None
    hours: float | None = None
    price: float | None = airtable_field(
        None, type="currency", options={"precision": 2, "symbol": "€"}
    )
    share: float | None = airtable_field(None, type="percent", options={"precision": 1})
    stars: Annotated[int, Le(5)] | None = airtable_field(None, type="rating")
    done: bool = False
    due: date | None = None
    made: datetime | None = airtable_field(
        None,
        options={
            "dateFormat": {"name": "iso"},
            "timeFormat": {"name": "24hour"},
            "timeZone": "utc",
        },
    )
    mail: str | None = airtable_field(None, column="E-Mail Address", type="email")
    status: Status | None = None
    size: Literal["S", "M", "L"] | None = None
    tags: list[str] = airtable_field(
        default_factory=list, type="multipleSelects", choices=["red", "green"]
    )
    parents: list[str] = airtable_field(default_factory=list, type="multipleSelects")


def fields_of_model() -> dict[str, dict[str, Any]]:
    """The fields of a table as it would be created for the model, by name."""
    with Airtable.local() as other:
        other.table(Task).create_table()
        fields = other.table_schema("Tasks")["fields"]
    return {field["name"]: without_ids(field) for field in fields}


def without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_ids(one) for name, one in value.items() if name != "id"}
    return [without_ids(one) for one in value] if isinstance(value, list) else value


def select(*names: str, type: str = "singleSelect") -> dict[str, Any]:
    return {"type": type, "options": {"choices": [{"name": name} for name in names]}}


TEXT = {"type": "singleLineText", "options": None}
Change = Callable[[dict[str, Any]], Any]
ISO = {"dateFormat": {"name": "iso"}}
EUROPEAN = {"dateFormat": {"name": "european"}}
TIMES = {"timeFormat": {"name": "24hour"}, "timeZone": "utc"}


def becoming(name: str, **changes: Any) -> Change:
    return lambda fields: fields[name].update(changes)


def without(name: str) -> Change:
    return lambda fields: fields.pop(name)


def renamed(name: str, to: str) -> Change:
    return lambda fields: fields[name].update(name=to)


# What somebody does in Airtable; the kind of difference, the model's field, and what is said.
SEEDED: list[tuple[Change, str, str, str]] = [
    (without("notes"), "missing", "notes", "no field 'notes'; sync_table() creates it"),
    (without("points"), "missing", "points", "sync_table() creates it"),
    (without("E-Mail Address"), "missing", "mail", "no field 'E-Mail Address'"),
    (renamed("due", "Due"), "missing", "due", "'Due' may be the one; rename it in Airtable, or set"),
    (renamed("done", " done "), "missing", "done", "' done ' may be the one"),
    (renamed("hours", "time spent"), "missing", "hours", "sync_table() creates it"),
    (becoming("points", **TEXT), "type", "points", "'points' is of type singleLineText"),
    (becoming("title", type="number", options={"precision": 0}), "type", "title", "of type number"),
    (becoming("notes", **select("a")), "type", "notes", "of type singleSelect"),
    (becoming("notes", type="singleLineText"), "type", "notes", "and the model's field is multiline"),
    (becoming("done", **TEXT), "type", "done", "and the model's field is checkbox"),
    (becoming("due", type="dateTime", options={**ISO, **TIMES}), "type", "due", "of type dateTime"),
    (becoming("made", type="date", options=ISO), "type", "made", "of type date"),
    (becoming("E-Mail Address", type="url"), "type", "mail", "'E-Mail Address' is of type url"),
    (becoming("status", **TEXT), "type", "status", "and the model's field is singleSelect"),
    (becoming("tags", **select("red", "green")), "type", "tags", "of type singleSelect"),
    (becoming("price", type="number", options={"precision": 2}), "type", "price", "type number"),
    (becoming("share", type="number", options={"precision": 1}), "type", "share", "type number"),
    (becoming("stars", type="number", options={"precision": 0}), "type", "stars", "type number"),
    (becoming("hours", type="duration", options={"durationFormat": "h:mm"}), "type", "hours", "dur"),
    (becoming("points", options={"precision": 2}), "options", "points", "declares {'precision': 0}"),
    (becoming("price", options={"precision": 2, "symbol": "$"}), "options", "price", "'symbol': '$'"),
    (becoming("price", options={"precision": 0, "symbol": "€"}), "options", "price", "precision"),
    (becoming("share", options={"precision": 0}), "options", "share", "{'precision': 1}"),
    (becoming("stars", options={"icon": "star", "color": "yellowBright", "max": 10}), "options",
     "stars", "declares {'max': 5}"),
    (becoming("made", options={**EUROPEAN, **TIMES}), "options", "made", "european"),
    (becoming("status", **select("open")), "choices", "status", "not have the choices 'done'"),
    (becoming("status", **select("open", "done", "late")), "choices", "status", "know: 'late'"),
    (becoming("size", **select("S", "L", "M", "XL")), "choices", "size", "not know: 'XL'"),
    (becoming("tags", **select("red", type="multipleSelects")), "choices", "tags", "'green'"),
]  # fmt: skip
# What is no difference: the model works with it.
HARMLESS: list[Change] = [
    lambda fields: fields.update(extra={"name": "extra", **TEXT}),
    becoming("title", type="url"),
    becoming("hours", type="currency", options={"precision": 2, "symbol": "$"}),
    becoming("hours", options={"precision": 4}),
    becoming("size", **select("M", "L", "S")),
    becoming("tags", **select("green", "red", "blue", type="multipleSelects")),
    becoming("due", options=EUROPEAN),
    lambda fields: fields["notes"].update(description="What is to be done"),
]


def with_table(airtable: Airtable, change: Change) -> None:
    fields = fields_of_model()
    change(fields)
    made = [{name: one for name, one in field.items() if one} for field in fields.values()]
    airtable.create_table("Tasks", made)  # type: ignore[arg-type]


@pytest.fixture
def airtable():
    with Airtable.local() as opened:
        yield opened


def test_thirty_differences_are_seeded() -> None:
    """As many as are promised, and of each kind that a table that exists can have."""
    assert len(SEEDED) == 30
    assert {kind for _, kind, _, _ in SEEDED} == {"missing", "type", "options", "choices"}


@pytest.mark.parametrize(("change", "kind", "field", "said"), SEEDED)
def test_a_difference_is_found_and_nothing_else(airtable, change, kind, field, said) -> None:
    """What somebody has changed in Airtable is found, with its field and what to do."""
    with_table(airtable, change)
    (difference,) = airtable.table(Task).check_table()
    assert (difference.kind, difference.field) == (kind, field)
    assert f"field {field!r}: " in str(difference)
    assert said in str(difference)


@pytest.mark.parametrize("change", HARMLESS)
def test_what_the_model_works_with_is_no_difference(airtable, change) -> None:
    """Fields that it does not name, other types for the same annotation, more choices."""
    with_table(airtable, change)
    assert airtable.table(Task).check_table() == []
    assert airtable.table(Task).plan_table().is_empty


def test_a_table_that_fits_takes_one_request(airtable) -> None:
    """A check costs one request, and a second sync_table too: it creates nothing."""
    plan = airtable.table(Task).sync_table()
    assert plan.creates_table
    assert str(plan).startswith("Tasks: a table with 15 fields to create\n  + 'title', singleLine")
    airtable.local_base.requests.clear()
    assert airtable.table(Task).check_table() == []
    assert airtable.table(Task).sync_table().is_empty
    assert [request.method for request in airtable.local_base.requests] == ["GET", "GET"]


def test_a_missing_table_is_one_difference(airtable) -> None:
    """Not one for each of its fields."""
    (difference,) = airtable.table(Task).check_table()
    assert difference.kind == "table"
    assert str(difference) == "the base has no table 'Tasks'; sync_table() creates it"
    assert airtable.schema() == []


def test_missing_fields_are_created_and_nothing_else_is_changed(airtable) -> None:
    """What the API cannot do is left to people, and said again by the second call."""

    def change(fields: dict[str, Any]) -> None:
        del fields["points"], fields["due"], fields["tags"]
        fields["done"].update(TEXT)
        fields["status"].update(select("open"))

    with_table(airtable, change)
    before = airtable.table_schema("Tasks")["fields"]
    plan = airtable.table(Task).plan_table()
    assert airtable.table_schema("Tasks")["fields"] == before
    assert str(plan).splitlines() == [
        "Tasks: 3 fields to create, 2 to change by hand",
        "  + 'points', number",
        "  + 'due', date",
        "  + 'tags', multipleSelects",
        f"  ! {plan.by_hand[0]}",
        f"  ! {plan.by_hand[1]}",
    ]
    assert str(plan.by_hand[0]) == (
        "field 'done': 'done' is of type singleLineText, and the model's field is checkbox; "
        "change the type in Airtable, or the annotation, or set airtable_field(type=...)"
    )
    assert str(plan.by_hand[1]) == (
        "field 'status': 'status' does not have the choices 'done'; add them in Airtable, or "
        "write them with typecast=True"
    )
    airtable.local_base.requests.clear()
    assert airtable.table(Task).sync_table() == plan
    assert airtable.local_base.counts()["POST"] == 3
    after = airtable.table_schema("Tasks")["fields"]
    assert after[: len(before)] == before
    assert [field["name"] for field in after[len(before) :]] == ["points", "due", "tags"]
    again = airtable.table(Task).sync_table()
    assert again.is_empty
    assert again.by_hand == plan.by_hand


@pytest.mark.parametrize("name", ["Due", " due"])
def test_a_field_of_almost_the_same_name_is_not_created_beside_it(airtable, name) -> None:
    """Airtable refuses names that differ in case only; people say which one is meant."""
    with_table(airtable, renamed("due", name))
    plan = airtable.table(Task).sync_table()
    assert plan.is_empty
    assert [difference.field for difference in plan.by_hand] == ["due"]


class Computed(Record, table="Sums"):
    name: str
    total: float | None = airtable_field(None, read_only=True)
    twice: float | None = None
    later: int | None = airtable_field(None, type="autoNumber")


def test_computed_fields(airtable) -> None:
    """One that the model would write is a difference; a missing one cannot be created."""
    airtable.create_table("Sums", [{"name": "name", "type": "singleLineText"}])
    table = airtable.table_schema("Sums")
    for name in ("total", "twice"):
        formula: Any = {"name": name, "type": "formula", "options": {"formula": "1 + 1"}}
        airtable.create_field(table["id"], formula)
    found = airtable.table(Computed).check_table()
    assert [(one.kind, one.field) for one in found] == [
        ("read-only", "twice"),
        ("missing", "later"),
    ]
    assert "Airtable computes 'twice' (formula), and the model writes it" in str(found[0])
    assert "create it in Airtable" in str(found[1])
    assert airtable.table(Computed).sync_table().by_hand == found


def test_a_model_of_field_ids(airtable) -> None:
    """A renamed field is found by its ID, and a deleted one cannot be created under its ID."""
    airtable.table(Task).create_table()
    schema = airtable.table_schema("Tasks")
    ids = {field["name"]: field["id"] for field in schema["fields"]}

    class ById(Record, table=schema["id"], field_ids=True):
        title: str = airtable_field(column=ids["title"], title="Headline")
        points: int | None = airtable_field(None, column=ids["points"])
        gone: str | None = airtable_field(None, column="fld00000000000000")

    found = airtable.table(ById).check_table()
    assert [(one.kind, one.field) for one in found] == [("renamed", "title"), ("missing", "gone")]
    assert "the field 'Headline' was renamed to 'title'; set title= to the new name" in str(
        found[0]
    )
    assert "it was deleted, or the ID is wrong" in str(found[1])
    assert airtable.table(ById).sync_table().is_empty


def test_links_need_to_know_their_table(airtable) -> None:
    """A link is created if the model says to which table; another table is a difference."""
    airtable.table(Task).create_table()
    there = airtable.table_schema("Tasks")["id"]
    options = {"linkedTableId": there}

    class Step(Record, table="Steps"):
        name: str
        tasks: list[str] = airtable_field(
            default_factory=list, type="multipleRecordLinks", options=options
        )
        others: list[str] = airtable_field(default_factory=list, type="multipleRecordLinks")

    airtable.create_table("Steps", [{"name": "name", "type": "singleLineText"}])
    plan = airtable.table(Step).sync_table()
    assert [field["name"] for field in plan.fields] == ["tasks"]
    assert "Declare which one as list[Link[Company]]" in str(plan.by_hand[0])
    options["linkedTableId"] = airtable.table_schema("Steps")["id"]
    differences = airtable.table(Step).check_table()
    assert [one.kind for one in differences] == ["options", "missing"]


def test_a_model_that_no_table_can_hold(airtable) -> None:
    """A table that does not exist is planned as create_table would create it, or refused."""

    class Done(Record, table="Done"):
        done: bool = False

    with pytest.raises(SchemaError, match="can be the primary field"):
        airtable.table(Done).plan_table()


def test_the_asynchronous_verbs_do_the_same() -> None:
    """With await."""

    async def run() -> None:
        async with AsyncAirtable.local() as airtable:
            table = airtable.table(Task)
            assert [one.kind for one in await table.check_table()] == ["table"]
            assert (await table.plan_table()).creates_table
            assert (await table.sync_table()).creates_table
            assert await table.check_table() == []

    asyncio.run(run())


def test_the_verbs_of_a_record() -> None:
    """The same verbs on the model's class."""
    with LocalBase.open() as local_base:
        airtable = Airtable(local=local_base)
        bound = type("Bound", (Task,), {"__module__": __name__}, table="Bound")
        assert bound.using(airtable).check_table()[0].kind == "table"
