"""Both drivers: threads, event loops, forks, Ctrl-C, and the caller's own errors."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import anyio
import anyio.lowlevel
import pytest
import trio

from airhaul import Airtable, AsyncAirtable, BulkInterrupted, Record, result_of
from airhaul.bulk.engine.events import RowsWritten
from airhaul.bulk.engine.slots import Slot
from airhaul.drive.pace import paces
from airhaul.drive.pace.shared import SharedPace
from airhaul.local_base.base import LocalBase
from airhaul.local_base.http.serve import LocalServer
from tests.conftest import connect, connection_to


class User(Record, table="Users"):
    name: str


def rows(count: int) -> list[dict[str, str]]:
    return [{"name": f"U{number}"} for number in range(count)]


def async_airtable(server: LocalServer, **options) -> AsyncAirtable:
    return AsyncAirtable(
        "patTest.x",
        server.local_base.default_base_id,
        endpoint_url=server.url,
        **{"requests_per_second": 1_000, **options},
    )


async def everything(airtable: AsyncAirtable) -> None:
    async with airtable:
        users = airtable.table(User)
        await users.create_table()
        result = await users.bulk_create(rows(25))
        assert [user.name for user in result] == [row["name"] for row in rows(25)]

        async def more():
            for row in rows(15):
                await anyio.lowlevel.checkpoint()
                yield row

        assert len(await users.bulk_create(more())) == 15
        assert await users.count() == 40
        assert len([user async for user in users.iterate(page_size=7)]) == 40
        user = await users.first(name="U3")
        assert user is not None
        user.name = "changed"
        await users.save(user)
        assert (await users.get(user.id)).name == "changed"
        assert await users.exists(name="changed")
        await users.delete(user)
        assert await users.where(name="changed").all() == []
        assert await users.export_file("users.csv") == 39
        assert len(await users.import_csv("users.csv")) == 39
        named = await airtable.table_named("Users")
        assert await named.count() == 78


@pytest.mark.parametrize("where", ["in process", "over HTTP"])
@pytest.mark.parametrize("run", [asyncio.run, trio.run], ids=["asyncio", "trio"])
def test_every_verb_on_both_event_loops(local_base, server, run, where) -> None:
    """The asynchronous face works on asyncio and trio, with and without a socket."""
    if where == "in process":
        airtable = AsyncAirtable(connection=connection_to(local_base))
    else:
        airtable = async_airtable(server)
    if run is trio.run:
        trio.run(everything, airtable)
    else:
        asyncio.run(everything(airtable))


def test_several_event_loops_one_after_the_other(server) -> None:
    """A connection of one loop is never used by the next."""
    with connect(server) as airtable:
        airtable.table(User).create_table()
    users = async_airtable(server).table(User)
    for _ in range(3):
        assert len(asyncio.run(users.bulk_create(rows(12)))) == 12
    assert asyncio.run(users.count()) == 36


def test_the_blocking_face_inside_a_running_loop(server) -> None:
    """Notebooks run a loop all the time; the blocking verbs work there."""

    async def cell() -> int:
        with connect(server) as airtable:
            users = airtable.table(User)
            users.create_table()
            users.bulk_create(rows(25))
            return users.count()

    assert asyncio.run(cell()) == 25


def test_threads_share_a_connection(server) -> None:
    """Four threads write at once; every row is there, once."""
    with connect(server) as airtable:
        users = airtable.table(User)
        users.create_table()
        threads = [
            threading.Thread(
                target=users.bulk_create, args=([{"name": f"{t}-{n}"} for n in range(50)],)
            )
            for t in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(user.name for user in users.all()) == sorted(
            f"{t}-{n}" for t in range(4) for n in range(50)
        )


FORK_AT_THE_FIRST_REQUEST = """
import os, signal, sys, threading
from airhaul import Airtable
forks = threading.Event()

class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == "ssl":
            forks.set()
            threading.Event().wait(0.3)

