"""The rate limit and its penalty, and that what was acknowledged is there after a kill."""

from __future__ import annotations

import contextlib
import gc
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
import warnings
from collections.abc import Iterator

import pytest

from airhaul import Airtable, BulkError, Record
from airhaul.errors import ConfigurationError
from airhaul.local_base.base import LocalBase
from airhaul.local_base.protocol.request import Request
from airhaul.wire import endpoints
from tests.local_base.clock import Clock


def test_the_sixth_request_in_a_second_locks_the_base_out() -> None:
    """Five pass, the sixth is refused, and all others until 30 s have passed since."""
    clock = Clock(100.0)
    with LocalBase.open(requests_per_second=5, clock=clock) as local_base:

        def ask(base: str, token: str = "pat.x") -> int:
            return local_base.handle(
                Request("GET", f"/v0/meta/bases/{base}/tables", token=token)
            ).status

        base = local_base.default_base_id
        for _ in range(5):
            assert ask(base) == 200
            clock.now += 0.1
        clock.now = 100.999
        assert ask(base) == 429
        clock.now += 29.9
        assert ask(base) == 429
        assert ask("app00000000000000") == 403  # another base is not locked out
        clock.now += 0.2
        assert [ask(base) for _ in range(5)] == [200] * 5
        clock.now += 1.0
        assert ask(base) == 200


def test_a_base_is_synchronised_twenty_times_in_five_minutes() -> None:
    """One more is refused and locks nothing out; after five minutes there is room again."""
    clock = Clock(100.0)
    with LocalBase.open(requests_per_second=5, clock=clock) as local_base:
        base = local_base.default_base_id
        fields = [{"name": "Name", "type": "singleLineText"}]
        local_base.send(endpoints.create_table(base, "T", fields), lambda: None)

        def sync(after_s: float = 1.0) -> int:
            clock.now += after_s
            path = f"/v0/{base}/T/sync/sync1"
            return local_base.handle(
                Request("POST", path, token="pat.x", csv=b"Name\nAda\n")
            ).status

        assert [sync() for _ in range(21)] == [200] * 20 + [429]
        listing = Request("GET", f"/v0/{base}/T", token="pat.x")
        assert local_base.handle(listing).status == 200
        # The first of them was at 101 s, the next at 102 s.
        clock.now = 401.0
        assert [sync(0.5), sync(0.1)] == [200, 429]
        assert sync(0.5) == 200


def test_a_token_has_a_limit_of_its_own() -> None:
    """Fifty a second over all bases."""
    with LocalBase.open(requests_per_second=5, clock=Clock(100.0)) as local_base:
        replies = [
            local_base.handle(Request("GET", "/v0/meta/whoami", token="pat.x")).status
            for _ in range(51)
        ]
        assert replies == [200] * 50 + [429]
        assert local_base.handle(Request("GET", "/v0/meta/whoami", token="pat.y")).status == 200


def test_a_refusal_can_say_how_long_the_penalty_lasts() -> None:
    """Whole seconds, rounded up, and only when asked for: the service is not known to say it."""
    for retry_after, told in ((False, [None, None]), (True, ["30", "1"])):
        clock = Clock(100.0)
        with LocalBase.open(
            requests_per_second=1, retry_after=retry_after, clock=clock
        ) as local_base:
            path = f"/v0/meta/bases/{local_base.default_base_id}/tables"

            def ask():
                return local_base.handle(Request("GET", path, token="pat.x"))

            assert ask().status == 200
            first = ask()
            clock.now += 29.5
            second = ask()
            assert [first.status, second.status] == [429, 429]
            assert [reply.headers.get("retry-after") for reply in (first, second)] == told
            clock.now += 0.5
            assert ask().status == 200


def test_the_month_is_used_up_for_data_and_not_for_metadata() -> None:
    """The quota counts data requests that were admitted, whatever their answer."""
    clock = Clock(100.0)
    with LocalBase.open(monthly_quota=2, requests_per_second=3, clock=clock) as local_base:
        base = local_base.default_base_id

        data, metadata = f"/v0/{base}/None", f"/v0/meta/bases/{base}/tables"

        def ask(path: str):
            return local_base.handle(Request("GET", path, token="pat.x"))

        burst = [ask(path).status for path in (data, metadata, metadata, data)]
        assert burst == [403, 200, 200, 429]  # the last one for its rate, and not counted
        clock.now += 31
        assert ask(data).status == 403
        used_up = ask(data)
        assert used_up.status == 429
        assert b"PUBLIC_API_BILLING_LIMIT_EXCEEDED" in used_up.body
        assert ask(metadata).status == 200


