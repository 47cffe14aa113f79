"""The bulk verbs, in process and over HTTP: what the base holds afterwards, and what it was asked."""

from __future__ import annotations

import asyncio
import pickle
from datetime import UTC, date, datetime
from typing import Any

import pytest

from airhaul import (
    Airtable,
    BulkError,
    BulkResult,
    Record,
    Retries,
    airtable_field,
    errors,
    result_of,
)
from airhaul.bulk.events import (
    Reconciled,
    RollingBack,
    RowRefused,
    RowsWritten,
    Splitting,
)
from airhaul.server.emulator import Emulator
from airhaul.server.faults import Fault, Faults
from airhaul.server.serve import LocalServer
from tests.conftest import connect, connection_to

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


@pytest.fixture
def emulator():
    with Emulator.open(hold_s=1.0) as opened:
        yield opened


@pytest.fixture(params=["in process", "over HTTP"])
def people(request, emulator):
    """The table, empty, with its requests not counted yet."""
    if request.param == "in process":
        from airhaul.client.config import make_config
        from airhaul.client.connection import Connection

        config = make_config(local=":memory:", retries=FAST)
        airtable = Airtable(connection=Connection(config, emulator))
        table = airtable.table(Person)
        table.create_table()
        emulator.requests.clear()
        yield table
        return
    with (
        LocalServer(emulator) as server,
        connect(server, retries=FAST, timeout_s=0.5) as airtable,
    ):
        table = airtable.table(Person)
        table.create_table()
        emulator.requests.clear()
        yield table


def rows(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"name": f"N{n}", "email": f"e{n}@x.org", "age": n, **more} for n in range(count)]


def full_rows(count: int) -> list[dict[str, Any]]:
    """Rows that hold every field with a default."""
    return rows(count, status="old", active=True, tags=[], notes="")


def writes(emulator: Emulator) -> list[tuple[str, int]]:
    """The requests that write: method and number of rows."""
    found = []
    for request in emulator.requests:
        if request.method == "DELETE":
            found.append(("DELETE", len(request.query)))
        elif request.method != "GET" and not request.path.endswith("listRecords"):
            found.append((request.method, len(request.body["records"])))
    return found


def held(emulator: Emulator) -> list[dict[str, Any]]:
    """What the base itself holds, in its order, asked without faults."""
    faults, emulator.faults = emulator.faults, None
    requests = list(emulator.requests)
    found = Airtable(connection=connection_to(emulator)).table(Person).all()
    emulator.faults = faults
    emulator.requests.clear()
    emulator.requests.extend(requests)
    return [person._cells for person in found]


# --- update, save, delete


def test_updating_sends_what_changed_ten_to_a_request(people, emulator) -> None:
    """Twenty-five records with one change each are three requests of one cell each."""
    made = people.bulk_create(rows(25))
    emulator.requests.clear()
    for person in made:
        person.age += 100
    result = people.bulk_update(made)
    assert writes(emulator) == [("PATCH", 10), ("PATCH", 10), ("PATCH", 5)]
    assert emulator.requests[0].body["records"][0] == {"id": made[0].id, "fields": {"age": 100}}
    assert [row["age"] for row in held(emulator)] == list(range(100, 125))
    assert result.counts() == {"updated": 25}
    assert result[3] is made[3]  # brought up to date in place


def test_one_change_for_many(people, emulator) -> None:
    """Of records that have the value already nothing is sent; ids will do as well."""
    made = people.bulk_create(rows(12))
    made[0].status = "old"
    made[0].save()
    emulator.requests.clear()
    result = people.bulk_update(made, status="old")
    assert result.counts() == {"unchanged": 1, "updated": 11}
    assert writes(emulator) == [("PATCH", 10), ("PATCH", 1)]
    people.bulk_update([person.id for person in made[:3]], age=None, notes="x")
    assert [row.get("age") for row in held(emulator)[:4]] == [None, None, None, 3]
    assert emulator.requests[-1].body["records"][0]["fields"] == {"age": None, "notes": "x"}


def test_dicts_with_an_id_update_what_they_hold(people, emulator) -> None:
    """A dict changes the fields that it names, defaults of the model left alone."""
    made = people.bulk_create(rows(2, status="old"))
    result = people.bulk_update(
        [{"id": made[0].id, "name": "X", "seen": "2024-01-02T03:04:05+01:00"}]
    )
    assert result[0].name == "X"
    assert held(emulator)[0]["status"] == "old"
    assert held(emulator)[0]["seen"] == "2024-01-02T02:04:05.000Z"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"name": "x"}, "it has no id"),
        ({"id": "x", "name": "y"}, "expected a record id"),
        ({"id": "rec00000000000000", "age": "n/a"}, "field 'age'"),
        ({"id": "rec00000000000000", "nome": "x"}, "did you mean"),
        (Person(name="x", email="y"), "it has no id"),
        (7, "expected a dict with an id"),
        ("rec00000000000000", "says nothing"),
    ],
)
def test_updates_that_cannot_be_are_refused_before_anything_is_sent(
    people, emulator, row, reason
) -> None:
    """A wrong row is named, and none is written."""
    made = people.bulk_create(rows(1))
    emulator.requests.clear()
    made[0].name = "changed"
    with pytest.raises(BulkError, match=reason) as caught:
        people.bulk_update([made[0], row])
    assert [outcome.state for outcome in caught.value.result.outcomes] == ["skipped", "failed"]
    assert not emulator.requests