sys.meta_path.insert(0, Slow())
url, base_id = sys.argv[1:]
with Airtable("patTest.x", base_id, endpoint_url=url) as airtable:
    thread = threading.Thread(target=airtable.whoami)
    thread.start()
    forks.wait()
    child = os.fork()
    if child == 0:
        signal.alarm(5)
        airtable.whoami()
        os._exit(0)
    thread.join()
    assert os.waitpid(child, 0)[1] == 0, "the child was blocked"
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
def test_a_fork_waits_for_what_another_thread_imports(server) -> None:
    """A child of a program whose first request is just being made sends requests, too."""
    arguments = [server.url, server.local_base.default_base_id]
    command = [sys.executable, "-W", "ignore", "-c", FORK_AT_THE_FIRST_REQUEST, *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_writes_on(tmp_path, server) -> None:
    """A child opens its own connections, to a file as well as over HTTP."""
    file = Airtable.local(tmp_path / "base.db")
    http = connect(server)
    for airtable in (file, http):
        airtable.table(User).create_table()
        airtable.table(User).bulk_create(rows(5))
    child = os.fork()
    if child == 0:
        code = 1
        try:
            for airtable in (file, http):
                airtable.table(User).bulk_create(rows(15))
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    for airtable in (file, http):
        airtable.table(User).bulk_create(rows(5))
        assert airtable.table(User).count() == 25
        airtable.close()


def test_the_callers_error_comes_back_after_what_was_sent_has_landed(local_base, server) -> None:
    """An exception of a callback stops the run; its note says what was written."""
    with connect(server) as airtable:
        users = airtable.table(User)
        users.create_table()

        def fail(done, total, record) -> None:
            raise LookupError("mine")

        with pytest.raises(LookupError, match="mine") as caught:
            users.bulk_create(rows(500), progress=fail)
        assert "created" in caught.value.__notes__[0]
        written = users.count()
        assert 10 <= written < 500
        assert f"{written} created" in caught.value.__notes__[0]


def test_the_callers_generator_runs_on_the_callers_thread(server) -> None:
    """Rows are pulled where the verb was called, and so are events told."""
    threads = set()

    def given():
        for row in rows(30):
            threads.add(threading.current_thread())
            yield row

    with connect(server) as airtable:
        users = airtable.table(User)
        users.create_table()
        users.bulk_create(given(), on_event=lambda event: threads.add(threading.current_thread()))
    assert threads == {threading.current_thread()}


@pytest.mark.parametrize("concurrency", [10, 1])
def test_ctrl_c_lets_the_requests_in_flight_land(local_base, server, concurrency) -> None:
    """Ctrl-C raises with the result, and the result is what the server holds."""
    with connect(server) as airtable:
        users = airtable.table(User)
        users.create_table()
        local_base.latency_s = 0.1

        before = local_base.counts()["POST"]

        def interrupt() -> None:
            while local_base.counts()["POST"] == before:
                time.sleep(0.005)
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=interrupt).start()
        with pytest.raises(BulkInterrupted) as caught:
            users.bulk_create(rows(1_000), concurrency=concurrency)
        local_base.latency_s = 0
        result = caught.value.result
        assert 0 < len(result) < 1_000
        assert set(result.counts()) == {"created", "skipped"}
        assert {user.id for user in users.all()} == {user.id for user in result}


@pytest.fixture
def penalty(request, local_base, monkeypatch) -> threading.Event:
    """Another program meets the limit just when a request that was handed over is to leave.

    The event is set when that happens; the penalty is a minute, or as many seconds as asked for.
    """
    Airtable(connection=connection_to(local_base)).table(User).create_table()
    local_base.requests.clear()
    penalty_s = getattr(request, "param", 60.0)
    begun, leave = threading.Event(), SharedPace.leave

    def leave_later(pace: SharedPace, slot: Slot, now: float) -> float:
        if slot.kind == "POST" and not begun.is_set():
            pace.pause(now + penalty_s)
            begun.set()
        return leave(pace, slot, now)

    monkeypatch.setattr(paces, "_paces", paces._Paces())
    monkeypatch.setattr(SharedPace, "leave", leave_later)
    return begun


