"""Rows that are refused: stop, continue or roll back."""

from __future__ import annotations

import pytest

from airhaul import BulkError, errors, result_of
from airhaul.local_base.gate.faults import Fault, Faults
from tests.client.verbs.people import bad_rows, full_rows, held, rows, title


def test_one_bad_row_in_100_costs_the_others_nothing(people, local_base) -> None:
    """99 are written, the one is named with its field and Airtable's words, in few requests."""
    result = people.bulk_create(bad_rows(100, 57), on_error="continue")
    assert result.counts() == {"created": 99, "failed": 1}
    (failed,) = result.errors
    assert failed.index == 57
    assert failed.error.field == title("status", people.model)
    assert "INVALID_MULTIPLE_CHOICE_OPTIONS" in str(failed.error)
    assert len(local_base.requests) == 12  # two more than ten: the message names the value
    assert len(held(local_base)) == 99
    assert result.explain()[0].startswith(f"row 57, field {failed.error.field!r}: ")


def test_three_bad_rows_in_one_request(people, local_base) -> None:
    """Each is named, the other seven are written, within the same bound."""
    result = people.bulk_create(bad_rows(100, 51, 54, 58), on_error="continue")
    assert [outcome.index for outcome in result.errors] == [51, 54, 58]
    assert result.counts() == {"created": 97, "failed": 3}
    assert len(local_base.requests) <= 18
    assert [row["name"] for row in held(local_base)] == [
        f"N{n}" for n in range(100) if n not in (51, 54, 58)
    ] or len(held(local_base)) == 97  # over HTTP requests in flight may change the order


@pytest.mark.slow
@pytest.mark.parametrize("bad", range(10))
def test_one_bad_row_that_nothing_tells_of_costs_eight_requests_at_most(
    people, local_base, bad
) -> None:
    """Where the message fits every row, the request is halved until the row stands alone."""
    given = rows(100)
    given[40 + bad]["notes"] = "x" * 100_001  # told as a field that each row has
    for row in given:
        row.setdefault("notes", "y")
    result = people.bulk_create(given, on_error="continue")
    assert [outcome.index for outcome in result.errors] == [40 + bad]
    assert result.errors[0].error.field in ("notes", "Further Notes")
    assert len(local_base.requests) <= 18
    assert len(held(local_base)) == 99


def test_any_number_of_bad_rows_is_bounded(people, local_base) -> None:
    """Ten bad rows in one request cost eighteen more and one for the schema, and all are named."""
    given = rows(10, notes="x" * 100_001)
    result = people.bulk_create(given, on_error="continue")
    assert result.counts() == {"failed": 10}
    assert len(local_base.requests) <= 20


def test_stop_writes_nothing_after_the_failure(people, local_base) -> None:
    """The bad request is not written, nor anything after it; what was written before stays."""
    with pytest.raises(BulkError, match="Stopped") as caught:
        people.bulk_create(bad_rows(60, 25), concurrency=1)
    result = caught.value.result
    assert len(held(local_base)) == len(result) == 20
    assert [outcome.index for outcome in result.errors] == [25]
    assert result.counts() == {"created": 20, "failed": 1, "skipped": 39}
    assert len(local_base.requests) == 3
    assert result_of(caught.value) is result


def test_stop_says_the_truth_with_requests_in_flight(people, local_base) -> None:
    """What was on its way when one failed has landed, and is said to be written."""
    local_base.latency_s = 0.05
    with pytest.raises(BulkError) as caught:
        people.bulk_create(bad_rows(120, 3), concurrency=6)
    result = caught.value.result
    assert {row["name"] for row in held(local_base)} == {person.name for person in result}
    assert all(outcome.state != "created" for outcome in result.outcomes[:10])


def test_rollback_of_creates(people, local_base) -> None:
    """All that was written is deleted, what was in flight too, and it is said."""
    people.bulk_create(rows(3))
    local_base.latency_s = 0.02
    with pytest.raises(BulkError, match="Rolled back") as caught:
        people.bulk_create(bad_rows(90, 55), on_error="rollback", concurrency=6)
    assert [row["name"] for row in held(local_base)] == ["N0", "N1", "N2"]
    counts = caught.value.result.counts()
    assert counts["failed"] == 1
    assert counts["undone"] >= 10
    assert set(counts) <= {"failed", "undone", "skipped"}
    assert "created" not in counts


def test_rollback_of_updates_upserts_and_deletions(people, local_base) -> None:
    """Cells get what they held, deleted records are made again, created ones go."""
    made = people.bulk_create(
        [{**row, "tags": ["a"], "joined": "2024-01-01", "notes": "before"} for row in rows(30)]
    )
    before = held(local_base)
    changes = [{"id": p.id, "notes": "", "tags": ["b"], "age": 1} for p in made]
    changes[25]["status"] = "none"
    with pytest.raises(BulkError, match="Rolled back") as caught:
        people.bulk_update(changes, on_error="rollback", concurrency=2)
    assert held(local_base) == before
    assert caught.value.result.counts()["undone"] >= 10

    given = full_rows(40)
    given[38]["status"] = "none"
    with pytest.raises(BulkError, match="Rolled back") as caught:
        people.bulk_upsert(given, key="email", on_error="rollback", concurrency=2)
    assert held(local_base) == before
    assert caught.value.result.counts()["undone"] >= 30

    ids = [p.id for p in made]
    ids.insert(25, "rec00000000000000")
    with pytest.raises(BulkError, match="recreated with new record ids") as caught:
        people.bulk_delete(ids, on_error="rollback", concurrency=2)
    key = lambda row: row["email"]  # noqa: E731
    assert sorted(held(local_base), key=key) == sorted(before, key=key)
    undone = caught.value.result.undone[0]
    assert undone.note == f"{ids[undone.index]} was recreated as {undone.id}"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["close-after", "close-before", "503-after", "timeout-after"])
