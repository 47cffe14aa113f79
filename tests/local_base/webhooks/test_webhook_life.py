"""How long what webhooks tell can be read, and how long they live."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from airhaul.local_base.base import LocalBase
from tests.local_base.asking import TEXT, Asking
from tests.local_base.webhooks.watched import Watched


@pytest.fixture
def ask() -> Iterator[Watched]:
    with Watched() as ask:
        yield ask


def test_payloads_are_read_with_a_cursor(ask: Watched) -> None:
    """At most fifty at once; the same cursor gives the same again."""
    webhook = ask.watch()
    url = f"bases/{ask.base}/webhooks/{webhook}/payloads"
    for number in range(60):
        ask.add_record("T", {"Name": str(number)})
    first = ask("GET", url)
    assert (len(first["payloads"]), first["cursor"], first["mightHaveMore"]) == (50, 51, True)
    rest = ask("GET", url, None, ("cursor", "51"))
    assert (len(rest["payloads"]), rest["cursor"], rest["mightHaveMore"]) == (10, 61, False)
    none = ask("GET", url, None, ("cursor", "61"))
    assert none == {"cursor": 61, "mightHaveMore": False, "payloads": []}
    few = ask("GET", url, None, ("cursor", "3"), ("limit", "2"))
    assert few["payloads"] == first["payloads"][2:4]
    assert ask.listed(webhook)["cursorForNextPayload"] == 61
    ask("GET", url, None, ("limit", "51"), status=422)
    ask("GET", url, None, ("cursor", "0"), status=422)


def test_a_webhook_lives_seven_days_unless_it_is_renewed(ask: Watched) -> None:
    """Refreshing and reading payloads renew it; the end is told in the list."""
    webhook = ask.watch()
    assert ask.listed(webhook)["expirationTime"] == "2024-05-08T12:00:00.000Z"
    ask.clock.now += timedelta(days=6)
    renewed = ask("POST", f"bases/{ask.base}/webhooks/{webhook}/refresh")
    assert renewed == {"expirationTime": "2024-05-14T12:00:00.000Z"}
    ask.clock.now += timedelta(days=6)
    ask.payloads(webhook)
    assert ask.listed(webhook)["expirationTime"] == "2024-05-20T12:00:00.000Z"


def test_an_expired_webhook_is_readable_for_seven_more_days(ask: Watched) -> None:
    """It is told nothing new, cannot be renewed, and then is gone."""
    webhook = ask.watch()
    ask.clock.now += timedelta(days=6)
    ask.add_record("T", {"Name": "in time"})
    ask.clock.now += timedelta(days=2)
    ask.add_record("T", {"Name": "too late"})
    assert ask.listed(webhook)["isHookEnabled"] is False
    assert len(ask.payloads(webhook)) == 1
    ask("POST", f"bases/{ask.base}/webhooks/{webhook}/refresh", status=422)
    ask.clock.now += timedelta(days=7)
    assert ask("GET", f"bases/{ask.base}/webhooks") == {"webhooks": []}
    ask("GET", f"bases/{ask.base}/webhooks/{webhook}/payloads", status=403)


def test_payloads_vanish_after_seven_days_and_cursors_go_on(ask: Watched) -> None:
    """Numbers are never used again."""
    webhook = ask.watch()
    ask.add_record("T", {"Name": "old"})
    ask.clock.now += timedelta(days=6)
    ask.payloads(webhook)
    ask.add_record("T", {"Name": "new"})
    ask.clock.now += timedelta(days=2)
    url = f"bases/{ask.base}/webhooks/{webhook}/payloads"
    read = ask("GET", url)
    assert (len(read["payloads"]), read["cursor"]) == (1, 3)


def test_unknown_webhooks_and_bases_are_refused(ask: Watched) -> None:
    """Malformed ids are no routes; another base's webhook is not visible."""
    webhook = ask.watch()
    ask("POST", f"bases/{ask.base}/webhooks/junk/refresh", status=404)
    ask("POST", f"bases/{ask.base}/webhooks/ach00000000000000/refresh", status=403)
    ask("GET", "bases/app00000000000000/webhooks", status=403)
    ask("GET", "bases/junk/webhooks", status=404)
    table = {"name": "T", "fields": [TEXT]}
    body = {"name": "Second", "workspaceId": ask.local_base.workspace_id, "tables": [table]}
    other = ask("POST", "meta/bases", body)["id"]
    ask("DELETE", f"bases/{other}/webhooks/{webhook}", status=403)
    ask("POST", f"bases/{ask.base}/webhooks/{webhook}/enableNotifications", {}, status=422)


def test_payloads_survive_the_file_being_closed(tmp_path) -> None:
    """They are stored beside the change."""
    path = tmp_path / "x.db"
    ask = Asking(LocalBase.open(path))
    ask.table("T")
    webhook = ask.watch()
    ask.add_record("T", {"Name": "a"})
    ask.local_base.close()
    again = Asking(LocalBase.open(path))
    assert len(again.payloads(webhook)) == 1
    again.local_base.close()
