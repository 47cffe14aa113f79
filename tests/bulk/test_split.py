"""Taking a refused request apart: how many requests it costs, and whom Airtable's words accuse."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airhaul.bulk.rows.changes import Change
from airhaul.bulk.writing.bisect import parts_of
from airhaul.bulk.writing.blame import Suspects, is_about_rows, row_error, suspects_of
from airhaul.errors import InvalidRequestError, NotFoundError, PermissionDeniedError


def changes(*rows: dict) -> list[Change]:
    return [Change("create", index, row) for index, row in enumerate(rows)]


def refusal(detail: str, type_: str = "INVALID_VALUE_FOR_COLUMN") -> InvalidRequestError:
    return InvalidRequestError("refused", status=422, type=type_, detail=detail)


def requests_to_settle(rows: list[Change], bad: set[int], suspects=lambda rows: Suspects()) -> int:
    """How many requests it takes, the first one included."""
    requests = 1
    if len(rows) > 1 and any(row.index in bad for row in rows):
        for part in parts_of(rows, suspects(rows)):
            requests += requests_to_settle(part, bad, suspects)
    return requests


@pytest.mark.parametrize("size", range(1, 11))
def test_one_bad_row_costs_eight_requests_at_most(size) -> None:
    """Wherever it stands."""
    rows = changes(*({} for _ in range(size)))
    assert max(requests_to_settle(rows, {bad}) for bad in range(size)) - 1 <= 8


def test_any_number_of_bad_rows_costs_eighteen_at_most() -> None:
    """Two for each row but one: the tree of ten leaves has no more branches."""
    rows = changes(*({} for _ in range(10)))
    for count in range(11):
        for bad in combinations(range(10), count):
            assert requests_to_settle(rows, set(bad)) - 1 <= 18


@pytest.mark.parametrize("bad", range(10))
def test_one_bad_row_that_is_named_costs_two(bad) -> None:
    """It is parted from the others at once."""
    rows = changes(*({} for _ in range(10)))

    def suspects(rows):
        return Suspects(tuple(place for place, row in enumerate(rows) if row.index == bad))

    assert requests_to_settle(rows, {bad}, suspects) - 1 == 2


@given(st.integers(2, 10), st.sets(st.integers(0, 9)))
def test_no_row_is_lost_in_parting(size, places) -> None:
    """Each row is in one part, and both have some."""
    rows = changes(*({} for _ in range(size)))
    parts = parts_of(rows, Suspects(tuple(sorted(place for place in places if place < size))))
    assert sorted(row.index for part in parts for row in part) == list(range(size))
    assert len(parts) == 2
    assert all(parts)


ROWS = changes(
    {"Kind": "a", "Tags": ["x", "y"]},
    {"Kind": 'b "quoted"', "Size": 3},
    {"Kind": "a", "Link": ["recAAAAAAAAAAAAAA"]},
)


@pytest.mark.parametrize(
    ("detail", "type_", "places", "field", "certain"),
    [
        ('Insufficient permissions to create new select option ""y""', "X", (0,), "Tags", False),
        (
            'Insufficient permissions to create new select option ""b \\"quoted\\"""',
            "X", (1,), "Kind", False,
        ),
        ('Field "Size" cannot accept the provided value', "X", (1,), "Size", False),
        ('Cannot parse value "[object Object]" for field Kind', "X", (0, 1, 2), "Kind", False),
        ('Unknown field name: "Size"', "UNKNOWN_FIELD_NAME", (1,), "Size", True),
        (
            'Field "Size" cannot accept a value because the field is computed',
            "X", (1,), "Size", True,
        ),
        ("Record ID recAAAAAAAAAAAAAA does not exist", "ROW_DOES_NOT_EXIST", (2,), None, False),
        ("Value is not an array of record IDs.", "X", (), None, False),
        ("", "X", (), None, False),
    ],
)  # fmt: skip
def test_whom_the_words_accuse(detail, type_, places, field, certain) -> None:
    """Messages as they were seen in live answers."""
    found = suspects_of(refusal(detail, type_), ROWS)
    assert (found.places, found.field, found.is_certain) == (places, field, certain)


def test_a_record_that_does_not_exist_is_certain() -> None:
    """The row with that id need not be tried again."""
    rows = [Change("delete", n, record_id=f"rec{n:014}") for n in range(3)]
    error = refusal(
        "Record ID rec00000000000001 does not exist in this table", "ROW_DOES_NOT_EXIST"
    )
    assert suspects_of(error, rows) == Suspects((1,), is_certain=True)


def test_what_is_about_rows() -> None:
    """A refused token refuses all rows alike; an unknown id is one row's matter."""
    assert is_about_rows(refusal(""), "create")
    assert not is_about_rows(PermissionDeniedError("no", status=403), "update")
    assert is_about_rows(NotFoundError("no", status=404), "delete")
    assert not is_about_rows(NotFoundError("no", status=404), "create")


def test_the_error_of_a_row_says_where_and_what() -> None:
    """File, line, row, field, and Airtable's own words."""
    change = Change("create", 4, {"Size": "big"}, line=6)
    error = row_error(
        refusal('Field "Size" cannot accept the provided value'), change, "Size", "a.csv"
    )
    assert str(error) == (
        "a.csv line 6, row 4, field 'Size': Airtable refused it: INVALID_VALUE_FOR_COLUMN: "
        'Field "Size" cannot accept the provided value'
    )
    assert error.value == "big"