def test_a_record_is_given_once(people, emulator) -> None:
    """The same record twice in one call would be changed in either order."""
    (made,) = people.bulk_create(rows(1))
    for call in (
        lambda: people.bulk_update([{"id": made.id, "age": 1}, {"id": made.id, "age": 2}]),
        lambda: people.bulk_delete([made, made.id]),
        lambda: people.bulk_save([made, made]),
    ):
        with pytest.raises(BulkError, match="row 0 is the same record"):
            call()
    assert held(emulator)[0]["age"] == 0


def test_saving_25_of_which_one_changed_is_one_request(people, emulator) -> None:
    """What did not change costs nothing; what is new is created beside."""
    made = people.bulk_create(rows(25))
    emulator.requests.clear()
    made[7].age = 70
    result = people.bulk_save(made)
    assert writes(emulator) == [("PATCH", 1)]
    assert result.counts() == {"updated": 1, "unchanged": 24}
    assert len(result) == 25
    new = [Person(name="new", email="n@x.org"), made[3]]
    made[3].notes = "hello"
    result = people.bulk_save(new)
    assert [outcome.state for outcome in result.outcomes] == ["created", "updated"]
    assert new[0].id is not None


def test_deleting_many(people, emulator) -> None:
    """Records and ids, ten to a request; the ids are told."""
    made = people.bulk_create(rows(23))
    emulator.requests.clear()
    result = people.bulk_delete([*made[:12], *(person.id for person in made[12:22])])
    assert writes(emulator) == [("DELETE", 10), ("DELETE", 10), ("DELETE", 2)]
    assert result.deleted == [person.id for person in made[:22]]
    assert [row["name"] for row in held(emulator)] == ["N22"]
    assert len(result) == 0


def test_deleting_what_is_not_there_names_it(people, emulator) -> None:
    """One unknown id fails alone, told by Airtable's message in one request more."""
    made = people.bulk_create(rows(10))
    emulator.requests.clear()
    ids = [person.id for person in made]
    ids.insert(4, "rec00000000000000")
    result = people.bulk_delete(ids, on_error="continue")
    assert [outcome.index for outcome in result.errors] == [4]
    assert "rec00000000000000" in str(result.errors[0].error)
    assert held(emulator) == []
    assert [count for _, count in writes(emulator)] in ([10, 9, 1], [10, 1, 9])


# --- selections


def test_where_update_and_delete(people, emulator) -> None:
    """A selection is read, and only what differs is sent."""
    people.bulk_create([*rows(15), *rows(5, status="old")])
    emulator.requests.clear()
    result = people.where(age__lt=10).update(status="old")
    assert result.counts() == {"updated": 10, "unchanged": 5}
    assert writes(emulator) == [("PATCH", 10)]
    assert len(result) == 15
    emulator.requests.clear()
    gone = people.where(status="new").delete()
    assert len(gone.deleted) == 5
    assert writes(emulator) == [("DELETE", 5)]
    assert {row["status"] for row in held(emulator)} == {"old"}


# --- upsert


def test_upsert_of_20_rows_is_2_requests_and_says_which_are_new(people, emulator) -> None:
    """Airtable finds the records; the outcome tells created from updated."""
    people.bulk_create(rows(7))
    emulator.requests.clear()
    given = full_rows(20)
    result = people.bulk_upsert(given, key="email")
    assert len(emulator.requests) == 2
    assert result.counts() == {"created": 13, "updated": 7}
    assert [outcome.state for outcome in result.outcomes][6:8] == ["updated", "created"]
    assert [person.email for person in result] == [row["email"] for row in given]
    assert len(held(emulator)) == 20
    again = people.bulk_upsert(given, key="email")
    assert again.counts() == {"updated": 20}
    assert len(held(emulator)) == 20


@pytest.mark.parametrize(
    "kind", ["close-after", "503-after", "truncated", "timeout-after", "not-json"]
)
def test_upsert_with_every_reply_lost_once_is_still_20_rows(people, emulator, kind) -> None:
    """What is repeated finds what it has made, and still counts as created."""
    people.bulk_create(rows(5))
    lost = [Fault(kind, at=n, method="PATCH", retry_after_s=0.0) for n in (1, 3)]
    emulator.faults = Faults(*lost)
    result = people.bulk_upsert(full_rows(20), key="email", concurrency=1)
    assert emulator.faults.injected[kind] == 2
    assert len(held(emulator)) == 20
    assert {outcome.state for outcome in result.outcomes} <= {"created", "updated"}
    # What was written in the very second of the call cannot be told from what the call has made.
    assert [outcome.state for outcome in result.outcomes][5:] == ["created"] * 15


def test_defaults_of_the_model_go_into_new_records_only(people, emulator) -> None:
    """An upsert of a few fields changes those, and leaves what the row does not speak of."""
    people.bulk_create([{"name": "A", "email": "a@x.org", "status": "old", "active": False}])
    emulator.requests.clear()
    result = people.bulk_upsert(
        [{"name": "A2", "email": "a@x.org"}, {"name": "B", "email": "b@x.org"}], key="email"
    )
    assert result.counts() == {"updated": 1, "created": 1}
    assert held(emulator) == [
        {"name": "A2", "email": "a@x.org", "status": "old"},
        {"name": "B", "email": "b@x.org", "status": "new", "active": True},
    ]
    assert [request.method for request in emulator.requests] == ["GET", "PATCH"]


