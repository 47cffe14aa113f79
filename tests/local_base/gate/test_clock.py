"""The date that replies carry, and when records were created."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import httpx2
import pytest

from airhaul.local_base.base import LocalBase
from airhaul.local_base.http.serve import LocalServer
from airhaul.local_base.protocol.request import Request
from tests.local_base.clock import Clock

LEAP_DAY = datetime(2024, 2, 29, 23, 59, 59, 700_000, tzinfo=UTC)


def test_replies_and_records_are_dated_by_one_clock() -> None:
    """A simulated clock, of any zone, is what both are taken from, in whole seconds."""
    clock = Clock(LEAP_DAY)
    with LocalBase.open(wall_clock=clock) as local_base:

        def ask(method: str, path: str, body=None):
            return local_base.handle(Request(method, path, (), body, "pat.x"))

        base = local_base.default_base_id
        fields = [{"name": "Name", "type": "singleLineText"}]
        ask("POST", f"/v0/meta/bases/{base}/tables", {"name": "T", "fields": fields})
        made = ask("POST", f"/v0/{base}/T", {"fields": {"Name": "a"}})
        assert made.headers["date"] == "Thu, 29 Feb 2024 23:59:59 GMT"
        assert json.loads(made.body)["createdTime"] == "2024-02-29T23:59:59.000Z"
        clock.now = clock.now.astimezone(timezone(timedelta(hours=5))) + timedelta(seconds=1)
        body = {
            "records": [{"fields": {"Name": "b"}}],
            "performUpsert": {"fieldsToMergeOn": ["Name"]},
        }
        merged = ask("PATCH", f"/v0/{base}/T", body)
        assert merged.headers["date"] == "Fri, 01 Mar 2024 00:00:00 GMT"
        assert json.loads(merged.body)["records"][0]["createdTime"] == "2024-03-01T00:00:00.000Z"


@pytest.mark.parametrize(
    ("body", "status"), [("", 403), ("{", 400), ("[" + "1," * 5_000_000 + "1]", 413)]
)
def test_every_reply_over_http_has_one_date(body, status) -> None:
    """Refusals have it too, and the HTTP server adds none of its own."""
    with (
        LocalBase.open(wall_clock=Clock(LEAP_DAY)) as local_base,
        LocalServer(local_base) as server,
        httpx2.Client(base_url=server.url, headers={"Authorization": "Bearer pat.x"}) as client,
    ):
        reply = client.post(f"/v0/{local_base.default_base_id}/T", content=body)
        assert reply.status_code == status
        assert reply.headers.get_list("date") == ["Thu, 29 Feb 2024 23:59:59 GMT"]
