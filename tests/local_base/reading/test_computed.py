"""Fields that are computed: right when read, whatever has changed since."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airhaul.local_base.base import LocalBase
from airhaul.local_base.protocol.refusal import Refusal
from tests.local_base.asking import Asking
from tests.local_base.shop import NUMBER, far, table_id


def test_auto_numbers_are_never_given_twice(shop) -> None:
    """Numbers go on after deletions, and a refused request uses none."""
    shop.computed("Items", "No", "autoNumber")
    items = shop.add("Items", {}, {})
    shop.add("Items", {"Name": "x"}, {"Price": "no number"}, status=422)
    shop.delete("Items", items[1]["id"])
    (next_one,) = shop.add("Items", {})
    assert [items[0]["fields"]["No"], next_one["fields"]["No"]] == [1, 3]


def test_times_and_people_of_changes() -> None:
    """Creation and last change, by whom; watched fields only where some are named."""
    now = [datetime(2024, 1, 1, 12, 0, tzinfo=UTC)]
    with LocalBase.open(wall_clock=lambda: now[0]) as local_base:
        ask = Asking(local_base)
        ask.table("T", NUMBER)
        date = {"type": "date", "options": {"dateFormat": {"name": "iso", "format": "YYYY-MM-DD"}}}
        ask.computed("T", "Made", "createdTime", result=date)
        ask.computed("T", "Maker", "createdBy")
        ask.computed("T", "Changed", "lastModifiedTime")
        ask.computed("T", "Changer", "lastModifiedBy")
        watching = ask.computed("T", "Priced", "lastModifiedTime", referencedFieldIds=["Price"])
        assert watching["options"]["referencedFieldIds"] == [ask.schema()["T"]["Price"]["id"]]
        (record,) = ask.add("T", {"Name": "a"})
        owner = {
            "id": record["fields"]["Maker"]["id"],
            "email": "owner@example.com",
            "name": "Owner",
        }
        created = "2024-01-01T12:00:00.000Z"
        assert record["fields"] == {
            "Name": "a",
            "Made": "2024-01-01",
            "Maker": owner,
            "Changed": created,
            "Changer": owner,
        }
        now[0] = datetime(2024, 1, 2, 13, 0, tzinfo=UTC)
        cells = ask.change("T", record["id"], {"Price": 2})
        assert cells["Changed"] == cells["Priced"] == "2024-01-02T13:00:00.000Z"
        now[0] = datetime(2024, 1, 3, 14, 0, tzinfo=UTC)
        cells = ask.change("T", record["id"], {"Name": "b"})
        assert cells["Changed"] == "2024-01-03T14:00:00.000Z"
        assert cells["Priced"] == "2024-01-02T13:00:00.000Z"
        now[0] = datetime(2024, 1, 4, tzinfo=UTC)
        assert ask.change("T", record["id"], {"Name": "b"})["Changed"] == cells["Changed"]


def test_buttons(shop) -> None:
    """A button has a label, and a URL that is computed."""
    made = shop.computed(
        "Items", "Open", "button", label="Look", url="'https://x.test/' & LOWER({Name})"
    )
    assert "options" not in made
    shop.computed("Items", "Idle", "button")
    (item,) = shop.add("Items", {"Name": "Cup"})
    assert item["fields"]["Open"] == {"label": "Look", "url": "https://x.test/cup"}
    assert item["fields"]["Idle"] == {"label": "Idle", "url": None}


def test_fields_that_nothing_fills(shop) -> None:
    """Generated text is shown as empty, the source of a sync not at all."""
    shop.computed("Items", "Summary", "aiText", prompt=["Sum up ", {"field": {"fieldId": "x"}}])
    shop.computed("Items", "Source", "externalSyncSource", choices=[{"name": "CRM"}])
    (item,) = shop.add("Items", {})
    assert item["fields"] == {"Summary": {"state": "empty", "isStale": False, "value": None}}


@pytest.mark.parametrize(
    ("type", "options"),
    [
        ("autoNumber", {}),
        ("createdTime", {}),
        ("lastModifiedBy", {}),
        ("multipleLookupValues", far("Price")),
        ("count", {"recordLinkFieldId": "Items"}),
        ("button", {}),
        ("aiText", {}),
    ],
)
def test_the_api_creates_no_other_computed_fields(shop, type, options) -> None:
    """As the service refuses all but formulas and rollups; with the option that it may, it does."""
    error = shop.field("Orders", "New", type, status=422, **options)["error"]
    assert error == {
        "type": "UNSUPPORTED_FIELD_TYPE_FOR_CREATE",
        "message": f"Invalid options for Orders.New: Creating {type} fields is not supported at "
        "this time",
    }
    shop.local_base.all_field_types = True
    assert shop.field("Orders", "New", type, **options)["type"] == type
    error = shop.add("Orders", {"New": 1}, status=422)
    assert error["message"] == 'Field "New" cannot accept a value because the field is computed'


@pytest.mark.parametrize(
    ("type", "options", "message"),
    [
        ("checkbox", {}, "New.options is missing"),
        ("checkbox", {"icon": "check"}, "New.options.color is missing"),
        ("dateTime", {"dateFormat": {"name": "iso"}, "timeZone": "utc"},
         "New.options.timeFormat is missing"),
        ("number", {"precision": 0, "x": 1}, "New.options.x is not included in the schema"),
    ],
)  # fmt: skip
def test_options_are_whole_and_no_more(shop, type, options, message) -> None:
    """What a program forgets here, and the service would miss, is missed here already."""
    error = shop.field("Orders", "New", type, status=422, **options)["error"]
    assert error["type"] == "INVALID_FIELD_TYPE_OPTIONS_FOR_CREATE"
    assert error["message"] == f"Failed schema validation: {message}"


def test_a_type_that_is_none_is_a_request_of_the_wrong_shape(shop) -> None:
    """Names of other programs, as longText, are distinguished from types that the API does not create."""
    for type_ in ("longText", "lookup", "text"):
        error = shop.field("Orders", "New", type_, status=422)["error"]
        assert error["type"] == "INVALID_REQUEST_UNKNOWN"


def test_options_without_a_formula_cannot_be_changed(shop) -> None:
    """Whether one link is preferred, and all else that only the service's page changes."""
    link = shop.schema()["Orders"]["Items"]["id"]
    path = f"meta/bases/{shop.base}/tables/Orders/fields/{link}"
    body = {"options": {"prefersSingleRecordLink": True}}
    error = shop("PATCH", path, body, status=422)["error"]
    assert error["type"] == "INVALID_REQUEST_UNKNOWN"


