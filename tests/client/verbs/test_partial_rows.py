"""Rows with a key and some fields, and records made with an id: what is there is changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import ValidationInfo, field_validator

from airhaul import Airtable, BulkError, BulkInterrupted, Record, RowError, Table, airtable_field
from tests.client.verbs.people import full_rows, held, rows, writes
from tests.conftest import connection_to

NEEDED = "a new record needs a value, since no record has this key"


class Member(Record, table="Members"):
    email: str
    name: str = airtable_field(column="Full Name")
    points: int
    tags: list[str] = airtable_field(default_factory=list, choices=["a", "b"])
    active: bool = True


@pytest.fixture
def members(people, local_base) -> Table[Member]:
    """Twenty-five members, none of them active."""
    table = people.airtable.table(Member)
    table.create_table()
    table.bulk_create(
        [
            {"email": f"e{n}", "name": f"N{n}", "points": n, "tags": ["a"], "active": False}
            for n in range(25)
        ],
        concurrency=1,
    )
    local_base.requests.clear()
    return table


def points(members: Table[Member]) -> list[int]:
    return [member.points for member in members.all(view="Grid view")]


def test_an_upsert_of_a_key_and_one_field_changes_the_records_that_exist(
    members, local_base
) -> None:
    """They are looked up once; what the row does not have, required or default, stays."""
    given = [{"email": f"e{n}", "points": n + 100} for n in range(25)]
    assert members.bulk_upsert(given, key="email").counts() == {"updated": 25}
    assert local_base.requests[0].method == "GET"
    assert writes(local_base) == [("PATCH", 10), ("PATCH", 10), ("PATCH", 5)]
    assert len(local_base.requests) == 4
    assert points(members) == list(range(100, 125))
    assert {(m.name, m.active, tuple(m.tags)) for m in members.all()} == {
        (f"N{n}", False, ("a",)) for n in range(25)
    }
    local_base.requests.clear()
    assert members.bulk_upsert(given, key="email").counts() == {"unchanged": 25}
    assert len(local_base.requests) == 1


def test_rows_with_all_required_fields_are_not_looked_up(people, local_base) -> None:
    """Airtable finds the records of whole rows, in the fewest requests."""
    people.bulk_upsert(full_rows(20), key="email")
    assert writes(local_base) == [("PATCH", 10), ("PATCH", 10)]
    assert len(local_base.requests) == 2


def test_a_sync_of_a_key_and_one_field_reads_once_and_writes_what_differs(
    members, local_base
) -> None:
    """One column of somebody's spreadsheet brings the table up to date."""
    given = [{"email": f"e{n}", "points": n or 7} for n in range(25)]
    assert members.sync(given, key="email").counts() == {"updated": 1, "unchanged": 24}
    assert [request.method for request in local_base.requests] == ["GET", "PATCH"]
    assert points(members) == [7, *range(1, 25)]
    local_base.requests.clear()
    assert members.sync(given, key="email").counts() == {"unchanged": 25}
    assert writes(local_base) == []


@pytest.mark.parametrize("merges", [True, False], ids=["Airtable merges", "airhaul finds"])
def test_a_required_field_is_asked_for_where_a_record_would_be_created(
    people, local_base, merges
) -> None:
    """The row is named with every field that it lacks; the rows whose records exist are written."""

    class Score(Record, table="Scores"):
        code: str
        took: float = airtable_field(type="duration")
        name: str
        points: int

    key = "code" if merges else "took"
    scores = people.airtable.table(Score)
    scores.create_table()
    scores.create(code="a", took=1, name="A", points=1)
    given = [{key: "a" if merges else 1, "points": 2}, {key: "b" if merges else 2, "points": 3}]
    lacking = ("took" if merges else "code", "name")
    reason = NEEDED
    for write in (scores.bulk_upsert, scores.sync):
        scores.update_or_create({"points": 1}, **{key: given[0][key]})
        local_base.requests.clear()
        result = write(given, key=key, on_error="continue", rejects="bad.csv")
        assert result.counts() == {"updated": 1, "failed": 1}
        assert writes(local_base) == [("PATCH", 1)]
        error = result.errors[0].error
        assert [(one.field, one.index, one.reason) for one in error.errors] == [
            (name, 1, reason) for name in lacking
        ]
        assert result.explain() == [
            f"row 1: field {lacking[0]!r}: {reason}; field 'name': {reason}"
        ]
        assert reason in Path("bad.csv").read_text()
    with pytest.raises(BulkError, match=f"row 1: field '{lacking[0]}'"):
        scores.sync(given, key=key)
    assert scores.count() == 1


