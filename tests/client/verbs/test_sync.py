"""Making a table like some rows: the fewest writes, and what is never deleted."""

from __future__ import annotations

import pickle
import weakref
from collections.abc import Iterator
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ConfigDict, Field, StringConstraints

from airhaul import Airtable, BulkError, Record, Table, airtable_field, errors
from airhaul.bulk.compact.stored_records import StoredRecords
from airhaul.events import RowsWritten
from tests.client.verbs.people import held, rows, writes


def test_rows_that_are_unchanged_are_reported_by_the_page(people, local_base) -> None:
    """Each is reported once, in order, with its record, and no call is made for each of them."""
    given = rows(250)
    people.sync(given, key="email")
    given[120] = {**given[120], "name": "changed"}
    seen: list[RowsWritten] = []
    people.sync(given, key="email", on_event=seen.append)
    unchanged = [event for event in seen if event.state == "unchanged"]
    assert sum(len(event.records) for event in unchanged) == 249
    assert len(unchanged) <= 4
    assert [event.done for event in seen] == sorted({event.done for event in seen})
    assert seen[-1].done == seen[-1].total == 250
    emails = [record.email for event in unchanged for record in event.records]
    assert emails == [row["email"] for index, row in enumerate(given) if index != 120]


def test_sync_three_times_and_with_changes(people, local_base) -> None:
    """250 rows are created once; then nothing is written; then one request for each kind."""
    given = rows(250)
    result = people.sync(given, key="email", delete_missing=True)
    assert result.counts() == {"created": 250}
    for _ in range(2):
        local_base.requests.clear()
        result = people.sync(given, key="email", delete_missing=True)
        assert result.counts() == {"unchanged": 250}
        assert len(result) == 250
        assert [request.method for request in local_base.requests] == ["GET"] * 3
    for index in (1, 100, 249):
        given[index] = {**given[index], "name": "changed"}
    del given[50]
    given += [{"name": "x", "email": "x"}, {"name": "y", "email": "y"}]
    local_base.requests.clear()
    result = people.sync(given, key="email", delete_missing=True)
    assert result.counts() == {"created": 2, "updated": 3, "unchanged": 246, "deleted": 1}
    assert writes(local_base) == [("PATCH", 3), ("POST", 2), ("DELETE", 1)]
    there = {row["email"]: row["name"] for row in held(local_base)}
    assert there == {row["email"]: row["name"] for row in given}
    assert people.sync(given, key="email", delete_missing=True).counts() == {"unchanged": 251}


def test_the_same_value_in_another_form_is_no_change(people, local_base) -> None:
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
    assert people.sync([people.model(**row) for row in same], key="email").counts() == {
        "unchanged": 2
    }


def test_an_empty_source_deletes_nothing_and_says_why(people, local_base) -> None:
    """A source that failed to load must not empty the table; whoever means it, says so."""
    people.bulk_create(rows(5))
    local_base.requests.clear()
    with pytest.raises(errors.DeletionRefusedError, match="source is empty.*allow_empty=True"):
        people.sync([], key="email", delete_missing=True)
    assert writes(local_base) == []
    plan = people.plan_sync([], key="email", delete_missing=True)
    assert "the source is empty" in str(plan)
    with pytest.raises(errors.DeletionRefusedError, match="empty"):
        plan.apply()
    assert people.sync([], key="email").counts() == {}
    assert len(held(local_base)) == 5
    result = people.sync([], key="email", delete_missing=True, allow_empty=True)
    assert len(result.deleted) == 5
    assert held(local_base) == []


def test_more_deletions_than_a_third_are_refused(people, local_base) -> None:
    """Half a source must not delete the other half, unless the number is said."""
    people.bulk_create(rows(30))
    with pytest.raises(errors.DeletionRefusedError, match="15 of 30 records.*max_deletes=15"):
        people.sync(rows(15), key="email", delete_missing=True)
    with pytest.raises(errors.DeletionRefusedError, match="max_deletes"):
        people.sync(rows(28), key="email", delete_missing=True, max_deletes=1)
    assert len(held(local_base)) == 30
    result = people.sync(rows(15), key="email", delete_missing=True, max_deletes=15)
    assert result.counts() == {"unchanged": 15, "deleted": 15}


