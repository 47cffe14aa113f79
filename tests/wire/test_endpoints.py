"""Calls as they go over the wire."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from airhaul.wire import endpoints
from airhaul.wire.endpoints import ListParameters

BASE = "app00000000000000"


def test_list_parameters_are_encoded_as_airtable_reads_them() -> None:
    """Arrays and sort keys take the bracketed form of the reference."""
    call = endpoints.list_records(
        BASE,
        "My Täble",
        ListParameters(
            fields=("Name", "Full Name"),
            formula="{A} = 1",
            sort=(("Age", "desc"), ("Name", "asc")),
            max_records=5,
            page_size=2,
            view="Grid",
        ),
        offset="itr1/rec1",
    )
    assert call.method == "GET"
    assert call.path == f"/v0/{BASE}/My%20T%C3%A4ble"
    assert parse_qsl(urlsplit(call.target).query) == [
        ("fields[]", "Name"),
        ("fields[]", "Full Name"),
        ("sort[0][field]", "Age"),
        ("sort[0][direction]", "desc"),
        ("sort[1][field]", "Name"),
        ("sort[1][direction]", "asc"),
        ("filterByFormula", "{A} = 1"),
        ("view", "Grid"),
        ("maxRecords", "5"),
        ("pageSize", "2"),
        ("offset", "itr1/rec1"),
    ]


def test_a_long_formula_goes_by_post_with_the_offset_in_the_body() -> None:
    """URLs over 16,000 characters are refused, and the offset counts only in this form's body."""
    formula = "OR(" + ", ".join(f"RECORD_ID() = 'rec{number:014}'" for number in range(499)) + ")"
    call = endpoints.list_records(
        BASE, "T", ListParameters(formula=formula, page_size=7), "itr/rec"
    )
    assert (call.method, call.path) == ("POST", f"/v0/{BASE}/T/listRecords")
    assert call.query == ()
    assert call.body == {"filterByFormula": formula, "pageSize": 7, "offset": "itr/rec"}
    assert call.effect == "read"


@given(st.text(min_size=1))
def test_any_table_name_stays_one_path_segment(name: str) -> None:
    """Slashes, dots and emoji in names cannot reach another path."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return
    path = endpoints.list_records(BASE, name, ListParameters()).path
    assert path.count("/") == 3
    assert path.isascii()


def test_typecast_goes_into_the_body_and_only_when_asked() -> None:
    """As a query parameter it would be silently ignored."""
    plain = endpoints.create_records(BASE, "T", [{"A": 1}])
    cast = endpoints.create_records(BASE, "T", [{"A": 1}], typecast=True)
    assert plain.body == {"records": [{"fields": {"A": 1}}]}
    assert cast.body == {"records": [{"fields": {"A": 1}}], "typecast": True}
    assert plain.effect == "create"
