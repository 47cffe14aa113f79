"""Webhooks: who is told what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyairtable
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airhaul.local_base.http.serve import LocalServer
from tests.local_base.webhooks.watched import Watched


@pytest.fixture
def ask() -> Iterator[Watched]:
    with Watched() as ask:
        yield ask


# --- what is told


def test_a_new_record_is_told_with_its_cells(ask: Watched) -> None:
    """By field id, in the richer format of webhooks, empty cells left out; and who did it."""
    webhook = ask.watch()
    record = ask.add_record("T", {"Name": "Ada", "Kind": "b", "Tags": ["x"]})
    (payload,) = ask.payloads(webhook)
    choices = {name: ask.schema()["T"][name]["options"]["choices"] for name in ("Kind", "Tags")}
    assert payload == {
        "timestamp": "2024-05-01T12:00:00.000Z",
        "baseTransactionNumber": 1,
        "payloadFormat": "v0",
        "actionMetadata": {
            "source": "publicApi",
            "sourceMetadata": {
                "user": {
                    "id": ask.store.user_id,
                    "email": "owner@example.com",
                    "name": "Owner",
                    "permissionLevel": "create",
                }
            },
        },
        "changedTablesById": {
            ask.table_id: {
                "createdRecordsById": {
                    record: {
                        "createdTime": "2024-05-01T12:00:00.000Z",
                        "cellValuesByFieldId": ask.by_id(
                            Name="Ada", Kind=choices["Kind"][1], Tags=[choices["Tags"][0]]
                        ),
                    }
                }
            }
        },
    }
    assert set(choices["Kind"][1]) == {"id", "name", "color"}


def test_a_change_is_told_with_what_changed(ask: Watched) -> None:
    """Only cells that are other than before; what was before and what stands beside if asked for."""
    plain = ask.watch()
    full = ask.watch(
        includes={
            "includePreviousCellValues": True,
            "includeCellValuesInFieldIds": [ask.field_ids["Name"], ask.field_ids["Note"]],
        }
    )
    record = ask.add_record("T", {"Name": "Ada", "Note": "old", "Kind": "a"})
    ask.change("T", record, {"Name": "Ada", "Note": "new", "Kind": None})
    current = {"cellValuesByFieldId": ask.by_id(Note="new", Kind=None)}
    assert ask.changed(plain)[1] == {"changedRecordsById": {record: {"current": current}}}
    told = ask.changed(full)[1]["changedRecordsById"][record]
    assert told["current"] == current
    previous = told["previous"]["cellValuesByFieldId"]
    assert previous[ask.field_ids["Note"]] == "old"
    assert previous[ask.field_ids["Kind"]]["name"] == "a"
    assert told["unchanged"] == {"cellValuesByFieldId": ask.by_id(Name="Ada")}


def test_a_change_to_the_same_is_none(ask: Watched) -> None:
    """No payload, no number."""
    record = ask.add_record("T", {"Name": "Ada"})
    webhook = ask.watch()
    ask.change("T", record, {"Name": "Ada"})
    assert ask.payloads(webhook) == []


def test_all_fields_can_stand_beside(ask: Watched) -> None:
    """``"all"`` tells each filled cell of a changed record."""
    webhook = ask.watch(includes={"includeCellValuesInFieldIds": "all"})
    record = ask.add_record("T", {"Name": "Ada", "Note": "x"})
    ask.change("T", record, {"Name": "Bob"})
    told = ask.changed(webhook)[1]["changedRecordsById"][record]
    assert told["unchanged"] == {"cellValuesByFieldId": ask.by_id(Note="x")}


def test_one_request_is_one_payload(ask: Watched) -> None:
    """Ten records in one request share a number; deletions are told by id."""
    webhook = ask.watch()
    body = {"records": [{"fields": {"Name": str(n)}} for n in range(10)]}
    ids = [record["id"] for record in ask("POST", f"{ask.base}/T", body)["records"]]
    ask("DELETE", f"{ask.base}/T", None, *[("records[]", id_) for id_ in ids[:3]])
    first, second = ask.payloads(webhook)
    assert set(first["changedTablesById"][ask.table_id]["createdRecordsById"]) == set(ids)
    assert second["changedTablesById"][ask.table_id] == {"destroyedRecordIds": ids[:3]}
    assert (first["baseTransactionNumber"], second["baseTransactionNumber"]) == (1, 2)


def test_a_refused_request_is_not_told(ask: Watched) -> None:
    """A payload is stored with the change, or not at all."""
    webhook = ask.watch()
    bad = {"records": [{"fields": {"Name": "a"}}, {"fields": {"Nope": 1}}]}
    ask("POST", f"{ask.base}/T", bad, status=422)
    assert ask.payloads(webhook) == []
    assert ask.listed(webhook)["cursorForNextPayload"] == 1


def test_fields_and_tables_are_told(ask: Watched) -> None:
    """New and renamed fields, a renamed table, a new table; a new choice is none of these."""
    webhook = ask.watch(
        "tableFields", "tableMetadata", includes={"includePreviousFieldDefinitions": True}
    )
    tables = f"meta/bases/{ask.base}/tables"
    url = f"{tables}/{ask.table_id}"
    made = ask("POST", f"{url}/fields", {"name": "Mail", "type": "email"})
    ask("PATCH", f"{url}/fields/{made['id']}", {"name": "E-mail"})
    ask("PATCH", url, {"name": "People", "description": "All of them"})
    ask("POST", f"{ask.base}/People", {"fields": {"Kind": "new"}, "typecast": True})
    other = ask.table("Other")
    told = ask.payloads(webhook)
    assert [payload.get("changedTablesById") for payload in told] == [
        {ask.table_id: {"createdFieldsById": {made["id"]: {"name": "Mail", "type": "email"}}}},
        {
            ask.table_id: {
                "changedFieldsById": {
                    made["id"]: {"current": {"name": "E-mail"}, "previous": {"name": "Mail"}}
                }
            }
        },
        {
            ask.table_id: {
                "changedMetadata": {
                    "current": {"name": "People", "description": "All of them"},
                    "previous": {"name": "T", "description": None},
                }
            }
        },
        None,
    ]
    assert told[3]["createdTablesById"] == {
        other: {
            "metadata": {"name": "Other", "description": None},
            "fieldsById": {
                field["id"]: {"name": field["name"], "type": field["type"]}
                for field in ask.schema()["Other"].values()
            },
        }
    }


# --- filters


def test_the_kind_of_change_is_a_filter(ask: Watched) -> None:
    """Each of ``add``, ``update`` and ``remove`` alone."""
    hooks = {kind: ask.watch(changeTypes=[kind]) for kind in ("add", "update", "remove")}
    record = ask.add_record("T", {"Name": "a"})
    ask.change("T", record, {"Name": "b"})
    ask("DELETE", f"{ask.base}/T/{record}")
    told = {kind: [set(change) for change in ask.changed(hook)] for kind, hook in hooks.items()}
    assert told == {
        "add": [{"createdRecordsById"}],
        "update": [{"changedRecordsById"}],
        "remove": [{"destroyedRecordIds"}],
    }


def test_a_table_is_a_scope(ask: Watched) -> None:
    """Other tables are not told; without a scope all are."""
    other = ask.table("Other")
    here, everywhere = ask.watch(recordChangeScope=ask.table_id), ask.watch()
    ask.add_record("Other", {"Name": "x"})
    assert ask.payloads(here) == []
    assert [set(payload["changedTablesById"]) for payload in ask.payloads(everywhere)] == [{other}]


def test_fields_are_a_filter(ask: Watched) -> None:
    """A record that holds nothing in them is not told, and other cells are not."""
    webhook = ask.watch(watchDataInFieldIds=[ask.field_ids["Note"]])
    record = ask.add_record("T", {"Name": "a"})
    ask.change("T", record, {"Name": "b"})
    ask.change("T", record, {"Name": "c", "Note": "n"})
    ask("DELETE", f"{ask.base}/T/{ask.add_record('T', {'Name': 'x'})}")
    ask("DELETE", f"{ask.base}/T/{record}")
    assert ask.changed(webhook) == [
        {"changedRecordsById": {record: {"current": {"cellValuesByFieldId": ask.by_id(Note="n")}}}},
        {"destroyedRecordIds": [record]},
    ]


def test_schemas_of_fields_are_a_filter(ask: Watched) -> None:
    """Only these fields' names are told."""
    webhook = ask.watch("tableFields", watchSchemasOfFieldIds=[ask.field_ids["Note"]])
    url = f"meta/bases/{ask.base}/tables/{ask.table_id}/fields"
    ask("POST", url, {"name": "Mail", "type": "email"})
    ask("PATCH", f"{url}/{ask.field_ids['Name']}", {"name": "Title"})
    ask("PATCH", f"{url}/{ask.field_ids['Note']}", {"name": "Text"})
    assert ask.changed(webhook) == [
        {"changedFieldsById": {ask.field_ids["Note"]: {"current": {"name": "Text"}}}}
    ]