def test_double_keys_are_named_before_any_write(people, local_base) -> None:
    """On either side: the rows of the input, or the records of the table."""
    with pytest.raises(BulkError, match="row 0 has the same key, email='e0@x.org'"):
        people.sync([*rows(2), *rows(1)], key="email")
    made = people.bulk_create([*rows(2), *rows(1)])
    local_base.requests.clear()
    with pytest.raises(errors.DuplicateKeyError) as caught:
        people.sync(rows(3), key="email")
    assert set(caught.value.record_ids) == {made[0].id, made[2].id}
    assert made[2].id in str(caught.value)
    assert writes(local_base) == []


def test_records_without_a_key_are_left_alone(people, local_base) -> None:
    """Nothing tells whether they are among the rows, so they are not deleted."""
    people.bulk_create([*rows(6), {"name": "no key", "email": ""}])
    plan = people.plan_sync(rows(5), key="email", delete_missing=True)
    assert "1 record has no key" in str(plan)
    plan.apply()
    assert [row["name"] for row in held(local_base)] == ["N0", "N1", "N2", "N3", "N4", "no key"]


def test_rows_that_are_not_valid_stop_a_sync_and_its_deletions(people, local_base) -> None:
    """A row that cannot be read might be one of those that look missing."""
    people.bulk_create(rows(6))
    given = [*rows(4), {"name": "x", "email": "e4@x.org", "age": "old"}]
    with pytest.raises(BulkError, match="row 4, field 'age'"):
        people.sync(given, key="email", delete_missing=True)
    with pytest.raises(errors.DeletionRefusedError, match="not valid"):
        people.sync(given, key="email", delete_missing=True, on_error="continue")
    assert len(held(local_base)) == 6


def test_a_plan_with_invalid_rows_names_no_deletions(people, local_base) -> None:
    """Rows that cannot be read are to be corrected, not deletions to be allowed."""
    people.bulk_create(rows(6))
    given = [{**row, "age": "old"} for row in rows(5)]
    plan = people.plan_sync([*given, *rows(6)[5:]], key="email", delete_missing=True)
    assert plan.counts() == {"create": 0, "update": 0, "delete": 0, "unchanged": 1}
    assert plan.refusal is not None
    assert plan.refusal.startswith("5 rows are not valid, so ")
    assert "max_deletes" not in str(plan)
    with pytest.raises(errors.DeletionRefusedError, match="5 rows are not valid"):
        plan.apply(on_error="continue")
    assert len(held(local_base)) == 6


def test_reading_counts_for_the_seconds_as_for_the_requests(people, local_base) -> None:
    """A sync of an unchanged table does nothing but read, and says how long that took."""
    people.sync(rows(150), key="email")
    local_base.latency_s = 0.05
    result = people.sync(rows(150), key="email")
    assert (result.counts(), result.requests) == ({"unchanged": 150}, 2)
    assert result.seconds >= 0.1


def test_case_tells_keys_apart_in_a_sync(people, local_base) -> None:
    """A sync compares by itself, letter by letter."""
    given = [{"name": "a", "email": "x"}, {"name": "b", "email": "X"}]
    people.sync(given, key="email")
    assert people.sync(given, key="email").counts() == {"unchanged": 2}
    assert len(held(local_base)) == 2


def test_unchanged_records_are_made_when_they_are_used(people, local_base) -> None:
    """Those of a list are the same objects each time, in the result as in the events; copies work."""
    given = rows(150)
    people.sync(given, key="email")
    seen: list[RowsWritten] = []
    result = people.sync(given, key="email", on_event=seen.append)
    assert result[140].email == "e140@x.org"
    assert result[140] is result.outcomes[140].record is result.unchanged[140]
    assert seen[1].records[40] is result[140]
    result[140].name = "changed"
    assert people.bulk_save(result).counts() == {"updated": 1, "unchanged": 149}
    again = pickle.loads(pickle.dumps(result))
    assert [record.email for record in again] == [row["email"] for row in given]
    assert again.outcomes[140].id == result[140].id


