"""The local base's records endpoints, asked as any client would ask them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airhaul.local_base.base import LocalBase
from airhaul.local_base.protocol.request import Request
from tests.local_base.asking import AS_CREATED, Asking

FIELDS = [
    {"name": "Name", "type": "singleLineText"},
    {"name": "Age", "type": "number", "options": {"precision": 0}},
    {"name": "Ok", "type": "checkbox", "options": {"icon": "check", "color": "greenBright"}},
    {"name": "Kind", "type": "singleSelect", "options": {"choices": [{"name": "z"}, {"name": "a"}]}},
    {"name": "Tags", "type": "multipleSelects", "options": {"choices": [{"name": "x"}, {"name": "y"}]}},
    {"name": "Stars", "type": "rating", "options": {"icon": "star", "color": "yellowBright", "max": 5}},
    {"name": "Took", "type": "duration", "options": {"durationFormat": "h:mm"}},
    {"name": "Day", "type": "date", "options": {"dateFormat": {"name": "iso"}}},
    {
        "name": "At",
        "type": "dateTime",
        "options": {
            "timeZone": "Europe/Paris",
            "dateFormat": {"name": "iso"},
            "timeFormat": {"name": "24hour"},
        },
    },
]  # fmt: skip


@pytest.fixture
def ask(ask: Asking) -> Asking:
    """With the table T."""
    ask.table("T", *FIELDS[1:])
    return ask


@pytest.mark.parametrize(
    ("field", "value", "stored"),
    [
        ("Name", "x", "x"), ("Name", "", None), ("Name", None, None),
        ("Age", 0, 0), ("Age", 1.25, 1.25), ("Age", None, None),
        ("Ok", True, True), ("Ok", False, None),
        ("Kind", "a", "a"), ("Kind", None, None),
        ("Tags", ["y", "x", "y"], ["y", "x"]), ("Tags", [], None),
        ("Stars", 3, 3), ("Took", 90.5, 90.5),
        ("Day", "2024-02-29", "2024-02-29"),
        ("At", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00.000Z"),
        ("At", "2024-01-01T02:00:00.5+02:00", "2024-01-01T00:00:00.500Z"),
        ("At", "2024-01-01T01:00:00", "2024-01-01T00:00:00.000Z"),
        ("At", "2024-01-01", "2023-12-31T23:00:00.000Z"),
    ],
)  # fmt: skip
def test_cells_are_stored_and_empties_left_out(ask, field, value, stored) -> None:
    """What is read back is what the type keeps; empty cells are absent."""
    (record,) = ask.add("T", {field: value})
    assert record["fields"] == ({} if stored is None else {field: stored})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Age", "1"), ("Age", 1e400), ("Age", 10**400), ("Stars", 1e400), ("Took", -1e400), ("Age", True), ("Age", ""), ("Ok", "true"), ("Ok", 1), ("Kind", "new"), ("Kind", ""),
        ("Kind", 3), ("Tags", "x"), ("Tags", ["new"]), ("Stars", 6), ("Stars", 1.5), ("Day", "2023-02-29"),
        ("Day", "1/2/2024"), ("At", "soon"), ("Name", 5), ("Name", ["x"]), ("Name", "x" * 100_001),
    ],
)  # fmt: skip
def test_values_of_a_wrong_kind_are_refused_whole(ask, field, value) -> None:
    """422, and nothing of the request is written."""
    body = {"records": [{"fields": {"Name": "good"}}, {"fields": {field: value}}]}
    answer = ask("POST", f"{ask.base}/T", body, status=422)
    assert answer["error"]["type"] in (
        "INVALID_VALUE_FOR_COLUMN",
        "INVALID_MULTIPLE_CHOICE_OPTIONS",
    )
    assert ask.names("T") == []


@pytest.mark.parametrize(
    ("field", "value", "stored"),
    [("Age", "1,234.5", 1234.5), ("Age", "$3", 3), ("Ok", "checked", True), ("Kind", "new", "new"), ("Tags", "x, n", ["x", "n"]),
     ("Took", "1:30", 5400.0), ("Day", "12/31/2023", "2023-12-31"), ("Name", 5, "5")],
)  # fmt: skip
def test_typecast_converts_text(ask, field, value, stored) -> None:
    """Best effort, and only when asked for."""
    (record,) = ask.add("T", {field: value}, typecast=True)
    assert record["fields"] == {field: stored}


def test_pages_and_offsets(ask) -> None:
    """Pages of 10, 10 and 5, an offset while more remain, and none at the end."""
    ask.add("T", *[{"Name": f"{n}"} for n in range(10)])
    ask.add("T", *[{"Name": f"{n}"} for n in range(10, 20)])
    ask.add("T", *[{"Name": f"{n}"} for n in range(20, 30)])
    query, seen = [("pageSize", "10"), ("maxRecords", "25")], []
    offset = ""
    sizes = []
    while True:
        answer = ask("GET", f"{ask.base}/T", None, *query, AS_CREATED, ("offset", offset))
        sizes.append(len(answer["records"]))
        seen += [record["fields"]["Name"] for record in answer["records"]]
        if "offset" not in answer:
            break
        offset = answer["offset"]
    assert sizes == [10, 10, 5]
    assert seen == [str(n) for n in range(25)]
    ask.local_base.forget_iterators()
    gone = ask("GET", f"{ask.base}/T", None, ("offset", offset), status=422)
    assert gone["error"]["type"] == "LIST_RECORDS_ITERATOR_NOT_AVAILABLE"
    wrong = ask("GET", f"{ask.base}/T", None, ("offset", "1"), status=422)
    assert wrong["error"]["type"] == "INVALID_REQUEST_UNKNOWN"


def test_the_post_form_takes_its_offset_in_the_body(ask) -> None:
    """There it counts, and a null one is an error."""
    ask.add("T", *[{"Name": f"{n}"} for n in range(5)])
    path = f"{ask.base}/T/listRecords"
    first = ask("POST", path, {"pageSize": 3})
    rest = ask("POST", path, {"pageSize": 3, "offset": first["offset"]})
    names = [record["fields"]["Name"] for record in (*first["records"], *rest["records"])]
    assert (len(rest["records"]), sorted(names)) == (2, ["0", "1", "2", "3", "4"])
    ask("POST", path, {"offset": None}, status=422)


def test_sorting(ask) -> None:
    """Blanks come first, and last when descending; choices keep the order of their field."""
    ask.add(
        "T",
        {"Name": "b", "Age": 2, "Kind": "a"},
        {"Name": "B", "Kind": "z"},
        {"Age": 1, "Name": "a"},
    )
    assert ask.names("T", ("sort[0][field]", "Name")) == ["a", "B", "b"]
    assert ask.names("T", ("sort[0][field]", "Age")) == ["B", "a", "b"]
    assert ask.names("T", ("sort[0][field]", "Age"), ("sort[0][direction]", "desc")) == [
        "b",
        "a",
        "B",
    ]
    assert ask.names("T", ("sort[0][field]", "Kind")) == ["a", "B", "b"]
    ask("GET", f"{ask.base}/T", None, ("sort[0][field]", "Nope"), status=422)


def test_names_and_ids_are_interchangeable(ask) -> None:
    """Tables and fields go by either, a trailing slash is accepted, ``limit`` is a page size."""
    (table,) = ask("GET", f"meta/bases/{ask.base}/tables")["tables"]
    ids = {field["name"]: field["id"] for field in table["fields"]}
    ask("POST", f"{ask.base}/{table['id']}/", {"fields": {ids["Name"]: "x"}})
    answer = ask(
        "GET", f"{ask.base}/{table['id']}/", None,
        ("fields[]", ids["Name"]), ("limit", "1"), ("filterByFormula", f"{{{ids['Name']}}} = 'x'"),
        ("returnFieldsByFieldId", "true"), ("recordMetadata[]", "commentCount"),
    )  # fmt: skip
    (record,) = answer["records"]
    assert record["fields"] == {ids["Name"]: "x"}
    assert record["commentCount"] == 0


@pytest.mark.parametrize(
    ("key", "same", "other"),
    [
        ({"Name": "a"}, {"Name": "a"}, {"Name": "A"}),
        ({"Name": "a\0b"}, {"Name": "a\0b"}, {"Name": "a\0c"}),
        ({"Name": "1"}, {"Name": "1"}, {"Name": "1.0"}),
        ({"Name": "\"\\\n'😀"}, {"Name": "\"\\\n'😀"}, {"Name": "'"}),
        ({"Name": None}, {"Name": None}, {"Name": "null"}),
        ({"Name": None}, {"Name": ""}, {"Name": " "}),
        ({"Age": 1}, {"Age": 1.0}, {"Age": 1.0000000000000002}),
        ({"Age": 0.1}, {"Age": 0.1}, {"Age": 0.30000000000000004}),
        ({"Age": 2**60}, {"Age": 2**60 + 1}, {"Age": 2**60 + 2**8}),
        ({"Age": 10**20}, {"Age": 1e20}, {"Age": 10**20 + 2**14}),
        ({"Age": 0}, {"Age": -0.0}, {"Age": None}),
        ({"Kind": "a"}, {"Kind": "a"}, {"Kind": "z"}),
        ({"Tags": ["x", "y"]}, {"Tags": ["x", "y", "x"]}, {"Tags": ["y", "x"]}),
        ({"Tags": ["x"]}, {"Tags": ["x"]}, {"Tags": []}),
        ({"Day": "2024-02-29"}, {"Day": "2024-02-29"}, {"Day": "2024-02-28"}),
        ({"Name": "a", "Age": None, "Day": "2024-01-01"}, {"Day": "2024-01-01", "Name": "a", "Age": None},
         {"Name": "a", "Age": 0, "Day": "2024-01-01"}),
    ],
)  # fmt: skip
def test_an_upsert_finds_what_is_equal_and_nothing_else(ask, key, same, other) -> None:
    """Whatever the key's type, the same value changes the record, and another one makes a record."""
    (record,) = ask.add("T", key)

    def upsert(cells: dict) -> dict:
        body = {
            "records": [{"fields": {**cells, "Stars": 1}}],
            "performUpsert": {"fieldsToMergeOn": list(cells)},
        }
        return ask("PATCH", f"{ask.base}/T", body)

    for cells in (key, same):
        answer = upsert(cells)
        assert (answer["updatedRecords"], answer["createdRecords"]) == ([record["id"]], [])
    (made,) = upsert(other)["createdRecords"]
    assert upsert(other)["updatedRecords"] == [made]
    assert upsert(key)["updatedRecords"] == [record["id"]]