def test_a_key_of_several_fields_and_of_a_type_that_airtable_does_not_merge_on(
    people, emulator
) -> None:
    """Up to three fields; dates with a time are matched by reading."""
    people.bulk_create(rows(3))
    result = people.bulk_upsert(
        [{"name": "N1", "email": "e1@x.org", "age": 99}, {"name": "N1", "email": "other"}],
        key=["name", "email"],
    )
    assert [outcome.state for outcome in result.outcomes] == ["updated", "created"]
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    people.bulk_update([result[0]], seen=moment)
    result = people.bulk_upsert(
        [
            {"name": "seen", "email": "s", "seen": "2024-01-01T01:00:00+01:00"},
            {"name": "t", "email": "t", "seen": moment.replace(hour=5)},
        ],
        key="seen",
    )
    assert [outcome.state for outcome in result.outcomes] == ["updated", "created"]
    assert [row["name"] for row in held(emulator)] == ["N0", "seen", "N2", "N1", "t"]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ([{"name": "a", "email": ""}], "it is the key, and blank"),
        ([{"name": "a", "email": "x"}, {"name": "b", "email": "x"}], "row 0 has the same key"),
        ([{"name": "a", "email": "x"}, {"name": "b", "email": "X"}], "in case only"),
    ],
)
def test_keys_that_tell_nothing_apart_are_refused_before_any_write(
    people, emulator, given, reason
) -> None:
    """Blank and double keys are named with their rows."""
    with pytest.raises(BulkError, match=reason):
        people.bulk_upsert(given, key="email")
    assert not emulator.requests


@pytest.mark.parametrize(("key", "reason"), [
    ("tags", None), ("active", "cannot be a key"), ("nome", "did you mean"),
    ([], "one to 3"), (["name", "email", "age", "notes"], "one to 3"),
])  # fmt: skip
def test_fields_that_cannot_be_a_key_are_refused(people, emulator, key, reason) -> None:
    """A box, or a field that is not there, tells no records apart."""
    if reason is None:
        people.bulk_upsert([{"name": "x", "email": "y", "tags": ["b", "a"]}], key=key)
        assert people.bulk_upsert(
            [{"name": "z", "email": "y", "tags": ["b", "a"], "status": "new", "active": True}], key=key
        ).counts() == {"updated": 1}  # fmt: skip
        return
    with pytest.raises((errors.ConfigurationError, errors.UnknownFieldError), match=reason):
        people.bulk_upsert(rows(1), key=key)
    assert not emulator.requests


def test_a_key_that_several_records_have_fails_its_row_alone(people, emulator) -> None:
    """Airtable refuses such a request; the other rows are written, and the records are named."""
    people.bulk_create([*rows(3), *rows(1)])
    result = people.bulk_upsert(full_rows(5), key="email", on_error="continue")
    assert [outcome.index for outcome in result.errors] == [0]
    assert result.counts() == {"updated": 2, "created": 2, "failed": 1}
    plan = people.plan_upsert(full_rows(5), key="email")
    assert "several records have its key, email='e0@x.org': rec" in str(plan.errors[0])


def test_get_or_create_and_update_or_create(people, emulator) -> None:
    """The pair that Django's users know, with one record after any number of calls."""
    one, is_new = people.get_or_create({"name": "Ada"}, email="ada@x.org")
    assert is_new
    again, is_new = people.get_or_create({"name": "Other"}, email="ada@x.org")
    assert (again.id, again.name, is_new) == (one.id, "Ada", False)
    changed, is_new = people.update_or_create({"name": "Countess"}, email="ada@x.org")
    assert (changed.id, changed.name, is_new) == (one.id, "Countess", False)
    new, is_new = people.update_or_create({"name": "Alan"}, email="alan@x.org")
    assert is_new
    assert new.status == "new"
    assert len(held(emulator)) == 2


# --- sync


def test_sync_three_times_and_with_changes(people, emulator) -> None:
    """250 rows are created once; then nothing is written; then one request for each kind."""
    given = rows(250)
    result = people.sync(given, key="email", delete_missing=True)
    assert result.counts() == {"created": 250}
    for _ in range(2):
        emulator.requests.clear()
        result = people.sync(given, key="email", delete_missing=True)
        assert result.counts() == {"unchanged": 250}
        assert len(result) == 250
        assert [request.method for request in emulator.requests] == ["GET"] * 3
    for index in (1, 100, 249):
        given[index] = {**given[index], "name": "changed"}
    del given[50]
    given += [{"name": "x", "email": "x"}, {"name": "y", "email": "y"}]
    emulator.requests.clear()
    result = people.sync(given, key="email", delete_missing=True)
    assert result.counts() == {"created": 2, "updated": 3, "unchanged": 246, "deleted": 1}
    assert writes(emulator) == [("PATCH", 3), ("POST", 2), ("DELETE", 1)]
    there = {row["email"]: row["name"] for row in held(emulator)}
    assert there == {row["email"]: row["name"] for row in given}
    assert people.sync(given, key="email", delete_missing=True).counts() == {"unchanged": 251}


def test_the_same_value_in_another_form_is_no_change(people, emulator) -> None:
    """Numbers, dates, empties and choices are compared as they are stored."""
    people.bulk_create(
        [
            {
                "name": "A", "email": "a", "age": 1, "score": 2, "tags": ["a", "b"],
                "joined": "2024-02-03", "seen": "2024-02-03T12:00:00Z", "active": False,
            },
            {"name": "B", "email": "b", "age": None, "notes": ""},
        ]
    )  # fmt: skip
    same = [
        {
            "name": "A", "email": "a", "age": 1.0, "score": 2.0, "tags": ["b", "a"],
            "joined": date(2024, 2, 3), "seen": datetime(2024, 2, 3, 12, 0, 0, 400),
            "active": False, "notes": "",
        },
        {"name": "B", "email": "b", "age": None, "score": None, "tags": [], "joined": None},
    ]  # fmt: skip
    result = people.sync(same, key="email")
    assert result.counts() == {"unchanged": 2}
    assert people.sync([Person(**row) for row in same], key="email").counts() == {"unchanged": 2}


