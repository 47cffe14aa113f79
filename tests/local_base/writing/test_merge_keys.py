"""What upserts merge on, and what they do not."""

from __future__ import annotations

import pytest

from tests.local_base.asking import Asking

TYPES = [
    ("Link", "multipleRecordLinks"),
    ("Files", "multipleAttachments"),
    ("Who", "singleCollaborator"),
    ("All", "multipleCollaborators"),
    ("Code", "barcode"),
    ("Ok", "checkbox"),
    ("Rich", "richText"),
    ("Formula", "formula"),
    ("No", "autoNumber"),
    ("Made", "createdTime"),
]


@pytest.fixture
def table(ask: Asking) -> Asking:
    table = ask.table("T")
    options = {
        "Link": {"linkedTableId": table},
        "Ok": {"icon": "check", "color": "redBright"},
        "Formula": {"formula": "{Name}"},
    }
    for name, type in TYPES:
        ask.computed("T", name, type, **options.get(name, {}))
    return ask


@pytest.mark.parametrize("name", [name for name, _ in TYPES])
def test_other_types_are_no_keys(table, name) -> None:
    """Only the types that are documented, and texts, can be merged on; nothing is written."""
    body = {
        "records": [{"fields": {"Name": "x"}}],
        "performUpsert": {"fieldsToMergeOn": ["Name", name]},
    }
    error = table("PATCH", f"{table.base}/T", body, status=422)["error"]
    assert error["type"] == "INVALID_VALUE_FOR_COLUMN"
    assert table.cells("T") == {}


def test_merged_rows_are_linked(table) -> None:
    """A row that is merged in keeps both sides, and computed cells are in the answer."""
    (one,) = table.add("T", {"Name": "one"})
    body = {
        "records": [
            {"fields": {"Name": "one", "Ok": True}},
            {"fields": {"Name": "two", "Link": [one["id"]]}},
        ],
        "performUpsert": {"fieldsToMergeOn": ["Name"]},
    }
    answer = table("PATCH", f"{table.base}/T", body)
    assert answer["updatedRecords"] == [one["id"]]
    first, second = answer["records"]
    assert (first["fields"]["Formula"], first["fields"]["No"]) == ("one", 1)
    assert (second["fields"]["Link"], second["fields"]["No"]) == ([one["id"]], 2)
