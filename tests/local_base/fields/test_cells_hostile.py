"""Whatever is sent for a cell or a field is taken or refused, and never a failure of the server."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airhaul.local_base.base import LocalBase
from airhaul.local_base.http.console_state import state
from airhaul.local_base.protocol.request import Request
from airhaul.wire.shapes import FIELD_TYPES
from tests.conftest import examples
from tests.local_base.asking import Asking

OPTIONS = {
    "number": {"precision": 0},
    "percent": {"precision": 0},
    "currency": {"precision": 2, "symbol": "$"},
    "duration": {"durationFormat": "h:mm"},
    "rating": {"max": 5},
    "date": {"dateFormat": {"name": "iso"}},
    "dateTime": {
        "timeZone": "Europe/Paris",
        "dateFormat": {"name": "iso"},
        "timeFormat": {"name": "24hour"},
    },
    "singleSelect": {"choices": [{"name": "a"}]},
    "multipleSelects": {"choices": []},
    "externalSyncSource": {"choices": []},
    "formula": {"formula": "{Name}"},
    "rollup": {"recordLinkFieldId": "multipleRecordLinks", "fieldIdInLinkedTable": "Name"},
    "multipleLookupValues": {
        "recordLinkFieldId": "multipleRecordLinks",
        "fieldIdInLinkedTable": "multipleRecordLinks",
    },
    "count": {"recordLinkFieldId": "multipleRecordLinks"},
}

_TEXTS = st.one_of(
    st.sampled_from(
        ["", " ", "a", "x,y", "1:2", "-:", "5%", "1e400", "2024-02-30", "9999-12-31T23:59:59-12:00",
         "0001-01-01", "recAAAAAAAAAAAAAA", "usrAAAAAAAAAAAAAA", "http://x.test/y", "true", "nan"]
    ),
    st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=8),
)  # fmt: skip
_KEYS = st.sampled_from(
    ["id", "url", "email", "name", "filename", "text", "type", "choices", "formula", "max",
     "precision", "linkedTableId", "recordLinkFieldId", "fieldIdInLinkedTable", "result",
     "referencedFieldIds", "isValid", "options", "dateFormat", "timeZone", "symbol", "prompt"]
)  # fmt: skip
_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), _TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.one_of(_KEYS, _TEXTS), inner, max_size=3)
    ),
    max_leaves=8,
)
_TYPES = sorted(FIELD_TYPES)


@pytest.mark.slow
@settings(max_examples=examples(150))
@given(st.sampled_from(_TYPES), _JSON, st.booleans())
def test_any_value_for_any_type(type_, value, typecast) -> None:
    """200 or 422 with an error's type, and what was taken can be read, filtered and written back."""
    with LocalBase.open(all_field_types=True) as local_base:
        ask = Asking(local_base)
        table = ask.table("T")
        ask.field("T", "multipleRecordLinks", "multipleRecordLinks", linkedTableId=table)
        if type_ != "multipleRecordLinks":
            ask.computed("T", type_, type_, **OPTIONS.get(type_, {}))
        body = {"fields": {type_: value}, "typecast": typecast}
        reply = local_base.handle(Request("POST", f"/v0/{ask.base}/T", (), body, "pat.x"))
        answer = json.loads(reply.body)
        assert reply.status in (200, 422), answer
        if reply.status == 422:
            assert answer["error"]["type"]
            assert ask.cells("T") == {}
            return
        assert ask.cells("T")[answer["id"]] == answer["fields"]
        ask.cells("T", ("filterByFormula", f"LEN({{{type_}}} & '') > 0"))
        cell = answer["fields"].get(type_)
        ask.change("T", answer["id"], {type_: cell})
        assert ask.cells("T")[answer["id"]].get(type_) == cell


@pytest.mark.slow
@settings(max_examples=examples(200))
@given(st.sampled_from(_TYPES), _JSON, st.booleans())
def test_any_options_for_any_type(type_, options, all_types) -> None:
    """A field is made or refused, and a base with it can be read and written."""
    with LocalBase.open(all_field_types=all_types) as local_base:
        ask = Asking(local_base)
        ask.table("T")
        body = {"name": "New", "type": type_, "options": options}
        path = f"/v0/meta/bases/{ask.base}/tables/{table_of(ask)}/fields"
        reply = local_base.handle(Request("POST", path, (), body, "pat.x"))
        assert reply.status in (200, 422), reply.body
        assert ("New" in ask.schema()["T"]) is (reply.status == 200)
        (record,) = ask.add("T", {"Name": "x"})
        assert ask.cells("T")[record["id"]] == record["fields"]


def test_lists_as_deep_as_a_parser_takes_them_are_refused(ask: Asking) -> None:
    """What cannot be a cell is told back, and nothing runs out of room to tell it."""
    tags = {"name": "Tags", "type": "multipleSelects", "options": {"choices": []}}
    ask.table("T", tags)
    value: list = []
    for _ in range(5_000):
        value = [value]
    for name in ("Name", "Tags"):
        error = ask.add("T", {name: value}, status=422)
        assert error["message"] == f'Cannot parse value "" for field {name}'
    state(ask.local_base, 0)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (["a", ["b", 1.0, None, True], {"c": 1}, []], "a,b,1,,true,[object Object],"),
        ([[], []], ","),
        ({}, "[object Object]"),
    ],
)
def test_a_value_is_told_back_as_the_service_prints_it(ask: Asking, value, shown) -> None:
    """Messages do not give away in which language the server is written."""
    ask.table("T")
    error = ask.add("T", {"Name": value}, status=422)
    assert error["message"] == f'Cannot parse value "{shown}" for field Name'


def test_a_choice_that_is_not_there_is_told_in_its_own_letters(ask: Asking) -> None:
    """The name stands in the message as JSON, in which letters beyond ASCII need no escape."""
    ask.table("T", {"name": "Kind", "type": "singleSelect", "options": {"choices": []}})
    error = ask.add("T", {"Kind": 'grün "1"'}, status=422)
    assert error["message"].endswith(' option ""grün \\"1\\"""')


def table_of(ask: Asking) -> str:
    (table,) = ask("GET", f"meta/bases/{ask.base}/tables")["tables"]
    return table["id"]