def test_an_upsert_sees_what_has_changed_since(ask) -> None:
    """A record whose key has changed is found by the new one; a deleted one is not found."""
    path, merge = f"{ask.base}/T", {"performUpsert": {"fieldsToMergeOn": ["Name"]}}
    (made,) = ask("PATCH", path, {"records": [{"fields": {"Name": "a"}}], **merge})[
        "createdRecords"
    ]
    ask("PATCH", f"{path}/{made}", {"fields": {"Name": "b"}})
    assert ask("PATCH", path, {"records": [{"fields": {"Name": "b"}}], **merge})[
        "updatedRecords"
    ] == [made]
    ask("DELETE", f"{path}/{made}")
    answer = ask("PATCH", path, {"records": [{"fields": {"Name": "b"}}], **merge})
    assert answer["createdRecords"] not in ([], [made])


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("name", ["records", "records[]", "records[0]"])
def test_ids_to_delete_are_listed_in_any_way(ask, name, count) -> None:
    """Clients write lists in a query with brackets and without; all of them are read."""
    made = ask.add("T", *({"Name": str(n)} for n in range(count)))
    query = [(name, record["id"]) for record in made]
    gone = ask("DELETE", f"{ask.base}/T", None, *query)
    assert gone["records"] == [{"id": record["id"], "deleted": True} for record in made]
    assert ask.names("T") == []


