"""Which fields the API creates, and with which options: as observed with Airtable."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.local_base.asking import Asking
from tests.local_base.shop import far, open_shop

LIVE_2026 = "live sources of mid-2026: noamross/airtable2 (CONTRIBUTING) and three others"
FIELD_MODEL = "https://airtable.com/developers/web/api/field-model"


@pytest.fixture
def shop(ask: Asking) -> Iterator[Asking]:
    open_shop(ask)
    yield ask


@pytest.mark.parametrize("all_types", [False, True], ids=["", "all types"])
@pytest.mark.parametrize(
    ("source", "type", "options", "cell"),
    [
        (LIVE_2026, "formula", {"formula": "UPPER({Name})"}, "ONE"),
        (LIVE_2026, "rollup", {**far("Price"), "formula": "SUM(values)"}, 12.5),
    ],
    ids=["formula", "rollup"],
)
def test_formulas_and_rollups_are_created(shop, source, type, options, cell, all_types) -> None:
    """They are computed at once, and the metadata API prints what was not given."""
    shop.local_base.all_field_types = all_types
    made = shop.field("Orders", "New", type, **options)
    assert made["type"] == type, source
    assert made["options"]["isValid"] is True
    assert made["options"]["result"]["type"] in ("singleLineText", "number")
    items = [record["id"] for record in shop.add("Items", {"Price": 3}, {"Price": 9.5})]
    (order,) = shop.add("Orders", {"Name": "one", "Items": items})
    assert order["fields"]["New"] == cell


RESULT = {"type": "number", "options": {"precision": 0}}


@pytest.mark.parametrize("all_types", [False, True], ids=["", "all types"])
@pytest.mark.parametrize(
    ("source", "type", "options", "message"),
    [
        (LIVE_2026, "formula", {"formula": "1", "result": RESULT},
         "New.options.result is not included in the schema"),
        (LIVE_2026, "formula", {"formula": "1", "referencedFieldIds": []},
         "New.options.referencedFieldIds is not included in the schema"),
        (LIVE_2026, "rollup", {**far("Price"), "result": RESULT},
         "New.options.result is not included in the schema"),
        (LIVE_2026, "rollup", {**far("Price"), "x": 1},
         "New.options.x is not included in the schema"),
        (LIVE_2026, "formula", {"formula": "1", "isValid": True},
         "New.options.isValid is not included in the schema"),
        (LIVE_2026, "formula", {}, "New.options is missing"),
        (LIVE_2026, "rollup", {"recordLinkFieldId": "Items"},
         "New.options.fieldIdInLinkedTable is missing"),
        (FIELD_MODEL, "checkbox", {}, "New.options is missing"),
        (FIELD_MODEL, "multipleRecordLinks", {"linkedTableId": "x", "prefersSingleRecordLink": True},
         "multipleRecordLinks has no option prefersSingleRecordLink"),
    ],
)  # fmt: skip
def test_options_are_refused(shop, source, type, options, message, all_types) -> None:
    """Those that only the metadata API prints, unknown and missing ones; also if all types are allowed."""
    shop.local_base.all_field_types = all_types
    error = shop.field("Orders", "New", type, status=422, **options)["error"]
    assert error["type"] == "INVALID_FIELD_TYPE_OPTIONS_FOR_CREATE", source
    assert error["message"].endswith(message)
    assert "New" not in shop.schema()["Orders"]


def test_ids_are_not_taken_from_a_request(shop) -> None:
    """Allowing all types does not allow a program to choose the IDs of fields and choices."""
    shop.local_base.all_field_types = True
    path = f"meta/bases/{shop.base}/tables/Orders/fields"
    field = {"id": "fld00000000000001", "name": "No", "type": "autoNumber"}
    assert shop("POST", path, field)["id"] != field["id"]
    assert (
        shop.local_base.add_field(shop.base, "Orders", {**field, "name": "No 2"})["id"]
        == field["id"]
    )
