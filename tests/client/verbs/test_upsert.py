"""Writing by a key: what is new, what is changed, and what a key may be."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from airhaul import BulkError, errors
from airhaul.local_base.gate.faults import Fault, Faults
from tests.client.verbs.people import full_rows, held, rows


def test_upsert_of_20_rows_is_2_requests_and_says_which_are_new(people, local_base) -> None:
    """Airtable finds the records; the outcome tells created from updated."""
    people.bulk_create(rows(7))
    local_base.requests.clear()
    given = full_rows(20)
    result = people.bulk_upsert(given, key="email")
    assert len(local_base.requests) == 2
    assert result.counts() == {"created": 13, "updated": 7}
    assert [outcome.state for outcome in result.outcomes][6:8] == ["updated", "created"]
    assert [person.email for person in result] == [row["email"] for row in given]
    assert len(held(local_base)) == 20
    again = people.bulk_upsert(given, key="email")
    assert again.counts() == {"updated": 20}
    assert len(held(local_base)) == 20


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", ["close-after", "503-after", "truncated", "timeout-after", "not-json"]
)
def test_upsert_with_every_reply_lost_once_is_still_20_rows(people, local_base, kind) -> None:
    """What is repeated finds what it has made, and still counts as created."""
    people.bulk_create(rows(5))
    lost = [Fault(kind, at=n, method="PATCH", retry_after_s=0.0) for n in (1, 3)]
    local_base.faults = Faults(*lost)
    result = people.bulk_upsert(full_rows(20), key="email", concurrency=1)
    assert local_base.faults.injected[kind] == 2
    assert len(held(local_base)) == 20
    assert {outcome.state for outcome in result.outcomes} <= {"created", "updated"}
    # What was written in the very second of the call cannot be distinguished from what the call has made.
    assert [outcome.state for outcome in result.outcomes][5:] == ["created"] * 15


def test_defaults_of_the_model_go_into_new_records_only(people, local_base) -> None:
    """An upsert of a few fields changes those, and leaves what the row does not speak of."""
    people.bulk_create([{"name": "A", "email": "a@x.org", "status": "old", "active": False}])
    local_base.requests.clear()
    result = people.bulk_upsert(
        [{"name": "A2", "email": "a@x.org"}, {"name": "B", "email": "b@x.org"}], key="email"
    )
    assert result.counts() == {"updated": 1, "created": 1}
    assert held(local_base) == [
        {"name": "A2", "email": "a@x.org", "status": "old"},
        {"name": "B", "email": "b@x.org", "status": "new", "active": True},
    ]
    assert [request.method for request in local_base.requests] == ["GET", "PATCH"]


def test_a_key_of_several_fields_and_of_a_type_that_airtable_does_not_merge_on(
    people, local_base
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
    assert [row["name"] for row in held(local_base)] == ["N0", "seen", "N2", "N1", "t"]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ([{"name": "a", "email": ""}], "the key is blank"),
        ([{"name": "a", "email": "x"}, {"name": "b", "email": "x"}], "row 0 has the same key"),
        ([{"name": "a", "email": "x"}, {"name": "b", "email": "X"}], "in case only"),
    ],
)
def test_keys_that_tell_nothing_apart_are_refused_before_any_write(
    people, local_base, given, reason
) -> None:
    """Blank and double keys are named with their rows."""
    with pytest.raises(BulkError, match=reason):
        people.bulk_upsert(given, key="email")
    assert not local_base.requests


@pytest.mark.parametrize(("key", "reason"), [
    ("tags", None), ("active", "cannot be a key"), ("nome", "did you mean"),
    ([], "one to 3"), (["name", "email", "age", "notes"], "one to 3"),
])  # fmt: skip
def test_fields_that_cannot_be_a_key_are_refused(people, local_base, key, reason) -> None:
    """A box, or a field that is not there, tells no records apart."""
    if reason is None:
        people.bulk_upsert([{"name": "x", "email": "y", "tags": ["b", "a"]}], key=key)
        assert people.bulk_upsert(
            [{"name": "z", "email": "y", "tags": ["b", "a"], "status": "new", "active": True}], key=key
        ).counts() == {"updated": 1}  # fmt: skip
        return
    with pytest.raises((errors.ConfigurationError, errors.UnknownFieldError), match=reason):
        people.bulk_upsert(rows(1), key=key)
    assert not local_base.requests


def test_a_key_that_several_records_have_fails_its_row_alone(people, local_base) -> None:
    """Airtable refuses such a request; the other rows are written, and the records are named."""
    people.bulk_create([*rows(3), *rows(1)])
    result = people.bulk_upsert(full_rows(5), key="email", on_error="continue")
    assert [outcome.index for outcome in result.errors] == [0]
    assert result.counts() == {"updated": 2, "created": 2, "failed": 1}
    plan = people.plan_upsert(full_rows(5), key="email")
    assert "several records have the same key, email='e0@x.org': rec" in str(plan.errors[0])


def test_get_or_create_and_update_or_create(people, local_base) -> None:
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
    assert len(held(local_base)) == 2


def test_a_look_whose_list_is_forgotten_begins_anew(people, local_base) -> None:
    """The second page cannot be had any more, so both are read again, and nothing is missed."""
    people.bulk_create([{"name": "N", "email": "e@x.org"}] * 150)
    local_base.requests.clear()
    local_base.faults = Faults(Fault("iterator-lost", at=1))
    with pytest.raises(BulkError, match="several records have the same key") as caught:
        people.bulk_upsert([{"name": "M", "email": "e@x.org"}], key="email", max_requests=10)
    assert caught.value.result.counts() == {"failed": 1}
    assert local_base.faults.injected["iterator-lost"] == 1
    assert [request.status for request in local_base.requests] == [200, 422, 200, 200]