def test_tables_are_named_without_regard_to_case(ask) -> None:
    """A table is found by its id, its name, and its name in other letters."""
    (record,) = ask.add("T", {"Name": "a"})
    assert ask("GET", f"{ask.base}/t")["records"] == [record]


def test_an_upsert_finds_what_was_there_before_the_request(ask) -> None:
    """A record that gets a key, or loses it, in the request is not found by a later row."""
    (record,) = ask.add("T", {"Name": "a"})
    body = {
        "records": [
            {"id": record["id"], "fields": {"Name": None, "Age": 3}},
            {"fields": {"Name": None, "Age": 7}},
            {"fields": {"Name": "a", "Age": 8}},
        ],
        "performUpsert": {"fieldsToMergeOn": ["Name"]},
    }
    answer = ask("PATCH", f"{ask.base}/T", body)
    (made,) = answer["createdRecords"]
    assert [each["id"] for each in answer["records"]] == [record["id"], made, record["id"]]
    assert answer["records"][1]["fields"] == {"Age": 7}
    assert ask("GET", f"{ask.base}/T/{record['id']}")["fields"] == {"Name": "a", "Age": 8}


# Asserted by clients that were tested against Airtable; others look for the text.
AMBIGUOUS = {
    "type": "INVALID_VALUE_FOR_COLUMN",
    "message": "Cannot update more than one record for fields to merge on",
}