def raise_interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("handler", [signal.default_int_handler, raise_interrupt])
@pytest.mark.parametrize("concurrency", [10, 1])
def test_ctrl_c_waits_for_no_penalty(
    server, penalty, monkeypatch, tmp_path, concurrency, handler
) -> None:
    """A request that has not left is not sent any more: its rows are certainly not written.

    That is so, too, where a program has a handler of its own, which raises at any moment. Whoever
    resumes the run need not look for the rows.
    """

    def interrupt() -> None:
        penalty.wait()
        time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGINT)

    options = {"requests_per_second": 4, "pace": "process", "journal": tmp_path / "journal.db"}
    threading.Thread(target=interrupt).start()
    before, began = signal.signal(signal.SIGINT, handler), time.monotonic()
    try:
        with connect(server, **options) as airtable, pytest.raises(BulkInterrupted) as caught:
            airtable.table(User).bulk_create(rows(100), concurrency=concurrency)
    finally:
        signal.signal(signal.SIGINT, before)
    assert time.monotonic() - began < 10.0
    assert caught.value.result.counts() == {"skipped": 100}
    monkeypatch.setattr(paces, "_paces", paces._Paces())
    server.local_base.requests.clear()
    with connect(server, **options | {"requests_per_second": 1_000}) as airtable:
        assert airtable.resume().counts() == {"created": 100}
    assert server.local_base.counts()["POST"] == 10


@pytest.mark.parametrize(
    ("penalty", "state"), [(60.0, "skipped"), (0.05, "created")], indirect=["penalty"]
)
def test_an_error_of_the_caller_waits_for_no_penalty(server, penalty, state) -> None:
    """The error of a source comes within a second; what is to leave right now leaves all the same."""

    def source():
        yield from rows(10)
        yield {"name": "U10"}
        penalty.wait()
        raise OSError("broke")

    began = time.monotonic()
    with (
        connect(server, requests_per_second=4, pace="process") as airtable,
        pytest.raises(OSError, match="broke") as caught,
    ):
        airtable.table(User).bulk_create(source(), concurrency=10)
    assert time.monotonic() - began < 10.0
    assert [row.state for row in result_of(caught.value).outcomes[:10]] == [state] * 10


@pytest.mark.parametrize("run", [asyncio.run, trio.run], ids=["asyncio", "trio"])
def test_cancelling_waits_for_no_penalty(server, penalty, run) -> None:
    """A time limit ends the call when it is over, and nothing is written afterwards."""

    async def main() -> None:
        async with async_airtable(server, requests_per_second=4, pace="process") as airtable:
            with anyio.move_on_after(0.5):
                await airtable.table(User).bulk_create(rows(100))

    began = time.monotonic()
    run(main) if run is trio.run else run(main())
    assert time.monotonic() - began < 10.0
    assert penalty.is_set()
    assert "POST" not in server.local_base.counts()


@pytest.mark.parametrize("where", ["in process", "over HTTP"])
def test_one_request_at_a_time_needs_no_other_thread(local_base, server, where) -> None:
    """With ``concurrency=1`` the caller's thread sends; a program without threads stays one."""
    if where == "in process":
        airtable = Airtable(connection=connection_to(local_base))
    else:
        airtable = connect(server)
    threads: set[str] = set()

    def note(event) -> None:
        threads.update(thread.name for thread in threading.enumerate())

    with airtable:
        users = airtable.table(User)
        users.create_table()
        assert len(users.bulk_create(rows(35), concurrency=1, on_event=note)) == 35
        assert not any(name.startswith("airhaul-request") for name in threads)
        if where == "over HTTP":
            users.bulk_create(rows(35), concurrency=2, on_event=note)
            assert any(name.startswith("airhaul-request") for name in threads)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no timers on this system")
def test_a_signal_handler_that_raises_during_a_request_ends_the_call(local_base, server) -> None:
    """A time limit made of a signal breaks a request off; the call ends, and its rows are looked for."""

    def give_up(number, frame) -> None:
        raise LookupError("out of time")

    with connect(server) as airtable:
        users = airtable.table(User)
        users.create_table()
        local_base.latency_s = 0.3
        before = signal.signal(signal.SIGALRM, give_up)
        signal.setitimer(signal.ITIMER_REAL, 0.45)
        try:
            with pytest.raises(LookupError, match="out of time") as caught:
                users.bulk_create(rows(100), concurrency=1)
        finally:
            signal.signal(signal.SIGALRM, before)
        local_base.latency_s = 0
        result = result_of(caught.value)
        assert {user.id for user in users.all()} == {user.id for user in result}
        assert len(result) > 0


