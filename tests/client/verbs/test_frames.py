"""Rows as data frames and programs have them: missing values, NumPy's scalars, other containers."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

import pytest

from airhaul import BulkError, Record, airtable_field, errors
from tests.client.verbs.people import held, rows, writes


class Reading(Record, table="Readings"):
    name: str
    tags: tuple[str, ...] = airtable_field((), choices=["a", "b, c"])
    kinds: frozenset[Literal["x", "y"]] = frozenset()
    amount: Decimal | None = None
    level: float | None = None
    at: datetime | None = None
    took: timedelta | None = None
    is_good: bool = True
    rank: Literal[1, 2, 3] = 1


def _numpy(name: str) -> Callable[[], Any]:
    def make() -> Any:
        numpy = pytest.importorskip("numpy")
        return {
            "NaN": numpy.float64("nan"),
            "half NaN": numpy.float16("nan"),
            "NaT": numpy.datetime64("NaT", "ns"),
            "no time": numpy.timedelta64("NaT"),
        }[name]

    return make


def _pandas(name: str) -> Callable[[], Any]:
    return lambda: getattr(pytest.importorskip("pandas"), name)


MISSING: dict[str, Callable[[], Any]] = {
    "None": lambda: None,
    "NaN": lambda: math.nan,
    "Decimal NaN": lambda: Decimal("NaN"),
    "signaling NaN": lambda: Decimal("sNaN"),
    "NA": _pandas("NA"),
    "NaT": _pandas("NaT"),
    **{f"numpy {name}": _numpy(name) for name in ("NaN", "half NaN", "NaT", "no time")},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", MISSING)
def test_a_missing_value_is_an_empty_cell_for_every_type(people, local_base, name) -> None:
    """A new record has no such cell, an existing one is cleared, and a second sync writes nothing."""
    missing = MISSING[name]()
    others = ("age", "score", "tags", "status", "joined", "seen", "active", "notes")
    row = {"id": missing, "name": "A", "email": "a", **dict.fromkeys(others, missing)}
    people.bulk_create([row])
    assert held(local_base) == [{"name": "A", "email": "a"}]
    full = {
        "name": "A", "email": "a", "age": 1, "score": 2.5, "tags": ["a"], "status": "old",
        "joined": date(2024, 1, 1), "seen": datetime(2024, 1, 1), "active": True, "notes": "n",
    }  # fmt: skip
    for write in (
        lambda: people.sync([row], key="email"),
        lambda: people.bulk_upsert([row], key="email"),
        lambda: people.bulk_update([{**row, "id": people.first().id}]),
        lambda: people.where(name="A").update(**{key: row[key] for key in others}),
    ):
        people.sync([full], key="email")
        assert write().counts() == {"updated": 1}
        assert held(local_base) == [{"name": "A", "email": "a"}]
    local_base.requests.clear()
    assert people.sync([row], key="email").counts() == {"unchanged": 1}
    assert writes(local_base) == []


def test_a_missing_value_where_the_model_has_no_empty_one(people) -> None:
    """A new record gets the default, an existing cell is cleared, and a required value is asked for."""

    class Item(Record, table="Items"):
        name: str
        pieces: int
        size: Literal["s", "m"] = "m"

    items = people.airtable.table(Item)
    items.create_table()
    (item,) = items.bulk_create([{"name": "a", "pieces": 1, "size": math.nan}])
    assert item.size == "m"
    raw = people.airtable.table_named("Items")
    items.bulk_update([{"id": item.id, "size": None}])
    assert raw.get(item.id).size is None
    for write in (
        lambda row: items.bulk_create([row]),
        lambda row: items.bulk_upsert([row], key="name"),
        lambda row: items.sync([row], key="name"),
        lambda row: items.bulk_update([{"id": item.id, **row}]),
    ):
        with pytest.raises(BulkError, match="row 0, field 'pieces': a value is required, got nan"):
            write({"name": "a", "pieces": math.nan})


def test_a_frame_with_blanks_becomes_records_and_settles(people, local_base) -> None:
    """Blanks make integers floats and dates NaT; the table holds what was meant."""
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "name": ["A", "B", "C"],
            "email": ["a", "b", "c"],
            "age": [28, None, 30],
            "score": [1.5, None, 3],
            "joined": pandas.to_datetime(["2024-01-01", None, "2024-03-01"]),
            "seen": pandas.to_datetime(["2024-01-01T05:00:00Z", None, "2024-03-01T00:00:00.1234567Z"], format="ISO8601"),
            "active": pandas.array([True, None, False], dtype="boolean"),
            "tags": [["a"], None, ["b", "c"]],
        }
    )  # fmt: skip
    assert frame["age"].dtype == "float64"
    people.bulk_create(frame.to_dict("records"))
    assert held(local_base) == [
        {
            "name": "A", "email": "a", "age": 28, "score": 1.5, "tags": ["a"], "status": "new",
            "joined": "2024-01-01", "seen": "2024-01-01T05:00:00.000Z", "active": True,
        },
        {"name": "B", "email": "b", "status": "new"},
        {
            "name": "C", "email": "c", "age": 30, "score": 3, "tags": ["b", "c"], "status": "new",
            "joined": "2024-03-01", "seen": "2024-03-01T00:00:00.123Z",
        },
    ]  # fmt: skip
    local_base.requests.clear()
    for again in (frame, frame.convert_dtypes()):
        assert people.sync(again.to_dict("records"), key="email").counts() == {"unchanged": 3}
    assert writes(local_base) == []


def test_scalars_and_arrays_of_numpy_are_values(people, local_base) -> None:
    """An integer, a truth value or a time is one whichever library made it."""
    numpy = pytest.importorskip("numpy")
    row = {
        "name": numpy.str_("A"), "email": "a", "age": numpy.int64(28), "score": numpy.float32(0.5),
        "tags": numpy.array(["a", "b"]), "joined": numpy.datetime64("2024-01-01"),
        "seen": numpy.datetime64("2024-01-01T01:02:03.5", "ns"), "active": numpy.bool_(True),
    }  # fmt: skip
    people.sync([row], key="email")
    assert held(local_base) == [
        {
            "name": "A", "email": "a", "age": 28, "score": 0.5, "tags": ["a", "b"], "status": "new",
            "joined": "2024-01-01", "seen": "2024-01-01T01:02:03.500Z", "active": True,
        }
    ]  # fmt: skip
    assert people.sync([{**row, "age": 28.0}], key="email").counts() == {"unchanged": 1}
    found = people.first()
    (failed,) = people.bulk_update(
        [{"id": numpy.str_(found.id), "age": numpy.float64(28.5)}], on_error="continue"
    ).errors
    assert "field 'age'" in str(failed.error)
    assert people.bulk_update([{"id": numpy.str_(found.id), "age": numpy.int8(3)}])[0].age == 3
    number = {"name": "B", "email": "b", "joined": numpy.int64(45322)}
    with pytest.raises(BulkError, match="a number is not a date"):
        people.bulk_create([number])


def test_a_second_identical_sync_writes_nothing_whatever_the_values_are(people, local_base) -> None:
    """Tuples, sets, Decimals, times without a zone and NaN are compared as they are stored."""
    readings = people.airtable.table(Reading)
    readings.create_table()
    given = [
        {
            "name": f"R{n}", "tags": ("b, c", "a", "a")[: n % 4], "kinds": {"y", "x"} if n % 2 else set(),
            "amount": Decimal(n) / 8 if n % 4 else Decimal("NaN"), "level": math.nan if n % 5 else 0.1 * n,
            "at": datetime(2024, 1, 1 + n, 12, 30, 15, 123456), "took": timedelta(seconds=1.5 * n),
            "is_good": None if n % 3 else True, "rank": 1.0 + n % 3,
        }
        for n in range(25)
    ]  # fmt: skip
    assert readings.sync(given, key="name").counts() == {"created": 25}
    local_base.requests.clear()
    assert readings.sync(given, key="name").counts() == {"unchanged": 25}
    assert readings.plan_sync(given, key="name").counts()["unchanged"] == 25
    assert writes(local_base) == []
    assert len(local_base.requests) == 2
    assert readings.first(name="R1").at == datetime(2024, 1, 2, 12, 30, 15, 123000, tzinfo=UTC)


def test_infinity_is_no_missing_value(people) -> None:
    """No cell can hold it, and it says something."""
    with pytest.raises(BulkError, match="field 'score': a cell cannot hold NaN or infinity"):
        people.bulk_create([*rows(1), {"name": "x", "email": "y", "score": math.inf}])


@pytest.mark.parametrize("name", ["NaN", "NA", "NaT"])
def test_a_missing_value_is_nothing_to_look_for(people, local_base, name) -> None:
    """A mistake in a program must not look like a search for empty cells, which None is."""
    missing = MISSING[name]()
    for field in ("name", "age"):
        with pytest.raises(errors.LookupValueError, match=f"field '{field}'"):
            people.find_by(**{field: missing})
    pandas = pytest.importorskip("pandas")
    with pytest.raises(BulkError, match="field 'seen': NaT is not a time"):
        people.bulk_create([people.model(name="a", email="b", seen=pandas.NaT)])
    assert not local_base.requests
