"""Whatever is asked, the local base answers, and never with a fault of its own."""

from __future__ import annotations

import json
import math
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airhaul.local_base.base import LocalBase
from airhaul.local_base.protocol.request import Request
from airhaul.wire.call import Reply
from tests.conftest import examples
from tests.local_base.asking import Asking
from tests.local_base.writing.test_records import FIELDS

# Fields of the other types that the API takes, and those that are computed.
OTHERS = [
    {"name": "Links", "type": "multipleRecordLinks", "options": {"linkedTableId": "TABLE"}},
    {"name": "Files", "type": "multipleAttachments"},
    {"name": "Who", "type": "singleCollaborator"},
    {"name": "All", "type": "multipleCollaborators"},
    {"name": "Code", "type": "barcode"},
    {"name": "Long", "type": "richText"},
    {"name": "Sum", "type": "formula", "options": {"formula": "{Age} / {Stars} & {Links}"}},
    {"name": "Number", "type": "autoNumber"},
    {"name": "Touched", "type": "lastModifiedTime"},
    {"name": "Press", "type": "button", "options": {"label": "x", "url": "{Name}"}},
]
NAMES = [field["name"] for field in [*FIELDS, *OTHERS]]

# Text with anything in it: halves of surrogate pairs, NUL, and words that mean something.
texts = st.one_of(
    st.sampled_from(
        [*NAMES, "", "T", "x", "\0", "\ud800", "a\udfffb", "1e999", "recAAAAAAAAAAAAAA"]
    ),
    st.text(st.characters(exclude_categories=()), max_size=8),
)
numbers = st.one_of(
    st.integers(), st.floats(), st.sampled_from([10**400, -(10**30), 1e308, math.inf, math.nan])
)
values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=8,
)
formulas = st.one_of(
    texts,
    st.sampled_from(["{Name}", "{Age} / 0", "FIND('x', {Tags})", "{At} & {Day}", "REPT('a', 1e9)"]),
)
offsets = st.one_of(texts, st.just("itrAAAAAAAAAAAAAA/recAAAAAAAAAAAAAA"))
names = st.sampled_from(NAMES)


def mostly(*likely: Any, odd: st.SearchStrategy[Any] = values) -> st.SearchStrategy[Any]:
    """Two times in three what makes sense, so that a request comes further than its first check."""
    return st.integers(0, 2).flatmap(lambda chance: st.sampled_from(likely) if chance else odd)


