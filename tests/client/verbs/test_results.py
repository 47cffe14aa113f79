"""What a bulk call hands back while it runs, at its end, and when it breaks off."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from airhaul import BulkError, BulkResult, errors, result_of
from airhaul.bulk.engine.events import RollingBack, RowRefused, RowsWritten, Splitting
from airhaul.local_base.http.serve import LocalServer
from tests.client.verbs.people import Person, bad_rows, held, rows, title
from tests.conftest import connect


def test_events_and_progress(people, local_base) -> None:
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
    assert again.outcomes[11].error.field == title("status", people.model)
    one = pickle.loads(pickle.dumps(result.outcomes[3]))
    assert (one, one.record) == (result.outcomes[3], result[3])
    data = result.to_dict()
    assert (data["created"], data["failed"]) == (11, 1)
    assert data["outcomes"][3]["id"] == result[3].id
    assert data["outcomes"][3]["request"] >= 1
    assert "11 created, 1 failed" in repr(result)
    assert "row 11" in result._repr_html_()


def test_an_error_of_the_callers_has_the_partial_result(people, local_base) -> None:
    """Whatever breaks a call off, what was written is at hand."""

    def source():
        yield from rows(25)
        raise OSError("the source broke")

    with pytest.raises(OSError, match="the source broke") as caught:
        people.bulk_create(source())
    result = result_of(caught.value)
    assert result is not None
    assert result.counts()["created"] == len(held(local_base)) == 20
    assert result_of(ValueError("x")) is None


def test_a_rolled_back_call_leaves_nothing_when_the_source_breaks(people, local_base) -> None:
    """All or nothing, whatever the reason."""

    def source():
        yield from rows(25)
        raise OSError("the source broke")

    with pytest.raises(OSError, match="broke") as caught:
        people.bulk_create(source(), on_error="rollback")
    assert held(local_base) == []
    assert result_of(caught.value).counts() == {"undone": 20, "skipped": 5}


def test_a_ceiling_of_requests(people, local_base) -> None:
    """Nothing is sent above it, and what is left is said to be skipped."""
    with pytest.raises(BulkError, match="limit of 3 requests") as caught:
        people.bulk_create(rows(60), max_requests=3)
    assert caught.value.result.counts() == {"created": 30, "skipped": 30}
    assert len(local_base.requests) == 3
    with pytest.raises(BulkError, match="Rolled back"):
        people.bulk_create(rows(20), max_requests=1, on_error="rollback")
    assert len(held(local_base)) == 30  # taking back goes beyond the ceiling


def test_requests_are_counted(local_base) -> None:
    """Plans that pay by the call are counted by the call, and can be capped."""
    with LocalServer(local_base) as server, connect(server, max_requests=4) as airtable:
        table = airtable.table(Person)
        table.create_table()
        table.bulk_create(rows(20))
        assert airtable.requests_made == 3 == len(local_base.requests)
        with pytest.raises(BulkError, match="limit of 4"):
            table.bulk_create(rows(20))
        with pytest.raises(errors.RequestCeilingError, match="max_requests"):
            table.all()
        assert airtable.requests_made == 4
