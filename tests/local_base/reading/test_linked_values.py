"""Lookups, rollups and counts: what linked records hold."""

from __future__ import annotations

import pytest

from tests.local_base.shop import far, table_id


def test_lookups_list_what_linked_records_hold(shop) -> None:
    """Always a list, in the order of the links; empty cells are left out, lists become one."""
    for name, field in [
        ("Prices", "Price"),
        ("Kinds", "Kinds"),
        ("Sold", "Sold"),
        ("Since", "Since"),
    ]:
        shop.computed("Orders", name, "multipleLookupValues", **far(field))
    cup, pan, pot = shop.add(
        "Items",
        {"Price": 3, "Kinds": ["red", "green"], "Sold": True, "Since": "2024-01-02"},
        {"Price": 0},
        {"Kinds": ["green"]},
    )
    one, two = shop.add("Orders", {"Items": [pot["id"], pan["id"], cup["id"]]}, {"Items": []})
    assert one["fields"] == {
        "Items": [pot["id"], pan["id"], cup["id"]],
        "Prices": [0, 3],
        "Kinds": ["green", "red", "green"],
        "Sold": [True],
        "Since": ["2024-01-02"],
    }
    assert two["fields"] == {}
    shop.change("Items", pan["id"], {"Price": 7})
    assert shop.cells("Orders")[one["id"]]["Prices"] == [7, 3]
    shop.delete("Items", cup["id"])
    assert shop.cells("Orders")[one["id"]]["Prices"] == [7]


def test_lookups_say_what_they_result_in(shop) -> None:
    """The type and options of the field that is looked up, also through another lookup."""
    made = shop.computed("Orders", "Prices", "multipleLookupValues", **far("Price"))
    schema = shop.schema()
    assert made["options"] == {
        "recordLinkFieldId": schema["Orders"]["Items"]["id"],
        "fieldIdInLinkedTable": schema["Items"]["Price"]["id"],
        "isValid": True,
        "result": {"type": "number", "options": {"precision": 2}},
    }
    again = shop.computed(
        "Items",
        "Back",
        "multipleLookupValues",
        recordLinkFieldId="Orders",
        fieldIdInLinkedTable="Prices",
    )
    assert again["options"]["result"] == made["options"]["result"]


def test_lookups_of_errors_links_and_formulas(shop) -> None:
    """Errors stand in the list as objects, links as ids."""
    shop.computed("Items", "Bad", "formula", formula="IF({Price}, ERROR(), 'ok')")
    shop.computed("Orders", "Bad", "multipleLookupValues", **far("Bad"))
    shop.computed("Orders", "Orders", "multipleLookupValues", **far("Orders"))
    one, two = shop.add("Items", {"Price": 1}, {})
    (order,) = shop.add("Orders", {"Items": [one["id"], two["id"]]})
    assert order["fields"]["Bad"] == [{"error": "#ERROR!"}, "ok"]
    assert order["fields"]["Orders"] == [order["id"], order["id"]]


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("SUM(values)", 5.5),
        ("MAX(values)", 4),
        ("COUNT(values)", 2),
        ("COUNTA(values)", 2),
        ("COUNTALL(values)", 3),
        ("ARRAYJOIN(values, '; ')", None),
        ("AVERAGE(values) > 2", 1),
        ("{values} & ''", None),
    ],
)
def test_rollups_compute_over_linked_records(shop, formula, expected) -> None:
    """The formula is given all values, blanks too."""
    shop.computed("Orders", "All", "rollup", formula=formula, **far("Price"))
    items = shop.add("Items", {"Price": 4}, {}, {"Price": 1.5})
    (order,) = shop.add("Orders", {"Items": [item["id"] for item in items]})
    if expected is None:
        assert isinstance(order["fields"]["All"], str)
    else:
        assert order["fields"]["All"] == expected


@pytest.mark.parametrize(
    ("formula", "field", "result", "expected"),
    [
        ("MAX(values)", "Since", "date", "2024-03-01"),
        ("MIN(values)", "Since", "date", "2024-01-31"),
        ("AND(values)", "Sold", "checkbox", None),
        ("OR(values)", "Sold", "checkbox", True),
        ("XOR(values)", "Sold", "checkbox", None),
        ("NOT(AND(values))", "Sold", "checkbox", True),
        ("MAX(values) = MIN(values)", "Since", "number", 0),
    ],
)
def test_rollups_look_at_each_date_and_check_box(shop, formula, field, result, expected) -> None:
    """The last of dates is a date, and a logical function asks each box, also those not ticked."""
    made = shop.computed("Orders", "All", "rollup", formula=formula, **far(field))
    assert made["options"]["result"]["type"] == result
    days = ({"Since": "2024-01-31"}, {"Since": "2024-03-01"}, {"Since": "2024-02-29"})
    items = shop.add("Items", *({**day, "Sold": day is not days[2]} for day in days))
    (order,) = shop.add("Orders", {"Items": [item["id"] for item in items]})
    assert order["fields"].get("All") == expected


