"""When two cells are the same: what Airtable gives back is not letter for letter what it was sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airhaul.bulk.rows.diff import canonical, changed_cells, is_empty, same_cell, same_stored

ID = "rec00000000000000"


@pytest.mark.parametrize(
    ("type_", "sent", "stored"),
    [
        ("number", 1, 1.0),
        ("currency", 12.50, 12.5),
        ("number", 0, 0.0),
        ("number", 2.881429508889297e16, 28814295088892970),  # as Airtable prints this double
        ("singleLineText", "", None),
        ("checkbox", False, None),
        ("multipleSelects", [], None),
        ("multipleSelects", ["b", "a"], ["a", "b"]),
        ("multipleSelects", ["a", "b", "a"], ["a", "b"]),
        ("dateTime", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00.000Z"),
        ("dateTime", "2024-01-01T02:00:00+02:00", "2024-01-01T00:00:00.000Z"),
        ("dateTime", "2024-01-01T00:00:00.123456Z", "2024-01-01T00:00:00.123Z"),
        ("date", "2024-01-01", "2024-01-01"),
        ("richText", "**x**", "**x**\n"),
        ("richText", "x\n* a", "x\n- a\n"),
        ("richText", None, "\n"),
        ("barcode", {"text": "1"}, {"text": "1", "type": "ean13"}),
        ("barcode", {"text": ""}, None),
        ("singleCollaborator", {"email": "a@x.org"}, {"id": "usr1", "email": "a@x.org", "name": "A"}),
        ("multipleCollaborators", [{"id": "b"}, {"id": "a"}], [{"id": "a", "name": "A"}, {"id": "b"}]),
        (
            "multipleAttachments",
            [{"url": "https://x.org/a%20b.png?v=1"}, {"id": "att2"}],
            [{"id": "att1", "url": "https://cdn/1", "filename": "a b.png"}, {"id": "att2", "filename": "c"}],
        ),
    ],
)  # fmt: skip
def test_the_same_in_another_form(type_, sent, stored) -> None:
    """A row that is in the table as it should be is never written again."""
    assert same_cell(type_, sent, stored)


@pytest.mark.parametrize(
    ("type_", "sent", "stored"),
    [
        ("number", 0, None),
        ("number", None, 0),
        ("singleLineText", "a", "A"),
        ("singleLineText", "a ", "a"),
        ("multipleSelects", ["a", "a"], ["a", "b"]),
        ("multipleRecordLinks", ["rec1"], ["rec1", "rec2"]),
        ("multipleRecordLinks", [ID, "rec1"], ["rec1", ID]),
        ("dateTime", "2024-01-01T00:00:01Z", "2024-01-01T00:00:00.000Z"),
        ("checkbox", True, None),
        ("barcode", {"text": "1", "type": "qr"}, {"text": "1", "type": "ean13"}),
        ("barcode", {"text": "1"}, None),
        ("singleCollaborator", {"id": "a"}, {"id": "b"}),
        ("multipleAttachments", [{"url": "https://x.org/a.png"}], [{"id": "att1", "filename": "b.png"}]),
        ("multipleAttachments", [{"id": "att9"}], [{"id": "att1", "filename": "b.png"}]),
        ("singleLineText", "12", 12),
    ],
)  # fmt: skip
def test_what_differs(type_, sent, stored) -> None:
    """A change is seen, however small."""
    assert not same_cell(type_, sent, stored)


ADA = {"id": "usr1", "email": "ada@x.org", "name": "Ada"}
CONVERTED: list[tuple[Any, Any, Any]] = [
    ("number", "12", 12.0),
    ("number", " 12.50 ", 12.5),
    ("number", "1,200", 1200),
    ("currency", "$1,200.50", 1200.5),
    ("currency", "-$.5", -0.5),
    ("percent", "12%", 0.12),
    ("rating", "4", 4),
    ("duration", "1:30", 5400),
    ("duration", "-0:01:02.5", -62.5),
    ("checkbox", "checked", True),
    ("checkbox", "No", None),
    ("singleSelect", " red ", "red"),
    ("multipleSelects", "a, b", ["a", "b"]),
    ("multipleSelects", ["b ", "a", "a"], ["a", "b"]),
    ("singleCollaborator", "ada@x.org", ADA),
    ("singleCollaborator", "Ada", ADA),
    ("multipleCollaborators", "Ada", [ADA]),
    ("multipleCollaborators", ["Ada"], [ADA]),
]


@pytest.mark.parametrize(("type_", "sent", "stored"), CONVERTED)
def test_what_typecast_converts_is_the_same(type_, sent, stored) -> None:
    """With typecast, text that Airtable has turned into another value is the same, and only then."""
    assert same_cell(type_, sent, stored, loosely=True)
    assert not same_cell(type_, sent, stored)


@pytest.mark.parametrize(
    ("type_", "sent", "stored"),
    [
        ("number", "13", 12),
        ("number", "1,2", 12),
        ("number", "1,20", 120),
        ("number", "", 0),
        ("number", "12", None),
        ("duration", "1:90", 9000),
        ("checkbox", "checked", None),
        ("checkbox", "no", True),
        ("checkbox", "maybe", None),
        ("date", "1/2/2024", "2024-01-02"),
        ("singleSelect", "red", "Red"),
        ("multipleSelects", ["a"], ["a", "b"]),
        ("singleCollaborator", "Bob", ADA),
        ("multipleCollaborators", "Ada", [ADA, ADA]),
        ("multipleRecordLinks", ["Ada"], ["rec1"]),
    ],
)
def test_what_typecast_would_change(type_, sent, stored) -> None:
    """A text of which it is not certain what Airtable makes of it is written."""
    assert not same_cell(type_, sent, stored, loosely=True)


CELLS = st.one_of(
    st.none(), st.booleans(), st.text(max_size=5), st.integers(), st.floats(allow_nan=False),
    st.lists(st.text(max_size=3), max_size=4),
    st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
)  # fmt: skip
TYPES = st.sampled_from(
    ["singleLineText", "number", "multipleSelects", "multipleRecordLinks", "dateTime", "richText",
     "checkbox", "barcode", "singleCollaborator", "multipleAttachments", "date"]
)  # fmt: skip


@given(TYPES, CELLS, CELLS)
def test_comparing_never_fails_and_is_the_same_to_itself(type_, one, other) -> None:
    """Whatever a cell holds can be compared, and looked up."""
    assert same_cell(type_, one, one)
    same_cell(type_, one, other, loosely=True)
    hash(canonical(type_, one))
    assert canonical(type_, one) is None or not is_empty(one)


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)), st.integers(-12, 12))
def test_a_moment_is_the_same_in_every_zone(naive, hours) -> None:
    """The same instant, written in another zone, is no change."""
    moment = naive.replace(tzinfo=UTC)
    shifted = moment.astimezone(timezone(timedelta(hours=hours)))
    assert same_cell("dateTime", shifted.isoformat(), moment.isoformat(timespec="milliseconds"))


def test_only_what_changed_is_left() -> None:
    """Cells that are there already are not sent."""
    cells: dict[str, Any] = {"a": 1, "b": "x", "c": None}
    stored = {"a": 1.0, "c": "y", "d": 4}
    types = {"a": "number", "b": "singleLineText", "c": "singleLineText"}
    assert changed_cells(cells, stored, lambda column: types[column]) == {"b": "x", "c": None}


def test_the_address_of_a_file_changes_by_itself() -> None:
    """Each answer has new URLs for the same files."""
    assert same_stored([{"id": "att1", "url": "a"}], [{"id": "att1", "url": "b"}])
    assert not same_stored([{"id": "att1", "url": "a"}], [{"id": "att2", "url": "a"}])
