"""Cells both ways: strict when written, lenient when read, and never a row lost to a bad cell."""

from __future__ import annotations

import copy
import math
import pickle
import warnings
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any, Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, field_validator, model_validator

from airhaul import Airtable, Record, RowError, airtable_field, airtable_model
from airhaul.errors import CellError, ConfigurationError
from airhaul.fields.encode import encode
from airhaul.model.read import CellWarning, Reader
from airhaul.model.write import cells_to_create, cells_to_update


class Mood(Enum):
    GOOD = "good"


class Thing(Record, table="Things"):
    name: str
    number: int
    amount: float | None = None
    ok: bool = True
    tags: list[str] = []
    day: date | None = None
    mood: Mood | None = None
    kind: Literal["a", "b"] = "a"
    note: str | None = None


def raw(**fields: Any) -> Any:
    return {"id": "rec00000000000001", "createdTime": "2024-01-01T00:00:00.000Z", "fields": fields}


def test_empty_cells_read_as_the_types_empty_value() -> None:
    """Absent is the empty value of the type, else None, else the default."""
    thing = Reader(Thing).read(raw(number=1))
    assert thing.name == ""
    assert thing.ok is False
    assert thing.tags == []
    assert (thing.amount, thing.day, thing.mood, thing.note) == (None, None, None, None)
    assert thing.kind == "a"
    assert thing.cell_errors == ()
    assert thing.created_time == datetime(2024, 1, 1, tzinfo=UTC)


def test_a_bad_cell_costs_neither_the_row_nor_the_other_cells() -> None:
    """The bad cell reads as empty, is listed, and is warned about once."""
    reader = Reader(Thing)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        first = reader.read(raw(name="x", number=1, amount="lots", mood="bad", tags=["a"]))
        second = reader.read(raw(name="y", number=1, amount="more"))
    assert [warning.category for warning in told] == [CellWarning, CellWarning]
    assert (first.name, first.number, first.tags, first.amount, first.mood) == (
        "x",
        1,
        ["a"],
        None,
        None,
    )
    assert {(error.field, error.value) for error in first.cell_errors} == {
        ("amount", "lots"),
        ("mood", "bad"),
    }
    assert [error.field for error in second.cell_errors] == ["amount"]


def test_a_required_cell_that_is_empty_is_a_bad_cell() -> None:
    """A number that has to be there and is not: told, and the row is read all the same."""
    with pytest.warns(CellWarning, match="'number'.*empty"):
        thing = Reader(Thing).read(raw(name="x"))
    assert thing.number is None
    assert thing.name == "x"


def test_bad_cells_raise_or_skip_when_asked() -> None:
    """``on_invalid`` decides."""
    with pytest.raises(CellError, match=r"record rec00000000000001, field 'amount'.*got 'x'"):
        Reader(Thing, on_invalid="raise").read(raw(number=1, amount="x"))
    assert Reader(Thing, on_invalid="skip").read(raw(number=1, amount="x")) is None


def test_computed_oddities_are_understood() -> None:
    """NaN comes as an object, an error value as another, a cleared rich text as a line break."""

    class Odd(Record, table="T"):
        x: float | None = airtable_field(None, type="formula")
        text: str = airtable_field("", type="richText")

    assert math.isnan(Reader(Odd).read(raw(x={"specialValue": "NaN"})).x)
    assert Reader(Odd).read(raw(text="\n")).text == ""
    with pytest.warns(CellWarning):
        assert Reader(Odd).read(raw(x={"error": "#ERROR!"})).x is None


def test_validators_of_the_model_are_heard() -> None:
    """A field's own validator runs beside a bad cell; the whole model's never costs the row."""

    class Span(Record, table="T"):
        start: int
        end: int
        label: str = ""

        @field_validator("label")
        @classmethod
        def shout(cls, value: str) -> str:
            return value.upper()

        @model_validator(mode="after")
        def in_order(self):
            if self.start > self.end:
                raise ValueError("start after end")
            return self

    with pytest.warns(CellWarning, match="start after end"):
        span = Reader(Span).read(raw(start=3, end=1, label="x"))
    assert (span.start, span.end, span.label) == (3, 1, "X")


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, None), (True, True), ("x", "x"), (3, 3), (1.5, 1.5),
        (Decimal("2.50"), 2.5), (Decimal(3), 3), (Mood.GOOD, "good"),
        (date(2024, 1, 2), "2024-01-02"),
        (datetime(2024, 1, 2, 3, 4, 5, 678_900), "2024-01-02T03:04:05.678Z"),
        (datetime(2024, 1, 2, 3, tzinfo=timezone(timedelta(hours=2))), "2024-01-02T01:00:00.000Z"),
        (17878400000000000, 17878400000000000), (-(10**300), -(10**300)), (Decimal("1E20"), 10**20),
        (timedelta(minutes=2), 120.0), ({"b", "a"}, ["a", "b"]), ((1, 2), [1, 2]),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ],
)  # fmt: skip
def test_values_become_cells(value, cell) -> None:
    """One table turns every kind of value into a cell."""
    assert encode(value) == cell


