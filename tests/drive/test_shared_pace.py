"""One pace for the processes of a host, and for all that share a Redis; counted at the server."""

from __future__ import annotations

import logging
import os
import resource
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from filelock import FileLock
from platformdirs import unix
from pydantic import SecretStr

from airhaul import Airtable, Record
from airhaul.bulk.engine.pacer import Pace, Window
from airhaul.bulk.engine.retry import Retries
from airhaul.bulk.engine.slots import Slot, Slots
from airhaul.drive.pace import paces
from airhaul.drive.pace import redis as redis_pace
from airhaul.drive.pace.host import Host, HostSlots, default_folder
from airhaul.drive.pace.shared import SharedPace
from airhaul.errors import ConfigurationError, NotSentError
from airhaul.local_base.base import LocalBase
from airhaul.local_base.gate.faults import Fault, Faults
from airhaul.local_base.http.serve import LocalServer
from tests.conftest import connect, connection_to
from tests.processes import start_python

pytestmark = pytest.mark.slow  # each test waits for the real pace

TOKEN = "patSecret.x"
WRITE = """
import sys
from airhaul import Airtable, Record
class User(Record, table="Users"):
    name: str
url, base, token, rows, pace = sys.argv[1:]
with Airtable(token, base, endpoint_url=url, pace=pace) as airtable:
    airtable.table(User).bulk_create([{"name": f"{token} {n}"} for n in range(int(rows))])
"""