@pytest.mark.parametrize(
    "described",
    [
        {"name": "A", "type": "formula", "options": {"formula": "SUM("}},
        {"name": "A", "type": "formula", "options": {"formula": "{Nowhere}"}},
        {"name": "A", "type": "formula", "options": {}},
        {"name": "A", "type": "formula", "options": {"formula": 1}},
        {"name": "A", "type": "rollup", "options": {**far("Price"), "formula": "{Name}"}},
        {"name": "A", "type": "rollup", "options": far("Nowhere")},
        {"name": "A", "type": "rollup", "options": {**far("Price"), "result": {}}},
        {"name": "A", "type": "formula", "options": {"formula": "1", "result": {"type": 1}}},
        {"name": "A", "type": "count", "options": {"recordLinkFieldId": "Name"}},
        {"name": "A", "type": "count", "options": {"recordLinkFieldId": ["Items"]}},
        {"name": "A", "type": "createdTime", "options": {"result": {"type": "number"}}},
        {"name": "A", "type": "lastModifiedTime", "options": {"referencedFieldIds": ["Nowhere"]}},
        {"name": "A", "type": "nonsense", "options": {}},
        {"name": "items", "type": "autoNumber"},
    ],
)
def test_computed_fields_that_are_not_whole_are_refused(shop, described) -> None:
    """Nothing is added that could not be computed."""
    before = shop.schema()
    with pytest.raises(Refusal):
        shop.local_base.add_field(shop.base, "Orders", described)
    assert shop.schema() == before


