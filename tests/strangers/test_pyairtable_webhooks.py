"""pyairtable subscribes to changes of the served local base."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import requests
from pyairtable.models import WebhookNotification

ALL = {"options": {"filters": {"dataTypes": ["tableData", "tableFields", "tableMetadata"]}}}
DATA = {"options": {"filters": {"dataTypes": ["tableData"]}}}


@pytest.fixture
def webhook(base, table):
    made = base.add_webhook(None, DATA)
    return base.webhook(made.id)


def test_a_webhook_is_made_listed_and_deleted(base, table) -> None:
    """The client reads all that is told of a webhook."""
    made = base.add_webhook("https://example.invalid/", ALL)
    assert made.expiration_time is not None
    (told,) = base.webhooks()
    assert told.id == made.id
    assert told.notification_url == "https://example.invalid/"
    assert told.are_notifications_enabled
    assert told.is_hook_enabled
    assert told.cursor_for_next_payload == 1
    assert set(told.specification.options.filters.data_types) == {
        "tableData",
        "tableFields",
        "tableMetadata",
    }
    told.disable_notifications()
    assert not base.webhook(made.id).are_notifications_enabled
    told.enable_notifications()
    assert base.webhook(made.id).are_notifications_enabled
    told.extend_expiration()
    told.delete()
    assert base.webhooks() == []


def test_each_change_is_a_payload(base, table, webhook, api) -> None:
    """Creating, changing and deleting are told with the cells, by ids, and who did it."""
    name = table.schema().field("Name").id
    created = table.create({"Name": "Ada"})
    table.update(created["id"], {"Name": "Eve"})
    table.delete(created["id"])
    first, second, third = webhook.payloads()
    made = first.changed_tables_by_id[table.id].created_records_by_id[created["id"]]
    assert made.cell_values_by_field_id == {name: "Ada"}
    assert first.action_metadata.source == "publicApi"
    assert first.action_metadata.source_metadata["user"]["id"] == api.whoami()["id"]
    changed = second.changed_tables_by_id[table.id].changed_records_by_id[created["id"]]
    assert changed.current.cell_values_by_field_id == {name: "Eve"}
    assert third.changed_tables_by_id[table.id].destroyed_record_ids == [created["id"]]
    numbers = [one.base_transaction_number for one in (first, second, third)]
    assert numbers == sorted(set(numbers))
    assert [one.cursor for one in (first, second, third)] == [1, 2, 3]


def test_payloads_are_read_on_by_cursor(table, webhook) -> None:
    """More payloads than a page holds are all read, also from the middle."""
    record = table.create({"Name": "0"})
    for number in range(1, 60):
        table.update(record["id"], {"Name": str(number)})
    assert len(list(webhook.payloads())) == 60
    assert [one.cursor for one in webhook.payloads(cursor=58)] == [58, 59, 60]
    assert len(list(webhook.payloads(limit=7))) == 7


def test_what_is_not_asked_for_is_not_told(base, table) -> None:
    """Filters of tables, kinds and changes are kept."""
    other = base.create_table("Other", [{"name": "Name", "type": "singleLineText"}])
    filters = {
        "dataTypes": ["tableData"],
        "recordChangeScope": other.id,
        "changeTypes": ["remove"],
    }
    hook = base.webhook(base.add_webhook(None, {"options": {"filters": filters}}).id)
    table.delete(table.create({"Name": "x"})["id"])
    gone = other.create({"Name": "x"})["id"]
    other.create_field("More", "singleLineText")
    other.delete(gone)
    (told,) = hook.payloads()
    assert told.changed_tables_by_id[other.id].destroyed_record_ids == [gone]


def test_changes_of_fields_and_tables(base, table) -> None:
    """New fields, other names and new tables are told."""
    hook = base.webhook(base.add_webhook(None, ALL).id)
    made = table.create_field("More", "email")
    made.name = "Mail"
    made.save()
    added = base.create_table("Other", [{"name": "Name", "type": "singleLineText"}])
    payloads = list(hook.payloads())
    changed = [one.changed_tables_by_id.get(table.id) for one in payloads]
    assert changed[0].created_fields_by_id[made.id].type == "email"
    assert changed[1].changed_fields_by_id[made.id].current.name == "Mail"
    assert payloads[-1].created_tables_by_id[added.id].metadata.name == "Other"


def test_a_notification_is_signed(base, table) -> None:
    """The client proves by the secret that a notification is of this webhook."""
    came: list[tuple[str, str]] = []
    arrived = threading.Event()

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            came.append((body, self.headers["x-airtable-content-mac"]))
            self.send_response(204)
            self.end_headers()
            arrived.set()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Listener) as listener:
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        made = base.add_webhook(f"http://127.0.0.1:{listener.server_port}/", DATA)
        table.create({"Name": "Ada"})
        assert arrived.wait(20)
        listener.shutdown()
    body, mac = came[0]
    told = WebhookNotification.from_request(body, mac, made.mac_secret_base64)
    assert (told.base.id, told.webhook.id) == (base.id, made.id)
    with pytest.raises(ValueError, match="validation"):
        WebhookNotification.from_request(body + " ", mac, made.mac_secret_base64)


def test_webhooks_that_cannot_be(base, table, api) -> None:
    """A wrong specification is refused, and so is the eleventh webhook."""
    wrong = {"specification": {"options": {"filters": {"dataTypes": ["nothing"]}}}}
    with pytest.raises(requests.HTTPError, match="422"):
        api.post(base.urls.webhooks, json=wrong)
    for _ in range(10):
        base.add_webhook(None, DATA)
    with pytest.raises(requests.HTTPError, match="4\\d\\d"):
        base.add_webhook(None, DATA)
    with pytest.raises(KeyError):
        base.webhook("ach00000000000000")
    assert len(base.webhooks()) == 10
