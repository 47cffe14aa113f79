"""Refusals that typecast would have prevented name that option, and others do not."""

from __future__ import annotations

from typing import Any

import pytest

from airhaul import Airtable, BulkError
from airhaul.messages import Message, Option

NAME = {"name": "Name", "type": "singleLineText"}
CHOICES = {"choices": [{"name": "red"}]}


@pytest.fixture
def table():
    with Airtable.local() as airtable:
        people = airtable.create_table("People", [NAME])
        link = {"linkedTableId": people["id"]}
        fields = [
            NAME,
            {"name": "Kind", "type": "singleSelect", "options": CHOICES},
            {"name": "Tags", "type": "multipleSelects", "options": CHOICES},
            {"name": "Who", "type": "multipleRecordLinks", "options": link},
            {"name": "Mail", "type": "singleLineText"},
        ]
        airtable.create_table("T", fields)
        yield airtable.table_named("T")


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"Kind": "black"}, "'black' is not a choice of the field; to add it, set typecast=True"),
        ({"Tags": ["red", "a, b"]}, "'a, b' is not a choice of the field; to add it, set typecast"),
        ({"Kind": 'say "hi"'}, "is not a choice of the field; to add it, set typecast=True"),
        ({"Who": ["Ada"]}, "'Ada' is not a record ID; to link by name, set typecast=True"),
    ],
)
@pytest.mark.parametrize("rows", [1, 2, 10])
@pytest.mark.parametrize("on_error", ["stop", "continue"])
def test_a_refusal_points_to_typecast_where_it_helps(
    table: Any, cells: dict[str, Any], reason: str, rows: int, on_error: Any
) -> None:
    """Airtable calls a new choice a lack of permission, which nobody could act upon."""
    given = [{"Name": str(number)} for number in range(rows)]
    given[-1].update(cells)
    try:
        errors = table.bulk_create(given, on_error=on_error).errors
    except BulkError as error:
        errors = error.result.errors
    said = errors[-1].error.message
    assert reason in said
    assert "permission" not in said
    assert isinstance(said, Message)
    assert [part for part in said.parts if not isinstance(part, str)] == [
        Option("typecast", value=True)
    ]
    result = table.bulk_create(given, typecast=True)
    assert result.counts() == {"created": rows}


@pytest.mark.parametrize(
    "cells", [{"Mail": "x" * 100_001}, {"Who": ["rec00000000000000"]}, {"Kind": "   "}]
)
def test_a_refusal_that_typecast_would_not_prevent_does_not_name_it(
    table: Any, cells: dict[str, Any]
) -> None:
    """A hint that does not help costs a second try."""
    result = table.bulk_create([{"Name": "x", **cells}], on_error="continue")
    assert result.counts() == {"failed": 1}
    assert "typecast" not in result.explain()[0]
