"""``cellFormat=string``: what each type says, for whom, and when it is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airhaul.local_base.reading.as_text import TextForm
from tests.local_base.asking import AS_CREATED, Asking

CHOICES = {"choices": [{"name": "x"}, {"name": "y"}]}


def date_options(name: str) -> dict:
    return {"dateFormat": {"name": name}}


def moment_options(name: str, clock: str) -> dict:
    return {"timeZone": "utc", "timeFormat": {"name": clock}, **date_options(name)}


# A type, its options, what is written, and what is read in Paris.
CASES = [
    ("singleLineText", None, 'x, "y"', 'x, "y"'),
    ("multilineText", None, "a\nb", "a\nb"),
    ("email", None, "a@example.com", "a@example.com"),
    ("number", {"precision": 0}, 7, "7"),
    ("number", {"precision": 0}, 2.5, "3"),
    ("number", {"precision": 2}, 1234567.5, "1234567.50"),
    ("number", {"precision": 2}, 0, "0.00"),
    ("number", {"precision": 1}, -0.25, "-0.3"),
    ("number", {"precision": 8}, 0.5, "0.50000000"),
    ("number", {"precision": 1}, 1e300, "1" + "0" * 300 + ".0"),
    ("percent", {"precision": 0}, 0.5, "50%"),
    ("percent", {"precision": 1}, 0.1255, "12.6%"),
    ("currency", {"precision": 2, "symbol": "€"}, 1234.5, "€1234.50"),
    ("currency", {"precision": 0, "symbol": "$"}, -5, "-$5"),
    ("duration", {"durationFormat": "h:mm"}, 5400, "1:30"),
    ("duration", {"durationFormat": "h:mm"}, -59, "-0:01"),
    ("duration", {"durationFormat": "h:mm:ss"}, 3661, "1:01:01"),
    ("duration", {"durationFormat": "h:mm:ss.SS"}, 61.239, "0:01:01.24"),
    ("rating", {"icon": "star", "color": "yellowBright", "max": 5}, 3, "3"),
    ("checkbox", {"icon": "check", "color": "greenBright"}, True, "checked"),
    ("singleSelect", CHOICES, "x", "x"),
    ("multipleSelects", CHOICES, ["y", "x"], "y, x"),
    ("date", date_options("iso"), "2024-02-09", "2024-02-09"),
    ("date", date_options("us"), "2024-02-09", "2/9/2024"),
    ("date", date_options("european"), "2024-02-09", "9/2/2024"),
    ("date", date_options("friendly"), "2024-02-09", "February 9, 2024"),
    ("date", date_options("local"), "2024-02-09", "2/9/2024"),
    ("dateTime", moment_options("iso", "24hour"), "2024-07-01T22:30:00Z", "2024-07-02 00:30"),
    ("dateTime", moment_options("us", "12hour"), "2024-01-01T23:05:00Z", "1/2/2024 12:05am"),
]  # fmt: skip


@pytest.fixture
def client(ask: Asking) -> Asking:
    """A table with a field for each case, and a record that holds them all."""
    fields = [{"name": "Key", "type": "singleLineText"}]
    for place, (type_, options, _, _) in enumerate(CASES):
        field = {"name": f"F{place}", "type": type_}
        fields.append(field if options is None else {**field, "options": options})
    ask("POST", f"meta/bases/{ask.base}/tables", {"name": "T", "fields": fields})
    full = {f"F{place}": value for place, (_, _, value, _) in enumerate(CASES)}
    ask.add("T", full, {"Key": "empty"})
    return ask


IN_PARIS = (("cellFormat", "string"), ("timeZone", "Europe/Paris"), ("userLocale", "en"))


def test_each_type_as_text(client) -> None:
    """Every type has the text that the documentation tells, and an empty cell has none."""
    full, empty = client("GET", f"{client.base}/T", None, *IN_PARIS, AS_CREATED)["records"]
    assert full["fields"] == {f"F{place}": text for place, (_, _, _, text) in enumerate(CASES)}
    assert empty["fields"] == {"Key": "empty"}


@pytest.mark.parametrize(
    ("locale", "text"),
    [("de", "9. Februar 2024"), ("en-gb", "9 February 2024"), ("xx", "February 9, 2024")],
)
def test_dates_are_told_in_the_language_of_the_request(client, locale: str, text: str) -> None:
    """A long date has the names and the order of its language; an unknown one is English."""
    query = (("cellFormat", "string"), ("timeZone", "UTC"), ("userLocale", locale))
    (full, _) = client("GET", f"{client.base}/T", None, *query, AS_CREATED)["records"]
    place = next(n for n, case in enumerate(CASES) if case[1] == date_options("friendly"))
    assert full["fields"][f"F{place}"] == text


def test_the_ways_to_ask_for_text(client) -> None:
    """Lists in both forms and single records give the same; the zone stays in the query."""
    path = f"{client.base}/T"
    listed = client("GET", path, None, *IN_PARIS)
    body = {"cellFormat": "string"}
    assert client("POST", f"{path}/listRecords", body, *IN_PARIS[1:]) == listed
    record = next(one for one in listed["records"] if "F3" in one["fields"])
    assert client("GET", f"{path}/{record['id']}", None, *IN_PARIS) == record
    by_id = client("GET", path, None, *IN_PARIS, ("returnFieldsByFieldId", "true"))
    assert all(name.startswith("fld") for name in by_id["records"][0]["fields"])
    only = client("GET", path, None, *IN_PARIS, ("fields[]", "F3"), AS_CREATED)
    assert only["records"][0]["fields"] == {"F3": "7"}


@pytest.mark.parametrize(
    "query",
    [
        [("cellFormat", "string")],
        [("cellFormat", "string"), ("timeZone", "Europe/Paris")],
        [("cellFormat", "string"), ("userLocale", "en")],
        [("cellFormat", "string"), ("timeZone", "Nowhere/Land"), ("userLocale", "en")],
        [("cellFormat", "string"), ("timeZone", "../../etc/passwd"), ("userLocale", "en")],
        [("cellFormat", "html"), ("timeZone", "UTC"), ("userLocale", "en")],
    ],
)
def test_text_for_nobody_in_particular_is_refused(client, query) -> None:
    """Without a zone and a language there is no text, as the service has it."""
    path = f"{client.base}/T"
    client("GET", path, None, *query, status=422)
    (first, *_) = client("GET", path)["records"]
    client("GET", f"{path}/{first['id']}", None, *query, status=422)
    in_body = {"cellFormat": "string", "timeZone": "UTC", "userLocale": "en"}
    client("POST", f"{path}/listRecords", in_body, status=422)


def test_zone_and_language_without_text_mean_nothing(client) -> None:
    """They are accepted, whatever they are, and JSON comes."""
    path = f"{client.base}/T"
    query = (("timeZone", "x"), ("userLocale", "y"))
    assert client("GET", path, None, *query) == client("GET", path)


@given(
    st.sampled_from(["number", "percent", "currency", "duration", "rating", "formula"]),
    st.one_of(st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False)),
    st.one_of(st.just({}), st.fixed_dictionaries({"precision": st.integers(0, 8)})),
)
def test_every_number_has_a_text(type_, number, options) -> None:
    """No number is too large, too small or too odd, and none of a known precision has an exponent."""
    text = TextForm.of("UTC", "en").text(type_, options, number)
    assert text
    if "precision" in options:
        assert "e" not in text


def test_links_people_files_and_what_is_computed(local_base) -> None:
    """Links say what the others are called; what is computed says what it results in."""
    ask = Asking(local_base)
    price = {"name": "Price", "type": "currency", "options": {"precision": 2, "symbol": "$"}}
    due = {"name": "Due", "type": "date", "options": date_options("us")}
    items = ask.table("Items", price, due)
    ask.table(
        "Orders",
        {"name": "Code", "type": "barcode"},
        {"name": "File", "type": "multipleAttachments"},
        {"name": "Who", "type": "singleCollaborator"},
        {"name": "All", "type": "multipleCollaborators"},
    )
    ask.field("Orders", "Items", "multipleRecordLinks", linkedTableId=items)
    schema = ask.schema()
    link = schema["Orders"]["Items"]["id"]
    for name, far in (("Prices", "Price"), ("Dues", "Due"), ("Names", "Name")):
        ask.computed(
            "Orders",
            name,
            "multipleLookupValues",
            recordLinkFieldId=link,
            fieldIdInLinkedTable=schema["Items"][far]["id"],
        )
    ask.computed(
        "Orders",
        "Sum",
        "rollup",
        recordLinkFieldId=link,
        fieldIdInLinkedTable=schema["Items"]["Price"]["id"],
        formula="SUM(values)",
    )
    ask.computed("Orders", "Count", "count", recordLinkFieldId=link)
    tenths = {"type": "number", "options": {"precision": 1}}
    ask.computed("Orders", "Half", "formula", formula="{Count} / 4", result=tenths)
    ask.computed("Orders", "Wrong", "formula", formula="{Count} / 0")
    ask.computed("Orders", "Error", "formula", formula="ERROR()")
    ask.computed("Orders", "Next", "formula", formula="DATETIME_PARSE('2024-01-01T23:30:00Z')")
    ask.computed("Orders", "Number", "autoNumber")
    ask.computed("Orders", "By", "createdBy")
    ask.computed("Orders", "Press", "button", label="Go", url="'https://example.com'")
    one, two = ask.add(
        "Items", {"Name": "one", "Price": 2.5, "Due": "2024-02-09"}, {"Name": "two", "Price": 1}
    )
    me = ask("GET", "meta/whoami")["id"]
    (order,) = ask.add("Orders", {
        "Items": [two["id"], one["id"]], "Code": {"text": "4006381333931", "type": "ean13"},
        "File": [{"url": "https://example.com/a.png", "filename": "a.png"}], "Who": {"id": me}, "All": [{"id": me}],
    })  # fmt: skip
    cells = ask.cells("Orders", *IN_PARIS)[order["id"]]
    url = order["fields"]["File"][0]["url"]
    assert cells == {
        "Code": "4006381333931", "File": f"a.png ({url})", "Who": "Owner", "All": "Owner", "Items": "two, one",
        "Prices": "$1.00, $2.50", "Dues": "2/9/2024", "Names": "two, one", "Sum": "4", "Count": "2",
        "Half": "0.5", "Wrong": "Infinity", "Error": "#ERROR!", "Next": "1/2/2024 12:30am", "Number": "1",
        "By": "Owner", "Press": "Go",
    }  # fmt: skip
    assert ask("GET", f"{ask.base}/Orders/{order['id']}", None, *IN_PARIS)["fields"] == cells
