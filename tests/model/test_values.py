"""Values at the edge: what no cell can hold is a bad row with its address, and nothing worse."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel, Field

from airhaul import Airtable, Record, airtable_field

EAST = timezone(timedelta(hours=5))
WEST = timezone(timedelta(hours=-5))


@pytest.fixture
def airtable():
    with Airtable.local() as opened:
        yield opened


class Item(Record, table="Items"):
    name: str
    at: datetime | None = None
    amount: Decimal | None = None
    pieces: int | None = None
    extra: float | None = None


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"at": datetime(1, 1, 1, tzinfo=EAST)}, "outside the years 1 to 9999 in UTC"),
        ({"at": datetime(9999, 12, 31, 23, tzinfo=WEST)}, "outside the years 1 to 9999 in UTC"),
        ({"amount": "1E+999999999"}, "whole numbers exactly up to"),
        ({"pieces": 10**5000}, "whole numbers exactly up to"),
        ({"amount": Decimal(10**5000)}, "whole numbers exactly up to"),
        ({"extra": 10**5000}, "too long to print"),
    ],
)
def test_a_value_beyond_all_bounds_costs_its_own_row_only(
    airtable: Airtable, values: dict[str, Any], said: str
) -> None:
    """The call goes on, and the row is named; nothing overflows, and nothing takes for ever."""
    items = airtable.table(Item)
    items.create_table()
    began = time.monotonic()
    result = items.bulk_create([{"name": "bad", **values}, {"name": "good"}], on_error="continue")
    assert time.monotonic() - began < 5
    assert result.counts() == {"failed": 1, "created": 1}
    assert said in result.explain()[0]


def test_a_point_in_time_at_the_edge_of_the_calendar_is_written(airtable: Airtable) -> None:
    """The first and the last day are days like others, where UTC has them."""
    items = airtable.table(Item)
    items.create_table()
    for moment in (datetime(1, 1, 1, 5, tzinfo=EAST), datetime(9999, 12, 31, 18, tzinfo=WEST)):
        assert items.create(name="edge", at=moment).at == moment


class Code(BaseModel):
    content: str = Field(alias="text")
    kind: str | None = Field(None, alias="type")


def test_a_nested_model_is_written_under_the_names_that_it_is_read_by(airtable: Airtable) -> None:
    """Its aliases are Airtable's names, in both directions."""

    class Box(Record, table="Boxes"):
        name: str
        code: Code | None = airtable_field(None, type="barcode")

    boxes = airtable.table(Box)
    boxes.create_table()
    box = boxes.create(name="a", code=Code(text="123", type="ean"))
    assert box.code == Code(text="123", type="ean")
    box.code = Code(text="456")
    box.save()
    found = boxes.first()
    assert found is not None
    assert found.code is not None
    assert found.code.content == "456"


class Shape(BaseModel):
    size: float


def test_what_is_nested_is_looked_at_like_any_other_value(airtable: Airtable) -> None:
    """A number that is none, or half a character, inside of an object is a bad row."""

    class Box(Record, table="Boxes"):
        name: str
        shape: Shape | None = airtable_field(None, type="barcode")
        code: dict[str, Any] | None = airtable_field(None, type="barcode")

    boxes = airtable.table(Box)
    boxes.create_table()
    rows = [
        {"name": "a", "shape": {"size": float("nan")}},
        {"name": "b", "code": {"te\ud800": "x"}},
        {"name": "c"},
    ]
    result = boxes.bulk_create(rows, on_error="continue")
    assert result.counts() == {"failed": 2, "created": 1}
    assert ["cannot hold NaN" in result.explain()[0], "lone surrogate" in result.explain()[1]] == [
        True,
        True,
    ]
