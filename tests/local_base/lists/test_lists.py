"""Lists: filters and orders over every kind of field, pages that others write into, and views."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airhaul.local_base.base import LocalBase
from airhaul.local_base.protocol.refusal import Refusal
from airhaul.local_base.protocol.request import Request
from tests.local_base.asking import AS_CREATED, Asking
from tests.local_base.writing.test_records import FIELDS


def by(field: str, direction: str = "asc") -> tuple[tuple[str, str], ...]:
    return (("sort[0][field]", field), ("sort[0][direction]", direction))


ROWS = [
    {"Name": "b", "Age": 2, "Ok": True, "Kind": "a", "Tags": ["y"], "Stars": 1, "Took": 5,
     "Day": "2024-02-01", "At": "2024-02-01T00:00:00Z"},
    {"Name": "B", "Age": -1, "Kind": "z", "Tags": ["x", "y"], "Stars": 5, "Took": 0.5,
     "Day": "1999-01-01", "At": "1999-01-01T00:00:00Z"},
    {},
    {"Name": "a", "Age": 10, "Ok": True, "Kind": "z", "Tags": ["x"], "Stars": 2, "Took": 60,
     "Day": "2024-10-01", "At": "2024-02-01T00:00:01Z"},
]  # fmt: skip
# By value and not by text, choices as the field has them, blanks first, equal ones by age.
ORDERS = {
    "Name": [None, "a", "B", "b"],
    "Age": [None, "B", "b", "a"],
    "Ok": ["B", None, "b", "a"],
    "Kind": [None, "B", "a", "b"],
    "Tags": [None, "a", "B", "b"],
    "Stars": [None, "b", "a", "B"],
    "Took": [None, "B", "b", "a"],
    "Day": [None, "B", "b", "a"],
    "At": [None, "B", "b", "a"],
    "Made": ["b", "B", None, "a"],
    "Number": ["b", "B", None, "a"],
    "Who": ["b", "B", None, "a"],
    "Sum": [None, "B", "b", "a"],
    "Mixed": [None, "B", "a", "b"],
    "Next day": [None, "B", "b", "a"],
    "Linked": ["B", None, "a", "b"],
    "Looked up": ["B", None, "a", "b"],
}


@pytest.fixture
def orders(ask: Asking) -> Asking:
    """A table with fields of many types, and a few records with blanks."""
    others = ask.table("Others")
    ask.table("T", *FIELDS[1:])
    ask.computed("T", "Made", "createdTime")
    ask.computed("T", "Number", "autoNumber")
    ask.computed("T", "Who", "createdBy")
    ask.computed("T", "Sum", "formula", formula="IF({Name}, {Age} + 1)")
    ask.computed("T", "Mixed", "formula", formula="IF({Name}, IF({Age} > 0, {Name}, {Age} / 2))")
    ask.computed("T", "Next day", "formula", formula="DATEADD({Day}, 1, 'days')")
    ask.field("T", "Linked", "multipleRecordLinks", linkedTableId=others)
    ask.computed(
        "T", "Looked up", "multipleLookupValues",
        recordLinkFieldId=ask.schema()["T"]["Linked"]["id"],
        fieldIdInLinkedTable=ask.schema()["Others"]["Name"]["id"],
    )  # fmt: skip
    one, two = ask.add("Others", {"Name": "one"}, {"Name": "two"})
    b, _, _, a = ask.add("T", *ROWS)
    ask.change("T", b["id"], {"Linked": [two["id"]]})
    ask.change("T", a["id"], {"Linked": [one["id"], two["id"]]})
    return ask


def test_order_by_every_type(orders) -> None:
    """Stored or computed, a field orders by what it holds."""
    assert {field: orders.names("T", *by(field)) for field in ORDERS} == ORDERS


def test_descending_and_second_keys(orders) -> None:
    """Blanks are last when descending; what is equal is decided by the next key."""
    assert orders.names("T", *by("Name", "desc")) == ["b", "B", "a", None]
    assert orders.names("T", *by("Sum", "desc")) == ["a", "b", "B", None]
    second = (("sort[1][field]", "Age"), ("sort[1][direction]", "desc"))
    assert orders.names("T", *by("Kind"), *second) == [None, "a", "B", "b"]
    assert orders.names("T", *by("Sum"), ("maxRecords", "2")) == [None, "B"]


ALL = ("b", "B", None, "a")


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ((), ALL),
        ((("filterByFormula", "{Name}"),), ("b", "B", "a")),
        ((("filterByFormula", "{Sum}"),), ("b", "a")),  # a computed field
        (by("Who"), ALL),  # all are equal
        (by("Who", "desc"), ALL),
        ((("pageSize", "1"),), ALL),
    ],
)
def test_without_a_view_the_order_is_that_of_the_ids(orders, query, kept) -> None:
    """As in every published recording of the service; the order of creation needs a view."""
    ids = {name: record_id for record_id, name in by_id(orders).items()}
    expected = sorted(ids[name] for name in kept)
    listed = orders("GET", f"{orders.base}/T", None, *query)
    found = [record["id"] for record in listed["records"]]
    assert found == expected[: len(found)]
    offset = listed.get("offset")
    if offset:  # the page after the first record
        body = {"offset": offset}
        rest = orders("POST", f"{orders.base}/T/listRecords", body)["records"]
        assert [record["id"] for record in rest] == expected[1:]
    first = orders("GET", f"{orders.base}/T", None, *query, ("maxRecords", "1"))
    assert [record["id"] for record in first["records"]] == expected[:1]
    in_view = orders.names("T", *query, AS_CREATED)
    assert in_view == list(kept)


def by_id(ask: Asking) -> dict[str, str | None]:
    """The names of the records."""
    return {record_id: cells.get("Name") for record_id, cells in ask.cells("T").items()}


FORMULAS = [
    "{Name}", "{Name} = 'b'", "LOWER({Name}) = 'b'", "{Age} > 1", "{Age} + 1", "{Age} = BLANK()", "{Ok}",
    "NOT({Ok})", "{Ok} = FALSE()", "{Kind} = 'z'", "FIND('x', {Tags})", "ARRAYJOIN({Tags}) = 'x, y'",
    "{Stars} >= 2", "{Took} < 10", "IS_AFTER({Day}, '2024-03-01')", "{Day} = '2024-02-01'",
    "{At} = DATETIME_PARSE('2024-02-01T00:00:01.000Z')", "RECORD_ID()", "IS_BEFORE(CREATED_TIME(), NOW())",
    "{Age} / 0", "ERROR()", "DATESTR({Day})", "{At} & ''", "0", "1",
]  # fmt: skip


@pytest.mark.parametrize("formula", FORMULAS)
def test_filters_read_cells_alone_as_they_read_whole_records(orders, formula) -> None:
    """Whether only some cells are read, or whole records, a formula keeps the same ones."""
    alone = orders.names("T", ("filterByFormula", formula))
    whole = orders.names("T", ("filterByFormula", f"AND({formula}, OR({{Number}}, 1))"))
    assert alone == whole


def spelled(number: float) -> str:
    """A number as a formula has it, without an exponent."""
    return format(Decimal(repr(number)), "f")


cells = st.fixed_dictionaries(
    {},
    optional={
        "Name": st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
        "Age": st.one_of(st.integers(-(2**53), 2**53), st.floats(allow_nan=False, width=64)),
    },
).filter(lambda row: abs(row.get("Age", 0)) < 1e308)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(cells, min_size=1, max_size=10))
def test_any_cells_are_filtered_and_sorted_as_they_are(rows) -> None:
    """Odd text and numbers come out of the file, for a filter, exactly as they were written."""
    with LocalBase.open() as local_base:
        ask = Asking(local_base)
        ask.table("T", FIELDS[1])
        ids = [record["id"] for record in ask.add("T", *rows)]
        for record_id, row in zip(ids, rows, strict=True):
            if "Age" in row:
                kept = ask.cells("T", ("filterByFormula", f"{{Age}} = {spelled(row['Age'])}"))
                assert record_id in kept
        ages = [row.get("Age") for row in rows]
        order = sorted(range(len(rows)), key=lambda n: (ages[n] is not None, ages[n] or 0))
        assert list(ask.cells("T", *by("Age"))) == [ids[n] for n in order]
        names = [row.get("Name", "") for row in rows]
        kept = ask.cells("T", ("filterByFormula", "LEN({Name}) > 0"))
        assert list(kept) == [ids[n] for n in range(len(rows)) if names[n]]


conditions_on_ids = st.recursive(
    st.one_of(
        st.sampled_from(["RECORD_ID() = '#0'", "'#1' = RECORD_ID()", "RECORD_ID() = '#2'"]),
        st.sampled_from(["RECORD_ID() = {Name}", "RECORD_ID() != '#0'", "RECORD_ID() = 'rec'"]),
        st.sampled_from(["{Age} > 1", "NOT(RECORD_ID() = '#1')", "1/0", "LAST_MODIFIED_TIME()"]),
        st.just("LOWER(RECORD_ID()) = LOWER('#2')"),
    ),
    lambda parts: st.builds(
        "{}({})".format,
        st.sampled_from(["AND", "OR"]),
        st.lists(parts, min_size=1, max_size=3).map(", ".join),
    ),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(formula=conditions_on_ids)
def test_records_asked_for_by_id_are_those_that_a_whole_table_gives(counted, formula) -> None:
    """Only the records in question are gone through, and the answer is the same, in its order."""
    ask, ids = counted
    for number in range(3):
        formula = formula.replace(f"#{number}", ids[3 - number])
    kept = list(ask.cells("T", ("filterByFormula", formula)))
    assert kept == list(ask.cells("T", ("filterByFormula", f"IF({formula}, 1, 0)")))
    assert kept == [record_id for record_id in ids if record_id in kept]
    backwards = list(ask.cells("T", ("filterByFormula", formula), *by("Age", "desc")))
    assert backwards == kept[::-1]


def test_ids_of_another_table_select_nothing(counted) -> None:
    """Ids are looked up over all tables, and only those of the table asked for count."""
    ask, ids = counted
    ask.table("Other", FIELDS[1])
    (stranger,) = ask.add("Other", {"Age": 1})
    formula = f"OR(RECORD_ID() = '{stranger['id']}', RECORD_ID() = '{ids[4]}')"
    assert numbers(ask, ("filterByFormula", formula)) == ([4], None)


# --- pages


def numbers(ask: Asking, *query: tuple[str, str]) -> tuple[list[int], str | None]:
    answer = ask("GET", f"{ask.base}/T", None, *query, AS_CREATED)
    return [record["fields"]["Age"] for record in answer["records"]], answer.get("offset")


@pytest.fixture
def counted(ask: Asking) -> tuple[Asking, list[str]]:
    """Ten records, numbered, and their ids."""
    ask.table("T", FIELDS[1])
    return ask, [record["id"] for record in ask.add("T", *({"Age": n} for n in range(10)))]


def test_records_deleted_between_pages_are_passed_over(counted) -> None:
    """The next page begins with the right record and is full, also when the offset's is gone."""
    ask, ids = counted
    first, offset = numbers(ask, ("pageSize", "3"))
    assert offset is not None and offset.endswith(ids[3])
    ask.delete("T", ids[0], ids[3], ids[5])
    second, later = numbers(ask, ("pageSize", "3"), ("offset", offset))
    assert (first, second) == ([0, 1, 2], [4, 6, 7])
    assert later is not None and later.endswith(ids[8])
    ask.delete("T", ids[8], ids[9])
    assert numbers(ask, ("pageSize", "3"), ("offset", later)) == ([], None)


