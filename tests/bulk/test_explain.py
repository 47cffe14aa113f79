"""Outcomes are kept small and told in few lines; the time left knows the pace."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airhaul.bulk.engine.events import Retrying
from airhaul.bulk.results.explain import explain
from airhaul.bulk.results.outcomes import Outcomes
from airhaul.bulk.results.result import BulkResult
from airhaul.bulk.writing.recorder import Estimate
from airhaul.errors import AirhaulError, RowError, TransportError
from airhaul.wire.endpoints import base_schema


def outcomes_of(*states: tuple[str, Any]) -> Outcomes[Any]:
    outcomes: Outcomes[Any] = Outcomes()
    for index, (state, error) in enumerate(states):
        outcomes.open(index, index + 2)
        outcomes.settle(index, state, error=error)
    return outcomes


def test_rows_with_one_cause_share_a_line() -> None:
    """Ten rows that are refused alike are one line, with the range of rows and lines."""
    alike = [
        ("failed", RowError("too long", index=n, field="name", source="a.csv", line=n + 2))
        for n in range(10)
    ]
    other = ("failed", RowError("no number", index=10, field="age", source="a.csv", line=12))
    assert list(explain(outcomes_of(*alike, other, ("created", None)))) == [
        "a.csv lines 2-11, rows 0-9, field 'name': too long",
        "a.csv line 12, row 10, field 'age': no number",
    ]


def test_rows_on_one_line_of_a_file_name_that_line() -> None:
    """As the objects of a JSON file without line breaks do."""
    outcomes: Outcomes[Any] = Outcomes()
    for index in range(2):
        outcomes.open(index, 1)
        error = RowError("too long", index=index, field="name", source="a.json", line=1)
        outcomes.settle(index, "failed", error=error)
    assert list(explain(outcomes)) == ["a.json line 1, rows 0-1, field 'name': too long"]


def test_each_state_has_its_words() -> None:
    """What was not written, what may have been, what was undone and what was not."""
    outcomes = outcomes_of(
        ("skipped", None),
        ("unknown", AirhaulError("the reply was lost")),
        ("undone", None),
        ("created", AirhaulError("the quota is used up")),
        ("updated", None),
    )
    assert list(explain(outcomes)) == [
        "row 0: not written",
        (
            "row 1: sent, but whether it was written is unknown. Check the table before "
            "sending it again. (the reply was lost)"
        ),
        "row 2: written, then undone",
        "row 3: created, but not undone: the quota is used up",
    ]


STATES = ["created", "updated", "unchanged", "deleted", "failed", "skipped", "unknown", "undone"]


@given(st.lists(st.tuples(st.sampled_from(STATES), st.text(max_size=3)), max_size=40))
def test_outcomes_keep_what_they_were_told(rows) -> None:
    """State, id of any length, line and request of each row, and the counts of all."""
    outcomes: Outcomes[Any] = Outcomes()
    for index, (state, tail) in enumerate(rows):
        outcomes.open(index, index or None)
        outcomes.settle(index, state, id=f"rec{tail}" + "0" * 14, request=index + 1)
    assert [(row.state, row.id) for row in outcomes] == [
        (state, f"rec{tail}" + "0" * 14) for state, tail in rows
    ]
    assert [(row.line, row.request) for row in outcomes] == [
        (index or None, index + 1) for index in range(len(rows))
    ]
    assert sum(outcomes.counts().values()) == len(rows) == outcomes.settled
    BulkResult(outcomes).to_dict()
    list(explain(outcomes))


@pytest.mark.parametrize(("rate", "left_s"), [(50.0, 10.0), (None, 5.0), (1000.0, 5.0)])
def test_the_time_left_knows_the_pace(rate, left_s) -> None:
    """A fast start does not promise more than the pace allows."""
    estimate = Estimate(1_000, rate)
    assert estimate.seconds_left() is None
    estimate.note(400, 1.0)
    estimate.note(500, 2.0)
    assert estimate.seconds_left() == pytest.approx(left_s)
    assert Estimate(None, 50.0).seconds_left() is None


def test_a_long_pause_does_not_count_as_progress() -> None:
    """A minute spent on the search for lost rows does not make the rest of a run take hours."""
    estimate = Estimate(20_000, None)
    estimate.note(18_180, 0.0)
    for second in range(1, 4):
        estimate.note(18_180 + 10 * second, 60.0 + second)
    left_s = estimate.seconds_left()
    assert left_s is not None
    assert left_s < 200


def test_a_retry_is_told_in_whole_sentences() -> None:
    """An error of a resumed run and one of a transport end with one full stop."""
    for text in ("The connection broke", "The connection broke."):
        retrying = Retrying(base_schema("app00000000000000"), TransportError(text), 2.0)
        assert str(retrying) == "The connection broke. Trying again in 2 s."


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.5, "0.5 s"), (30.0, "30 s"), (99.96, "100 s"), (3600.0, "3,600 s")]
)
def test_a_long_wait_is_told_in_plain_digits(seconds, said) -> None:
    """A service may ask for an hour."""
    retrying = Retrying(base_schema("app00000000000000"), TransportError("It broke."), seconds)
    assert str(retrying) == f"It broke. Trying again in {said}."