@pytest.mark.parametrize("name", ["new", "a"])
def test_a_key_that_two_rows_of_an_upsert_have_is_refused(ask, name) -> None:
    """Neither row is written, whether the record exists already or not."""
    ask.add("T", {"Name": "a"})
    body = {
        "records": [{"fields": {"Name": name, "Age": 1}}, {"fields": {"Name": name, "Age": 2}}],
        "performUpsert": {"fieldsToMergeOn": ["Name"]},
    }
    assert ask("PATCH", f"{ask.base}/T", body, status=422)["error"] == AMBIGUOUS
    assert ask.names("T") == ["a"]


def test_an_upsert_with_several_matches_is_refused_whole(ask) -> None:
    """A key that is not unique fails the request, and its other rows are not written."""
    ask.add("T", {"Name": "a"}, {"Name": "a"})
    body = {
        "records": [{"fields": {"Name": "new"}}, {"fields": {"Name": "a"}}],
        "performUpsert": {"fieldsToMergeOn": ["Name"]},
    }
    for _ in range(2):
        answer = ask("PATCH", f"{ask.base}/T", body, status=422)
        assert answer["error"] == AMBIGUOUS
    assert ask.names("T") == ["a", "a"]


@pytest.mark.slow
def test_upserts_do_not_slow_down_with_the_table(ask) -> None:
    """A thousand rows find their records among ten thousand, without reading all for each."""
    for start in range(0, 10_000, 10):
        ask.add("T", *[{"Name": f"P{n}", "Age": n} for n in range(start, start + 10)])
    began = time.process_time()
    for key in ("Name", "Age"):
        for start in range(0, 500, 10):
            rows = [
                {"fields": {"Name": f"P{n}", "Age": n, "Stars": 2}}
                for n in range(start, start + 10)
            ]
            body = {"records": rows, "performUpsert": {"fieldsToMergeOn": [key]}}
            assert ask("PATCH", f"{ask.base}/T", body)["createdRecords"] == []
    assert time.process_time() - began < 2