def test_sources_are_a_filter(ask: Watched) -> None:
    """What comes through the API is no change by a person in the browser."""
    client, api = ask.watch(fromSources=["client"]), ask.watch(fromSources=["client", "publicApi"])
    ask.add_record("T", {"Name": "a"})
    assert ask.payloads(client) == []
    assert len(ask.payloads(api)) == 1


def test_a_view_is_a_scope(ask: Watched) -> None:
    """What comes into the view is new, what leaves it is gone, what stays has changed."""
    view = ask.local_base.add_view(ask.base, "T", "Only a", formula="{Name} = 'a'")
    webhook = ask.watch(recordChangeScope=view)
    record = ask.add_record("T", {"Name": "b"})
    for fields in ({"Name": "a"}, {"Note": "x"}, {"Name": "c"}, {"Note": "y"}):
        ask.change("T", record, fields)
    told = [change["changedViewsById"][view] for change in ask.changed(webhook)]
    assert told == [
        {
            "createdRecordsById": {
                record: {
                    "createdTime": "2024-05-01T12:00:00.000Z",
                    "cellValuesByFieldId": ask.by_id(Name="a"),
                }
            }
        },
        {"changedRecordsById": {record: {"current": {"cellValuesByFieldId": ask.by_id(Note="x")}}}},
        {"destroyedRecordIds": [record]},
    ]


