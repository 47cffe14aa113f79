"""Numbers as the service keeps and prints them: as JavaScript does."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airhaul.local_base.base import LocalBase
from airhaul.local_base.protocol.request import Request
from airhaul.local_base.writing.cells.numbers import as_printed
from tests.local_base.asking import Asking

NUMBER = {"name": "N", "type": "number", "options": {"precision": 0}}
TOOK = {"name": "Took", "type": "duration", "options": {"durationFormat": "h:mm"}}


@pytest.mark.parametrize(
    ("sent", "printed"),
    [
        ("3.0", "3"),
        ("1e2", "100"),
        ("-0.0", "0"),
        ("0.1", "0.1"),
        ("9007199254740992", "9007199254740992"),
        ("9007199254740993", "9007199254740992"),
        ("12345678901234567890", "12345678901234567000"),
        ("1e20", "100000000000000000000"),
        ("1000000000000000000000", "1e+21"),
    ],
)
def test_a_number_is_printed_as_the_service_prints_it(ask: Asking, sent, printed) -> None:
    """A client that reads whole numbers only finds no point, and no digits that a double lacks."""
    ask.table("T", NUMBER, TOOK)
    for name in ("N", "Took"):
        body = json.loads(f'{{"fields": {{"{name}": {sent}}}}}')
        request = Request("POST", f"/v0/{ask.base}/T", (), body, "pat.x")
        reply = ask.local_base.handle(request)
        assert reply.body.endswith(f'"fields":{{"{name}":{printed}}}}}'.encode())


def test_a_duration_that_was_typed_is_whole(ask: Asking) -> None:
    """An hour and a half is 5400 and not 5400.0, as for every other way to write it."""
    ask.table("T", TOOK)
    body = {"fields": {"Took": "1:30"}, "typecast": True}
    reply = ask.local_base.handle(Request("POST", f"/v0/{ask.base}/T", (), body, "pat.x"))
    assert reply.body.endswith(b'"fields":{"Took":5400}}')


@given(
    st.one_of(st.integers(-(2**1023), 2**1023), st.floats(allow_nan=False, allow_infinity=False))
)
def test_a_filter_finds_what_was_written(number) -> None:
    """The number that a program wrote is equal to itself in a formula, however large it is."""
    kept = as_printed(number)
    assert float(kept) == float(number)
    assert isinstance(kept, int) is (float(number).is_integer() and abs(kept) < 1e21)
    assert as_printed(kept) == kept


def test_a_large_number_is_found(local_base: LocalBase) -> None:
    """A filter and an upsert find a number by the digits that were sent, not only by those kept."""
    ask = Asking(local_base)
    ask.table("T", NUMBER)
    (record,) = ask.add("T", {"N": 2**53 + 1})
    assert list(ask.cells("T", ("filterByFormula", f"{{N}} = {2**53 + 1}"))) == [record["id"]]
    rows = {"records": [{"fields": {"N": 2**53 + 1, "Name": "a"}}]}
    answer = ask("PATCH", f"{ask.base}/T", {**rows, "performUpsert": {"fieldsToMergeOn": ["N"]}})
    assert answer["updatedRecords"] == [record["id"]]


@pytest.mark.parametrize(
    "number", [33328725271032888, 2**53 + 2, 12345678901234567168, 10**20 + 2**14]
)
def test_a_formula_takes_large_numbers_as_doubles(ask: Asking, number) -> None:
    """However a large number is spelled, in a cell or a formula, it is the double next to it."""
    ask.table("T", NUMBER, {**NUMBER, "name": "M"})
    (record,) = ask.add("T", {"N": number, "M": float(number)})
    for formula in (
        f"{{N}} = {number}",
        "{N} = {M}",
        f"{{N}} >= {number}",
        f"SWITCH({{N}}, {number}, 1)",
    ):
        assert list(ask.cells("T", ("filterByFormula", formula))) == [record["id"]], formula