def test_an_empty_source_deletes_nothing_and_says_why(people, emulator) -> None:
    """A source that failed to load must not empty the table; whoever means it, says so."""
    people.bulk_create(rows(5))
    emulator.requests.clear()
    with pytest.raises(errors.DeletionRefusedError, match="source is empty.*allow_empty=True"):
        people.sync([], key="email", delete_missing=True)
    assert writes(emulator) == []
    plan = people.plan_sync([], key="email", delete_missing=True)
    assert "the source is empty" in str(plan)
    with pytest.raises(errors.DeletionRefusedError, match="empty"):
        plan.apply()
    assert people.sync([], key="email").counts() == {}
    assert len(held(emulator)) == 5
    result = people.sync([], key="email", delete_missing=True, allow_empty=True)
    assert len(result.deleted) == 5
    assert held(emulator) == []


def test_more_deletions_than_a_third_are_refused(people, emulator) -> None:
    """Half a source must not delete the other half, unless the number is said."""
    people.bulk_create(rows(30))
    with pytest.raises(errors.DeletionRefusedError, match="15 of 30 records.*max_deletes=15"):
        people.sync(rows(15), key="email", delete_missing=True)
    with pytest.raises(errors.DeletionRefusedError, match="max_deletes"):
        people.sync(rows(28), key="email", delete_missing=True, max_deletes=1)
    assert len(held(emulator)) == 30
    result = people.sync(rows(15), key="email", delete_missing=True, max_deletes=15)
    assert result.counts() == {"unchanged": 15, "deleted": 15}


def test_double_keys_are_named_before_any_write(people, emulator) -> None:
    """On either side: the rows of the input, or the records of the table."""
    with pytest.raises(BulkError, match="row 0 has the same key, email='e0@x.org'"):
        people.sync([*rows(2), *rows(1)], key="email")
    made = people.bulk_create([*rows(2), *rows(1)])
    emulator.requests.clear()
    with pytest.raises(errors.DuplicateKeyError) as caught:
        people.sync(rows(3), key="email")
    assert set(caught.value.record_ids) == {made[0].id, made[2].id}
    assert made[2].id in str(caught.value)
    assert writes(emulator) == []


def test_records_without_a_key_are_left_alone(people, emulator) -> None:
    """Nothing tells whether they are among the rows, so they are not deleted."""
    people.bulk_create([*rows(6), {"name": "no key", "email": ""}])
    plan = people.plan_sync(rows(5), key="email", delete_missing=True)
    assert "1 record has no key" in str(plan)
    plan.apply()
    assert [row["name"] for row in held(emulator)] == ["N0", "N1", "N2", "N3", "N4", "no key"]


def test_rows_that_are_not_valid_stop_a_sync_and_its_deletions(people, emulator) -> None:
    """A row that cannot be read might be one of those that look missing."""
    people.bulk_create(rows(6))
    given = [*rows(4), {"name": "x", "email": "e4@x.org", "age": "old"}]
    with pytest.raises(BulkError, match="row 4, field 'age'"):
        people.sync(given, key="email", delete_missing=True)
    with pytest.raises(errors.DeletionRefusedError, match="not valid"):
        people.sync(given, key="email", delete_missing=True, on_error="continue")
    assert len(held(emulator)) == 6


def test_reading_counts_for_the_seconds_as_for_the_requests(people, emulator) -> None:
    """A sync of an unchanged table does nothing but read, and says how long that took."""
    people.sync(rows(150), key="email")
    emulator.latency_s = 0.05
    result = people.sync(rows(150), key="email")
    assert (result.counts(), result.requests) == ({"unchanged": 150}, 2)
    assert result.seconds >= 0.1


def test_case_tells_keys_apart_in_a_sync(people, emulator) -> None:
    """A sync compares by itself, letter by letter."""
    given = [{"name": "a", "email": "x"}, {"name": "b", "email": "X"}]
    people.sync(given, key="email")
    assert people.sync(given, key="email").counts() == {"unchanged": 2}
    assert len(held(emulator)) == 2


# --- plans


def test_a_plan_writes_nothing_and_applies_what_it_says(people, emulator) -> None:
    """Counts, differences, requests and seconds; then the same is done."""
    people.bulk_create(rows(30))
    given = [*rows(29), {"name": "new", "email": "new@x.org"}]
    given[2] = {**given[2], "age": 77, "joined": "2024-05-06"}
    emulator.requests.clear()
    plan = people.plan_sync(given, key="email", delete_missing=True)
    assert writes(emulator) == []
    assert plan.counts() == {"create": 1, "update": 1, "delete": 1, "unchanged": 28}
    assert (plan.requests, plan.seconds) == (3, pytest.approx(0.6))
    change = next(one for one in plan.differences if one.verb == "update")
    assert change.cells == {"age": (2, 77), "joined": (None, "2024-05-06")}
    assert change.label == "e2@x.org"
    text = str(plan)
    assert "1 to create, 1 to update, 1 to delete, 28 unchanged: 3 requests" in text
    assert "age: 2 -> 77" in text
    assert "<td>77</td>" in plan._repr_html_()
    assert plan.to_dict()["differences"][0]["cells"]["age"] == {"before": 2, "after": 77}
    result = plan.apply()
    assert result.counts() == {"created": 1, "updated": 1, "deleted": 1, "unchanged": 28}
    assert len(held(emulator)) == 30
    with pytest.raises(errors.ConfigurationError, match="applied before"):
        plan.apply()


