"""Changing, saving and deleting many records, by id and by a selection."""

from __future__ import annotations

import pytest

from airhaul import BulkError
from tests.client.verbs.people import cells_sent, held, rows, writes


def test_updating_sends_what_changed_ten_to_a_request(people, local_base) -> None:
    """Twenty-five records with one change each are three requests of one cell each."""
    made = people.bulk_create(rows(25), concurrency=1)
    local_base.requests.clear()
    for person in made:
        person.age += 100
    result = people.bulk_update(made)
    assert writes(local_base) == [("PATCH", 10), ("PATCH", 10), ("PATCH", 5)]
    first_ids = {request.body["records"][0]["id"] for request in local_base.requests}
    assert first_ids == {made[0].id, made[10].id, made[20].id}
    assert all(cells_sent(sent, people.model).keys() == {"age"} for sent in local_base.requests)
    assert [row["age"] for row in held(local_base)] == list(range(100, 125))
    assert result.counts() == {"updated": 25}
    assert result[3] is made[3]  # brought up to date in place


def test_one_change_for_many(people, local_base) -> None:
    """Of records that have the value already nothing is sent; ids will do as well."""
    made = people.bulk_create(rows(12), concurrency=1)
    made[0].status = "old"
    made[0].save()
    local_base.requests.clear()
    result = people.bulk_update(made, status="old")
    assert result.counts() == {"unchanged": 1, "updated": 11}
    assert writes(local_base) == [("PATCH", 10), ("PATCH", 1)]
    people.bulk_update([person.id for person in made[:3]], age=None, notes="x")
    assert [row.get("age") for row in held(local_base)[:4]] == [None, None, None, 3]
    assert cells_sent(local_base.requests[-1], people.model) == {"age": None, "notes": "x"}


def test_dicts_with_an_id_update_what_they_hold(people, local_base) -> None:
    """A dict changes the fields that it names, defaults of the model left alone."""
    made = people.bulk_create(rows(2, status="old"))
    result = people.bulk_update(
        [{"id": made[0].id, "name": "X", "seen": "2024-01-02T03:04:05+01:00"}]
    )
    assert result[0].name == "X"
    assert held(local_base)[0]["status"] == "old"
    assert held(local_base)[0]["seen"] == "2024-01-02T02:04:05.000Z"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"name": "x"}, "the row has no id"),
        ({"id": "x", "name": "y"}, "expected a record id"),
        ({"id": "rec00000000000000", "age": "n/a"}, "field 'age'"),
        ({"id": "rec00000000000000", "nome": "x"}, "did you mean"),
        (lambda model: model(name="x", email="y"), "the record has no id"),
        (7, "expected a dict with an id"),
        ("rec00000000000000", "changes nothing"),
    ],
)
def test_updates_that_cannot_be_are_refused_before_anything_is_sent(
    people, local_base, row, reason
) -> None:
    """A wrong row is named, and none is written."""
    made = people.bulk_create(rows(1))
    local_base.requests.clear()
    made[0].name = "changed"
    row = row(people.model) if callable(row) else row
    with pytest.raises(BulkError, match=reason) as caught:
        people.bulk_update([made[0], row])
    assert [outcome.state for outcome in caught.value.result.outcomes] == ["skipped", "failed"]
    assert not local_base.requests


def test_a_record_is_given_once(people, local_base) -> None:
    """The same record twice in one call would be changed in either order."""
    (made,) = people.bulk_create(rows(1))
    for call in (
        lambda: people.bulk_update([{"id": made.id, "age": 1}, {"id": made.id, "age": 2}]),
        lambda: people.bulk_delete([made, made.id]),
        lambda: people.bulk_save([made, made]),
    ):
        with pytest.raises(BulkError, match="row 0 is the same record"):
            call()
    assert held(local_base)[0]["age"] == 0


def test_saving_25_of_which_one_changed_is_one_request(people, local_base) -> None:
    """What did not change costs nothing; what is new is created beside."""
    made = people.bulk_create(rows(25))
    local_base.requests.clear()
    made[7].age = 70
    result = people.bulk_save(made)
    assert writes(local_base) == [("PATCH", 1)]
    assert result.counts() == {"updated": 1, "unchanged": 24}
    assert len(result) == 25
    new = [people.model(name="new", email="n@x.org"), made[3]]
    made[3].notes = "hello"
    result = people.bulk_save(new)
    assert [outcome.state for outcome in result.outcomes] == ["created", "updated"]
    assert new[0].id is not None


def test_a_new_record_that_stands_twice_is_saved_once(people) -> None:
    """Saving twice is saving once, for new records as for old ones."""
    ada, alan = people.model(name="Ada", email="a"), people.model(name="Alan", email="b")
    result = people.bulk_save([ada, alan, ada], on_error="continue")
    assert result.counts() == {"created": 2, "failed": 1}
    assert [outcome.index for outcome in result.errors] == [2]
    assert {person.id for person in people.all()} == {ada.id, alan.id}


def test_deleting_many(people, local_base) -> None:
    """Records and ids, ten to a request; the ids are told."""
    made = people.bulk_create(rows(23))
    local_base.requests.clear()
    result = people.bulk_delete([*made[:12], *(person.id for person in made[12:22])])
    assert writes(local_base) == [("DELETE", 10), ("DELETE", 10), ("DELETE", 2)]
    assert result.deleted == [person.id for person in made[:22]]
    assert [row["name"] for row in held(local_base)] == ["N22"]
    assert len(result) == 0


def test_deleting_what_is_not_there_names_it(people, local_base) -> None:
    """One unknown id fails alone, told by Airtable's message in one request more."""
    made = people.bulk_create(rows(10))
    local_base.requests.clear()
    ids = [person.id for person in made]
    ids.insert(4, "rec00000000000000")
    result = people.bulk_delete(ids, on_error="continue")
    assert [outcome.index for outcome in result.errors] == [4]
    assert "rec00000000000000" in str(result.errors[0].error)
    assert held(local_base) == []
    assert [count for _, count in writes(local_base)] in ([10, 9, 1], [10, 1, 9])


def test_where_update_and_delete(people, local_base) -> None:
    """A selection is read, and only what differs is sent."""
    people.bulk_create([*rows(15), *rows(5, status="old")])
    local_base.requests.clear()
    result = people.where(age__lt=10).update(status="old")
    assert result.counts() == {"updated": 10, "unchanged": 5}
    assert writes(local_base) == [("PATCH", 10)]
    assert len(result) == 15
    local_base.requests.clear()
    gone = people.where(status="new").delete()
    assert len(gone.deleted) == 5
    assert writes(local_base) == [("DELETE", 5)]
    assert {row["status"] for row in held(local_base)} == {"old"}
