"""A local base opened from Python, and how it behaves."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time

import pytest

from airhaul import Airtable, AsyncAirtable, Record, configure, configured
from airhaul.errors import AirhaulError, ConfigurationError
from airhaul.local_base import LocalBase
from airhaul.local_base.gate.faults import Fault, Faults

SCHEMA = {
    "id": "app00000000000001",
    "tables": [{"name": "Notes", "fields": [{"name": "text", "type": "singleLineText"}]}],
}


class Note(Record, table="Notes"):
    text: str


def test_a_base_is_opened_with_a_schema_and_its_requests_are_seen(tmp_path) -> None:
    """The described base is the one that verbs work on, also when the file is opened again."""
    for count in (25, 50):
        with Airtable.local(tmp_path / "notes.db", schema=SCHEMA) as airtable:
            assert airtable.base_id == "app00000000000001"
            notes = airtable.table(Note)
            notes.bulk_create([{"text": str(n)} for n in range(25)])
            assert airtable.local_base.counts()["POST"] == 3
            assert notes.count() == count


@pytest.mark.slow
@pytest.mark.parametrize(
    "faults",
    [["503-before@1"], [Fault("503-before", at=1)], Faults("503-before@1", seed=3)],
)
def test_faults_are_given_as_text_or_as_they_are(faults) -> None:
    """The client tries again, and the base tells what happened."""
    with Airtable.local(faults=faults) as airtable:
        assert airtable.schema() == []
        assert [request.fault for request in airtable.local_base.requests] == ["503-before", None]
        airtable.local_base.fail("429@1", seed=1)
        airtable.local_base.fail()
        airtable.schema()
        assert len(airtable.local_base.requests) == 3
    with pytest.raises(ConfigurationError, match="is not a fault"):
        Airtable.local(faults=["often"]).schema()


def test_latency_holds_replies_back() -> None:
    """Each of them, by so many seconds."""
    with Airtable.local(latency=0.05) as airtable:
        began = time.monotonic()
        for _ in range(4):
            airtable.schema()
        assert time.monotonic() - began >= 0.2


@pytest.mark.slow
def test_the_client_keeps_to_the_limit_of_a_local_base() -> None:
    """No request is refused for its rate, as none would be by the service."""
    with Airtable.local(requests_per_second=10) as airtable:
        began = time.monotonic()
        for _ in range(12):
            airtable.schema()
        assert time.monotonic() - began >= 1.0
        assert {request.status for request in airtable.local_base.requests} == {200}


def test_a_quota_that_is_used_up_is_told() -> None:
    """Data calls are refused, and the schema is still to be read."""
    with Airtable.local(schema=SCHEMA, monthly_quota=1) as airtable:
        airtable.table(Note).all()
        with pytest.raises(AirhaulError, match="month"):
            airtable.table(Note).all()
        assert len(airtable.schema()) == 1


@pytest.mark.slow
def test_the_asynchronous_face_opens_the_same() -> None:
    """With the same options."""

    async def run() -> list[str | None]:
        async with AsyncAirtable.local(schema=SCHEMA, faults=["503-before@1"]) as airtable:
            await airtable.table(Note).count()
            return [request.fault for request in airtable.local_base.requests]

    assert asyncio.run(run()) == ["503-before", None]


def test_a_service_has_no_local_base() -> None:
    """And says so."""
    with (
        Airtable("patAny.x", "app00000000000001") as airtable,
        pytest.raises(ConfigurationError, match="not to a local base"),
    ):
        _ = airtable.local_base


@pytest.mark.slow
def test_a_base_that_nobody_closes_ends_quietly(tmp_path) -> None:
    """Scripts and notebooks let go of bases without closing them; no warning tells them off."""
    script = """
import gc, threading
from airhaul import Airtable, Record
class Note(Record, table="Notes"):
    text: str
def use(place):
    notes = Airtable.local(place, journal="journal.db").table(Note)
    notes.create_table()
    notes.bulk_create([{"text": str(n)} for n in range(25)])
    readers = [threading.Thread(target=notes.all) for _ in range(4)]
    for reader in readers: reader.start()
    for reader in readers: reader.join()
    return notes
use("let-go.db"), use(":memory:")
gc.collect()
kept = use("kept.db")
"""
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_base_that_is_open_is_used_and_stays_open() -> None:
    """Several connections, of both kinds, work on one base; none of them closes it."""
    with LocalBase.open() as local_base:
        for _ in range(2):
            with Airtable(local=local_base) as airtable:
                assert airtable.base_id == local_base.default_base_id
                assert airtable.local_base is local_base
                assert airtable.schema() == []
        assert local_base.counts()["GET"] == 2


def test_models_are_configured_on_a_base_that_is_open(tmp_path) -> None:
    """``configure(local=base)`` uses it, counts there, and leaves it open for its owner."""
    with LocalBase.open(tmp_path / "open.db") as local_base:
        configure(local=local_base, journal=tmp_path / "journal.db")
        Note.create_table()
        Note.bulk_create([{"text": "a"}])
        assert local_base.counts()["POST"] == 2
        (run,) = configured().runs()
        assert run.asked.service == str(tmp_path / "open.db")
        configure(local=":memory:")
        assert Airtable(local=local_base).table(Note).count() == 1
    with pytest.raises(ConfigurationError, match="expected its file, or an open LocalBase"):
        configure(local=object())


@pytest.mark.parametrize(
    "call",
    [
        lambda notes: notes.all(),
        lambda notes: notes.create(text="a"),
        lambda notes: notes.bulk_create([{"text": "a"}, {"text": "b"}]),
        lambda notes: notes.where(text="a").delete(),
        lambda notes: list(notes.where()),
        lambda notes: notes.create_table(),
    ],
)
@pytest.mark.parametrize("place", ["closed.db", ":memory:"])
def test_a_closed_base_is_one_error_without_retries(place, call) -> None:
    """Trying again would not open it: each verb says so immediately."""
    local_base = LocalBase.open(place)
    airtable = Airtable(local=local_base)
    airtable.table(Note).create_table()
    local_base.close()
    local_base.requests.clear()
    began = time.monotonic()
    with pytest.raises(ConfigurationError, match=f"The local base {place} is closed"):
        call(airtable.table(Note))
    assert time.monotonic() - began < 0.4  # the first retry would come after half a second
    assert len(local_base.requests) == 0


def test_a_closed_base_is_one_error_for_awaited_verbs_too() -> None:
    """The same from a worker thread."""
    local_base = LocalBase.open()
    local_base.close()

    async def run() -> None:
        async with AsyncAirtable(local=local_base) as airtable:
            with pytest.raises(ConfigurationError, match="is closed"):
                await airtable.table(Note).bulk_create([{"text": "a"}])
            with pytest.raises(ConfigurationError, match="is closed"):
                await airtable.table(Note).count()

    asyncio.run(run())


def test_a_closed_connection_does_not_become_an_empty_base() -> None:
    """A base in memory is gone when it is closed; a file is opened again."""
    for place in ("again.db", ":memory:"):
        with Airtable.local(place) as airtable:
            airtable.table(Note).create_table()
            airtable.table(Note).create(text="a")
        if place == ":memory:":
            with pytest.raises(ConfigurationError, match="was in memory: the data are gone"):
                airtable.table(Note).count()
        else:
            assert airtable.table(Note).count() == 1
            airtable.close()