_PRICES = st.one_of(st.none(), st.integers(-5, 5))
_STEPS = st.one_of(
    st.tuples(st.just("price"), st.integers(0, 3), _PRICES),
    st.tuples(st.just("link"), st.integers(0, 2), st.lists(st.integers(0, 3), max_size=4)),
    st.tuples(st.just("delete"), st.integers(0, 3), st.none()),
)


@pytest.mark.slow
@settings(max_examples=30)
@given(st.lists(_STEPS, max_size=10))
def test_computed_fields_equal_a_naive_recomputation(steps) -> None:
    """After any writes: lookups, rollups, counts and formulas on top are what the cells say."""
    with LocalBase.open() as local_base:
        ask = Asking(local_base)
        items = ask.table("Items", NUMBER)
        ask.table("Orders")
        ask.field("Orders", "Items", "multipleRecordLinks", linkedTableId=items)
        ask.computed("Items", "Twice", "formula", formula="{Price} * 2")
        ask.computed("Orders", "Twices", "multipleLookupValues", **far("Twice"))
        ask.computed("Orders", "Sum", "rollup", formula="SUM(values)", **far("Price"))
        ask.computed("Orders", "Count", "count", recordLinkFieldId="Items")
        ask.computed("Orders", "Total", "formula", formula="{Sum} + {Count} + SUM({Twices})")
        prices: dict[str, int | None] = {r["id"]: None for r in ask.add("Items", {}, {}, {}, {})}
        links: dict[str, list[str]] = {r["id"]: [] for r in ask.add("Orders", {}, {}, {})}
        for kind, place, value in steps:
            if not prices:
                break
            there = list(prices)
            item, order = there[place % len(there)], list(links)[place % 3]
            match kind:
                case "price":
                    ask.change("Items", item, {"Price": value})
                    prices[item] = value
                case "link":
                    wanted = list(dict.fromkeys(there[n % len(there)] for n in value))
                    ask.change("Orders", order, {"Items": wanted})
                    links[order] = wanted
                case "delete":
                    ask.delete("Items", item)
                    del prices[item]
                    links = {key: [i for i in cell if i != item] for key, cell in links.items()}
        for order, cells in ask.cells("Orders").items():
            held = [prices[item] or 0 for item in links[order]]
            assert cells.get("Twices", []) == [2 * price for price in held]
            assert (cells["Sum"], cells["Count"]) == (sum(held), len(held))
            assert cells["Total"] == 3 * sum(held) + len(held)


def test_a_table_may_be_created_whole(shop) -> None:
    """Fields of a new table may name each other in any order, once all types are allowed."""
    shop.local_base.all_field_types = True
    fields = [
        {"name": "Label", "type": "formula", "options": {"formula": "{Prices} & '/' & {No}"}},
        {"name": "Prices", "type": "multipleLookupValues", "options": far("Price")},
        {"name": "Items", "type": "multipleRecordLinks", "options": {"linkedTableId": table_id(shop, "Items")}},
        {"name": "No", "type": "autoNumber"},
    ]  # fmt: skip
    made = shop("POST", f"meta/bases/{shop.base}/tables", {"name": "Bills", "fields": fields})
    assert [field["options"]["isValid"] for field in made["fields"][:2]] == [True, True]
    items = shop.add("Items", {"Price": 2}, {"Price": 3})
    (bill,) = shop.add("Bills", {"Items": [item["id"] for item in items]})
    assert bill["fields"]["Label"] == "2, 3/1"
    names = shop.cells("Items", ("filterByFormula", "{Bills} = '2, 3/1'"))
    assert len(names) == 2
    fields[0]["options"] = {"formula": "{Label}"}
    body = {"name": "Wrong", "fields": fields}
    shop("POST", f"meta/bases/{shop.base}/tables", body, status=422)
    assert "Wrong" not in shop.schema()


def test_a_record_that_was_touched_before_is_touched_again(ask) -> None:
    """What was read from the file and what is written now are compared as one kind of thing."""
    ask.table("T", {"name": "Note", "type": "singleLineText"})
    ask.computed("T", "Touched", "lastModifiedTime")
    (record,) = ask.add("T", {})
    ask.change("T", record["id"], {"Note": "x"})
    assert ask.change("T", record["id"], {"Name": "x"})["Touched"] >= record["createdTime"]