def test_plans_of_such_rows_tell_what_a_call_would_do(members, local_base) -> None:
    """The row that cannot be created is an error of the plan, and the others are applied."""
    given = [
        {"email": "e1", "points": 100},
        {"email": "new", "points": 1},
        {"email": "e2", "points": 2},
    ]
    for plan in (members.plan_upsert(given, key="email"), members.plan_sync(given, key="email")):
        counts = plan.counts()
        assert (counts["update"], counts["unchanged"], counts["create"]) == (1, 1, 0)
        (error,) = plan.errors
        assert "row 1, field 'name': a new record needs a value" in str(error)
        assert writes(local_base) == []
    assert plan.apply(on_error="continue").counts() == {"updated": 1, "unchanged": 1, "failed": 1}
    assert members.count() == 25


def test_a_file_with_a_key_and_one_column_names_lines_and_columns(members) -> None:
    """The names are those of the file."""
    Path("in.csv").write_text("email,points\ne1,100\nnew,5\n")
    for run in (
        lambda: members.import_csv("in.csv", key="email", on_error="continue"),
        lambda: members.sync_file("in.csv", "email", on_error="continue"),
    ):
        result = run()
        assert result.explain() == [f"in.csv line 3, row 1, field 'Full Name': {NEEDED}"]
    assert points(members)[1] == 100


@pytest.mark.parametrize("cell", ["", "  "])
def test_a_blank_cell_of_a_required_field_is_an_error_even_if_the_record_exists(
    members, cell
) -> None:
    """It is not left out: the file says that there is no value, and the model that there is one."""
    Path("in.csv").write_text(f"email,points\ne1,{cell}\n")
    with pytest.raises(
        BulkError, match="field 'points': a value is required, and the cell is blank"
    ):
        members.sync_file("in.csv", "email")


def test_wrong_values_are_reported_before_missing_ones_are_asked_for(members, local_base) -> None:
    """A row that lacks fields is validated like any other, before anything is sent."""
    given = [{"email": "e1", "points": "many", "tags": 3}, {"email": "", "points": 1}]
    with pytest.raises(BulkError) as caught:
        members.bulk_upsert(given, key="email")
    wrong, blank = (outcome.error for outcome in caught.value.result.errors)
    assert [error.field for error in wrong.errors] == ["points", "tags"]
    assert "the key is blank" in str(blank)
    assert not local_base.requests