def test_a_plan_is_refused_when_a_record_of_it_has_changed(people, emulator) -> None:
    """What somebody else did meanwhile is not written over, unless told to."""
    made = people.bulk_create(rows(5))
    changes = [{"id": person.id, "age": 50} for person in made[:3]]
    plan = people.plan_update(changes)
    people.bulk_update([made[4]], age=1)  # not in the plan
    people.bulk_update([made[1]], notes="not a cell of the plan")
    emulator.requests.clear()
    assert plan.apply().counts() == {"updated": 3}
    stale = people.plan_update([{"id": person.id, "age": 60} for person in made[:3]])
    people.bulk_update([made[1].id], age=2)
    with pytest.raises(errors.StalePlanError) as caught:
        stale.apply()
    assert caught.value.record_ids == (made[1].id,)
    assert [row["age"] for row in held(emulator)[:3]] == [50, 2, 50]
    assert stale.apply(check=False).counts() == {"updated": 3}
    gone = people.plan_delete(made[:2])
    people.bulk_update([made[0]], notes="changed")
    with pytest.raises(errors.StalePlanError):
        gone.apply()
    new = people.plan_upsert(full_rows(7), key="email")
    people.bulk_create(rows(7)[6:])
    with pytest.raises(errors.StalePlanError):
        new.apply()


def test_each_verb_has_its_plan(people, emulator) -> None:
    """Nothing is written by any of them, and each says what its verb does."""
    made = people.bulk_create(rows(4))
    made[0].age = 9
    plans = [
        (people.plan_create(rows(11)), {"create": 11}),
        (people.plan_update([{"id": made[1].id, "age": 1}], status="old"), {"update": 1}),
        (people.plan_save([*made, Person(name="n", email="n")]), {"create": 1, "update": 1, "unchanged": 3}),
        (people.plan_upsert([*rows(2), {"name": "x", "email": "x"}], "email"), {"create": 1, "unchanged": 2}),
        (people.plan_delete(made[:2]), {"delete": 2}),
        (people.plan_get_or_create({"name": "other"}, email="e1@x.org"), {"unchanged": 1}),
        (people.plan_get_or_create({"name": "other"}, email="new"), {"create": 1}),
        (people.plan_update_or_create({"name": "other"}, email="e1@x.org"), {"update": 1}),
        (people.where(age__lt=2).plan_update(age=1), {"update": 1, "unchanged": 1}),
        (people.where(age__lt=2).plan_delete(), {"delete": 2}),
    ]  # fmt: skip
    assert all(method == "POST" for method, _ in writes(emulator))
    for plan, counts in plans:
        assert {name: count for name, count in plan.counts().items() if count} == counts
        assert str(plan)
    missing = people.plan_delete(["rec00000000000000", made[0].id])
    assert "there is no record rec00000000000000" in str(missing.errors[0])
    with pytest.raises(BulkError, match="Nothing was sent"):
        missing.apply()
    assert missing.apply(on_error="continue").counts() == {"failed": 1, "deleted": 1}


def test_a_plan_fits_a_terminal(people) -> None:
    """Long cells are cut, and the table stays within the width."""
    import io

    from rich.console import Console

    made = people.bulk_create([{"name": "n" * 300, "email": "e"}])
    plan = people.plan_update([{"id": made[0].id, "name": "line\nbreak " * 50, "notes": "x"}])
    console = Console(file=io.StringIO(), width=80)
    console.print(plan)
    text = console.file.getvalue()
    assert max(map(len, text.splitlines())) <= 80
    assert "notes" in text


# --- policies


def bad_rows(count: int, *bad: int) -> list[dict[str, Any]]:
    """Rows of which some have a choice that only the base knows is not there."""
    given = rows(count)
    for index in bad:
        given[index]["status"] = f"none{index}"
    return given


def test_one_bad_row_in_100_costs_the_others_nothing(people, emulator) -> None:
    """99 are written, the one is named with its field and Airtable's words, in few requests."""
    result = people.bulk_create(bad_rows(100, 57), on_error="continue")
    assert result.counts() == {"created": 99, "failed": 1}
    (failed,) = result.errors
    assert failed.index == 57
    assert failed.error.field == "status"
    assert "INVALID_MULTIPLE_CHOICE_OPTIONS" in str(failed.error)
    assert len(emulator.requests) == 12  # two more than ten: the message names the value
    assert len(held(emulator)) == 99
    assert result.explain()[0].startswith("row 57, field 'status': ")


def test_three_bad_rows_in_one_request(people, emulator) -> None:
    """Each is named, the other seven are written, within the same bound."""
    result = people.bulk_create(bad_rows(100, 51, 54, 58), on_error="continue")
    assert [outcome.index for outcome in result.errors] == [51, 54, 58]
    assert result.counts() == {"created": 97, "failed": 3}
    assert len(emulator.requests) <= 18
    assert [row["name"] for row in held(emulator)] == [
        f"N{n}" for n in range(100) if n not in (51, 54, 58)
    ] or len(held(emulator)) == 97  # over HTTP requests in flight may change the order