@pytest.mark.slow
@pytest.mark.parametrize("attempt", range(3))
def test_what_was_acknowledged_survives_a_kill(tmp_path, attempt) -> None:
    """A process that is killed at any moment loses no row whose id it has printed."""
    script = textwrap.dedent("""
        import sys
        from airhaul import Airtable, BulkError, Record

        class Item(Record, table="Items"):
            number: int

        items = Airtable.local(sys.argv[1]).table(Item)
        items.create_table()
        number = 0
        while True:
            for item in items.bulk_create([{"number": number + n} for n in range(10)]):
                print(item.id, flush=True)
            number += 10
    """)
    path = tmp_path / "base.db"
    child = subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True
    )
    ids = [child.stdout.readline().strip()]
    time.sleep(0.05 + attempt * 0.11)
    child.send_signal(signal.SIGKILL)
    rest, _ = child.communicate()
    ids += [line for line in rest.split("\n")[:-1] if len(line) == 17]

    class Item(Record, table="Items"):
        number: int

    with Airtable.local(path) as airtable:
        stored = airtable.table(Item).all()
    assert set(ids) <= {item.id for item in stored}
    assert len(stored) % 10 == 0
    assert sorted(item.number for item in stored) == list(range(len(stored)))


def test_two_processes_may_share_a_file(tmp_path) -> None:
    """What one writes, the other sees, tables included."""

    class Item(Record, table="Items"):
        number: int

    path = tmp_path / "base.db"
    with Airtable.local(path) as one, Airtable.local(path) as two:
        assert two.schema() == []
        one.table(Item).create_table()
        one.table(Item).bulk_create([{"number": n} for n in range(30)])
        assert two.table(Item).count() == 30
        writers = [
            threading.Thread(target=table.bulk_create, args=([{"number": n} for n in range(50)],))
            for table in (one.table(Item), two.table(Item))
        ]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert one.table(Item).count() == 130


def test_foreign_files_are_refused(tmp_path) -> None:
    """Neither a text file nor another program's database is touched."""
    text = tmp_path / "notes.txt"
    text.write_text("hello " * 1000)
    with pytest.raises(ConfigurationError, match="not a local base"):
        LocalBase.open(text)
    other = tmp_path / "other.db"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE mine (x)")
    connection.close()
    before = other.read_bytes()
    with pytest.raises(ConfigurationError, match="not a local base"):
        LocalBase.open(other)
    assert other.read_bytes() == before
    assert text.read_text().startswith("hello")
    with pytest.raises(ConfigurationError, match="cannot be opened"):
        LocalBase.open(tmp_path / "missing" / "x.db")


def test_a_file_of_a_later_version_is_refused(tmp_path) -> None:
    """An older program must not guess at a newer format."""
    path = tmp_path / "base.db"
    LocalBase.open(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ConfigurationError, match="later airhaul"):
        LocalBase.open(path)


@contextlib.contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """As on a full disk: no file of this process can grow beyond a size."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limit[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_under_the_base_is_told_and_loses_nothing(tmp_path) -> None:
    """What was acknowledged stays, what was not is not there, and the base works again later."""

    class Item(Record, table="Items"):
        text: str

    with Airtable.local(tmp_path / "base.db") as airtable:
        items = airtable.table(Item)
        items.create_table()
        with files_up_to(400_000), pytest.raises(BulkError, match="file fails") as caught:
            items.bulk_create([{"text": "x" * 1000} for _ in range(2000)])
        written = {item.id for item in caught.value.result}
        assert {item.id for item in items.all()} == written
        assert 0 < len(written) < 2000
        assert items.create(text="later").id


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".jsonl", ".parquet", ".arrow", ".xlsx"])
def test_a_full_disk_while_exporting_leaves_the_old_file(tmp_path, suffix) -> None:
    """An export that fails half-way names its file, and leaves what was there before."""

    class Item(Record, table="Items"):
        text: str

    target = tmp_path / f"out{suffix}"
    target.write_text("old\n")
    with Airtable.local() as airtable:
        items = airtable.table(Item)
        items.create_table()
        items.bulk_create([{"text": random.randbytes(500).hex()} for _ in range(300)])
        with files_up_to(50_000), pytest.raises(OSError, match="File too large") as caught:
            items.export_file(target)
    assert caught.value.filename == str(target)
    del caught
    with warnings.catch_warnings():
        # xlsxwriter leaves its temporary files open; closing its archive may not fail again.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    assert target.read_text() == "old\n"
    assert list(tmp_path.iterdir()) == [target]


def test_a_request_counts_when_it_comes_and_not_when_it_is_answered() -> None:
    """Requests that wait for a slow one before them are not taken for a burst after it."""
    now = [0.0]
    with LocalBase.open(requests_per_second=5, clock=lambda: now[0]) as local_base:
        call = endpoints.base_schema(local_base.default_base_id)
        with local_base._store.session(write=True):  # in memory, everybody else waits
            waiting = [
                threading.Thread(target=local_base.send, args=(call, lambda: None))
                for _ in range(5)
            ]
            for thread in waiting:
                thread.start()
            while len(local_base.limits._seen[local_base.default_base_id]) < 5:
                time.sleep(0.001)
            now[0] = 1.5
        for thread in waiting:
            thread.join()
        for _ in range(5):
            assert local_base.send(call, lambda: None).status == 200
        assert [request.at for request in local_base.requests] == [0.0] * 5 + [1.5] * 5