def test_a_webhook_on_what_is_gone_breaks_for_good(ask: Watched) -> None:
    """One payload says so; then it is disabled, and told nothing more."""
    view = ask.local_base.add_view(ask.base, "T", "Soon gone")
    webhook = ask.watch(recordChangeScope=view)
    ask("DELETE", f"meta/bases/{ask.base}/views/{view}")
    ask.add_record("T", {"Name": "a"})
    ask.add_record("T", {"Name": "b"})
    (payload,) = ask.payloads(webhook)
    assert (payload["error"], payload["code"]) == (True, "INVALID_FILTERS")
    assert ask.listed(webhook)["isHookEnabled"] is False


# --- specifications


@pytest.mark.parametrize(
    "options",
    [
        None, {}, [], {"filters": None}, {"filters": {}}, {"filters": {"dataTypes": []}},
        {"filters": {"dataTypes": ["rows"]}}, {"filters": {"dataTypes": "tableData"}},
        {"filters": {"dataTypes": ["tableData"], "more": 1}},
        {"filters": {"dataTypes": ["tableData"]}, "more": {}},
        {"filters": {"dataTypes": ["tableData"], "changeTypes": ["move"]}},
        {"filters": {"dataTypes": ["tableData"], "fromSources": ["me"]}},
        {"filters": {"dataTypes": ["tableData"], "recordChangeScope": "T"}},
        {"filters": {"dataTypes": ["tableData"], "recordChangeScope": "tbl00000000000000"}},
        {"filters": {"dataTypes": ["tableData"], "watchDataInFieldIds": ["Name"]}},
        {"filters": {"dataTypes": ["tableData"], "watchDataInFieldIds": ["fld00000000000000"]}},
        {"filters": {"dataTypes": ["tableData"], "sourceOptions": {"formSubmission": {}}}},
        {"filters": {"dataTypes": ["tableData"]}, "includes": {"includePreviousCellValues": 1}},
        {"filters": {"dataTypes": ["tableData"]}, "includes": {"includeCellValuesInFieldIds": "x"}},
    ],
)  # fmt: skip
def test_bad_specifications_are_refused(ask: Watched, options: object) -> None:
    """Airtable's 422, and no webhook."""
    body = {"specification": {"options": options}}
    ask("POST", f"bases/{ask.base}/webhooks", body, status=422)
    assert ask("GET", f"bases/{ask.base}/webhooks") == {"webhooks": []}