def test_cancelling_lets_the_requests_in_flight_land(local_base, server) -> None:
    """A cancelled task leaves nothing half-known behind."""
    written: list[str] = []

    def note(event) -> None:
        if isinstance(event, RowsWritten):
            written.extend(record.id for record in event.records)

    async def main() -> int:
        async with async_airtable(server) as airtable:
            users = airtable.table(User)
            await users.create_table()
            local_base.latency_s = 0.1
            with anyio.move_on_after(0.15):
                await users.bulk_create(rows(1_000), on_event=note)
            local_base.latency_s = 0
            posts = local_base.counts()["POST"]
            await anyio.sleep(0.2)
            assert local_base.counts()["POST"] == posts
            return await users.count()

    stored = asyncio.run(main())
    assert len(written) <= stored < 1_000
    assert stored % 10 == 0


@pytest.mark.slow
def test_a_run_that_is_interrupted_ends_as_a_program(tmp_path) -> None:
    """A script that is stopped by SIGINT ends soon, with KeyboardInterrupt's status."""
    script = textwrap.dedent("""
        from airhaul import Record, Airtable
        from airhaul.local_base import LocalBase
        from airhaul.local_base.http.serve import LocalServer

        class User(Record, table="Users"):
            name: str

        with LocalBase.open() as local_base, LocalServer(local_base) as server:
            with Airtable("pat.x", local_base.default_base_id, endpoint_url=server.url) as airtable:
                users = airtable.table(User)
                users.create_table()
                print("ready", flush=True)
                users.bulk_create({"name": str(n)} for n in range(100_000))
    """)
    child = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stdout.readline() == "ready\n"
    time.sleep(0.5)
    child.send_signal(signal.SIGINT)
    _, stderr = child.communicate(timeout=20)
    assert "BulkInterrupted: Interrupted: " in stderr
    assert child.returncode != 0


def test_records_are_saved_where_they_were_read() -> None:
    """A record of one base is never saved to another."""
    with Airtable.local() as one, Airtable.local() as two:
        for airtable in (one, two):
            User.using(airtable).create_table()
            User.using(airtable).bulk_create(rows(1))
        user = User.using(two).first()
        user.name = "changed"
        user.save()
        assert User.using(one).first().name == "U0"
        assert User.using(two).first().name == "changed"
        user.delete()
        assert (User.using(one).count(), User.using(two).count()) == (1, 0)


def test_a_closed_emulator_is_not_left_open(tmp_path) -> None:
    """A context manager closes what it opened."""
    with Airtable.local(tmp_path / "a.db") as airtable:
        airtable.table(User).create_table()
    with LocalBase.open(tmp_path / "a.db") as again:
        assert again.default_base_id


@pytest.mark.slow
def test_ctrl_c_at_any_moment_ends_a_call_with_the_truth() -> None:
    """A reply that is just being taken is not lost by it, so that nothing waits for it for ever."""
    program = """
from airhaul import BulkInterrupted, Record, configure
class Item(Record, table="Items"):
    name: str
configure(local=":memory:")
Item.create_table()
print("begun", flush=True)
try:
    Item.bulk_create({"name": str(number)} for number in range(1_000_000))
except BulkInterrupted as interrupted:
    result = interrupted.result
    print(len(result.created), len(result.unknown), Item.count())
"""
    for wait_s in (0.02, 0.05, 0.11, 0.17, 0.23, 0.31):
        child = subprocess.Popen(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
        )  # fmt: skip
        assert child.stdout.readline() == "begun\n"
        time.sleep(wait_s)
        child.send_signal(signal.SIGINT)
        created, unknown, held = map(int, child.communicate(timeout=30)[0].split())
        assert (held, unknown) == (created, 0)
