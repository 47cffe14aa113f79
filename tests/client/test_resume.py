"""Runs that were broken off go on: no row lost, none doubled, whatever broke them off."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from pydantic import field_validator

from airhaul import (
    AirhaulError,
    Airtable,
    BulkError,
    BulkInterrupted,
    JournalError,
    Record,
    Retries,
)
from airhaul.bulk.journal.file import Journal
from airhaul.events import RowsWritten
from airhaul.local_base.base import LocalBase
from airhaul.local_base.gate.faults import Fault, Faults
from airhaul.local_base.http.serve import LocalServer
from tests.conftest import connect
from tests.damage import damaged
from tests.local_base.gate.test_limits_and_store import files_up_to
from tests.processes import run_python

pytestmark = pytest.mark.slow  # processes are killed, and requests wait

ROOT = Path(__file__).parent.parent.parent


class Item(Record, table="Items"):
    name: str
    number: int


# A process that kills itself at a certain moment; the rows are those of items.csv.
DYING = """
import os, signal, sys
import airhaul.bulk.journal.file as file
import airhaul.bulk.journal.log as log
from airhaul import Airtable, Record, Retries
from airhaul.drive.http.transport import HttpTransport

url, base, what, moment, at, began = sys.argv[1:]
seen = 0

class Item(Record, table="Items"):
    name: str
    number: int

def die_when_due():
    global seen
    seen += 1
    if seen == int(at):
        os.kill(os.getpid(), signal.SIGKILL)

if began:
    file.utc_now = log.utc_now = lambda: began

send, intend, note = HttpTransport.send, log.RunLog.intend, log.LastIntent.note

def dying_send(self, call, on_sent):
    is_write = call.method != "GET"
    if is_write and moment == "before":
        die_when_due()
    reply = send(self, call, on_sent)
    if is_write and moment == "after":
        die_when_due()
    return reply

def dying_intend(self, chunks, now):
    if seen + 1 == int(at):
        with open("size", "w") as size:
            size.write(str(os.path.getsize("journal.db-wal")))
    intend(self, chunks, now)

def dying_note(self, number):
    if number:
        die_when_due()
    note(self, number)

HttpTransport.send = dying_send
if moment == "intended":
    log.RunLog.intend = dying_intend
    log.LastIntent.note = dying_note
airtable = Airtable("pat.x", base, endpoint_url=url, journal="journal.db",
    requests_per_second=1_000, retries=Retries(settle_s=0.02))
items = airtable.table(Item)
rows = [{"name": f"n{n}", "number": n} for n in range(95)]
if what == "sync":
    items.sync(rows, key="number", delete_missing=True, max_deletes=100)
elif what == "delete":
    items.bulk_delete(items.all())
else:
    items.import_file("items.csv", key=what or None)