@pytest.mark.parametrize(
    "url", ["", "x", "ftp://a.b", "http://", "http://[", "http://a:99999", 1, {}]
)
def test_bad_addresses_are_refused(ask: Watched, url: object) -> None:
    """A notification needs somewhere to go."""
    options = {"filters": {"dataTypes": ["tableData"]}}
    body = {"notificationUrl": url, "specification": {"options": options}}
    ask("POST", f"bases/{ask.base}/webhooks", body, status=422)


def test_there_are_ten_at_most(ask: Watched) -> None:
    """The eleventh is refused; one that is deleted makes room."""
    hooks = [ask.watch() for _ in range(10)]
    options = {"filters": {"dataTypes": ["tableData"]}}
    body = {"specification": {"options": options}}
    refused = ask("POST", f"bases/{ask.base}/webhooks", body, status=422)
    assert refused["error"]["type"] == "TOO_MANY_WEBHOOKS_IN_BASE"
    assert ask("DELETE", f"bases/{ask.base}/webhooks/{hooks[3]}") == {}
    ask.watch()


# --- all of it together

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.sampled_from("abc")),
        st.tuples(st.just("change"), st.integers(0, 5), st.sampled_from("abc")),
        st.tuples(st.just("delete"), st.integers(0, 5)),
    ),
    max_size=15,
)


@pytest.mark.slow
@given(STEPS)
def test_who_follows_the_payloads_has_the_table(steps: list[tuple[Any, ...]]) -> None:
    """Applying all payloads to nothing gives what the base holds, whatever was done to it."""
    ask = Watched()
    webhook = ask.watch()
    ids: list[str] = []
    for step in steps:
        match step:
            case "add", name:
                ids.append(ask.add_record("T", {"Name": name}))
            case "change", place, name if place < len(ids):
                ask.change("T", ids[place], {"Name": name})
            case "delete", place if place < len(ids):
                ask("DELETE", f"{ask.base}/T/{ids.pop(place)}")
    followed: dict[str, dict[str, Any]] = {}
    for change in ask.changed(webhook):
        for id_, made in change.get("createdRecordsById", {}).items():
            followed[id_] = dict(made["cellValuesByFieldId"])
        for id_, now in change.get("changedRecordsById", {}).items():
            followed[id_] |= now["current"]["cellValuesByFieldId"]
        for id_ in change.get("destroyedRecordIds", []):
            del followed[id_]
    listed = ask("GET", f"{ask.base}/T", None, ("returnFieldsByFieldId", "true"))["records"]
    assert followed == {record["id"]: record["fields"] for record in listed}
    ask.local_base.close()


def test_another_client_uses_webhooks(ask: Watched) -> None:
    """pyairtable makes, lists, toggles, renews, reads and deletes over HTTP."""
    with LocalServer(ask.local_base) as server:
        api = pyairtable.Api("pat.x", endpoint_url=server.url)
        base = api.base(ask.base)
        spec = {
            "options": {
                "filters": {"dataTypes": ["tableData"], "recordChangeScope": ask.table_id},
                "includes": {"includePreviousCellValues": True},
            }
        }
        made = base.add_webhook("http://127.0.0.1:9/", spec)
        webhook = base.webhook(made.id)
        assert webhook.are_notifications_enabled
        webhook.disable_notifications()
        assert not base.webhook(made.id).are_notifications_enabled
        table = base.table("T")
        record = table.create({"Name": "Hey"})
        for number in range(60):
            table.update(record["id"], {"Name": str(number)})
        payloads = list(webhook.payloads())
        assert [payload.cursor for payload in payloads] == list(range(1, 62))
        told = payloads[1].changed_tables_by_id[ask.table_id].changed_records_by_id[record["id"]]
        assert told.current.cell_values_by_field_id == ask.by_id(Name="0")
        assert told.previous.cell_values_by_field_id == ask.by_id(Name="Hey")
        webhook.extend_expiration()
        assert webhook.expiration_time is not None
        webhook.delete()
        assert base.webhooks() == []
        api.session.close()