def test_rows_of_a_stream_are_compared_as_they_come(people, local_base) -> None:
    """The table is read first; then each row is pulled once, and none is kept that is unchanged."""
    given = [*rows(250), {"name": "new", "email": "new"}]
    people.sync(given, key="email")
    given[7] = {**given[7], "name": "changed"}
    pulled: list[int] = []
    alive: list[weakref.ref[Any]] = []

    class Row(dict[str, Any]):
        """A dict that can be watched."""

    def stream() -> Iterator[Row]:
        for index, row in enumerate(given):
            pulled.append(len(local_base.requests))
            made = Row(row)
            alive.append(weakref.ref(made))
            yield made

    local_base.requests.clear()
    plan = people.plan_sync(stream(), key="email")
    assert pulled == [3] * 251
    assert [index for index, row in enumerate(alive) if row() is not None] == [7]
    assert plan.counts() == {"create": 0, "update": 1, "delete": 0, "unchanged": 250}
    result = plan.apply()
    assert result.counts() == {"updated": 1, "unchanged": 250}
    assert [record.email for record in result] == [row["email"] for row in given]
    pickle.loads(pickle.dumps(result))


def test_a_sync_of_a_stream_that_breaks_writes_nothing(people, local_base) -> None:
    """What was compared before the source broke is not written."""

    def stream() -> Iterator[dict[str, Any]]:
        yield from rows(20)
        raise OSError("the source broke")

    with pytest.raises(OSError, match="the source broke"):
        people.sync(stream(), key="email")
    assert writes(local_base) == []


def test_a_file_that_breaks_late_is_refused_before_the_table_is_read(
    people, local_base, tmp_path
) -> None:
    """A file is read once to its end, so that its errors do not cost the time of a whole sync."""
    path = tmp_path / "people.csv"
    path.write_bytes(b"email,name\n" + b"a,A\n" * 2_000 + b"b,\xff\n")
    with pytest.raises(errors.FileFormatError, match="line 2002"):
        people.sync_file(path, "email")
    with pytest.raises(errors.FileFormatError, match="line 2002"):
        people.plan_sync_file(path, "email")
    assert len(local_base.requests) == 0


def test_cells_of_every_shape_are_kept_as_they_came(people, local_base) -> None:
    """Objects, lists and numbers pass through the compact form of a table unchanged."""
    cells: list[dict[str, Any]] = [
        {"a": "x", "b": 1, "c": ["p", "q"], "d": [{"id": "att", "n": None}], "e": {"x": [1.0]}},
        {
            "a": 1.0,
            "b": True,
            "c": ["p", "q"],
            "d": [],
            "e": {"specialValue": "NaN"},
            "f": "\ud800",
        },
        {"c": [1, 2.5, None], "g": [["x"], ["x"]], "a": ["x"]},
    ]
    raws: list[Any] = [
        {
            "id": f"rec{n:014}" if n else "odd",
            "createdTime": "2026-01-01T00:00:00.000Z",
            "fields": c,
        }
        for n, c in enumerate(cells)
    ]
    stored = StoredRecords(["a"])
    stored.add(raws[:1])
    stored.add(raws[1:])
    assert [stored.record(place) for place in range(3)] == raws
    kinds = [[type(cell) for cell in stored.record(place)["fields"].values()] for place in range(3)]
    assert [sorted(map(str, one)) for one in kinds] == [
        sorted(str(type(cell)) for cell in one.values()) for one in cells
    ]
    stored.record(0)["fields"]["c"].append("changed")
    assert stored.record(1)["fields"]["c"] == ["p", "q"]
    assert stored.cells.differing(0, {"a": "x", "b": 2, "c": ["p", "q"]}) == ["b"]


class Tone(StrEnum):
    """The choices of a field."""

    LOW = "low"
    HIGH = "high"