"""


@pytest.fixture
def items(server: LocalServer) -> Iterator[Airtable]:
    """An empty table Items, over HTTP, and 95 rows for it in a file."""
    Path("items.csv").write_text("name,number\n" + "".join(f"n{n},{n}\n" for n in range(95)))
    with reached(server) as airtable:
        airtable.table(Item).create_table()
        yield airtable


def reached(server: LocalServer) -> Airtable:
    # Few at a time, so that a call that is broken off has not sent all of its rows.
    return connect(server, journal="journal.db", retries=Retries(settle_s=0.02), concurrency=3)


def rows(count: int = 95) -> list[dict[str, object]]:
    return [{"name": f"n{number}", "number": number} for number in range(count)]


def held(airtable: Airtable) -> list[tuple[int, str]]:
    return sorted((one.number, one.name) for one in airtable.table(Item).all())


WANTED = [(number, f"n{number}") for number in range(95)]


def killed(server: LocalServer, what: str, moment: str, at: int, began: str = "") -> None:
    """Let a process kill itself."""
    words = [server.url, server.local_base.default_base_id, what, moment, str(at), began]
    done = run_python(DYING, *words)
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize("what", ["", "number", "sync"])
@pytest.mark.parametrize(("moment", "at"), [("before", 3), ("after", 1), ("after", 4)])
def test_a_kill_loses_no_row_and_doubles_none(items, server, what, moment, at) -> None:
    """What was sent and not answered is found, what was not sent is sent, and told as it was."""
    old = 0
    if what:
        old = 20
        before = [{"name": "old", "number": n} for n in [*range(old), *range(500, 520)]]
        items.table(Item).bulk_create(before[: 40 if what == "sync" else 20], journal=False)
    killed(server, what, moment, at)
    run = items.run()
    assert run.state == "broken off"
    with reached(server) as another:
        result = another.resume()
    assert held(items) == WANTED
    counts = result.counts()
    assert (counts["created"], counts.get("updated", 0)) == (95 - old, old)
    assert counts.get("deleted", 0) == (20 if what == "sync" else 0)
    assert items.run(run.id).state == "done"
    assert items.run(run.id).counts == counts
    assert [one.id for one in items.runs()] == [run.id]


@pytest.mark.parametrize("ends", ["ceiling", "quota", "Ctrl-C", "429"])
def test_what_was_certainly_not_written_is_not_searched_for(items, server, ends) -> None:
    """A run that ended by itself knows what it has not sent, and what was refused: it is just sent."""
    local_base = server.local_base
    table = items.table(Item)
    options: dict[str, Any] = {}
    if ends == "quota":
        local_base.faults = Faults(Fault("quota", at=4, method="POST"))
    elif ends == "ceiling":
        options["max_requests"] = 4
    elif ends == "Ctrl-C":
        options["progress"] = interrupting
    else:
        local_base.faults = Faults(Fault("429-retry-after", at=4, method="POST", retry_after_s=0.1))
        options["max_requests"] = 4
    with pytest.raises((BulkError, BulkInterrupted)):
        table.bulk_create(rows(), **options)
    local_base.faults = None
    left = 95 - len(held(items))
    assert 0 < left < 95
    local_base.requests.clear()
    assert items.resume(model=Item).counts() == {"created": 95}
    methods = [request.method for request in local_base.requests]
    assert methods == ["POST"] * -(-left // 10)
    assert held(items) == WANTED


def interrupting(done: int, total: int | None, record: object) -> None:
    if done == 20:
        raise KeyboardInterrupt


def test_a_run_can_be_looked_at_while_it_is_at_work(items) -> None:
    """What another thread or process writes meanwhile is not taken for damage."""
    table = items.table(Item)
    writer = Thread(
        target=table.bulk_create, args=(iter(rows(4_000)),), kwargs={"keep_rows": False}
    )
    writer.start()
    while writer.is_alive():
        assert [run.state for run in items.runs()] in ([], ["running"], ["done"])
    writer.join()
    assert items.run().counts == {"created": 4_000}


def test_what_may_have_been_written_is_searched_for(items, server) -> None:
    """A reply was lost before the run ended by itself: its rows are in the table, and are found."""
    local_base = server.local_base
    local_base.faults = Faults(Fault("close-after", at=3, method="POST"))
    with pytest.raises(BulkError):
        items.table(Item).bulk_create(rows(), max_requests=3)
    local_base.faults = None
    assert items.resume().counts() == {"created": 95}
    assert held(items) == WANTED


@pytest.mark.parametrize("moment", ["before", "after"])
def test_deletions_go_on_after_a_kill(items, server, moment) -> None:
    """A record that the killed process has deleted is no error."""
    items.table(Item).bulk_create(rows(), journal=False)
    killed(server, "delete", moment, 4)
    result = items.resume()
    assert result.counts() == {"deleted": 95}
    assert held(items) == []
    undone = items.undo()
    assert undone.is_complete
    assert held(items) == WANTED


@pytest.mark.parametrize("seed", range(4))
def test_the_last_write_of_the_journal_is_torn_by_a_power_cut(items, server, seed) -> None:
    """An intent that did not become whole was not sent: cut anywhere, the run goes on.

    The process dies when it is written, and its number is not.
    """
    killed(server, "", "intended", 2)
    log = Path("journal.db-wal")
    whole, size = log.read_bytes(), int(Path("size").read_text())
    assert len(whole) > size
    with log.open("r+b") as opened:
        opened.truncate(random.Random(seed).randrange(size, len(whole)))
    assert len(list(Journal("journal.db").intents(items.run()))) < 9
    assert items.resume().is_complete
    assert held(items) == WANTED


def test_a_damaged_journal_is_resumed_to_the_right_table_or_refused(tmp_path) -> None:
    """Forty times after a kill, in the write-ahead log or the main file: no row twice, none lost."""
    folder, copy = tmp_path / "here", tmp_path / "killed"
    folder.mkdir()

    def connection() -> Airtable:
        return Airtable.local(folder / "base.db", journal=folder / "journal.db")

    def copy_it(event: object) -> None:
        nonlocal events
        events += isinstance(event, RowsWritten)
        if events == 5 and not copy.exists():
            shutil.copytree(folder, copy)  # what a kill would leave

    events = 0
    with connection() as airtable:
        airtable.table(Item).create_table()
        done = airtable.table(Item).bulk_create(rows(), concurrency=1, on_event=copy_it)
    refused = 0
    for seed in range(40):
        chance = random.Random(seed)
        shutil.rmtree(folder)
        shutil.copytree(copy, folder)
        file = folder / chance.choice(["journal.db-wal", "journal.db-wal", "journal.db"])
        file.write_bytes(damaged(file.read_bytes(), chance))
        with connection() as airtable:
            try:
                airtable.resume(done.run)
            except JournalError as error:
                assert str(folder / "journal.db") in str(error)
                assert str(done.run) in str(error) or "cannot be" in str(error)
                refused += 1
            else:
                assert held(airtable) == WANTED
    assert 0 < refused < 40


@pytest.mark.parametrize("began", ["1999-01-01T00:00:00+00:00", "2050-01-01T00:00:00+00:00"])
def test_a_clock_that_jumps_changes_nothing(items, server, began) -> None:
    """Since when to look is told by the service's replies, and not by the clock of a machine."""
    killed(server, "", "after", 3, began)
    assert items.run().began.isoformat() == began
    assert items.resume().counts() == {"created": 95}
    assert held(items) == WANTED