def test_rollback_that_meets_faults_itself(people, local_base, kind) -> None:
    """Taking back is repeated and reconciled as writing is."""
    made = people.bulk_create(rows(20))
    before = held(local_base)
    faults = [Fault(kind, at=n, method="DELETE", retry_after_s=0.0) for n in (1, 2)]
    local_base.faults = Faults(*faults)
    with pytest.raises(BulkError, match="Rolled back"):
        people.bulk_create(bad_rows(40, 35), on_error="rollback", concurrency=1)
    assert held(local_base) == before
    # Deleted records are made again by a create, whose reply is lost.
    local_base.faults = Faults(Fault(kind, at=1, method="POST", retry_after_s=0.0))
    ids = [*(p.id for p in made), "rec00000000000000"]
    with pytest.raises(BulkError, match="Rolled back"):
        people.bulk_delete(ids, on_error="rollback", concurrency=1)
    assert local_base.faults.injected[kind] == 1
    key = lambda row: row["email"]  # noqa: E731
    assert sorted(held(local_base), key=key) == sorted(before, key=key)


def test_what_rollback_cannot_take_back_is_listed(people, local_base) -> None:
    """A record that cannot be deleted stays, and its outcome says so with the reason."""
    local_base.faults = Faults(
        Fault("503-before", probability=1.0, method="DELETE", retry_after_s=0.0)
    )
    with pytest.raises(BulkError, match="Rolled back in part") as caught:
        people.bulk_create(bad_rows(20, 15), on_error="rollback", concurrency=1)
    assert len(held(local_base)) == 10
    states = [outcome.state for outcome in caught.value.result.outcomes[:10]]
    assert states == ["created"] * 10
    assert "rows 0-9: created, but not undone" in str(caught.value)
    assert caught.value.__cause__.index == 15


def test_rows_whose_outcome_is_unknown_are_not_called_rolled_back(people, local_base) -> None:
    """The first word of the error must not promise an empty table where rows may have been written."""
    local_base.faults = Faults(
        Fault("close-after", at=3, method="POST"),
        Fault("close-before", probability=1.0, method="GET"),
    )
    with pytest.raises(BulkError, match=r"^Rolled back in part: .*\b10 unknown") as caught:
        people.bulk_create(rows(60), on_error="rollback", concurrency=1)
    assert caught.value.result.counts() == {"undone": 20, "unknown": 10, "skipped": 30}
    assert len(held(local_base)) == 10


def test_continue_gives_up_on_what_is_not_about_rows(people, local_base) -> None:
    """A token that ends, or a quota, ends the call: the other rows would fail alike."""
    local_base.faults = Faults(Fault("quota", at=3, method="POST"))
    with pytest.raises(BulkError, match="PUBLIC_API_BILLING_LIMIT_EXCEEDED") as caught:
        people.bulk_create(rows(60), on_error="continue", concurrency=1)
    result = caught.value.result
    assert result.counts() == {"created": 20, "failed": 10, "skipped": 30}
    assert len(held(local_base)) == 20
    assert len(local_base.requests) == 3


def _create(people, made):
    return people.bulk_create(rows(200), on_error="continue")


def _update(people, made):
    return people.bulk_update(made, on_error="continue")


def _replace(people, made):
    return people.bulk_replace(made, on_error="continue")


def _upsert(people, made):
    return people.bulk_upsert(rows(200, notes="new"), key="name", on_error="continue")


def _delete(people, made):
    return people.bulk_delete(made, on_error="continue")


@pytest.mark.slow
@pytest.mark.parametrize("verb", [_create, _update, _replace, _upsert, _delete])
@pytest.mark.parametrize("reads", ["reads fail too", "reads go well"])
def test_continue_ends_when_no_write_is_carried_out_any_more(
    people, local_base, verb, reads
) -> None:
    """A service that is down costs a few requests, not five tries of each row that is left."""
    made = list(people.bulk_create(full_rows(200)))
    for person in made:
        person.notes = "new"
    local_base.requests.clear()
    methods = ["POST", "PATCH", "PUT", "DELETE", *(["GET"] if reads == "reads fail too" else [])]
    local_base.faults = Faults(*(Fault("close-before", probability=1.0, method=m) for m in methods))
    with pytest.raises(BulkError, match="Ended early") as caught:
        verb(people, made)
    counts = caught.value.result.counts()
    # At most ten requests of ten rows were on their way; each is tried five times, as is its read.
    assert counts["skipped"] >= 100
    assert set(counts) <= {"skipped", "unknown" if reads == "reads fail too" else "failed"}
    assert len(local_base.requests) <= 100
    assert sum(person.get("notes") == "new" for person in held(local_base)) == 0
    assert len(held(local_base)) == 200


@pytest.mark.slow
def test_an_answer_between_failed_writes_starts_the_count_again(people, local_base) -> None:
    """A service that fails now and then is not down: all rows that it takes are written."""
    made = list(people.bulk_create(full_rows(100)))
    for person in made:
        person.notes = "new"
    local_base.requests.clear()
    # Five tries each of every second request are lost.
    lost = [at for first in range(1, 60, 6) for at in range(first, first + 5)]
    local_base.faults = Faults(*(Fault("close-before", at=at, method="PATCH") for at in lost))
    result = people.bulk_update(made, on_error="continue", concurrency=1)
    assert result.counts() == {"updated": 50, "failed": 50}


def test_an_unknown_policy_is_refused(people) -> None:
    """A typing error must not mean the default."""
    with pytest.raises(errors.ConfigurationError, match="rollback"):
        people.bulk_create(rows(1), on_error="ignore")
