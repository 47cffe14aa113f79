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


@pytest.mark.parametrize("updates_all", [False, True])
def test_an_ambiguous_row_is_written_by_id_after_looking(table, updates_all) -> None:
    """As n8n does it: it looks for the message, lists the matches, and sends their ids.

    The second request still names the fields to merge on, which rows with ids ignore, and has the
    same key twice. Source: ``upsert.operation`` of the Airtable node of n8n-io/n8n.
    """
    first, second = table.add("T", {"Name": "x"}, {"Name": "x"})
    fields = {"Name": "x", "Ok": True}
    body = {
        "typecast": False,
        "performUpsert": {"fieldsToMergeOn": ["Name"]},
        "records": [{"fields": fields}],
    }
    error = table("PATCH", f"{table.base}/T", body, status=422)["error"]
    assert "Cannot update more than one record" in error["message"]
    query = (("fields[0]", "Name"), ("filterByFormula", "AND({Name} = 'x')"))
    found = table("GET", f"{table.base}/T", None, *query)["records"]
    assert {record["id"] for record in found} == {first["id"], second["id"]}
    matches = found if updates_all else found[:1]
    rows = [{"id": match["id"], "fields": fields} for match in matches]
    answer = table("PATCH", f"{table.base}/T", {**body, "records": rows})
    assert answer["updatedRecords"] == [match["id"] for match in matches]
    assert answer["createdRecords"] == []
    held = table.cells("T")
    assert [held[match["id"]].get("Ok") for match in matches] == [True] * len(matches)
    assert len([cells for cells in held.values() if cells.get("Ok")]) == len(matches)