class User(Record, table="Users"):
    name: str


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host of its own: the folder that its processes share."""
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.setattr(paces, "_paces", paces._Paces())
    return runtime / "airhaul"


@pytest.fixture
def local_base() -> Iterator[LocalBase]:
    """A local base with ten times Airtable's limit.

    It has one, so that programs keep to their pace, and refuses none of them because this machine
    is busy and counted their requests late.
    """
    with LocalBase.open(requests_per_second=50) as opened:
        yield opened


@pytest.fixture
def users(local_base) -> None:
    """The table, made without touching the pace."""
    Airtable(connection=connection_to(local_base)).table(User).create_table()
    time.sleep(1.1)  # this counted, too
    local_base.requests.clear()


def write(server, rows: int, *, processes: int, pace: str) -> None:
    """Write from several processes at the same time."""
    base_id = server.local_base.default_base_id
    with open(os.devnull, "r+") as nothing:
        running = [
            start_python(
                WRITE, server.url, base_id, TOKEN, rows, pace, streams=(nothing, nothing, nothing)
            )
            for _ in range(processes)
        ]
        for process in running:
            process.join(60)
            assert process.exitcode == 0


def seconds_taken(local_base) -> float:
    """From the first request to the last. A busy machine only makes it longer."""
    times = [request.at for request in local_base.requests]
    return max(times) - min(times)


def test_the_processes_of_a_host_share_one_pace(host, users, local_base, server) -> None:
    """Three at a time keep to five requests a second together, without being told."""
    write(server, 60, processes=3, pace="host")
    assert len(local_base.requests) == 18
    assert {request.status for request in local_base.requests} == {200}
    assert seconds_taken(local_base) > 2.0  # 3 s at the limit, 1 s for each alone


def test_all_that_use_a_redis_share_one_pace(redis, users, local_base, server) -> None:
    """The same for hosts, with nothing but Redis between them."""
    write(server, 60, processes=3, pace=redis)
    assert len(local_base.requests) == 18
    assert {request.status for request in local_base.requests} == {200}
    assert seconds_taken(local_base) > 2.0


@pytest.mark.parametrize("pace", ["host", "redis"])
def test_a_pause_reaches_all(pace, request, host, users, local_base, server) -> None:
    """After a 429 of one process, the others send nothing, either, until it is over."""
    pace = request.getfixturevalue("redis") if pace == "redis" else pace
    local_base.faults = Faults(Fault("429-retry-after", at=2, retry_after_s=2.0))
    write(server, 60, processes=2, pace=pace)
    times = sorted((each.at, each.status) for each in local_base.requests)
    refused_at = next(at for at, status in times if status == 429)
    later = [at for at, _ in times if at > refused_at + 0.8]  # what was on its way has come
    assert [status for _, status in times].count(429) == 1
    assert len(later) >= 5
    assert min(later) >= refused_at + 2.0


@pytest.mark.parametrize("pace", ["process", "redis"])
def test_a_pause_reaches_all_also_without_a_limit(pace, request, users, local_base, server) -> None:
    """A service that should have no limit and refuses a request is left alone by all threads."""
    pace = request.getfixturevalue("redis") if pace == "redis" else pace
    local_base.faults = Faults(Fault("429-retry-after", at=2, retry_after_s=1.0))
    with connect(server, pace=pace, requests_per_second=None) as airtable:
        airtable.table(User).bulk_create(({"name": f"U{n}"} for n in range(200)), concurrency=2)
    times = sorted((each.at, each.status) for each in local_base.requests)
    refused_at = next(at for at, status in times if status == 429)
    assert [status for _, status in times].count(429) == 1
    assert len([at for at, _ in times if at >= refused_at + 1.0]) >= 17


def test_connections_of_one_process_share_one_pace_or_are_refused(
    host, users, local_base, server
) -> None:
    """Two limits for one base would add up; the error names both, and no password."""
    redis = "redis://me:secret@127.0.0.1:1/0"
    with connect(server, pace="process") as first:
        assert first.table(User).count() == 0
        for pace in ("host", redis):
            with (
                connect(server, pace=pace) as second,
                pytest.raises(ConfigurationError, match="pace='process'.*same pace") as caught,
            ):
                second.table(User).count()
            assert "secret" not in str(caught.value)
        with connect(server, pace="process") as second:
            assert second.table(User).count() == 0
    assert len(local_base.requests) == 2
    with connect(server, pace="host") as second:
        assert second.table(User).count() == 0


def test_the_folder_names_no_base_and_no_token(host, users, server) -> None:
    """Whoever can list it learns nothing from it."""
    with connect(server, pace="host", requests_per_second=5) as airtable:
        airtable.table(User).all()
    kept = sorted(host.iterdir(), key=lambda path: path.suffix)
    assert [path.suffix for path in kept] == [".lock", ".slots", ".slots"]
    text = b"".join(path.name.encode() + path.read_bytes() for path in kept)
    assert b"pat" not in text.removeprefix(b"pace")
    assert server.local_base.default_base_id.encode() not in text
    assert all(path.stat().st_mode & 0o077 == 0 for path in kept if path.suffix == ".slots")


@pytest.mark.parametrize("content", [b"", b"garbage", b"airhaul-pace-1\n" + b"\xff" * 9_000])
def test_a_damaged_file_is_written_anew(content, host, users, server) -> None:
    """It holds nothing that would have to be kept."""
    with connect(server, pace="host", requests_per_second=5) as airtable:
        airtable.table(User).all()
        assert list(host.glob("*.slots"))
        for path in host.glob("*.slots"):
            path.write_bytes(content)
        airtable.table(User).all()
    assert all(len(path.read_bytes()) > 1_000 for path in host.glob("*.slots"))


def warnings_of_two_calls(server: LocalServer, caplog: pytest.LogCaptureFixture) -> list[str]:
    with (
        caplog.at_level(logging.WARNING, "airhaul"),
        connect(server, pace="host", requests_per_second=5) as airtable,
    ):
        airtable.table(User).all()
        airtable.table(User).all()
    return [record.message for record in caplog.records]


def test_a_folder_that_cannot_be_used_is_done_without(host, users, server, caplog) -> None:
    """The pace of the process holds then, and the log says so, once."""
    host.write_text("a file in its place")
    (said,) = warnings_of_two_calls(server, caplog)
    assert "not shared with the other processes of this host" in said


def test_a_runtime_folder_that_is_missing_is_made_so_that_all_use_it(
    tmp_path, monkeypatch, users, server
) -> None:
    """It is nobody else's: programs that start later would refuse another one, and find no pace."""
    monkeypatch.setattr(paces, "_paces", paces._Paces())
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "missing"))
    with connect(server, pace="host", requests_per_second=5) as airtable:
        airtable.table(User).all()
    assert default_folder() == tmp_path / "missing" / "airhaul"


