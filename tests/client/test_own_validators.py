"""The messages of a model's own validators reach the user as their author wrote them."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import field_validator, model_validator

from airhaul import Airtable, CellWarning, Record, airtable_field
from airhaul.errors import AirhaulError, LookupValueError
from airhaul.wire import endpoints


class Booking(Record, table="Bookings"):
    room: str
    seats: int = 1
    guests: int = 1
    rate: int = 0

    @field_validator("room")
    @classmethod
    def known(cls, room: str) -> str:
        if room == "cellar":
            raise ValueError("the cellar is flooded")
        return room

    @field_validator("seats")
    @classmethod
    def some(cls, seats: int) -> int:
        if seats < 1:
            raise AssertionError("nobody can sit")  # as of an assert, which pytest would reword
        return seats

    @field_validator("rate")
    @classmethod
    def wordless(cls, rate: int) -> int:
        if rate > 9:
            raise ValueError
        return rate

    @model_validator(mode="after")
    def fits(self) -> Booking:
        if self.guests > self.seats:
            raise ValueError("too many guests")
        return self


@pytest.fixture
def bookings(airtable: Airtable):
    table = airtable.table(Booking)
    table.create_table()
    return table


def saved(bookings, **values: Any) -> None:
    booking = bookings.create(room="hall")
    for name, value in values.items():
        setattr(booking, name, value)
    bookings.save(booking)


def updated(bookings, **values: Any) -> None:
    bookings.bulk_update([{"id": bookings.create(room="hall").id, **values}])


WAYS: list[Callable[..., Any]] = [
    lambda bookings, **values: bookings.create(**{"room": "hall", **values}),
    lambda bookings, **values: bookings.bulk_create([{"room": "hall", **values}]),
    lambda bookings, **values: bookings.bulk_upsert([{"room": "hall", **values}], key="room"),
    lambda bookings, **values: bookings.sync([{"room": "hall", **values}], key="room"),
    saved,
    updated,
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"room": "cellar"}, "the cellar is flooded, got 'cellar'"),
        ({"seats": 0}, "nobody can sit, got 0"),
        ({"rate": 10}, "ValueError, got 10"),
    ],
)
def test_a_refused_value_has_the_reason_of_its_validator(bookings, way, values, reason) -> None:
    """Without "Value error," or "Assertion failed," in front, for every way to write."""
    with pytest.raises(AirhaulError) as caught:
        way(bookings, **values)
    assert f": {reason}" in str(caught.value)
    assert "Value error" not in str(caught.value)


@pytest.mark.parametrize("way", WAYS[:5])
def test_a_refused_record_has_the_reason_of_its_model(bookings, way) -> None:
    """A validator of the whole model names no field."""
    with pytest.raises(AirhaulError) as caught:
        way(bookings, guests=5)
    assert "too many guests" in str(caught.value)
    assert "Value error" not in str(caught.value)


def test_a_cell_that_does_not_fit_has_the_reason_too(bookings) -> None:
    """What is read is validated by the same validators."""
    bookings.airtable.table_named("Bookings").create(room="cellar", seats=0, guests=1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", CellWarning)
        (booking,) = bookings.all()
    assert {error.reason for error in booking.cell_errors} == {
        "the cellar is flooded",
        "nobody can sit",
    }
    assert not any("Value error" in str(warning.message) for warning in caught)


def test_a_lookup_has_the_reason_of_what_its_field_needs(bookings) -> None:
    """A value that does not fit a lookup, in plain words."""
    with pytest.raises(LookupValueError, match="valid integer") as caught:
        bookings.where(seats="many")
    assert "Value error" not in str(caught.value)


class Tagged(Record, table="Tagged"):
    name: str
    tags: list[str] = airtable_field(default_factory=list, column="Tags")

    @model_validator(mode="before")
    @classmethod
    def tag(cls, values: Any) -> Any:
        values.setdefault("tags", []).append("own")
        return values


def test_a_validator_that_changes_an_empty_list_changes_that_of_one_record() -> None:
    """Each record that is read gets an empty list of its own, or they would all grow."""
    with Airtable.local() as airtable:
        tagged = airtable.table(Tagged)
        tagged.create_table()
        call = endpoints.create_records(
            airtable.base_id, "Tagged", [{"name": "a"}, {"name": "b"}, {"name": "c"}]
        )
        airtable.call(call)
        for _ in range(2):
            assert [record.tags for record in tagged.all()] == [["own"]] * 3
