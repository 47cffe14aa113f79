"""Notifications of webhooks: signed, tried again, and never lost while the file is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyairtable.models import WebhookNotification

from airhaul.local_base.base import LocalBase
from tests.local_base.asking import Asking
from tests.local_base.listening import Listener, until

pytestmark = pytest.mark.slow  # each test waits for notifications


BACKGROUND = "airhaul-background"


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as running:
        yield running


@pytest.fixture
def ask() -> Iterator[Asking]:
    with Asking(LocalBase.open(webhook_retry_s=0.02)) as ask:
        ask.table("T")
        yield ask


def watch(ask: Asking, url: str | None) -> dict[str, str]:
    options = {"filters": {"dataTypes": ["tableData"]}}
    body = {"notificationUrl": url, "specification": {"options": options}}
    return ask("POST", f"bases/{ask.base}/webhooks", body)


def shown(ask: Asking) -> dict:
    return ask("GET", f"bases/{ask.base}/webhooks")["webhooks"][0]


def result(ask: Asking) -> dict:
    return shown(ask)["lastNotificationResult"] or {}


def test_a_change_is_notified_and_signed(ask: Asking, listener: Listener) -> None:
    """The ping names base and webhook, and another client accepts its signature."""
    made = watch(ask, f"{listener.url}/hook?x=1")
    until(lambda: result(ask).get("success"))
    pings = len(listener.asked)
    ask.add_record("T", {"Name": "a"})
    until(lambda: len(listener.asked) > pings)
    method, path, headers, body = listener.asked[-1]
    assert (method, path) == ("POST", "/hook?x=1")
    assert headers["content-type"] == "application/json"
    mac = headers["x-airtable-content-mac"]
    ping = WebhookNotification.from_request(body.decode(), mac, made["macSecretBase64"])
    assert (ping.base.id, ping.webhook.id) == (ask.base, made["id"])
    with pytest.raises(ValueError, match="failed validation"):
        WebhookNotification.from_request(body.decode() + " ", mac, made["macSecretBase64"])
    until(lambda: shown(ask)["lastSuccessfulNotificationTime"])
    assert set(json.loads(body)) == {"base", "webhook", "timestamp"}


def test_a_failed_ping_is_tried_again(ask: Asking, listener: Listener) -> None:
    """Until it arrives; the list tells how it went."""
    listener.status = 500
    watch(ask, listener.url)
    ask.add_record("T", {"Name": "a"})
    until(lambda: result(ask).get("retryNumber", 0) >= 2)
    failed = result(ask)
    assert failed["success"] is False
    assert failed["willBeRetried"] is True
    assert "500" in failed["error"]["message"]
    assert shown(ask)["lastSuccessfulNotificationTime"] is None
    listener.status = 204
    until(lambda: result(ask)["success"])
    assert "error" not in result(ask)
    assert shown(ask)["areNotificationsEnabled"] is True


def test_notifications_end_after_thirteen_retries(listener: Listener) -> None:
    """Payloads go on; switching notifications on again tells what was missed."""
    ask = Asking(LocalBase.open(webhook_retry_s=0.000_001))
    ask.table("T")
    listener.status = 404
    made = watch(ask, listener.url)
    until(lambda: not shown(ask)["areNotificationsEnabled"])
    assert result(ask)["retryNumber"] == 13
    assert result(ask)["willBeRetried"] is False
    assert len(listener.asked) == 14
    ask.add_record("T", {"Name": "a"})
    assert shown(ask)["cursorForNextPayload"] == 2
    listener.status = 200
    url = f"bases/{ask.base}/webhooks/{made['id']}/enableNotifications"
    assert ask("POST", url, {"enable": True}) == {}
    until(lambda: result(ask)["success"])
    ask.local_base.close()


def test_an_address_that_is_not_there_is_no_fault_of_the_writer(ask: Asking) -> None:
    """The write succeeds, and the list says that nobody was reached."""
    with Listener() as gone:
        url = gone.url
    watch(ask, url)
    ask.add_record("T", {"Name": "a"})
    until(lambda: result(ask).get("success") is False)
    assert "ConnectError" in result(ask)["error"]["message"]


def test_redirects_are_not_followed(ask: Asking, listener: Listener) -> None:
    """A ping goes where it was said to go, and nowhere else."""
    listener.status, listener.headers = 302, {"location": f"{listener.url}/other"}
    watch(ask, listener.url)
    until(lambda: result(ask).get("success") is False)
    assert {path for _, path, _, _ in listener.asked} == {"/"}


def test_switched_off_notifications_are_not_sent(ask: Asking, listener: Listener) -> None:
    """Payloads are written all the same."""
    made = watch(ask, listener.url)
    until(lambda: result(ask).get("success"))
    ask("POST", f"bases/{ask.base}/webhooks/{made['id']}/enableNotifications", {"enable": False})
    pings = len(listener.asked)
    other = watch(ask, f"{listener.url}/other")
    ask.add_record("T", {"Name": "a"})
    until(lambda: shown_of(ask, other["id"])["lastSuccessfulNotificationTime"])
    assert {path for _, path, _, _ in listener.asked[pings:]} == {"/other"}
    assert shown(ask)["cursorForNextPayload"] == 2


def shown_of(ask: Asking, webhook: str) -> dict:
    found = ask("GET", f"bases/{ask.base}/webhooks")["webhooks"]
    return next(one for one in found if one["id"] == webhook)


def test_what_was_not_notified_is_notified_by_the_next_to_open_the_file(
    tmp_path: Path, listener: Listener
) -> None:
    """A ping is not lost with the process that owed it."""
    listener.status = 503
    ask = Asking(LocalBase.open(tmp_path / "x.db", webhook_retry_s=60.0))
    ask.table("T")
    watch(ask, listener.url)
    ask.add_record("T", {"Name": "a"})
    until(lambda: result(ask).get("success") is False)
    ask.local_base.close()
    listener.status = 200
    again = Asking(LocalBase.open(tmp_path / "x.db"))
    until(lambda: result(again).get("success"))
    again.local_base.close()


def test_no_thread_runs_without_an_address(ask: Asking, listener: Listener) -> None:
    """Webhooks without one start nothing; closing ends what was started."""
    watch(ask, None)
    ask.add_record("T", {"Name": "a"})
    assert shown(ask)["areNotificationsEnabled"] is False
    assert BACKGROUND not in {thread.name for thread in threading.enumerate()}
    watch(ask, listener.url)
    until(lambda: listener.asked)
    assert BACKGROUND in {thread.name for thread in threading.enumerate()}
    ask.local_base.close()
    assert BACKGROUND not in {thread.name for thread in threading.enumerate()}


FORKED = """
import os, sys, threading
from airhaul.local_base.store.background import Background

background = Background()
begun = threading.Event()
background.later(0.0, "parent's", begun.set)
assert begun.wait(10)
background.later(3600.0, "same", lambda: None)
child = os.fork()
if child == 0:
    done = threading.Event()
    background.later(0.0, "same", done.set)
    os._exit(0 if done.wait(10) else 1)
_, status = os.waitpid(child, 0)
background.close()
sys.exit(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
def test_a_forked_process_has_threads_of_its_own() -> None:
    """What the parent planned holds nothing back in the child."""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", FORKED], timeout=30, check=False)
    assert done.returncode == 0
