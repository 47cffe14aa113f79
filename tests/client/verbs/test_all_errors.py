"""All errors of a row are reported at once: in results, messages, rejects and on the terminal."""

from __future__ import annotations

import math
import pickle
from datetime import date
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import Field, model_validator

from airhaul import BulkError, Record, RowError, Table, airtable_field
from airhaul.tabular import ERROR_COLUMN, read_rows


class Order(Record, table="Orders"):
    code: str = Field(min_length=2)
    pieces: int
    price: float | None = airtable_field(None, column="Unit Price")
    due: date | None = None
    sizes: list[Literal["s", "m"]] = []
    amount: int | float | None = None


BAD: dict[str, Any] = {
    "code": "x", "price": math.inf, "due": 45322, "sizes": ["s", "xl", "xxl"], "amount": "lots",
}  # fmt: skip
FIELDS = ["due", "code", "sizes", "sizes", "amount", "price", "pieces"]


@pytest.fixture
def orders(people, local_base) -> Table[Order]:
    table = people.airtable.table(Order)
    table.create_table()
    local_base.requests.clear()
    return table


@pytest.mark.parametrize("way", ["create", "bulk_create", "upsert", "sync", "replace", "plan"])
def test_every_error_of_a_row_is_reported(orders, local_base, way) -> None:
    """A value that is refused, one that no cell can hold, one that is missing, an unknown name."""
    row = {**BAD, "sise": 1}
    with pytest.raises((BulkError, RowError)) as caught:
        match way:
            case "create":
                orders.create(**row)
            case "bulk_create":
                orders.bulk_create([row])
            case "upsert":
                orders.bulk_upsert([row], key="code")
            case "sync":
                orders.sync([row], key="code")
            case "replace":
                orders.bulk_replace([{**row, "id": "rec00000000000000"}])
            case "plan":
                orders.plan_create([row]).apply()
    error: Any = caught.value
    if isinstance(error, BulkError):
        (outcome,) = error.result.errors
        error = outcome.error
    by_key = way in ("upsert", "sync")  # which asks for what is missing later
    expected = [name for name in FIELDS if not (by_key and name == "pieces")]
    assert sorted(one.field for one in error.errors) == sorted([*expected, "sise"])
    assert (error.index, error.field, error.value) == (0, None, None)
    assert all(one.index == 0 for one in error.errors)
    text = str(error)
    assert text.startswith("row 0: field ")
    for part in ("a number is not a date, got 45322", "at least 2 characters", "got 'xl'", "got 'xxl'",
                 "valid number, unable to parse string as a number, got 'lots'", "infinity", "did you mean 'sizes'"):  # fmt: skip
        assert part in text
    assert not [request for request in local_base.requests if request.method != "GET"]


def test_an_update_by_id_reports_every_error_too(orders) -> None:
    """Of dicts and of records that were changed."""
    order = orders.create(code="ab", pieces=1)
    rows = [{"id": order.id, "code": "x", "pieces": None, "due": "soon", "price": math.inf}]
    (failed,) = orders.bulk_update(rows, on_error="continue").errors
    assert [one.field for one in failed.error.errors] == ["code", "pieces", "price", "due"]
    order.code, order.pieces, order.due = "x", None, "soon"
    with pytest.raises(RowError) as caught:
        orders.save(order)
    assert [one.field for one in caught.value.errors] == ["code", "pieces", "due"]
    order.code, order.pieces, order.due = "ab", 2**60, None
    order.price = math.inf
    (failed,) = orders.bulk_save([order], on_error="continue").errors
    assert [one.field for one in failed.error.errors] == ["pieces", "price"]
    assert [one.field for one in pickle.loads(pickle.dumps(failed.error)).errors] == [
        "pieces",
        "price",
    ]


def test_rejects_and_messages_of_files_have_every_error(orders) -> None:
    """Whoever corrects a file corrects each row once; columns have their names in the file."""
    Path("in.csv").write_text("code,pieces,Unit Price\nab,1,2\nx,many,lots\nc,,nan\n")
    result = orders.import_csv("in.csv", on_error="continue", rejects="bad.csv")
    assert result.counts() == {"created": 1, "failed": 2}
    first, second = read_rows("bad.csv")
    for row, names in ((first, ["code", "pieces", "Unit Price"]), (second, ["code", "Unit Price", "pieces"])):  # fmt: skip
        said = row.cells[ERROR_COLUMN]
        places = [said.index(f"field {name!r}: ") for name in names]
        assert places == sorted(places) or set(places) == {*places}
    assert result.explain()[0].startswith("in.csv line 3, row 1: field 'code': ")
    assert "field 'pieces': a value is required, and the cell is blank" in result.explain()[1]


def test_a_row_that_is_wrong_as_a_whole_has_one_error(people) -> None:
    """A validator of the model speaks when all fields are right, and names none."""

    class Span(Record, table="Spans"):
        start: int
        end: int

        @model_validator(mode="after")
        def in_order(self):
            if self.start > self.end:
                raise ValueError("start after end")
            return self

    spans = people.airtable.table(Span)
    spans.create_table()
    (failed,) = spans.bulk_create([{"start": 2, "end": 1}], on_error="continue").errors
    assert [(one.field, one.reason) for one in failed.error.errors] == [(None, "start after end")]


def test_an_error_of_one_field_is_as_before(orders) -> None:
    """Its field and value are on the error itself."""
    with pytest.raises(RowError, match=r"^row 0, field 'pieces': .*got 'many'") as caught:
        orders.create(code="ab", pieces="many")
    assert (caught.value.field, caught.value.value) == ("pieces", "many")
    assert caught.value.errors == (caught.value,)