def test_what_is_written_between_pages(counted) -> None:
    """The list keeps its records and order; their cells are those of now; new ones wait."""
    ask, ids = counted
    query = (("pageSize", "4"), ("filterByFormula", "{Age} < 8"), *by("Age"))
    _, offset = numbers(ask, *query)
    ask.change("T", ids[5], {"Age": 50})
    ask.add("T", {"Age": 6.5})
    assert numbers(ask, *query, ("offset", offset)) == ([4, 50, 6, 7], None)


def test_pages_of_another_size_and_again(counted) -> None:
    """An offset can be used again, and with another page size."""
    ask, _ = counted
    _, offset = numbers(ask, ("pageSize", "4"))
    once = numbers(ask, ("pageSize", "2"), ("offset", offset))
    again = numbers(ask, ("pageSize", "2"), ("offset", offset))
    assert once == again
    assert once[0] == [4, 5]
    assert numbers(ask, ("pageSize", "100"), ("offset", once[1])) == ([6, 7, 8, 9], None)


def test_lists_are_forgotten_after_five_minutes() -> None:
    """An offset lives on when it is used, and dies when it is not."""
    now = [0.0]
    with LocalBase.open(clock=lambda: now[0]) as local_base:
        ask = Asking(local_base)
        ask.table("T", FIELDS[1])
        ask.add("T", *({"Age": n} for n in range(3)))
        _, offset = numbers(ask, ("pageSize", "1"))
        for _ in range(3):
            now[0] += 299
            numbers(ask, ("pageSize", "1"), ("offset", offset))
        now[0] += 301
        gone = ask("GET", f"{ask.base}/T", None, ("offset", offset), status=422)
        assert gone["error"]["type"] == "LIST_RECORDS_ITERATOR_NOT_AVAILABLE"