@pytest.mark.parametrize(
    ("value", "reason"),
    [(math.nan, "NaN"), (math.inf, "infinity"), (Decimal("NaN"), "NaN"), (2**53 + 1, "declare the field as str"),
     (2**60, "declare the field as str"), (-10**400, "declare the field as str"), (Decimal("1E999"), "declare"),
     ("\ud800", "Unicode"), (object(), "no cell can hold a object")],
)  # fmt: skip
def test_values_that_no_cell_holds_are_refused(value, reason) -> None:
    """What would be lost or refused on the way is told before it is sent."""
    with pytest.raises(ValueError, match=reason):
        encode(value)


def test_row_errors_name_field_and_value() -> None:
    """A NaN in a record is an error of its row."""
    with pytest.raises(RowError, match=r"field 'amount'.*got nan"):
        cells_to_create(Thing(name="x", number=1, amount=math.nan))


def test_a_create_sends_what_is_held_and_no_empties() -> None:
    """Defaults are included, None and empty text are not, computed cells never."""

    class Computed(Thing, table="T"):
        total: int | None = airtable_field(3, type="formula")
        fixed: str = airtable_field("x", read_only=True)

    assert cells_to_create(Computed(name="", number=0, ok=False)) == {
        "number": 0,
        "ok": False,
        "kind": "a",
    }


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "name": st.text(max_size=3), "number": st.integers(-5, 5), "amount": st.one_of(st.floats(-5, 5), st.integers(-5, 5)),
            "ok": st.just(True), "tags": st.lists(st.text(max_size=2), max_size=2), "day": st.just("2024-01-01"),
            "mood": st.sampled_from(["good", "bad"]), "kind": st.sampled_from(["a", "b", "c"]), "note": st.text(max_size=2),
        },
    )
)  # fmt: skip
def test_a_record_that_was_only_read_has_no_changes(fields) -> None:
    """Whatever the cells hold, good or bad, reading and saving sends nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        thing = Reader(Thing).read(raw(**fields))
    assert cells_to_update(thing) == {}


def test_changes_are_validated_before_they_are_sent() -> None:
    """An assignment is not checked when it is made, but before it is sent; text is converted."""
    thing = Reader(Thing).read(raw(name="x", number=1))
    thing.number = "7"  # type: ignore[assignment]
    assert cells_to_update(thing) == {"number": 7}
    thing.number = "seven"  # type: ignore[assignment]
    with pytest.raises(RowError, match="field 'number'.*got 'seven'"):
        cells_to_update(thing)


def test_a_bad_cell_left_alone_does_not_stand_in_the_way() -> None:
    """Another cell of the same record can be changed."""
    with pytest.warns(CellWarning):
        thing = Reader(Thing).read(raw(name="x", mood="bad"))
    thing.name = "y"
    assert cells_to_update(thing) == {"name": "y"}


def test_unknown_columns_of_the_table_are_ignored() -> None:
    """A table may have more columns than the model."""
    assert Reader(Thing).read(raw(number=1, Extra=5)).number == 1


def test_records_can_be_pickled_copied_and_compared() -> None:
    """A record crosses process borders; its connection stays behind."""
    with Airtable.local() as airtable:
        airtable.table(Thing).create_table()
        thing = airtable.table(Thing).create(name="x", number=1)
        assert pickle.loads(pickle.dumps(thing)) == thing
        deep = copy.deepcopy(thing)
        deep.name = "y"
        deep.save()
        assert thing.refresh().name == "y"
        assert airtable.table(Thing).get(thing.id) == thing
        assert Thing(name="x", number=1) != Thing(name="x", number=2)


def test_a_plain_pydantic_model_becomes_a_record() -> None:
    """The decorator gives the same class at run time, and refuses fields that hide verbs."""

    @airtable_model(table_name="Plain")
    class Plain(BaseModel):
        """Something plain."""

        title: str = Field(alias="Title")
        count_: int = 0

    assert issubclass(Plain, Record)
    assert Plain.__name__ == "Plain"
    assert Plain.__doc__ == "Something plain."
    with Airtable.local() as airtable:
        plain = Plain.using(airtable)
        plain.create_table()
        assert plain.create(Title="x").title == "x"
        assert plain.create(title="y").count_ == 0
        assert [item.title for item in plain.find_by(title="y")] == ["y"]
    with pytest.raises(ConfigurationError, match="save"):

        @airtable_model(table_name="T")
        class Bad(BaseModel):
            save: str


def test_a_model_without_a_table_or_a_connection_says_so() -> None:
    """Both faults are told with the way out."""

    class Loose(Record):
        name: str

    with (
        Airtable.local() as airtable,
        pytest.raises(ConfigurationError, match="not bound to a table"),
    ):
        airtable.table(Loose)
    with pytest.raises(ConfigurationError, match="not configured"):
        Thing.all()
