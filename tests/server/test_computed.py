"""Fields that are computed: right when read, whatever has changed since."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airhaul.server.emulator import Emulator
from airhaul.server.refusal import Refusal
from airhaul.server.store import Session
from tests.server.asking import Asking

NUMBER = {"name": "Price", "type": "number", "options": {"precision": 2}}
CHOICES = {"choices": [{"name": "red"}, {"name": "green"}]}


@pytest.fixture
def shop(ask: Asking) -> Asking:
    """Orders that link to Items with a price."""
    items = ask.table(
        "Items",
        NUMBER,
        {"name": "Kinds", "type": "multipleSelects", "options": CHOICES},
        {"name": "Since", "type": "date", "options": {"dateFormat": {"name": "iso"}}},
        {"name": "Sold", "type": "checkbox", "options": {"icon": "check", "color": "redBright"}},
    )
    ask.table("Orders", {**NUMBER, "name": "Share"})
    ask.field("Orders", "Items", "multipleRecordLinks", linkedTableId=items)
    return ask


def far(field: str) -> dict[str, str]:
    """Where a lookup of Orders looks."""
    return {"recordLinkFieldId": "Items", "fieldIdInLinkedTable": field}


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


def table_id(ask: Asking, name: str) -> str:
    tables = ask("GET", f"meta/bases/{ask.base}/tables")["tables"]
    return next(table["id"] for table in tables if table["name"] == name)


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
    with Emulator.open(wall_clock=lambda: times[0]) as emulator:
        ask = Asking(emulator)
        ask.table("T")
        ask.computed("T", "Now", "formula", formula="DATESTR(CREATED_TIME()) & LEN({Name})")
        ask.computed("T", "Auto", "createdTime")
        (record,) = ask.add("T", {"Name": "x"})
        assert record["fields"]["Now"] == "2024-01-011"
        assert record["fields"]["Auto"] == "2024-01-01T00:00:00.000Z"


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
    with Emulator.open(wall_clock=lambda: now[0]) as emulator:
        ask = Asking(emulator)
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
        ("formula", {"formula": "1"}),
        ("rollup", far("Price")),
        ("autoNumber", {}),
        ("createdTime", {}),
        ("lastModifiedBy", {}),
        ("multipleLookupValues", far("Price")),
        ("count", {"recordLinkFieldId": "Items"}),
        ("button", {}),
        ("aiText", {}),
    ],
)
def test_the_api_creates_no_computed_fields(shop, type, options) -> None:
    """As the service refuses them; with the option that it may, it does."""
    error = shop.field("Orders", "New", type, status=422, **options)["error"]
    assert error == {
        "type": "UNSUPPORTED_FIELD_TYPE_FOR_CREATE",
        "message": f"Invalid options for Orders.New: Creating {type} fields is not supported at "
        "this time",
    }
    shop.emulator.all_field_types = True
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
    """Names of other programs, as longText, are told from types that the API does not create."""
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
        shop.emulator.add_field(shop.base, "Orders", described)
    assert shop.schema() == before


def broken_formula(session: Session, base: str, first: str, second: str) -> None:
    """Make two formulas refer to each other, as only a file from elsewhere can."""
    for table in session.schema.tables(base).values():
        for field in table.fields:
            if field.name in (first, second):
                other = second if field.name == first else first
                options = {"formula": f"{{{other}}} & 'x'"}
                session.schema.change_field(table, replace_options(field, options))


def replace_options(field, options):
    from dataclasses import replace

    return replace(field, options=options)


def test_formulas_that_refer_to_each_other_are_errors(shop) -> None:
    """A circle is an error in each cell of it, and in what stands on it; never a crash."""
    for name in ("A", "B"):
        shop.computed("Items", name, "formula", formula="1")
    shop.computed("Items", "C", "formula", formula="{A}")
    shop.computed("Orders", "Cs", "multipleLookupValues", **far("C"))
    with shop.emulator._store.session(write=True) as session:
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
    from airhaul.server.store.record_rows import RecordRows

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


_PRICES = st.one_of(st.none(), st.integers(-5, 5))
_STEPS = st.one_of(
    st.tuples(st.just("price"), st.integers(0, 3), _PRICES),
    st.tuples(st.just("link"), st.integers(0, 2), st.lists(st.integers(0, 3), max_size=4)),
    st.tuples(st.just("delete"), st.integers(0, 3), st.none()),
)


@settings(max_examples=30)
@given(st.lists(_STEPS, max_size=10))
def test_computed_fields_equal_a_naive_recomputation(steps) -> None:
    """After any writes: lookups, rollups, counts and formulas on top are what the cells say."""
    with Emulator.open() as emulator:
        ask = Asking(emulator)
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
    shop.emulator.all_field_types = True
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
    made = shop.emulator.add_field(
        shop.base,
        "Orders",
        {
            "name": "R",
            "type": "rollup",
            "options": {**far("Name"), "isValid": True, "result": counted},
        },
    )
    assert made["options"]["result"] == counted


def test_what_was_copied_of_unknown_formulas_stays(shop) -> None:
    """A rollup and a button from elsewhere, whose formulas nobody tells, keep their cells."""
    rollup = shop.computed("Orders", "Total", "rollup", **far("Price"))
    button = shop.computed("Orders", "Go", "button")
    shop.computed("Orders", "Half", "formula", formula="{Total} / 2")
    (order,) = shop.add("Orders", {"Name": "x"})
    with shop.emulator._store.session(write=True) as session:
        record = session.records.one(order["id"])
        record.cells |= {rollup["id"]: 8, button["id"]: {"label": "Buy", "url": "https://x.test"}}
        session.records.change(record)
    cells = shop.cells("Orders")[order["id"]]
    assert (cells["Total"], cells["Half"]) == (8, 4)
    assert cells["Go"] == {"label": "Buy", "url": "https://x.test"}
    shop("PUT", f"{shop.base}/Orders/{order['id']}", {"fields": {}})
    assert shop.cells("Orders")[order["id"]] == {key: cells[key] for key in ("Total", "Half", "Go")}


def test_a_record_that_was_touched_before_is_touched_again(ask) -> None:
    """What was read from the file and what is written now are compared as one kind of thing."""
    ask.table("T", {"name": "Note", "type": "singleLineText"})
    ask.computed("T", "Touched", "lastModifiedTime")
    (record,) = ask.add("T", {})
    ask.change("T", record["id"], {"Note": "x"})
    assert ask.change("T", record["id"], {"Name": "x"})["Touched"] >= record["createdTime"]


def test_formulas_of_the_clock_and_of_changes() -> None:
    """NOW() is the time of reading, LAST_MODIFIED_TIME() that of the last change to its fields."""
    now = [datetime(2024, 1, 1, 12, 0, tzinfo=UTC)]
    with Emulator.open(wall_clock=lambda: now[0]) as emulator:
        ask = Asking(emulator)
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
