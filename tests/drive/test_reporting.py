"""Nobody is left without a word: events, the log and the program report retries as they come."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest

from airhaul import Airtable, AsyncAirtable, BulkError, Record, Retries, errors
from airhaul.events import Retrying
from airhaul.local_base.gate.faults import Fault, Faults
from tests.conftest import connect
from tests.processes import COMMAND

pytestmark = pytest.mark.slow  # each test waits for retries


BASE = "app00000000000000"
TWICE = Retries(tries=2, backoff_s=0.4)
ROWS = [{"name": str(number)} for number in range(30)]


class User(Record, table="Users"):
    name: str


@pytest.fixture
def closed_port() -> str:
    """The URL of a service that refuses connections."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


VERBS: dict[str, Callable[..., Any]] = {
    "bulk_create": lambda users, tmp_path, on_event: users.bulk_create(ROWS, on_event=on_event),
    "one at a time": lambda users, tmp_path, on_event: users.bulk_create(
        ROWS, on_event=on_event, concurrency=1
    ),
    "journaled": lambda users, tmp_path, on_event: users.bulk_create(
        ROWS, on_event=on_event, journal=tmp_path / "journal.db"
    ),
    "sync": lambda users, tmp_path, on_event: users.sync(ROWS, key="name", on_event=on_event),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("awaits", [False, True], ids=["blocking", "awaited"])
def test_a_refused_connection_is_an_event_before_the_next_try(
    closed_port, tmp_path, verb, awaits
) -> None:
    """``on_event`` learns of a refused connection after the first try, not after the last."""
    heard: list[float] = []

    def note(event) -> None:
        if isinstance(event, Retrying):
            assert "no connection" in str(event)
            heard.append(time.monotonic())

    options: dict[str, Any] = {"endpoint_url": closed_port, "retries": TWICE}
    with pytest.raises((BulkError, errors.NotSentError)):
        if awaits:
            users: Any = AsyncAirtable("pat.x", BASE, **options).table(User)
            asyncio.run(VERBS[verb](users, tmp_path, note))
        else:
            VERBS[verb](Airtable("pat.x", BASE, **options).table(User), tmp_path, note)
    assert heard
    assert time.monotonic() - heard[0] >= 0.35


@pytest.mark.parametrize("awaits", [False, True], ids=["blocking", "awaited"])
def test_a_refused_connection_is_a_warning_before_the_next_try(closed_port, caplog, awaits) -> None:
    """Verbs without events are not silent either: the log has each retry when it is decided."""
    options: dict[str, Any] = {"endpoint_url": closed_port, "retries": TWICE}
    with pytest.raises(errors.NotSentError):
        if awaits:
            asyncio.run(AsyncAirtable("pat.secret", BASE, **options).table(User).all())
        else:
            Airtable("pat.secret", BASE, **options).table(User).all()
    ended = time.time()
    (warned,) = caplog.records
    assert (warned.name, warned.levelname) == ("airhaul", "WARNING")
    assert warned.getMessage().startswith(f"GET /v0/{BASE}/Users: no connection to 127.0.0.1")
    assert warned.getMessage().endswith("Trying again in 0.4 s.")
    assert ended - warned.created >= 0.35


def test_requests_that_fail_together_are_one_warning(closed_port, caplog) -> None:
    """Ten requests in flight do not print the same sentence ten times."""
    airtable = Airtable("pat.x", BASE, endpoint_url=closed_port, retries=TWICE)
    with airtable, pytest.raises(BulkError):
        airtable.table(User).bulk_create(ROWS, on_error="continue")
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_requests_and_waits_are_logged_without_secrets(local_base, server, caplog) -> None:
    """Method, path, status and seconds of each request, and long waits; no token, query or body."""
    caplog.set_level(logging.DEBUG, "airhaul")
    with connect(server) as airtable:
        users = airtable.table(User)
        users.create_table()
        users.bulk_create([{"name": "private"}])
        local_base.faults = Faults(Fault("429-retry-after", at=1, retry_after_s=2.0))
        assert users.count(name="private") == 1
    lines = [(record.levelname, record.getMessage()) for record in caplog.records]
    base = local_base.default_base_id
    levels = [level for level, _ in lines]
    assert levels == ["DEBUG", "DEBUG", "DEBUG", "WARNING", "INFO", "DEBUG"]
    assert lines[1][1].startswith(f"POST /v0/{base}/Users: 200 in 0.")
    assert lines[2][1].startswith(f"GET /v0/{base}/Users: 429 in 0.")
    assert lines[3][1].endswith("Trying again in 2 s.")
    assert lines[4][1] == "Waiting 2.0 s before the next request."
    assert not any(word in caplog.text for word in ("secret", "patTest", "private", "filterBy"))


def test_the_progress_bar_shows_a_retry(closed_port, capsys) -> None:
    """A bar that stands still says why."""
    airtable = Airtable("pat.x", BASE, endpoint_url=closed_port, retries=TWICE)
    with airtable, pytest.raises(BulkError):
        airtable.table(User).bulk_create(ROWS, progress=True)
    assert "trying again in 0.4 s" in capsys.readouterr().err


def test_the_program_prints_a_retry_as_it_comes(closed_port, tmp_path) -> None:
    """``airhaul import`` to a closed port says so after the first try, not after the last."""
    (tmp_path / "rows.csv").write_text("name\na\n")
    options = ["--token", "pat.x", "--base", BASE, "--endpoint-url", closed_port]
    child = subprocess.Popen(
        [*COMMAND, "import", str(tmp_path / "rows.csv"), "Users", *options],
        stderr=subprocess.PIPE,
        text=True,
    )
    with contextlib.closing(child.stderr):
        line = child.stderr.readline()
        is_running = child.poll() is None
        child.kill()
        child.wait()
    assert "no connection to 127.0.0.1" in line
    assert line.endswith("Trying again in 0.5 s.\n")
    assert is_running