@pytest.mark.parametrize("items", [[], [{}], [{}, {}]])
def test_a_rollup_of_no_dates_is_empty(shop, items) -> None:
    """A field that the metadata calls a date never holds the number 0, which no client reads as one."""
    shop.computed("Orders", "Last", "rollup", formula="MAX(values)", **far("Since"))
    shop.computed("Orders", "Year", "formula", formula="DATETIME_FORMAT({Last}, 'YYYY')")
    found = [item["id"] for item in shop.add("Items", *items)] if items else []
    (order,) = shop.add("Orders", {"Items": found})
    assert "Last" not in order["fields"]
    assert "Year" not in order["fields"]


def test_rollups_print_no_formula(shop) -> None:
    """The metadata tells of a rollup what the service tells; without a formula it adds up."""
    made = shop.computed("Orders", "Total", "rollup", **far("Price"))
    assert made["options"].keys() == {
        "recordLinkFieldId",
        "fieldIdInLinkedTable",
        "referencedFieldIds",
        "isValid",
        "result",
    }
    items = shop.add("Items", {"Price": 4}, {"Price": 1})
    (order,) = shop.add("Orders", {"Items": [item["id"] for item in items]})
    assert order["fields"]["Total"] == 5


def test_counts(shop) -> None:
    """A count of no links is 0, and not left out."""
    made = shop.computed("Orders", "How many", "count", recordLinkFieldId="Items")
    assert made["options"]["isValid"] is True
    (item,) = shop.add("Items", {})
    orders = shop.add("Orders", {"Items": [item["id"]]}, {})
    assert [order["fields"]["How many"] for order in orders] == [1, 0]
    shop.delete("Items", item["id"])
    assert shop.cells("Orders")[orders[0]["id"]] == {"How many": 0}


def test_tables_that_are_called_by_one_another(ask) -> None:
    """A primary formula over the names of linked records, which are formulas too, is an error."""
    people = ask.table("People")
    ask.table("Tasks")
    ask.field("Tasks", "Who", "multipleRecordLinks", linkedTableId=people)
    ask.computed("Tasks", "Called", "formula", formula="{Who} & '!'")
    (ada,) = ask.add("People", {"Name": "Ada"})
    (task,) = ask.add("Tasks", {"Who": [ada["id"]]})
    assert task["fields"]["Called"] == "Ada!"


def test_pages_ask_for_linked_records_at_once(shop, monkeypatch) -> None:
    """A page of a hundred records with three lookups needs a handful of queries, not hundreds."""
    from airhaul.local_base.store.record_rows import RecordRows

    for name in ("One", "Two", "Three"):
        shop.computed("Orders", name, "multipleLookupValues", **far("Price"))
    items = [
        item for _ in range(10) for item in shop.add("Items", *({"Price": n} for n in range(10)))
    ]
    for start in range(0, 100, 10):
        rows = [{"Items": [item["id"]]} for item in items[start : start + 10]]
        shop.add("Orders", *rows)
    asked: list[int] = []
    some = RecordRows.some

    def counted(self, record_ids):
        asked.append(len(record_ids))
        return some(self, record_ids)

    monkeypatch.setattr(RecordRows, "some", counted)
    cells = shop.cells("Orders")
    assert [one["Three"] for one in cells.values()] == [[n % 10] for n in range(100)]
    assert len(asked) <= 2  # the page, and what it links to
    asked.clear()
    assert len(shop.cells("Orders", ("filterByFormula", "SUM({One}) = 3"))) == 10
    assert len(asked) <= 4


def test_results_keep_their_formats(shop) -> None:
    """What a base from elsewhere tells of a result stays, as long as it is of that kind."""
    euros = {"type": "currency", "options": {"precision": 2, "symbol": "€"}}
    made = shop.computed("Items", "It", "formula", formula="{Price} * 2", result=euros)
    assert made["options"]["result"] == euros
    path = f"meta/bases/{shop.base}/tables/{table_id(shop, 'Items')}/fields/{made['id']}"
    changed = shop("PATCH", path, {"options": {"formula": "{Price} * 3"}})
    assert changed["options"]["result"] == euros
    changed = shop("PATCH", path, {"options": {"formula": "{Name}"}})
    assert changed["options"]["result"] == {"type": "singleLineText"}
    counted = {"type": "number", "options": {"precision": 0}}
    made = shop.local_base.add_field(
        shop.base,
        "Orders",
        {
            "name": "R",
            "type": "rollup",
            "options": {**far("Name"), "isValid": True, "result": counted},
        },
    )
    assert made["options"]["result"] == counted