@pytest.mark.parametrize("bad", range(10))
def test_one_bad_row_that_nothing_tells_of_costs_eight_requests_at_most(
    people, emulator, bad
) -> None:
    """Where the message fits every row, the request is halved until the row stands alone."""
    given = rows(100)
    given[40 + bad]["notes"] = "x" * 100_001  # told as a field that each row has
    for row in given:
        row.setdefault("notes", "y")
    result = people.bulk_create(given, on_error="continue")
    assert [outcome.index for outcome in result.errors] == [40 + bad]
    assert result.errors[0].error.field == "notes"
    assert len(emulator.requests) <= 18
    assert len(held(emulator)) == 99


def test_any_number_of_bad_rows_is_bounded(people, emulator) -> None:
    """Ten bad rows in one request cost eighteen requests more, and all are named."""
    given = rows(10, notes="x" * 100_001)
    result = people.bulk_create(given, on_error="continue")
    assert result.counts() == {"failed": 10}
    assert len(emulator.requests) <= 19


def test_stop_writes_nothing_after_the_failure(people, emulator) -> None:
    """The bad request is not written, nor anything after it; what was written before stays."""
    with pytest.raises(BulkError, match="Stopped") as caught:
        people.bulk_create(bad_rows(60, 25), concurrency=1)
    result = caught.value.result
    assert len(held(emulator)) == len(result) == 20
    assert [outcome.index for outcome in result.errors] == [25]
    assert result.counts() == {"created": 20, "failed": 1, "skipped": 39}
    assert len(emulator.requests) == 3
    assert result_of(caught.value) is result


def test_stop_says_the_truth_with_requests_in_flight(people, emulator) -> None:
    """What was on its way when one failed has landed, and is said to be written."""
    emulator.latency_s = 0.05
    with pytest.raises(BulkError) as caught:
        people.bulk_create(bad_rows(120, 3), concurrency=6)
    result = caught.value.result
    assert {row["name"] for row in held(emulator)} == {person.name for person in result}
    assert all(outcome.state != "created" for outcome in result.outcomes[:10])


def test_rollback_of_creates(people, emulator) -> None:
    """All that was written is deleted, what was in flight too, and it is said."""
    people.bulk_create(rows(3))
    emulator.latency_s = 0.02
    with pytest.raises(BulkError, match="Rolled back") as caught:
        people.bulk_create(bad_rows(90, 55), on_error="rollback", concurrency=6)
    assert [row["name"] for row in held(emulator)] == ["N0", "N1", "N2"]
    counts = caught.value.result.counts()
    assert counts["failed"] == 1
    assert counts["undone"] >= 10
    assert set(counts) <= {"failed", "undone", "skipped"}
    assert "created" not in counts


def test_rollback_of_updates_upserts_and_deletions(people, emulator) -> None:
    """Cells get what they held, deleted records are made again, created ones go."""
    made = people.bulk_create(
        [{**row, "tags": ["a"], "joined": "2024-01-01", "notes": "before"} for row in rows(30)]
    )
    before = held(emulator)
    changes = [{"id": p.id, "notes": "", "tags": ["b"], "age": 1} for p in made]
    changes[25]["status"] = "none"
    with pytest.raises(BulkError, match="Rolled back") as caught:
        people.bulk_update(changes, on_error="rollback", concurrency=2)
    assert held(emulator) == before
    assert caught.value.result.counts()["undone"] >= 10

    given = full_rows(40)
    given[38]["status"] = "none"
    with pytest.raises(BulkError, match="Rolled back") as caught:
        people.bulk_upsert(given, key="email", on_error="rollback", concurrency=2)
    assert held(emulator) == before
    assert caught.value.result.counts()["undone"] >= 30

    ids = [p.id for p in made]
    ids.insert(25, "rec00000000000000")
    with pytest.raises(BulkError, match="made again with new ids") as caught:
        people.bulk_delete(ids, on_error="rollback", concurrency=2)
    key = lambda row: row["email"]  # noqa: E731
    assert sorted(held(emulator), key=key) == sorted(before, key=key)
    undone = caught.value.result.undone[0]
    assert undone.note == f"it was {ids[undone.index]}, and is made again as {undone.id}"


@pytest.mark.parametrize("kind", ["close-after", "close-before", "503-after", "timeout-after"])
def test_rollback_that_meets_faults_itself(people, emulator, kind) -> None:
    """Taking back is repeated and reconciled as writing is."""
    made = people.bulk_create(rows(20))
    before = held(emulator)
    faults = [Fault(kind, at=n, method="DELETE", retry_after_s=0.0) for n in (1, 2)]
    emulator.faults = Faults(*faults)
    with pytest.raises(BulkError, match="Rolled back"):
        people.bulk_create(bad_rows(40, 35), on_error="rollback", concurrency=1)
    assert held(emulator) == before
    # Deleted records are made again by a create, whose reply is lost.
    emulator.faults = Faults(Fault(kind, at=1, method="POST", retry_after_s=0.0))
    ids = [*(p.id for p in made), "rec00000000000000"]
    with pytest.raises(BulkError, match="Rolled back"):
        people.bulk_delete(ids, on_error="rollback", concurrency=1)
    assert emulator.faults.injected[kind] == 1
    key = lambda row: row["email"]  # noqa: E731
    assert sorted(held(emulator), key=key) == sorted(before, key=key)


def test_what_rollback_cannot_take_back_is_listed(people, emulator) -> None:
    """A record that cannot be deleted stays, and its outcome says so with the reason."""
    emulator.faults = Faults(
        Fault("503-before", probability=1.0, method="DELETE", retry_after_s=0.0)
    )
    with pytest.raises(BulkError, match="Rolled back in part") as caught:
        people.bulk_create(bad_rows(20, 15), on_error="rollback", concurrency=1)
    assert len(held(emulator)) == 10
    states = [outcome.state for outcome in caught.value.result.outcomes[:10]]
    assert states == ["created"] * 10
    assert "rows 0-9: created, and could not be taken back" in str(caught.value)
    assert caught.value.__cause__.index == 15