def test_a_run_that_is_killed_again_and_again_goes_on(items, server) -> None:
    """Also one that is killed while it is resumed."""
    killed(server, "", "after", 2)
    resume = DYING.replace('items.import_file("items.csv", key=what or None)', "airtable.resume()")
    for at in (1, 2):
        done = run_python(resume, server.url, items.base_id, "", "after", at, "")
        assert done.returncode == -signal.SIGKILL
    assert items.resume().counts() == {"created": 95}
    assert held(items) == WANTED


def test_lost_replies_after_a_kill(items, server) -> None:
    """The process that goes on loses replies itself."""
    killed(server, "", "after", 3)
    server.local_base.faults = Faults(
        Fault("close-after", at=1, method="POST"), Fault("502-after", at=3, method="POST")
    )
    assert items.resume().counts() == {"created": 95}
    server.local_base.faults = None
    assert held(items) == WANTED


def test_a_file_that_changes_while_it_is_read_is_not_gone_on_with(items, server) -> None:
    """The rows of the first part came from the old file; those of the new one are others."""
    file = Path("items.csv")

    class Watched(Record, table="Items"):
        name: str
        number: int

        @field_validator("number")
        @classmethod
        def change_the_file_at_the_last_row(cls, number: int) -> int:
            if number == 94:
                file.write_text(file.read_text().replace("n90,", "m90,"))
            return number

    with pytest.raises(BulkError):
        items.table(Watched).import_file(file, max_requests=3)
    before = held(items)
    assert "m90" in file.read_text()
    with pytest.raises(JournalError, match="same size and other content"):
        items.resume()
    assert held(items) == before


def test_a_changed_file_is_refused_and_the_difference_named(items, server) -> None:
    """Rows are told by their place: those of another file would be written in wrong places."""
    killed(server, "", "after", 2)
    file = Path("items.csv")
    whole = file.read_text()
    file.write_text(whole + "more,100\n")
    before = held(items)
    with pytest.raises(JournalError, match=r"it had 657 bytes and has 666 bytes"):
        items.resume()
    file.write_text(whole.replace("n5,", "m5,"))
    with pytest.raises(JournalError, match="same size and other content"):
        items.resume()
    file.unlink()
    with pytest.raises(JournalError, match="is not there any more"):
        items.resume()
    assert held(items) == before
    file.write_text(whole)
    assert items.resume().is_complete
    assert held(items) == WANTED


def breaks_off(event: object, after: int, seen: list[object], error: BaseException) -> None:
    seen.append(event)
    if len(seen) == after:
        raise error


def test_rows_of_a_generator_are_asked_for_again(items) -> None:
    """The journal does not hold them, and says what to do; with the same rows the run goes on."""
    seen: list[object] = []
    with pytest.raises(OSError, match="gone"):
        items.table(Item).bulk_create(
            iter(rows()), on_event=lambda event: breaks_off(event, 3, seen, OSError("gone"))
        )
    assert 0 < len(held(items)) < 95
    assert items.run().state == "interrupted"
    with pytest.raises(JournalError, match=r"rows=.*keep_rows=True"):
        items.resume()
    assert items.resume(rows=iter(rows())).counts() == {"created": 95}
    assert held(items) == WANTED


