"""Fields of formulas: computed when they are read, kept by ids, and never a crash."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from airhaul.local_base.base import LocalBase
from airhaul.local_base.protocol.refusal import Refusal
from airhaul.local_base.store import Session
from tests.local_base.asking import Asking
from tests.local_base.shop import NUMBER, far, table_id


def test_a_formula_is_computed_when_it_is_read(shop) -> None:
    """A formula is right in the answer of a write, in lists, and after its sources change."""
    shop.computed("Items", "Twice", "formula", formula="{Price} * 2")
    shop.computed("Items", "Label", "formula", formula='{Name} & ": " & {Twice}')
    (item,) = shop.add("Items", {"Name": "Cup", "Price": 1.5})
    assert item["fields"] == {"Name": "Cup", "Price": 1.5, "Twice": 3, "Label": "Cup: 3"}
    changed = shop.change("Items", item["id"], {"Price": 4})
    assert (changed["Twice"], changed["Label"]) == (8, "Cup: 8")
    assert shop.cells("Items")[item["id"]]["Twice"] == 8


def test_formulas_are_kept_by_ids(shop) -> None:
    """The metadata prints ids, so that a field can get another name; results are told."""
    made = shop.computed("Items", "Twice", "formula", formula="price*2")
    price = shop.schema()["Items"]["Price"]
    assert made["options"] == {
        "formula": f"{{{price['id']}}} * 2",
        "isValid": True,
        "referencedFieldIds": [price["id"]],
        "result": {"type": "number", "options": made["options"]["result"]["options"]},
    }
    path = f"meta/bases/{shop.base}/tables/{table_id(shop, 'Items')}/fields/{price['id']}"
    shop("PATCH", path, {"name": "Cost"})
    (item,) = shop.add("Items", {"Cost": 3})
    assert item["fields"]["Twice"] == 6


@pytest.mark.parametrize(
    ("formula", "type"),
    [
        ("1 + 1", "number"),
        ("{Name} & 1", "singleLineText"),
        ("DATEADD({Since}, 1, 'days')", "date"),
        ("IF({Price} > 1, 'dear', BLANK())", "singleLineText"),
        ("IF({Price} > 1, 1, 0)", "number"),
        ("{Price} > 1", "number"),
        ("AND({Sold}, TRUE())", "checkbox"),
        ("IF({Price}, NOT({Sold}), 1)", "number"),
        ("{Sold}", "checkbox"),
        ("MAX({Sold}, {Sold})", "number"),
    ],
)
def test_a_formulas_result_is_told(shop, formula, type) -> None:
    """The metadata says what type a formula results in, and a number has no digits."""
    result = shop.computed("Items", "It", "formula", formula=formula)["options"]["result"]
    assert result["type"] == type
    if type == "number":
        assert result["options"] == {"precision": 0}


def test_errors_and_special_numbers_are_cells(shop) -> None:
    """What goes wrong is shown as the service shows it, and blanks are left out."""
    for name, formula in [
        ("Nan", "0 / 0"),
        ("Big", "1 / 0"),
        ("Bad", "ERROR()"),
        ("Nothing", "BLANK()"),
        ("Empty", '""'),
        ("Zero", "0"),
        ("Yes", "1 = 1"),
        ("Ticked", "AND(1, 2)"),
        ("Unticked", "NOT(1)"),
        ("Day", "DATETIME_PARSE('2024-01-02')"),
    ]:
        shop.computed("Items", name, "formula", formula=formula)
    (item,) = shop.add("Items", {})
    assert item["fields"] == {
        "Nan": {"specialValue": "NaN"},
        "Big": {"specialValue": "Infinity"},
        "Bad": {"error": "#ERROR!"},
        "Zero": 0,
        "Yes": 1,
        "Ticked": True,
        "Day": "2024-01-02T00:00:00.000Z",
    }


def test_now_is_the_time_of_reading() -> None:
    """A formula of the clock tells the time at which it is read, not at which it was made."""
    times = [datetime(2024, 1, day, tzinfo=UTC) for day in range(1, 29)]
    with LocalBase.open(wall_clock=lambda: times[0]) as local_base:
        ask = Asking(local_base)
        ask.table("T")
        ask.computed("T", "Now", "formula", formula="DATESTR(CREATED_TIME()) & LEN({Name})")
        ask.computed("T", "Auto", "createdTime")
        (record,) = ask.add("T", {"Name": "x"})
        assert record["fields"]["Now"] == "2024-01-011"
        assert record["fields"]["Auto"] == "2024-01-01T00:00:00.000Z"


def test_the_formula_of_a_field_can_be_changed(shop) -> None:
    """By the API, names or ids; what it results in follows, also in fields that stand on it."""
    made = shop.computed("Items", "It", "formula", formula="{Price} * 2")
    shop.computed("Orders", "Its", "multipleLookupValues", **far("It"))
    (item,) = shop.add("Items", {"Name": "Cup", "Price": 2})
    path = f"meta/bases/{shop.base}/tables/{table_id(shop, 'Items')}/fields/{made['id']}"
    changed = shop("PATCH", path, {"options": {"formula": "UPPER({Name})"}})
    assert changed["options"]["result"]["type"] == "singleLineText"
    assert shop.cells("Items")[item["id"]]["It"] == "CUP"
    assert shop.schema()["Orders"]["Its"]["options"]["result"] == {"type": "singleLineText"}
    for options in ({"formula": "UPPER("}, {"formula": "{Nowhere}"}, {"formula": "{It}"}, {}):
        shop("PATCH", path, {"options": options}, status=422)
    assert shop.cells("Items")[item["id"]]["It"] == "CUP"
    price = shop.schema()["Items"]["Price"]["id"]
    shop("PATCH", path.replace(made["id"], price), {"options": {"precision": 1}}, status=422)


def broken_formula(session: Session, base: str, first: str, second: str) -> None:
    """Make two formulas refer to each other, as only a file from elsewhere can."""
    for table in session.schema.tables(base).values():
        for field in table.fields:
            if field.name in (first, second):
                other = second if field.name == first else first
                options = {"formula": f"{{{other}}} & 'x'"}
                session.schema.change_field(table, replace(field, options=options))


def test_formulas_that_refer_to_each_other_are_errors(shop) -> None:
    """A circle is an error in each cell of it, and in what stands on it; never a crash."""
    for name in ("A", "B"):
        shop.computed("Items", name, "formula", formula="1")
    shop.computed("Items", "C", "formula", formula="{A}")
    shop.computed("Orders", "Cs", "multipleLookupValues", **far("C"))
    with shop.local_base._store.session(write=True) as session:
        broken_formula(session, shop.base, "A", "B")
    (item,) = shop.add("Items", {"Name": "fine"})
    (order,) = shop.add("Orders", {"Items": [item["id"]]})
    fault = {"error": "#ERROR!"}
    cells = shop.cells("Items")[item["id"]]
    assert (cells["Name"], cells["A"], cells["B"], cells["C"]) == ("fine", fault, fault, fault)
    assert order["fields"]["Cs"] == fault
    assert shop.cells("Items", ("filterByFormula", "{A}")) == {}


def test_a_long_chain_of_formulas_is_an_error_and_no_crash(shop) -> None:
    """Beyond fifty formulas that stand on one another there is an error, and an answer."""
    shop.computed("Items", "F0", "formula", formula="1")
    for n in range(1, 50):
        shop.computed("Items", f"F{n}", "formula", formula=f"{{F{n - 1}}} + 1")
    (item,) = shop.add("Items", {})
    assert item["fields"]["F49"] == 50
    with pytest.raises(Refusal):
        shop.computed("Items", "F50", "formula", formula="{F49} + 1")


def test_what_was_copied_of_unknown_formulas_stays(shop) -> None:
    """A rollup and a button from elsewhere, whose formulas nobody tells, keep their cells."""
    rollup = shop.computed("Orders", "Total", "rollup", **far("Price"))
    button = shop.computed("Orders", "Go", "button")
    shop.computed("Orders", "Half", "formula", formula="{Total} / 2")
    (order,) = shop.add("Orders", {"Name": "x"})
    with shop.local_base._store.session(write=True) as session:
        record = session.records.one(order["id"])
        record.cells |= {rollup["id"]: 8, button["id"]: {"label": "Buy", "url": "https://x.test"}}
        session.records.change(record)
    cells = shop.cells("Orders")[order["id"]]
    assert (cells["Total"], cells["Half"]) == (8, 4)
    assert cells["Go"] == {"label": "Buy", "url": "https://x.test"}
    shop("PUT", f"{shop.base}/Orders/{order['id']}", {"fields": {}})
    assert shop.cells("Orders")[order["id"]] == {key: cells[key] for key in ("Total", "Half", "Go")}


def test_formulas_of_the_clock_and_of_changes() -> None:
    """NOW() is the time of reading, LAST_MODIFIED_TIME() that of the last change to its fields."""
    now = [datetime(2024, 1, 1, 12, 0, tzinfo=UTC)]
    with LocalBase.open(wall_clock=lambda: now[0]) as local_base:
        ask = Asking(local_base)
        ask.table("T", NUMBER)
        ask.computed("T", "Now", "formula", formula="NOW()")
        ask.computed("T", "Today", "formula", formula="DATESTR(TODAY())")
        ask.computed("T", "Any", "formula", formula="LAST_MODIFIED_TIME()")
        ask.computed("T", "Priced", "formula", formula="LAST_MODIFIED_TIME({Price})")
        (record,) = ask.add("T", {"Name": "a"})
        created = "2024-01-01T12:00:00.000Z"
        assert record["fields"] == {
            "Name": "a",
            "Now": created,
            "Today": "2024-01-01",
            "Any": created,
        }
        now[0] = datetime(2024, 1, 2, 13, 0, tzinfo=UTC)
        ask.change("T", record["id"], {"Price": 2})
        now[0] = datetime(2024, 1, 3, 14, 0, tzinfo=UTC)
        ask.change("T", record["id"], {"Name": "b"})
        now[0] = datetime(2024, 1, 4, 15, 0, tzinfo=UTC)
        assert ask.cells("T")[record["id"]] == {
            "Name": "b",
            "Price": 2,
            "Now": "2024-01-04T15:00:00.000Z",
            "Today": "2024-01-04",
            "Any": "2024-01-03T14:00:00.000Z",
            "Priced": "2024-01-02T13:00:00.000Z",
        }