def test_deleting_many_is_all_or_nothing(ask) -> None:
    """One unknown id, and none goes."""
    ids = [record["id"] for record in ask.add("T", {"Name": "a"}, {"Name": "b"})]
    query = [("records[]", ids[0]), ("records[]", "rec00000000000000")]
    answer = ask("DELETE", f"{ask.base}/T", None, *query, status=422)
    assert answer["error"]["type"] == "ROW_DOES_NOT_EXIST"
    assert ask.names("T") == ["a", "b"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/v0/junk/T", None, 404), ("GET", "/v0/{b}/T/junk", None, 404), ("GET", "/nowhere", None, 404),
        ("GET", "/v0/{b}/Nope", None, 403), ("GET", "/v0/app00000000000000/T", None, 403),
        ("GET", "/v0/{b}/T/rec00000000000000", None, 404), ("POST", "/v0/{b}/T", {}, 422),
        ("POST", "/v0/{b}/T", [], 422), ("POST", "/v0/{b}/T", {"records": []}, 422),
        ("POST", "/v0/{b}/T", {"records": [1]}, 422), ("PATCH", "/v0/{b}/T", {"records": [{"fields": {}}]}, 422),
        ("PATCH", "/v0/{b}/T", {"records": [{"id": "rec00000000000000", "fields": {}}]}, 422),
        ("DELETE", "/v0/{b}/T", None, 422), ("POST", "/v0/meta/bases/{b}/tables", {"name": "T", "fields": FIELDS}, 422),
        ("POST", "/v0/meta/bases/{b}/tables", {"name": "U", "fields": []}, 422),
        ("POST", "/v0/meta/bases/{b}/tables", {"name": "U", "fields": [FIELDS[0], FIELDS[0]]}, 422),
        ("POST", "/v0/meta/bases/{b}/tables", {"name": "U", "fields": [FIELDS[2]]}, 422),
        ("POST", "/v0/meta/bases/{b}/tables", {"name": "U", "fields": [{"name": "F", "type": "formula"}]}, 422),
    ],
)  # fmt: skip
def test_wrong_requests_are_refused_as_airtable_does(ask, method, path, body, status) -> None:
    """Malformed paths are 404, what cannot be seen is 403, the rest 422; nothing is a crash."""
    request = Request(method, path.replace("{b}", ask.base), (), body, "pat.x")
    assert ask.local_base.handle(request).status == status


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["records", "fields", "id", "Name", "Age", "Tags", "performUpsert", "fieldsToMergeOn", "sort", "pageSize"]), inner, max_size=4)),
    max_leaves=8,
)  # fmt: skip


@given(
    st.sampled_from(["GET", "POST", "PATCH", "PUT", "DELETE"]),
    st.sampled_from(["/v0/{b}/T", "/v0/{b}/T/listRecords", "/v0/{b}/T/{r}", "/v0/meta/bases/{b}/tables", "/v0/meta/bases", "/v0/meta/bases/{b}/tables/T", "/v0/meta/bases/{b}/tables/T/fields"]),
    json_values,
    st.lists(st.tuples(st.sampled_from(["fields[]", "fields", "sort[0][field]", "sort[x][y]", "sort", "pageSize", "maxRecords", "records[]", "view", "offset", "filterByFormula", "returnFieldsByFieldId"]), st.text(max_size=4)), max_size=3),
)  # fmt: skip
def test_no_request_crashes_the_server(method, path, body, query) -> None:
    """Any body and any query gets an answer of the API, never an exception."""
    with LocalBase.open() as local_base:
        ask = Asking(local_base)
        ask.table("T", *FIELDS[1:5])
        (record,) = ask.add("T", {"Name": "x"})
        path = path.replace("{b}", ask.base).replace("{r}", record["id"])
        reply = local_base.handle(Request(method, path, tuple(query), body, "pat.x"))
        assert reply.status in (200, 403, 404, 422)