class Note(Record, table="Notes"):
    """Fields of many kinds, with and without what validation could refuse or change."""

    model_config = ConfigDict(extra="forbid")

    code: str
    other: str = airtable_field(column="Other Name", default="d")
    maybe: str | None = None
    short: Annotated[str, Field(max_length=3)] = ""
    lower: Annotated[str, StringConstraints(to_lower=True)] = ""
    number: int | None = None
    ratio: float | None = None
    is_on: bool = True
    day: date | None = None
    at: datetime | None = None
    tone: Tone | None = None
    kind: Literal["a", "b"] | None = None
    tags: list[str] = []
    long: str = airtable_field(type="multilineText", default="")


class Validated(dict[str, Any]):
    """A row that is no plain dict, so that it is validated in any case."""


_TEXTS = ["", "a", "b", "x ", "ABC", "abc", "abcd", "low", "é", 1, None]
_VALUES: dict[str, list[Any]] = {
    "Other Name": _TEXTS,
    "other": _TEXTS,
    "maybe": _TEXTS,
    "short": _TEXTS,
    "lower": _TEXTS,
    "number": [None, 0, 1, 1.0, "1", True, 2**53 + 2],
    "ratio": [None, 0, 1, 1.5, "1.5", 2**53 + 1, float("nan")],
    "is_on": [None, True, False, 1, "true"],
    "day": [None, "2024-01-02", date(2024, 1, 2), datetime(2024, 1, 2), 20240102],
    "at": [
        None,
        "2024-01-02T03:04:05Z",
        datetime(2024, 1, 2, 3, 4, 5, 999),
        datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC),
    ],
    "tone": [None, "low", Tone.LOW, "HIGH", ""],
    "kind": [None, "a", "c", ""],
    "tags": [None, [], ["a"], ["b", "a"], ["a", "b"], ["a", 1], "a"],
    "long": _TEXTS,
    "id": [None, "rec00000000000000", "x"],
    "unknown": [None, 1],
}
_cells = st.sampled_from([(name, value) for name in _VALUES for value in _VALUES[name]])
_codes = st.sampled_from(["k0", "k1", "k2", "k0", "k1", "k2", "K0", " k0", "", None, 1])
_rows = st.builds(
    lambda code, cells: {"code": code, **dict(cells)}, _codes, st.lists(_cells, max_size=3)
)


@pytest.fixture(scope="module")
def notes() -> Iterator[Table[Note]]:
    """A table with a few records; some cells are not as the model would write them."""
    with Airtable.local(":memory:") as airtable:
        made = airtable.table(Note)
        made.create_table()
        airtable.table_named("Notes").bulk_create(
            [
                {"code": "k0", "tags": ["a", "b"], "number": 1, "ratio": 1.5, "tone": "low"},
                {"code": "k1", "maybe": "a", "short": "abcd", "lower": "ABC", "is_on": True},
                {"code": "k2", "day": "2024-01-02", "at": "2024-01-02T03:04:05Z", "kind": "c"},
            ],
            typecast=True,
        )
        yield made


def agree(notes: Table[Note], given_rows: list[dict[str, Any]]) -> None:
    """Compare some rows as dicts, in one that is used again, and as mappings to be validated."""
    plain, again, validated = (
        notes.plan_sync(some, key="code").to_dict()
        for some in (
            [*map(dict, given_rows)],
            in_one_dict(given_rows),
            [*map(Validated, given_rows)],
        )
    )
    assert plain == again == validated


def in_one_dict(given_rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield one dict again and again, with the values of the next row."""
    one: dict[str, Any] = {}
    for row in given_rows:
        one.clear()
        one.update(row)
        yield one


def test_values_that_need_no_validation_are_compared_as_with_it(notes) -> None:
    """Each value of each field, next to each record: the plan is the same, errors included."""
    for name, values in _VALUES.items():
        for value in values:
            agree(notes, [{"code": code, name: value} for code in ("k0", "k1", "k2")])


@settings(max_examples=60)
@given(given_rows=st.lists(_rows, min_size=1, max_size=6))
def test_rows_that_need_no_validation_are_compared_as_with_it(notes, given_rows) -> None:
    """The same of rows with several values, double keys and keys that are blank."""
    agree(notes, given_rows)