def test_such_rows_of_an_interrupted_run_are_resumed_as_they_are(members, local_base) -> None:
    """The journal keeps what a new record would lack, of rows that were not looked up yet."""
    airtable = Airtable(connection=connection_to(local_base, journal="runs.db"))
    given = [{"email": f"e{n}", "points": -n} for n in range(1, 25)]
    given += [{"email": f"new {n}", "points": 1} for n in range(100)]

    def stop(done: int, total: int | None, record: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(BulkInterrupted) as caught:
        Member.using(airtable).bulk_upsert(
            given, key="email", progress=stop, concurrency=1, on_error="continue"
        )
    assert caught.value.result.counts() == {"updated": 10, "failed": 76, "skipped": 38}
    result = airtable.resume(model=Member)
    assert result.counts() == {"updated": 24, "failed": 100}
    assert NEEDED in str(result.errors[99].error)
    assert points(members) == [-n for n in range(25)]


def test_a_record_that_was_read_in_part_creates_no_half_record(members) -> None:
    """It knows too little for a new record, and enough to change the one that it was."""
    one = members.where(email="e1").only("email", "points").first()
    one.points = 50
    assert members.bulk_upsert([one], key="email").counts() == {"updated": 1}
    assert members.first(email="e1").name == "N1"
    members.delete(one)
    one = members.where(email="e3").only("email").first()
    members.delete(one)
    (failed,) = members.bulk_upsert([one], key="email", on_error="continue").errors
    assert [error.field for error in failed.error.errors] == ["name", "points"]
    one = members.where(email="e2").only("email").first()
    one.name = "new name"  # not fetched, and set
    members.bulk_upsert([one], key="email")
    assert members.first(email="e2").name == "new name"


def test_a_record_made_with_an_id_sends_what_was_set(people, local_base) -> None:
    """Its other cells are not known, so no default of the model overwrites them."""
    (made,) = people.bulk_create(
        [{**rows(1)[0], "status": "old", "active": False, "notes": "n", "tags": ["a"]}]
    )
    before = held(local_base)[0]
    ways = (
        people.save,
        lambda record: people.bulk_update([record])[0],
        lambda record: people.bulk_save([record])[0],
        lambda record: people.plan_update([record]).apply()[0],
        lambda record: people.plan_save([record]).apply()[0],
    )
    for age, write in enumerate(ways, start=100):
        local_base.requests.clear()
        record = people.model(id=made.id, name="N0", email="e0@x.org")
        record.age = age
        assert write(record) is record
        assert [one.method for one in local_base.requests if one.method != "GET"] == ["PATCH"]
        assert held(local_base) == [{**before, "age": age}]
        assert (record.status, record.active, record.notes) == ("old", False, "n")
    record = people.model(id=made.id, name="N0", email="", tags=[])
    people.save(record)
    assert held(local_base)[0].keys() == before.keys() - {"email", "tags"}
    record = people.model(id=made.id, name="N0", email="e")
    record.tags.append("b")
    people.save(record)
    assert held(local_base)[0]["tags"] == ["b"]


def test_a_record_made_with_an_id_is_changed_with_others_refreshed_and_deleted(
    people, local_base
) -> None:
    """An id from elsewhere is all that it takes."""
    made = people.bulk_create(rows(3, status="old"))
    one = people.model(id=made[0].id, name="N0", email="e0@x.org")
    people.bulk_update([one], status="new", active=False)
    assert (held(local_base)[0]["status"], "active" in held(local_base)[0]) == ("new", False)
    assert one.age == 0
    two = people.model.model_construct(id=made[1].id, age=7)
    people.save(two)
    assert (two.name, two.age, two.status) == ("N1", 7, "old")
    three = people.refresh(people.model(id=made[2].id, name="?", email="?"))
    assert three.name == "N2"
    people.delete(people.model(id=made[0].id, name="", email=""))
    people.bulk_delete([people.model(id=made[1].id, name="", email="")])
    assert [row["name"] for row in held(local_base)] == ["N2"]
    with pytest.raises(BulkError, match="expected a record id such as rec"):
        people.bulk_save([people.model(id="7", name="x", email="y")])


def test_a_record_made_with_an_id_is_validated_where_it_was_set(people, local_base) -> None:
    """Also what was assigned later, and all of it."""
    (made,) = people.bulk_create(rows(1))
    record: Any = people.model(id=made.id, name="N0", email="e")
    record.age, record.score, record.name = "old", "high", None
    with pytest.raises(RowError) as caught:
        people.save(record)
    assert [error.field for error in caught.value.errors] == ["name", "age", "score"]


def test_a_computed_field_without_a_default_is_not_asked_for(people, local_base) -> None:
    """Nobody can give its value: neither a new record needs it, nor a row with a key."""

    class Total(Record, table="Totals"):
        name: str
        pieces: int
        twice: int = airtable_field(type="formula")

    airtable = people.airtable
    airtable.create_table(
        "Totals",
        [
            {"name": "name", "type": "singleLineText"},
            {"name": "pieces", "type": "number", "options": {"precision": 0}},
        ],
    )
    formula = {"name": "twice", "type": "formula", "options": {"formula": "{pieces} * 2"}}
    local_base.add_field(local_base.default_base_id, "Totals", formula)
    totals = airtable.table(Total)
    assert totals.create(name="a", pieces=2).twice == 4
    assert totals.bulk_upsert([{"name": "a", "twice": 7, "pieces": 3}], key="name")[0].twice == 6
    assert totals.sync([{"name": "a", "twice": 7}], key="name").counts() == {"unchanged": 1}
    (failed,) = totals.bulk_upsert([{"name": "b"}], key="name", on_error="continue").errors
    assert [error.field for error in failed.error.errors] == ["pieces"]


def test_a_blank_cell_of_a_field_with_a_default(people) -> None:
    """A new record gets the default; of one that exists, the cell is cleared."""

    class Item(Record, table="Items"):
        name: str
        size: Literal["s", "m"] = "m"

    items = people.airtable.table(Item)
    items.create_table()
    items.create(name="a", size="s")
    Path("in.csv").write_text("name,size\na,\nb,\n")
    raw = people.airtable.table_named("Items")
    for _ in range(2):
        items.sync_file("in.csv", "name")
        items.bulk_upsert([{"name": "a", "size": None}], key="name")
        assert {item.name: item.size for item in raw.all()} == {"a": None, "b": "m"}
        raw.bulk_update([raw.first(name="b")], size="m")
        Path("in.csv").write_text("name,size\na,\n")


def test_a_validator_that_needs_a_missing_field_says_so(people) -> None:
    """It raises a KeyError, which is no reason to end the whole call."""

    class Span(Record, table="Spans"):
        name: str
        start: int
        end: int

        @field_validator("end")
        @classmethod
        def in_order(cls, value: int, info: ValidationInfo) -> int:
            if value < info.data["start"]:
                raise ValueError("start after end")
            return value

    spans = people.airtable.table(Span)
    spans.create_table()
    spans.create(name="a", start=1, end=2)
    assert spans.bulk_upsert([{"name": "a", "start": 2}], key="name").counts() == {"updated": 1}
    given = [{"name": "a", "end": 3}, {"name": "b", "start": "x", "end": 3}, {"name": "c"}]
    for write in (spans.bulk_upsert, spans.sync):
        errors = write(given, key="name", on_error="continue").errors
        assert ["end" in str(outcome.error) for outcome in errors] == [True] * 3
        assert "its validator needs 'start'" in str(errors[0].error)
        assert [one.field for one in errors[1].error.errors] == ["start", "end"]
    result = spans.bulk_create([{"name": "d", "end": 3}], on_error="continue")
    assert [one.field for one in result.errors[0].error.errors] == ["end", "start"]