def test_a_runtime_folder_of_somebody_else_is_done_without(
    tmp_path, monkeypatch, users, server, caplog
) -> None:
    """The log says why, and what to do about it; nothing fails."""
    monkeypatch.setattr(paces, "_paces", paces._Paces())
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(unix, "runtime_base_problem", lambda *_, **__: "none of a login")
    (tmp_path / f"runtime-{os.getuid()}").write_text("a file in its place")
    (said,) = warnings_of_two_calls(server, caplog)
    assert "set XDG_RUNTIME_DIR" in said


def test_a_disk_that_is_full_is_noticed(host, caplog) -> None:
    """A file that is written in part would be read as that of a base that nobody uses."""
    shared, slots = Host(host), HostSlots("base")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, limit[1]))
    try:
        assert shared.take([slots], 0.0)
        shared.give_back([slots])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert "cannot be written" in caplog.text


def test_programs_that_cannot_read_each_other_keep_a_pace_each(host, monkeypatch) -> None:
    """Of another version, or with another clock: neither forgets what it has sent itself."""
    mine = HostSlots("base")
    monkeypatch.setattr("airhaul.drive.pace.host.boot_id", lambda: b"of another boot\n")
    theirs = HostSlots("base")
    first, second = Host(host), Host(host)
    for number in (1, 2):
        for shared, slots in ((first, mine), (second, theirs)):
            assert shared.take([slots], 0.0)
            slots.header = slots.header._replace(booked=slots.header.booked + 1)
            shared.give_back([slots])
            assert slots.header.booked == number


def test_ctrl_c_leaves_no_lock_behind(host, monkeypatch, caplog) -> None:
    """It can come between any two steps, also after the lock was taken; others must not wait."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    shared, slots = Host(host), HostSlots("base")
    with monkeypatch.context() as patched:
        patched.setattr(slots, "load", interrupted)
        with pytest.raises(KeyboardInterrupt):
            shared.take([slots], 0.0)
    pace = SharedPace([Window(5.0, slots)], threading.Lock(), host=shared)
    with monkeypatch.context() as patched:
        patched.setattr(pace._pacer, "pause", interrupted)
        with pytest.raises(KeyboardInterrupt):
            pace.pause(0.0)
    other = Host(host)
    assert other.take([], 0.0)
    other.give_back([])


def test_ctrl_c_while_a_slot_is_booked_forgets_no_request(monkeypatch) -> None:
    """All that were sent in the last second still count afterwards."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    slots = Slots()
    pace = SharedPace([Window(5.0, slots)], threading.Lock())
    for _ in range(5):
        pace.hand_over(Slot(), 100.0)
    with monkeypatch.context() as patched:
        patched.setattr(slots, "put", interrupted)
        with pytest.raises(KeyboardInterrupt):
            pace.hand_over(Slot(), 100.0)
    assert len(slots.since(99.0)) == 5


def test_a_process_that_was_stopped_with_the_lock_holds_nobody_up(
    host, users, server, caplog
) -> None:
    """After a second the others go on without it."""
    host.mkdir()
    with (
        FileLock(host / "pace.lock"),
        caplog.at_level(logging.WARNING, "airhaul"),
        connect(server, pace="host", requests_per_second=5) as airtable,
    ):
        began = time.monotonic()
        airtable.table(User).all()
        assert 0.9 < time.monotonic() - began < 15.0  # and not for ever
    assert "a process that was stopped" in caplog.text


def test_a_lock_that_is_busy_twice_is_not_stuck(host, caplog) -> None:
    """Others were at it at two moments; what happened in between is not known, and need not be."""
    shared = Host(host)
    for _ in range(2):
        host.mkdir(exist_ok=True)
        with FileLock(host / "pace.lock"):
            assert not shared.take([], 0.0)
        time.sleep(1.1)
    assert caplog.text == ""


