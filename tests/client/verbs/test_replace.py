"""Replacing whole records: what a row leaves out is cleared, and can be restored."""

from __future__ import annotations

import asyncio

import pytest

from airhaul import Airtable, AsyncAirtable, BulkError
from airhaul.wire import endpoints
from tests.client.verbs.people import Person, bad_rows, cells_sent, held, rows, title, writes
from tests.conftest import connection_to


def test_what_a_row_leaves_out_is_cleared(people, local_base) -> None:
    """Twelve rows are two PUT requests; cells come from the row and the model's defaults alone."""
    made = people.bulk_create(rows(12, status="old", notes="x", tags=["a"]), concurrency=1)
    local_base.requests.clear()
    result = people.bulk_replace(
        [{"id": person.id, "name": "new", "email": person.email} for person in made]
    )
    assert writes(local_base) == [("PUT", 10), ("PUT", 2)]
    assert result.counts() == {"updated": 12}
    assert held(local_base)[3] == {
        "name": "new",
        "email": "e3@x.org",
        "status": "new",
        "active": True,
    }


def test_records_are_replaced_by_all_that_they_hold(people, local_base) -> None:
    """A record is sent whole, whatever changed, and brought up to date in place."""
    made = people.bulk_create(rows(1, notes="x"))
    made[0].notes = ""
    result = people.bulk_replace(made)
    assert result[0] is made[0]
    assert cells_sent(local_base.requests[-1], people.model)["name"] == "N0"
    assert "notes" not in held(local_base)[0]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"name": "x", "email": "y"}, "the row has no id"),
        ({"id": "rec00000000000000", "name": "x"}, "field 'email': a value is required"),
        (lambda model: model(name="x", email="y"), "never saved"),
    ],
)
def test_rows_that_cannot_replace_are_refused_before_anything_is_sent(
    people, local_base, row, reason
) -> None:
    """A replacement is validated as a new record is, and needs to know which record it is."""
    local_base.requests.clear()
    row = row(people.model) if callable(row) else row
    with pytest.raises(BulkError, match=reason):
        people.bulk_replace([row])
    assert not local_base.requests


def test_a_record_read_in_part_replaces_nothing(people, local_base) -> None:
    """What was not fetched would be cleared, so it is refused."""
    people.bulk_create(rows(1))
    (part,) = people.where().only("name", "email").all()
    with pytest.raises(BulkError, match="not fetched: "):
        people.bulk_replace([part])


def test_a_plan_shows_what_would_change_and_what_would_be_cleared(people, local_base) -> None:
    """Nothing is sent but the reading; applied, only what differs is written."""
    made = people.bulk_create(rows(2, notes="x"))
    wanted = [{"id": made[0].id, "name": "N0", "email": "e0@x.org", "age": 0, "notes": "x"}]
    assert people.plan_replace(wanted).summary().startswith("1 unchanged")
    plan = people.plan_replace([{"id": made[1].id, "name": "N1", "email": "e1@x.org"}])
    (difference,) = plan.differences
    age, notes = title("age", people.model), title("notes", people.model)
    assert difference.cells == {age: (1, None), notes: ("x", None)}
    plan.apply()
    assert "notes" not in held(local_base)[1]


def test_a_plan_clears_what_the_verb_itself_clears(people, local_base) -> None:
    """Columns that the model does not know are in the plan, and are cleared when it is applied."""
    airtable = people.airtable
    local_base.add_field(airtable.base_id, "People", {"name": "Secret", "type": "singleLineText"})
    (person,) = people.bulk_create(rows(1))
    airtable.call(
        endpoints.update_records(airtable.base_id, "People", [(person.id, {"Secret": "gone"})])
    )
    wanted = person.model_dump(exclude={"created_time"}) | {"name": "y"}
    plan = people.plan_replace([wanted])
    name = title("name", people.model)
    assert plan.differences[0].cells == {name: ("N0", "y"), "Secret": ("gone", None)}
    plan.apply()
    assert "Secret" not in held(local_base)[0]


def test_a_rollback_restores_cells_that_were_cleared(people, local_base) -> None:
    """One row of twenty is refused: the ten that were replaced hold again what they held."""
    made = people.bulk_create(rows(20, notes="x"))
    before = held(local_base)
    wanted = [
        {**row, "id": person.id, "notes": ""}
        for row, person in zip(bad_rows(20, 15), made, strict=True)
    ]
    with pytest.raises(BulkError) as caught:
        people.bulk_replace(wanted, on_error="rollback", concurrency=1)
    assert caught.value.result.counts()["undone"] == 10
    assert held(local_base) == before


def test_an_undo_restores_columns_that_the_model_does_not_know(tmp_path, local_base) -> None:
    """The journal keeps all cells of a record that is replaced, as of one that is deleted."""
    airtable = Airtable(connection=connection_to(local_base, journal=tmp_path / "j"))
    people = airtable.table(Person)
    people.create_table()
    local_base.add_field(airtable.base_id, "People", {"name": "Secret", "type": "singleLineText"})
    (person,) = people.bulk_create(rows(1, notes="x"))
    airtable.call(
        endpoints.update_records(airtable.base_id, "People", [(person.id, {"Secret": "kept"})])
    )
    before = held(local_base)
    people.bulk_replace([{"id": person.id, "name": "y", "email": "z"}])
    assert "Secret" not in held(local_base)[0]
    assert airtable.undo().is_complete
    assert held(local_base) == before


def test_replacing_is_awaited_too(local_base) -> None:
    """The asynchronous verb sends the same request."""
    airtable = Airtable(connection=connection_to(local_base))
    people = airtable.table(Person)
    people.create_table()
    (person,) = people.bulk_create(rows(1))
    local_base.requests.clear()

    async def replace() -> None:
        table = AsyncAirtable(connection=airtable.connection).table(Person)
        await table.bulk_replace([{"id": person.id, "name": "y", "email": "z"}])

    asyncio.run(replace())
    assert writes(local_base) == [("PUT", 1)]