def test_memory_for_lists_is_bounded(monkeypatch) -> None:
    """When many lists are begun, those that were used longest ago are lost, and never the last."""
    monkeypatch.setattr("airhaul.local_base.transaction.iterators._MOST_KEPT", 1_000)
    with LocalBase.open() as local_base:
        ask = Asking(local_base)
        ask.table("T", FIELDS[1])
        for _ in range(30):
            ask.add("T", *({"Age": n} for n in range(10)))
        offsets = [numbers(ask, ("pageSize", "100"))[1] for _ in range(10)]
        alive = [
            ask.local_base.handle(
                Request("GET", f"/v0/{ask.base}/T", (("offset", offset),), None, "pat.x")
            ).status
            == 200
            for offset in offsets
        ]
        assert alive == [False] * 8 + [True] * 2


# --- views


def test_a_view_restricts_and_orders(orders) -> None:
    """A view's filter holds besides the request's; a sort of the request takes its place."""
    view = orders.local_base.add_view(
        orders.base, "T", "Aged", formula="{Age} > 0", sort=[{"field": "Age", "direction": "desc"}]
    )
    assert orders.names("T", ("view", "Aged")) == ["a", "b"]
    assert orders.names("T", ("view", view)) == ["a", "b"]
    assert orders.names("T", ("view", view), *by("Name", "desc")) == ["b", "a"]
    assert orders.names("T", ("view", view), ("filterByFormula", "{Age} < 5")) == ["b"]
    assert orders.names("T", ("view", view), ("maxRecords", "1")) == ["a"]
    assert orders.names("T", ("view", "Grid view")) == ["b", "B", None, "a"]