def test_continue_gives_up_on_what_is_not_about_rows(people, emulator) -> None:
    """A token that ends, or a quota, ends the call: the other rows would fail alike."""
    emulator.faults = Faults(Fault("quota", at=3, method="POST"))
    with pytest.raises(BulkError, match="PUBLIC_API_BILLING_LIMIT_EXCEEDED") as caught:
        people.bulk_create(rows(60), on_error="continue", concurrency=1)
    result = caught.value.result
    assert result.counts() == {"created": 20, "failed": 10, "skipped": 30}
    assert len(held(emulator)) == 20
    assert len(emulator.requests) == 3


def test_an_unknown_policy_is_refused(people) -> None:
    """A typing error must not mean the default."""
    with pytest.raises(errors.ConfigurationError, match="rollback"):
        people.bulk_create(rows(1), on_error="ignore")


# --- lost replies


@pytest.mark.parametrize(
    "kind",
    [
        "close-after",
        "500-after",
        "502-after",
        "503-after",
        "timeout-after",
        "truncated",
        "not-json",
    ],
)
def test_ten_creates_whose_reply_is_lost_are_ten_rows(people, emulator, kind) -> None:
    """They are found in the table, and reported as created."""
    people.count()
    emulator.faults = Faults(Fault(kind, at=1, method="POST", retry_after_s=0.0))
    events: list[Any] = []
    result = people.bulk_create(rows(10), on_event=events.append)
    assert emulator.faults.injected[kind] == 1
    assert len(held(emulator)) == 10
    assert result.counts() == {"created": 10}
    assert [person.name for person in result] == [f"N{n}" for n in range(10)]
    assert Reconciled(10, 0, 0) in events


@pytest.mark.parametrize(
    "kind", ["close-before", "500-before", "502-before", "503-before", "timeout-before"]
)
def test_creates_that_were_lost_before_they_were_written_are_sent_again(
    people, emulator, kind
) -> None:
    """Twice none is there; then they are sent once more."""
    emulator.faults = Faults(Fault(kind, at=1, method="POST", retry_after_s=0.0))
    result = people.bulk_create(rows(10))
    assert len(held(emulator)) == 10
    assert result.counts() == {"created": 10}


def test_identical_rows_equal_to_older_ones_are_told_apart(people, emulator) -> None:
    """What this process has created itself is never taken for what was lost."""
    same = [{"name": "same", "email": "same"}] * 10
    people.bulk_create(same)
    for kind, method in (("close-after", "POST"), ("close-before", "POST")):
        emulator.faults = Faults(Fault(kind, at=1, method=method))
        result = people.bulk_create(same)
        assert len({person.id for person in result}) == 10
    assert len(held(emulator)) == 30


def test_rows_of_which_it_cannot_be_told_are_unknown_with_advice(people, emulator) -> None:
    """When looking fails as well, nothing is claimed, and the user is told what to do."""
    people.count()
    emulator.faults = Faults(
        Fault("close-after", at=1, method="POST"),
        Fault("503-before", probability=1.0, method="GET", retry_after_s=0.0),
    )
    with pytest.raises(BulkError, match="Look for them before sending them again") as caught:
        people.bulk_create(rows(10))
    assert caught.value.result.counts() == {"unknown": 10}
    assert len(caught.value.result.unknown) == 10


def test_rate_limits_are_waited_out(people, emulator) -> None:
    """A 429 is never a failure of rows."""
    emulator.faults = Faults(
        Fault("429-retry-after", at=2, retry_after_s=0.05),
        Fault("429-retry-after", at=3, retry_after_s=0.05),
    )
    assert people.bulk_create(rows(30)).counts() == {"created": 30}


# --- what comes back


def test_events_and_progress(people, emulator) -> None:
    """Each request's rows, each refusal, and what happens in between, with the time left."""
    events: list[Any] = []
    seen: list[tuple[int, int | None, str]] = []
    people.bulk_create(
        bad_rows(40, 12), on_error="continue", on_event=events.append,
        progress=lambda done, total, person: seen.append((done, total, person.name)),
    )  # fmt: skip
    written = [event for event in events if isinstance(event, RowsWritten)]
    assert sum(len(event.records) for event in written) == 39
    assert [event.error.index for event in events if isinstance(event, RowRefused)] == [12]
    assert sum(isinstance(event, Splitting) for event in events) == 1
    assert len(seen) == 39
    assert {total for _, total, _ in seen} == {40}
    events.clear()
    with pytest.raises(BulkError):
        people.bulk_create(bad_rows(40, 30), on_error="rollback", on_event=events.append)
    assert any(isinstance(event, RollingBack) for event in events)


def test_results_can_be_pickled_and_printed(people) -> None:
    """A result travels between processes, and is plain data for logs."""
    result = people.bulk_create(bad_rows(12, 11), on_error="continue")
    again: BulkResult[Any] = pickle.loads(pickle.dumps(result))
    assert [person.name for person in again] == [person.name for person in result]
    assert again.outcomes[11].error.field == "status"
    data = result.to_dict()
    assert (data["created"], data["failed"]) == (11, 1)
    assert data["outcomes"][3]["id"] == result[3].id
    assert data["outcomes"][3]["request"] >= 1
    assert "11 created, 1 failed" in repr(result)
    assert "row 11" in result._repr_html_()