parameters = {
    "filterByFormula": formulas,
    "offset": offsets,
    "sort": st.lists(
        st.fixed_dictionaries({"field": names}, optional={"direction": mostly("asc", "desc")}),
        max_size=3,
    ),
    "fields": st.lists(mostly(*NAMES), max_size=3),
    "view": mostly("Grid view", "VIEW"),
    "pageSize": mostly(1, 100),
    "maxRecords": mostly(1, 2),
    "cellFormat": mostly("json", "string"),
    "timeZone": mostly("Europe/Paris", "../etc/passwd", "/etc"),
    "userLocale": mostly("en", "de", "xx-YY"),
    "returnFieldsByFieldId": mostly(True, False),
    "recordMetadata": mostly(["commentCount"]),
}
lists = st.sets(st.sampled_from(list(parameters)), max_size=3).flatmap(
    lambda chosen: st.fixed_dictionaries({name: parameters[name] for name in sorted(chosen)})
)
keys = st.one_of(
    texts,
    st.sampled_from(
        [
            *parameters, "fields[]", "sort[0][field]", "sort[x][field]", "sort[0][direction]",
            "sort[0][0][0]", "sort[", "records[]", "records[0][id]", "limit", "include", "include[]",
        ]
    ),
)  # fmt: skip
queries = st.lists(st.tuples(keys, st.one_of(texts, formulas)), max_size=4)
cells = mostly(
    "x", 1, 2.5, True, None, ["x"], ["x", "y"], "2024-01-01", "2024-01-01T00:00:00Z", "a"
)
rows = st.fixed_dictionaries(
    {"fields": st.dictionaries(mostly(*NAMES, odd=texts), cells, max_size=3)},
    optional={"id": mostly("RECORD")},
)
writes = st.fixed_dictionaries(
    {"records": st.one_of(st.lists(rows, min_size=1, max_size=3), values)},
    optional={
        "typecast": mostly(True, False),
        "returnFieldsByFieldId": mostly(True, False),
        "performUpsert": mostly(*({"fieldsToMergeOn": [name]} for name in NAMES)),
    },
)
likely_fields = st.sampled_from([*FIELDS, *OTHERS]).flatmap(
    lambda field: st.fixed_dictionaries(
        {"name": texts, "type": st.just(field["type"])},
        optional={"options": mostly(field.get("options"))},
    )
)
far_options = st.fixed_dictionaries(
    {},
    optional={
        "recordLinkFieldId": mostly("LINKS", "Links"),
        "fieldIdInLinkedTable": mostly("FIELD", *NAMES),
        "formula": formulas,
        "referencedFieldIds": values,
    },
)
far_types = ("rollup", "multipleLookupValues", "count", "formula", "createdTime")
far_fields = st.fixed_dictionaries(
    {"name": texts, "type": st.sampled_from(far_types), "options": far_options}
)
odd_fields = st.fixed_dictionaries(
    {"name": texts, "type": st.one_of(texts, values)},
    optional={"options": values, "description": values},
)
fields = st.one_of(likely_fields, far_fields, odd_fields)
comments = st.fixed_dictionaries(
    {"text": mostly("hi @[PERSON]", odd=values)}, optional={"parentCommentId": values}
)
filters = st.fixed_dictionaries(
    {"dataTypes": mostly(["tableData"], ["tableFields", "tableMetadata"])},
    optional={
        "recordChangeScope": mostly("TABLE", "VIEW"),
        "changeTypes": mostly(["add", "update"]),
        "watchDataInFieldIds": mostly(["FIELD"]),
        "fromSources": mostly(["client"]),
    },
)
specifications = st.fixed_dictionaries({"filters": filters}, optional={"includes": values})
webhooks = st.fixed_dictionaries(
    {"specification": st.fixed_dictionaries({"options": st.one_of(specifications, values)})},
    optional={"notificationUrl": values},
)
uploads = st.fixed_dictionaries(
    {"contentType": mostly("image/png"), "file": mostly("aGk="), "filename": mostly("a.png")}
)
schemas = st.fixed_dictionaries(
    {},
    optional={"name": values, "fields": st.one_of(values, st.lists(fields)), "description": values},
)
bodies = st.one_of(values, lists, writes, schemas, fields, comments, webhooks, uploads)
methods = st.sampled_from(["GET", "POST", "PATCH", "PUT", "DELETE"])
parts = st.one_of(
    st.sampled_from(["v0", "meta", "bases", "BASE", "T", "TABLE", "RECORD", "FIELD", "VIEW"]),
    st.sampled_from(["tables", "fields", "listRecords", "whoami", "..", "%2e%2e", "%00", "%ff"]),
    texts.map(lambda text: quote(text, safe="", errors="surrogatepass")),
)
paths = st.one_of(
    st.sampled_from(
        [
            "/v0/BASE/T", "/v0/BASE/T/", "/v0/BASE/TABLE/RECORD", "/v0/BASE/T/listRecords",
            "/v0/meta/bases", "/v0/meta/bases/BASE/tables", "/v0/meta/bases/BASE/tables/TABLE",
            "/v0/meta/bases/BASE/tables/TABLE/fields",
            "/v0/meta/bases/BASE/tables/TABLE/fields/FIELD", "/v0/BASE/T/RECORD/comments",
            "/v0/bases/BASE/webhooks", "/v0/BASE/T/sync/x",
        ]
    ),
    st.lists(parts, max_size=7).map(lambda some: "/" + "/".join(some)),
    texts,
)  # fmt: skip


anything = st.tuples(methods, paths, queries, bodies)
sensible = st.one_of(
    st.tuples(st.just("GET"), st.just("/v0/BASE/T"), queries, st.none()),
    st.tuples(st.just("POST"), st.just("/v0/BASE/T/listRecords"), queries, lists),
    st.tuples(
        st.sampled_from(["POST", "PATCH", "PUT"]), st.just("/v0/BASE/T"), st.just([]), writes
    ),
    st.tuples(st.sampled_from(["PATCH", "PUT"]), st.just("/v0/BASE/T/RECORD"), st.just([]), rows),
    st.tuples(st.just("POST"), st.just("/v0/meta/bases/BASE/tables"), st.just([]), schemas),
    st.tuples(
        st.just("POST"), st.just("/v0/meta/bases/BASE/tables/TABLE/fields"), st.just([]), fields
    ),
    st.tuples(
        st.sampled_from(["GET", "POST"]),
        st.just("/v0/BASE/T/RECORD/comments"),
        st.just([]),
        comments,
    ),
    st.tuples(st.just("POST"), st.just("/v0/bases/BASE/webhooks"), st.just([]), webhooks),
    st.tuples(
        st.just("POST"),
        st.sampled_from([f"/v0/BASE/RECORD/{name}/uploadAttachment" for name in NAMES]),
        st.just([]),
        uploads,
    ),
)