def test_rows_of_a_generator_that_were_kept_are_not_needed_again(items) -> None:
    """With keep_rows the journal has them all before the first is sent."""
    seen: list[object] = []
    with pytest.raises(OSError, match="gone"):
        items.table(Item).bulk_create(
            iter(rows()),
            keep_rows=True,
            on_event=lambda event: breaks_off(event, 3, seen, OSError("gone")),
        )
    assert 0 < len(held(items)) < 95
    assert items.resume().counts() == {"created": 95}
    assert held(items) == WANTED


def test_after_ctrl_c_a_run_goes_on(items, server) -> None:
    """On another day, by another process."""
    seen: list[object] = []
    with pytest.raises(BulkInterrupted):
        items.table(Item).bulk_create(
            rows(), on_event=lambda event: breaks_off(event, 2, seen, KeyboardInterrupt())
        )
    run = items.run()
    assert run.state == "interrupted"
    assert run.can_be_resumed
    with reached(server) as another:
        assert another.resume(run.id).counts() == {"created": 95}
    assert held(items) == WANTED
    assert items.run().requests >= 10


def test_after_the_quota_was_used_up_a_run_goes_on(items, server) -> None:
    """The month's calls are over in the middle; next month the rest is sent."""
    server.local_base.faults = Faults(
        *(Fault("quota", at=at, method="POST") for at in range(4, 40))
    )
    with pytest.raises(BulkError):
        items.table(Item).bulk_create(rows(), concurrency=1)
    server.local_base.faults = None
    assert len(held(items)) == 30
    assert items.resume().counts() == {"created": 95}
    assert held(items) == WANTED


def test_after_the_ceiling_of_requests_a_run_goes_on(items) -> None:
    """The ceiling counts all that a call sends, and the next call has one of its own."""
    with pytest.raises(AirhaulError, match="limit of 4 requests"):
        items.table(Item).import_file("items.csv", max_requests=4)
    assert 0 < len(held(items)) < 95
    assert items.resume().counts() == {"created": 95}
    assert held(items) == WANTED


def test_two_processes_do_not_work_on_one_run(items, server) -> None:
    """The second is refused while the first is at work, and may go on when it has ended."""
    refused: list[str] = []

    def watched() -> Iterator[dict[str, object]]:
        for number, row in enumerate(rows()):
            if number == 40:
                with reached(server) as another, pytest.raises(JournalError) as caught:
                    another.resume(rows=rows())
                refused.append(str(caught.value))
            if number == 60:
                raise OSError("gone")
            yield row

    with pytest.raises(OSError, match="gone"):
        items.table(Item).bulk_create(watched())
    assert len(refused) == 1
    assert "Another process is working on run" in refused[0]
    with reached(server) as another:
        assert another.resume(rows=rows()).counts() == {"created": 95}
    assert held(items) == WANTED


def test_a_full_disk_under_the_journal_ends_the_run_and_loses_nothing(items) -> None:
    """It stops before it sends what it could not write down, says so, and goes on later."""
    many = [{"name": "x" * 500 + str(number), "number": number} for number in range(600)]
    with files_up_to(250_000), pytest.raises(JournalError, match=r"cannot be written.*resume"):
        items.table(Item).bulk_create(iter(many))
    written = len(held(items))
    assert 0 < written < 600
    assert items.run().state in ("broken off", "interrupted")
    assert items.resume(rows=iter(many)).is_complete
    assert Counter(number for number, _ in held(items)) == Counter(range(600))


def test_a_disk_that_is_full_from_the_beginning_sends_nothing(items, local_base: LocalBase) -> None:
    """Where the run cannot be begun in the journal, no row is sent."""
    Journal("journal.db")
    with files_up_to(60_000), pytest.raises(JournalError, match="cannot be read or written"):
        items.table(Item).bulk_create([{"name": "x" * 500, "number": n} for n in range(500)])
    assert held(items) == []
    assert items.runs() == []
    assert local_base.counts()["POST"] == 1  # the table