def test_an_error_of_the_callers_has_the_partial_result(people, emulator) -> None:
    """Whatever breaks a call off, what was written is at hand."""

    def source():
        yield from rows(25)
        raise OSError("the source broke")

    with pytest.raises(OSError, match="the source broke") as caught:
        people.bulk_create(source())
    result = result_of(caught.value)
    assert result is not None
    assert result.counts()["created"] == len(held(emulator)) == 20
    assert result_of(ValueError("x")) is None


def test_a_rolled_back_call_leaves_nothing_when_the_source_breaks(people, emulator) -> None:
    """All or nothing, whatever the reason."""

    def source():
        yield from rows(25)
        raise OSError("the source broke")

    with pytest.raises(OSError, match="broke") as caught:
        people.bulk_create(source(), on_error="rollback")
    assert held(emulator) == []
    assert result_of(caught.value).counts() == {"undone": 20, "skipped": 5}


# --- ceilings


def test_a_ceiling_of_requests(people, emulator) -> None:
    """Nothing is sent above it, and what is left is said to be skipped."""
    with pytest.raises(BulkError, match="ceiling of 3 requests") as caught:
        people.bulk_create(rows(60), max_requests=3)
    assert caught.value.result.counts() == {"created": 30, "skipped": 30}
    assert len(emulator.requests) == 3
    with pytest.raises(BulkError, match="Rolled back"):
        people.bulk_create(rows(20), max_requests=1, on_error="rollback")
    assert len(held(emulator)) == 30  # taking back goes beyond the ceiling


def test_requests_are_counted(emulator) -> None:
    """Plans that pay by the call are counted by the call, and can be capped."""
    with LocalServer(emulator) as server, connect(server, max_requests=4) as airtable:
        table = airtable.table(Person)
        table.create_table()
        table.bulk_create(rows(20))
        assert airtable.requests_made == 3 == len(emulator.requests)
        with pytest.raises(BulkError, match="ceiling of 4"):
            table.bulk_create(rows(20))
        with pytest.raises(errors.RequestCeilingError, match="max_requests"):
            table.all()
        assert airtable.requests_made == 4


# --- reading at once


@pytest.mark.parametrize("parallel", [2, 5, 70])
def test_parallel_reading_gives_the_same_records(people, emulator, parallel) -> None:
    """Each record once, whatever the number of chains."""
    people.bulk_create(rows(130))
    alone = {person.id: person for person in people.all()}
    at_once = people.all(parallel=parallel)
    assert {person.id: person for person in at_once} == alone
    assert len(at_once) == 130
    some = people.where(age__lt=50).all(parallel=parallel)
    assert sorted(person.age for person in some) == list(range(50))
    with pytest.raises(errors.ConfigurationError, match="no order"):
        people.all(parallel=2, sort="age")
    with pytest.raises(errors.ConfigurationError, match="no order"):
        people.where().limit(3).all(parallel=2)


def test_a_chain_whose_list_is_lost_is_read_again(people, emulator) -> None:
    """An iterator that is lost in one of several chains costs no record and doubles none."""
    people.bulk_create(rows(500))
    emulator.faults = Faults(Fault("iterator-lost", at=1), Fault("iterator-lost", at=2))
    found = people.all(parallel=2)
    assert emulator.faults.injected["iterator-lost"] >= 1
    assert sorted(person.age for person in found) == list(range(500))


# --- the awaited face


def test_a_new_record_that_stands_twice_is_saved_once(people) -> None:
    """Saving twice is saving once, for new records as for old ones."""
    ada, alan = Person(name="Ada", email="a"), Person(name="Alan", email="b")
    result = people.bulk_save([ada, alan, ada], on_error="continue")
    assert result.counts() == {"created": 2, "failed": 1}
    assert [outcome.index for outcome in result.errors] == [2]
    assert {person.id for person in people.all()} == {ada.id, alan.id}


def test_the_awaited_verbs(emulator) -> None:
    """The same verbs, awaited, over HTTP."""
    from airhaul import AsyncAirtable

    async def main(url: str) -> None:
        async with AsyncAirtable(
            "pat.x",
            emulator.default_base_id,
            endpoint_url=url,
            requests_per_second=1000,
            retries=FAST,
        ) as airtable:
            people = airtable.table(Person)
            await people.create_table()

            async def source():
                for row in rows(25):
                    yield row

            made = await people.bulk_create(source())
            assert len(made) == 25
            await people.bulk_update(made[:5], age=1)
            await people.bulk_save([made[0], Person(name="n", email="n")])
            result = await people.bulk_upsert(source(), key="email")
            assert result.counts() == {"unchanged": 21, "updated": 4}
            plan = await people.plan_sync(rows(24), "email", delete_missing=True)
            assert plan.counts()["delete"] == 2
            assert (await plan.apply()).counts() == {"unchanged": 24, "deleted": 2}
            assert len(await people.all(parallel=3)) == 24
            assert (await people.where(age__gt=20).update(notes="x")).counts() == {"updated": 3}
            assert len((await people.where(age__gt=20).delete()).deleted) == 3
            with pytest.raises(BulkError, match="Rolled back"):
                await people.bulk_create(bad_rows(30, 25), on_error="rollback")
            found, is_new = await people.update_or_create({"name": "z"}, email="z")
            assert is_new
            await people.bulk_delete([found])
            assert await people.count() == 21

    with LocalServer(emulator) as server:
        asyncio.run(main(server.url))