def test_threads_of_a_process_and_another_process_share(host, users, local_base, server) -> None:
    """Sync calls of two threads here, and those of a program beside them."""
    with connect(server, pace="host", requests_per_second=5) as airtable:
        rows = [{"name": str(number)} for number in range(50)]
        threads = [
            threading.Thread(target=airtable.table(User).bulk_create, args=(rows,))
            for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        write(server, 50, processes=1, pace="host")
        for thread in threads:
            thread.join()
    assert {request.status for request in local_base.requests} == {200}
    assert seconds_taken(local_base) > 1.5  # 2 s at the limit, 1 s for each alone


def test_without_its_redis_nothing_is_sent(users, local_base, server) -> None:
    """Other hosts may be using the limit; the error says what helps, and no password."""
    pace = "redis://:secret@127.0.0.1:1/0"
    with connect(server, pace=pace, requests_per_second=5) as airtable:
        began = len(local_base.requests)
        with pytest.raises(NotSentError, match="set pace_loss to the share") as caught:
            airtable.table(User).all()
        assert len(local_base.requests) == began
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("pace", ["redis://a..b:6379", "redis://127.0.0.1:1/0?colour=red"])
def test_a_redis_that_cannot_be_asked_at_all_is_reported(pace, users, server) -> None:
    """Whatever its package raises: a call would wait forever for an answer that never comes."""
    with (
        connect(server, pace=pace, requests_per_second=5, retries=Retries(tries=1)) as airtable,
        pytest.raises(NotSentError, match=r"cannot be reached \(.*(label|colour)"),
    ):
        airtable.table(User).all()


def test_every_error_names_what_is_wrong_with_redis(users, server) -> None:
    """Also those of requests that come right after a failure, when Redis is left alone."""
    retries = Retries(tries=1)
    with connect(
        server, pace="redis://127.0.0.1:1/0", requests_per_second=5, retries=retries
    ) as airtable:
        for _ in range(2):
            with pytest.raises(NotSentError, match="refused"):
                airtable.table(User).all()


def test_without_its_redis_a_share_of_the_limit_may_be_used(
    users, local_base, server, caplog
) -> None:
    """Two of five requests a second, and a warning, once."""
    with (
        caplog.at_level(logging.WARNING, "airhaul"),
        connect(
            server, pace="redis://127.0.0.1:1/0", pace_loss=0.4, requests_per_second=5
        ) as airtable,
    ):
        airtable.table(User).bulk_create([{"name": str(number)} for number in range(50)])
    assert len(local_base.requests) == 5
    assert seconds_taken(local_base) > 1.1  # 2 s at two in a second
    assert (
        sum("uses its share of the rate limit" in record.message for record in caplog.records) == 1
    )


def test_the_share_is_one_of_the_rate_that_is_asked_for(users, local_base, server) -> None:
    """A program that asks for less than Airtable's limit does not send more without Redis."""
    with connect(
        server, pace="redis://127.0.0.1:1/0", pace_loss=1.0, requests_per_second=2
    ) as airtable:
        airtable.table(User).bulk_create([{"name": str(number)} for number in range(50)])
    assert seconds_taken(local_base) > 1.8  # 2 s; 0.8 s at Airtable's limit


def test_requests_leave_in_their_order_with_redis(redis, monkeypatch) -> None:
    """The next one waits until the one before it is written, as it does without Redis."""
    monkeypatch.setitem(redis_pace._CONSTANTS, "in_order_s", 60.0)
    connection = threading.Event()  # whatever asks
    pace = paces.pace_of(
        "https://api.airtable.com", "app1", SecretStr("pat.x"), shared=redis, loss=None,
        connection=connection, requests_per_second=5.0,
    )  # fmt: skip
    first, second = Slot(), Slot()
    for slot in (first, second):
        while (ask_at := pace.hand_over(slot, time.monotonic())) > time.monotonic():
            time.sleep(max(0.0, ask_at - time.monotonic()))
    for _ in range(10):
        time.sleep(0.01)
        now = time.monotonic()
        assert pace.leave(second, now) > now
    wait_to_leave(pace, first)
    pace.written(first, time.monotonic())
    wait_to_leave(pace, second)


def wait_to_leave(pace: Pace, slot: Slot) -> None:
    """Wait until a request has left, two seconds at most."""
    until = time.monotonic() + 2.0
    while (ask_at := pace.leave(slot, time.monotonic())) > time.monotonic():
        assert ask_at < until
        time.sleep(max(0.0, ask_at - time.monotonic()))


def test_a_share_counts_what_was_sent_before_redis_was_lost(
    redis, users, local_base, server
) -> None:
    """Redis knew it, and Airtable still counts it."""
    with connect(server, pace=redis, pace_loss=1.0, requests_per_second=5) as airtable:
        table = airtable.table(User)
        for _ in range(5):
            table.all()
        paces._paces.redis[redis]._down_until = time.monotonic() + 3.0
        table.all()
    times = sorted(request.at for request in local_base.requests)
    assert times[5] - times[4] > 0.9


def test_redis_that_comes_back_is_used_again(redis, users, local_base, server) -> None:
    """A pace that was alone for a while is shared again as soon as it can be."""
    with connect(server, pace=redis, pace_loss=0.2, requests_per_second=5) as airtable:
        table = airtable.table(User)
        table.all()
        paces._paces.redis[redis]._down_until = time.monotonic() + 0.5
        table.all()
        time.sleep(0.6)
        began = time.monotonic()
        for _ in range(10):
            table.all()
        assert time.monotonic() - began < 8.0  # alone it would be one a second
    assert {request.status for request in local_base.requests} == {200}


def test_redis_that_forgets_what_was_sent_is_not_believed(redis, users, local_base, server) -> None:
    """After a restart or a flush it would let five more leave within the same second."""
    from redis import Redis

    flush = Redis.from_url(redis).flushall
    with connect(server, pace=redis, requests_per_second=5) as airtable:
        table = airtable.table(User)
        for _ in range(5):
            table.all()
        flush()
        for _ in range(6):
            table.all()
    times = sorted(request.at for request in local_base.requests)
    assert times[5] - times[4] > 0.9
    assert times[9] - times[5] < 0.9  # it is asked only once to wait
    assert times[10] - times[5] > 0.9  # and keeps the pace again


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"pace": "hosts"}, "host, process, or the URL of a Redis"),
        ({"pace": "http://user:secret@x"}, "http://x"),
        ({"pace": 5}, "'5'"),
        ({"pace_loss": 2.0}, "share of the rate limit from 0 to 1"),
        (
            {"pace_loss": "share"},
            "share of the rate limit from 0 to 1, such as 0.25; it is 'share'",
        ),
    ],
)
def test_what_cannot_be_shared_is_refused(options, said) -> None:
    """At once, and without a password in the message."""
    with pytest.raises(ConfigurationError, match=said) as caught:
        Airtable(TOKEN, "app00000000000000", **options)
    assert "secret" not in str(caught.value)


def test_the_environment_says_who_shares(users, server, monkeypatch) -> None:
    """One setting for all programs of a worker; a wrong one is named."""
    monkeypatch.setenv("AIRHAUL_PACE", "everybody")
    with connect(server) as airtable, pytest.raises(ConfigurationError, match="AIRHAUL_PACE"):
        airtable.table(User).all()


def test_requests_of_one_process_leave_in_turn_with_those_of_others(
    host, users, local_base, server
) -> None:
    """Nobody starves: of two processes, neither sends many more while both are at it."""
    base_id = local_base.default_base_id
    with open(os.devnull, "r+") as nothing:
        streams = (nothing, nothing, nothing)
        running = [
            start_python(WRITE, server.url, base_id, token, 100, "host", streams=streams)
            for token in ("patOne.x", "patTwo.x")
        ]
        for process in running:
            process.join(60)
    tokens = [
        request.body["records"][0]["fields"]["name"].split()[0]
        for request in local_base.requests
        if request.body
    ]
    assert Counter(tokens) == {"patOne.x": 10, "patTwo.x": 10}
    turns = sum(first != second for first, second in pairwise(tokens))
    assert turns >= 3  # one after the other would be a single one
