"""One pace for each base in a process, whichever connection sends; counted at the server."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Sequence

import pytest

from airhaul import Airtable, Record
from airhaul.local_base.base import LocalBase
from airhaul.local_base.gate.faults import Fault, Faults
from airhaul.local_base.http.serve import LocalServer
from tests.conftest import connect

pytestmark = pytest.mark.slow  # each test waits for the real pace


class User(Record, table="Users"):
    name: str


def opened(server: LocalServer, requests_per_second: int, token: str = "patTest.x") -> Airtable:
    """A connection that has asked for its rate, with a first request."""
    airtable = Airtable(
        token,
        server.local_base.default_base_id,
        endpoint_url=server.url,
        requests_per_second=requests_per_second,
    )
    airtable.schema()
    return airtable


def write_at_once(airtables: Sequence[Airtable], requests: int) -> None:
    """Let all connections write at the same time, each with so many requests."""
    rows = [{"name": str(number)} for number in range(10 * requests)]
    writers = [
        threading.Thread(target=airtable.table(User).bulk_create, args=(rows,))
        for airtable in airtables
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()


def seconds_taken(local_base: LocalBase) -> float:
    """From the first request to the last. A busy machine only makes it longer."""
    times = [request.at for request in local_base.requests]
    return max(times) - min(times)


@pytest.fixture
def users(local_base: LocalBase, server: LocalServer) -> None:
    """The table, made without touching the base's pace."""
    with connect(server) as airtable:
        airtable.table(User).create_table()
    local_base.requests.clear()


def test_connections_of_different_rates_share_one_pace(users, local_base, server) -> None:
    """Of 5 and 4 requests per second the lower rate holds for both together, not 9."""
    with opened(server, 5) as five, opened(server, 4, "patOther.x") as four:
        write_at_once([five, four], 6)
    assert seconds_taken(local_base) > 1.5  # 2 s at 4 in a second, half of it at 9
    assert {request.status for request in local_base.requests} == {200}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("way", ["closed", "dropped"])
def test_the_rate_rises_when_the_slower_connection_is_gone(users, local_base, server, way) -> None:
    """A connection that is closed, or garbage, slows nobody down any more."""
    with opened(server, 6) as fast:
        slow = opened(server, 2)
        write_at_once([fast], 3)
        assert (
            seconds_taken(local_base) > 1.1
        )  # with the first requests of both: 1.5 s at the slower rate
        if way == "closed":
            slow.close()
        del slow
        gc.collect()
        local_base.requests.clear()
        write_at_once([fast], 14)
        assert seconds_taken(local_base) < 5.0  # 6 s at the slower rate, 1.6 s at its own


def test_a_pause_reaches_every_connection(users, local_base, server) -> None:
    """After a 429 of one connection, the other one waits too, although its rate differs."""
    with opened(server, 5) as five, opened(server, 4, "patOther.x") as four:
        local_base.faults = Faults(Fault("429-retry-after", at=1, retry_after_s=1.0))
        limited = threading.Thread(target=five.schema)
        limited.start()
        while local_base.requests[-1].status != 429:
            time.sleep(0.01)
        time.sleep(0.3)  # its connection has read the refusal by then
        four.schema()
        limited.join()
    refused, *later = list(local_base.requests)[2:]
    assert [refused.status, *(request.status for request in later)] == [429, 200, 200]
    assert all(request.at - refused.at >= 1.0 for request in later)