@pytest.fixture(scope="module")
def known() -> Any:
    """A base with a table and some records, and what its things are called."""
    with LocalBase.open(all_field_types=True) as local_base:
        ask = Asking(local_base)
        path = f"meta/bases/{ask.base}/tables"
        table = ask("POST", path, {"name": "T", "fields": FIELDS})
        names = {
            "BASE": ask.base,
            "TABLE": table["id"],
            "FIELD": table["fields"][0]["id"],
            "VIEW": table["views"][0]["id"],
            "PERSON": ask("GET", "meta/whoami")["id"],
        }
        for field in OTHERS:
            added = ask("POST", f"{path}/{table['id']}/fields", real(field, names))
            names[field["name"].upper()] = added["id"]
        (record, other, _) = ask.add(
            "T", {"Name": "x", "Age": 1, "Tags": ["x"], "Day": "2024-01-01"}, {}, {"Name": "\0"}
        )
        ask.add("T", {"Links": [record["id"], other["id"]], "Who": {"id": names["PERSON"]}})
        yield local_base, {**names, "RECORD": record["id"]}


def real(value: Any, names: dict[str, str]) -> Any:
    """Put the ids that only a run knows where the example says so."""
    if isinstance(value, list):
        return [real(item, names) for item in value]
    if isinstance(value, dict):
        return {key: real(item, names) for key, item in value.items()}
    return names.get(value, value) if isinstance(value, str) else value


@pytest.mark.slow
@settings(max_examples=examples(500), suppress_health_check=list(HealthCheck))
@given(st.one_of(sensible, sensible, anything))
def test_no_request_raises_or_is_answered_by_500(known, asked) -> None:
    """Odd paths, queries and bodies get an answer in JSON, and the base goes on."""
    local_base, names = known
    method, path, queries, body = asked
    path = "/".join(names.get(part, part) for part in path.split("/"))
    query = tuple((key, names.get(value, value)) for key, value in queries)
    reply = local_base.handle(Request(method, path, query, real(body, names), "pat.x"))
    assert isinstance(reply, Reply)
    assert reply.status < 500, reply.body
    json.loads(reply.body.decode("utf-8"))


@pytest.mark.parametrize(
    "body",
    [
        {"records": [{"fields": {"Name": "half \ud83d"}}]},
        {"records": [{"fields": {"\udc00": 1}}]},
        {"fields": {"Name": {"deep": ["\ud800"]}}},
    ],
)
def test_half_a_surrogate_pair_is_refused(known, body) -> None:
    """What UTF-8 cannot spell cannot be stored or given back, and is not changed silently."""
    local_base, names = known
    reply = local_base.handle(Request("POST", f"/v0/{names['BASE']}/T", (), body, "pat.x"))
    assert reply.status == 422
    assert json.loads(reply.body)["error"]["type"] == "INVALID_REQUEST_BODY"


@pytest.mark.parametrize("count", [0, -1, 2**63, 10**30, 1.5, True, "x", "0", "1" * 30])
def test_counts_without_measure_are_refused(known, count) -> None:
    """Neither a page nor a list is of no size, or of one that no machine counts to."""
    local_base, names = known
    for name in ("pageSize", "maxRecords"):
        body = {name: count}
        request = Request("POST", f"/v0/{names['BASE']}/T/listRecords", (), body, "pat.x")
        assert local_base.handle(request).status == 422


def test_places_without_measure_are_refused(known) -> None:
    """The number in ``sort[0][field]`` may have more digits than Python reads."""
    local_base, names = known
    query = ((f"sort[{'9' * 5000}][field]", "Name"),)
    request = Request("GET", f"/v0/{names['BASE']}/T", query, None, "pat.x")
    assert local_base.handle(request).status == 422
