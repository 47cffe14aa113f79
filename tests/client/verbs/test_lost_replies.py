"""Replies that are lost, late or refused: no row is lost, and none is there twice."""

from __future__ import annotations

from typing import Any

import pytest

from airhaul import Airtable, BulkError, Record
from airhaul.bulk.engine.events import Reconciled
from airhaul.local_base import LocalBase
from airhaul.local_base.gate.faults import Fault, Faults
from tests.client.verbs.people import FAST, held, rows


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
def test_ten_creates_whose_reply_is_lost_are_ten_rows(people, local_base, kind) -> None:
    """They are found in the table, and reported as created."""
    people.count()
    local_base.faults = Faults(Fault(kind, at=1, method="POST", retry_after_s=0.0))
    events: list[Any] = []
    result = people.bulk_create(rows(10), on_event=events.append)
    assert local_base.faults.injected[kind] == 1
    assert len(held(local_base)) == 10
    assert result.counts() == {"created": 10}
    assert [person.name for person in result] == [f"N{n}" for n in range(10)]
    assert Reconciled(10, 0, 0) in events


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", ["close-before", "500-before", "502-before", "503-before", "timeout-before"]
)
def test_creates_that_were_lost_before_they_were_written_are_sent_again(
    people, local_base, kind
) -> None:
    """Twice none is there; then they are sent once more."""
    local_base.faults = Faults(Fault(kind, at=1, method="POST", retry_after_s=0.0))
    result = people.bulk_create(rows(10))
    assert len(held(local_base)) == 10
    assert result.counts() == {"created": 10}


def test_identical_rows_equal_to_older_ones_are_told_apart(people, local_base) -> None:
    """What this process has created itself is never taken for what was lost."""
    same = [{"name": "same", "email": "same"}] * 10
    people.bulk_create(same)
    for kind, method in (("close-after", "POST"), ("close-before", "POST")):
        local_base.faults = Faults(Fault(kind, at=1, method=method))
        result = people.bulk_create(same)
        assert len({person.id for person in result}) == 10
    assert len(held(local_base)) == 30


def test_rows_of_which_it_cannot_be_told_are_unknown_with_advice(people, local_base) -> None:
    """When looking fails as well, nothing is claimed, and the user is told what to do."""
    people.count()
    local_base.faults = Faults(
        Fault("close-after", at=1, method="POST"),
        Fault("503-before", probability=1.0, method="GET", retry_after_s=0.0),
    )
    with pytest.raises(BulkError, match="Check the table before sending them again") as caught:
        people.bulk_create(rows(10))
    assert caught.value.result.counts() == {"unknown": 10}
    assert len(caught.value.result.unknown) == 10


@pytest.mark.parametrize("kind", ["close-before", "close-after"])
def test_a_replacement_of_which_all_replies_are_lost_is_judged_by_what_it_clears(
    people, local_base, kind
) -> None:
    """A record that has all that was sent, and more, was not replaced."""
    (made,) = people.bulk_create(rows(1, notes="x"))
    wanted = {"id": made.id, **rows(1, active=True, status="new")[0]}
    local_base.faults = Faults(Fault(kind, probability=1.0, method="PUT"))
    result = people.bulk_replace([wanted], on_error="continue")
    is_cleared = "notes" not in held(local_base)[0]
    assert result.counts() == {"updated" if is_cleared else "failed": 1}
    assert is_cleared == (kind == "close-after")


@pytest.mark.parametrize("kind", ["close-before", "close-after"])
def test_a_replacement_that_may_have_cleared_what_the_model_lacks_is_unknown(kind) -> None:
    """A cell of an unknown column may be computed, or may have been kept: neither is claimed."""
    with LocalBase.open() as local_base:
        airtable = Airtable(local=local_base, retries=FAST)

        class Note(Record, table="Notes"):
            name: str

        airtable.table(Note).create_table()
        formula = {"name": "twice", "type": "formula", "options": {"formula": "{name} & {name}"}}
        local_base.add_field(local_base.default_base_id, "Notes", formula)
        (made,) = airtable.table(Note).bulk_create([{"name": "a"}])
        local_base.faults = Faults(Fault(kind, probability=1.0, method="PUT"))
        result = airtable.table(Note).bulk_replace(
            [{"id": made.id, "name": "a"}], on_error="continue"
        )
        assert result.counts() == {"unknown": 1}
        assert "not known whether this was cleared or is computed" in str(result.unknown[0].error)


@pytest.mark.slow
def test_rate_limits_are_waited_out(people, local_base) -> None:
    """A 429 is never a failure of rows."""
    local_base.faults = Faults(
        Fault("429-retry-after", at=2, retry_after_s=0.05),
        Fault("429-retry-after", at=3, retry_after_s=0.05),
    )
    assert people.bulk_create(rows(30)).counts() == {"created": 30}


@pytest.mark.parametrize("policy", ["continue", "rollback"])
@pytest.mark.parametrize("kind", ["close-before", "close-after"])
def test_a_deletion_of_what_never_was_has_failed_though_its_reply_was_lost(
    people, local_base, policy, kind
) -> None:
    """The call had looked for the record before, and had not found it: nothing was deleted."""
    there = people.bulk_create(rows(3))
    ids = [*(one.id for one in there), "rec" + "0" * 14]
    local_base.faults = Faults(Fault(kind, at=1, method="DELETE"))
    try:
        result = people.bulk_delete(ids, on_error=policy, journal="journal.db")
    except BulkError as error:
        result = error.result
    assert result.outcomes[3].state == "failed"
    assert len(held(local_base)) == (0 if policy == "continue" else 3)