def test_a_view_knows_its_fields_by_id(orders) -> None:
    """When a field gets another name, views that filter and sort by it go on."""
    view = orders.local_base.add_view(
        orders.base, "T", "Aged", formula="AND({age} > 0, Name)", sort=[{"field": "Age"}]
    )
    field = orders.schema()["T"]["Age"]["id"]
    path = f"meta/bases/{orders.base}/tables/T/fields/{field}"
    orders("PATCH", path, {"name": "Years"})
    assert orders.names("T", ("view", view)) == ["b", "a"]


def test_hidden_fields_are_answered_all_the_same(orders) -> None:
    """As the service has it, a view hides fields on its page and not in the API."""
    view = orders.local_base.add_view(orders.base, "T", "Short", fields=["Name"])
    assert orders.cells("T", ("view", view)) == orders.cells("T")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Grid view"},
        {"name": " "},
        {"formula": "{Nobody}"},
        {"formula": "AND("},
        {"sort": [{"field": "Nobody"}]},
        {"sort": [{"field": "Name", "direction": "up"}]},
        {"fields": ["Nobody"]},
        {"table": "Nobody"},
    ],
)
def test_wrong_views_are_refused(orders, wrong) -> None:
    """A view that could not be shown is not made."""
    described = {"table": "T", "name": "New", **wrong}
    with pytest.raises(Refusal):
        orders.local_base.add_view(orders.base, **described)
    answer = orders("GET", f"{orders.base}/T", None, ("view", "New"), status=422)
    assert answer["error"]["type"] == "VIEW_NAME_NOT_FOUND"


def test_one_field_is_asked_for_in_brackets(orders) -> None:
    """A program that forgets them learns it here: the service reads a text, and wants a list."""
    path = f"{orders.base}/T"
    for query in ([("fields[]", "Name")], [("fields[0]", "Name")], [("fields", "Name")] * 2):
        for record in orders("GET", path, None, *query)["records"]:
            assert record["fields"].keys() <= {"Name"}
    orders("GET", path, None, ("fields", "Name"), status=422)
    orders("GET", path, None, ("recordMetadata", "likes"), status=422)
    orders("POST", f"{path}/listRecords", {"fields": "Name"}, status=422)


def test_numbers_of_a_list_end_at_twenty(orders) -> None:
    """A client that numbers its fields works with 21 of them, and with 22 it is refused."""
    path = f"{orders.base}/T"
    orders("GET", path, None, *((f"fields[{n}]", "Name") for n in range(21)))
    orders("GET", path, None, *((f"fields[{n}]", "Name") for n in range(22)), status=422)
    orders("GET", path, None, *(("fields[]", "Name") for _ in range(22)))
    orders("GET", path, None, ("sort[21][field]", "Name"), status=422)
