"""Cells that are null, which Airtable leaves out and something in between might not."""

from __future__ import annotations

import json
from typing import Annotated, Any

import pytest
from pydantic import BeforeValidator, Field

from airhaul import Airtable, Record, airtable_field
from tests.drive.test_failures import BASE, raw_server, reply


class Item(Record, table="Items"):
    name: str = airtable_field(column="Item Name")
    is_new: bool | None = airtable_field(None, column="Is New")
    tags: list[str] = airtable_field(default_factory=list, column="Tags")
    pieces: int = airtable_field(5, column="How Many")
    note: Annotated[str, BeforeValidator(lambda value: f"<{value}>")] = Field("", alias="A Note")
    any_kind: Any = airtable_field(None, column="Any Kind", type="formula")


@pytest.mark.parametrize("is_null", [True, False])
def test_a_null_cell_is_an_empty_one(is_null: bool) -> None:
    """It reads as the empty value of the type, or else as the default, as if it were left out."""
    columns = ("Item Name", "Is New", "Tags", "How Many", "A Note", "Any Kind")
    cells = dict.fromkeys(columns) if is_null else {}
    record = {"id": "rec00000000000000", "createdTime": "2024-01-01T00:00:00.000Z", "fields": cells}
    body = json.dumps({"records": [record, record]})
    with (
        raw_server(reply(200, body)) as (url, _),
        Airtable("pat.x", BASE, endpoint_url=url, requests_per_second=None) as airtable,
    ):
        item, other = airtable.table(Item).all()
    assert (item.name, item.is_new, item.tags, item.pieces) == ("", False, [], 5)
    assert (item.note, item.any_kind, item.cell_errors) == ("<>", None, ())
    assert item.tags is not other.tags
    assert "pieces" not in item.model_fields_set