def test_failed_rows_are_kept_as_they_failed_and_the_rest_goes_on(items, server) -> None:
    """A refused row is not sent again on resume; what was not sent is."""
    some = rows()
    some[15]["name"] = "x" * 100_001
    seen: list[object] = []
    with pytest.raises(OSError, match="gone"):
        items.table(Item).bulk_create(
            some,
            on_error="continue",
            concurrency=1,
            on_event=lambda event: breaks_off(event, 5, seen, OSError("gone")),
        )
    result = items.resume()
    assert result.counts() == {"created": 94, "failed": 1}
    assert [row.index for row in result.errors] == [15]
    assert held(items) == [one for one in WANTED if one[0] != 15]
    assert items.run().state == "with failures"


def test_no_token_is_in_the_journal(items) -> None:
    """Neither in its file nor in what is written ahead of it."""
    items.table(Item).bulk_create(rows())
    for file in Path().glob("journal.db*"):
        assert b"patTest" not in file.read_bytes()


@pytest.mark.parametrize("number", [0, 55])
def test_runs_of_the_program_that_are_killed_at_random_moments(number) -> None:
    """Some of what bench/kills_of_runs.py does two hundred times."""
    done = subprocess.run(
        [sys.executable, ROOT / "bench/kills_of_runs.py", "1", str(number)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 runs of " in done.stdout
    assert "0 lost, 0 doubled, 0 runs not well" in done.stdout


class Other(Record, table="Others"):
    name: str
    number: int


def _stopped_after_20(airtable: Airtable) -> None:
    def rows() -> Iterator[object]:
        yield from ({"name": f"n{number}", "number": number} for number in range(25))
        raise OSError("the source is gone")

    with pytest.raises(OSError, match="the source is gone"):
        airtable.table(Item).bulk_create(rows(), keep_rows=False)


def test_a_run_does_not_go_on_in_another_table(tmp_path: Path) -> None:
    """A model that is bound to another table is refused; the same table by its id is not."""
    with Airtable.local(journal=tmp_path / "journal.db") as airtable:
        table_id = airtable.table(Item).create_table()["id"]
        airtable.table(Other).create_table()
        _stopped_after_20(airtable)
        rows = [{"name": f"n{number}", "number": number} for number in range(30)]
        with pytest.raises(JournalError, match="writes to the table 'Items'"):
            airtable.resume(model=Other, rows=rows)
        assert airtable.table(Other).count() == 0

        class ById(Record, table=table_id):
            name: str
            number: int

        assert airtable.resume(model=ById, rows=rows).counts() == {"created": 30}
        assert airtable.table(Item).count() == 30


def test_fewer_rows_than_a_run_had_taken_do_not_finish_it(tmp_path: Path) -> None:
    """The rows that are missing were never written, so the run is not done."""
    with Airtable.local(journal=tmp_path / "journal.db") as airtable:
        airtable.table(Item).create_table()
        _stopped_after_20(airtable)
        rows = [{"name": f"n{number}", "number": number} for number in range(30)]
        with pytest.raises(JournalError, match="had taken 25 rows, and now there are only 21"):
            airtable.resume(rows=rows[:21])
        assert airtable.run().can_be_resumed
        assert airtable.resume(rows=rows).counts() == {"created": 30}
        assert airtable.table(Item).count() == 30


def test_what_a_retry_has_created_is_not_created_by_the_next_one(tmp_path: Path) -> None:
    """The file of rejects still holds those rows; only after an undo may they come again."""
    rejects = tmp_path / "bad.csv"
    with Airtable.local(journal=tmp_path / "journal.db") as airtable:
        items = airtable.table(Item)
        items.create_table()
        rows = [{"name": "a", "number": "x"}, {"name": "b", "number": "y"}]
        run = items.bulk_create(rows, on_error="continue", rejects=rejects).run
        rejects.write_text("name,number\na,1\nb,y\n")
        first = airtable.retry(run, model=Item)
        assert first.counts() == {"created": 1, "failed": 1}
        rejects.write_text("name,number\na,1\nb,2\n")
        with pytest.raises(
            JournalError, match=r"\(1 created, 0 unknown\), so they would be created twice"
        ):
            airtable.retry(run, model=Item)
        assert items.count() == 1
        airtable.undo(first.run)
        assert airtable.retry(run, model=Item).counts() == {"created": 2}
        assert items.count() == 2


def test_a_journal_is_where_the_process_was_when_it_connected(items, monkeypatch) -> None:
    """A process that goes to another folder goes on with the same journal."""
    items.table(Item).bulk_create(rows(5))
    Path("elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    items.table(Item).bulk_create(rows(5))
    assert len(items.runs()) == 2
    assert list(Path().iterdir()) == []
