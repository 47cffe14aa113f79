"""The journal's file: shared, recognised, refused where it is not sound, and pruned."""

from __future__ import annotations

import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from threading import Barrier
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airhaul.bulk.journal.codec import pack_changes, unpack_changes
from airhaul.bulk.journal.file import Journal
from airhaul.bulk.journal.log import RunLog
from airhaul.bulk.journal.recovery import kept_rows, open_chunks
from airhaul.bulk.journal.runs import Asked, Run, Source
from airhaul.bulk.results.outcomes import Outcomes
from airhaul.bulk.rows.changes import Change, InvalidRow
from airhaul.bulk.writing.chunks import Chunk
from airhaul.errors import JournalError, RowError
from airhaul.tabular import FileSettings
from tests.damage import damaged

ASKED = Asked("bulk_create", "https://api.airtable.com", "app00000000000000", "Tasks")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a journal is to be; the folder is made with it."""
    return tmp_path / "state" / "journal.db"


def begun(path: Path, rows: int = 0) -> Run:
    """A run that was begun and broken off, as by a kill."""
    journal = Journal(path)
    log = journal.begin(ASKED, [Change("create", index, {"n": index}) for index in range(rows)])
    log.release()
    return journal.run(log.id)


cells = st.dictionaries(
    st.text(max_size=5),
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.lists(st.text()),
    max_size=4,
)


@given(cells, st.none() | cells, st.none() | st.just("rec00000000000000"))
def test_changes_come_back_as_they_were(given_cells, before, record_id) -> None:
    """Whatever a row holds, halves of surrogate pairs included, survives the journal."""
    change = Change("update", 7, given_cells, record_id, line=3, before=before)
    refused = InvalidRow(8, RowError("it is bad", index=8, line=4, field="n"))
    first, second = unpack_changes(pack_changes([change, refused]), None)
    assert isinstance(first, Change)
    assert (first.kind, first.index, first.cells) == ("update", 7, given_cells)
    assert (first.record_id, first.line, first.before) == (record_id, 3, before)
    assert isinstance(second, InvalidRow)
    assert str(second.error) == str(refused.error)


def test_a_lone_surrogate_survives() -> None:
    """It has no bytes in UTF-8, and files hold it all the same."""
    change = Change("create", 0, {"n": "a\ud83d", "m": "\\ud83d"})
    (back,) = unpack_changes(pack_changes([change]), None)
    assert isinstance(back, Change)
    assert back.cells == change.cells


def test_several_processes_share_a_journal(path) -> None:
    """Two logs write at the same time; each run keeps its own, and only one may work on each."""
    journal = Journal(path)
    one, other = journal.begin(ASKED), Journal(path).begin(ASKED)
    for log in (one, other):
        log.intend([Chunk("create", [Change("create", 0, {"run": log.id})])], now=1.0)
    runs = {run.id: run for run in journal.runs()}
    assert {run.state for run in runs.values()} == {"running"}
    with pytest.raises(JournalError, match="Another process is working"):
        journal.resume(runs[one.id])
    one.release()
    assert journal.run(one.id).state == "broken off"
    assert journal.run(other.id).state == "running"
    for log in (one, other):
        (packed,) = [rows for *_, rows in journal.intents(runs[log.id])]
        assert log.id.encode() in packed
    other.release()


def test_an_intent_without_an_end_is_open_and_others_are_not(path) -> None:
    """What is taken up is what was about to be sent, apart from the rows that are settled."""
    journal = Journal(path)
    log = journal.begin(ASKED)
    log.server_time = lambda now: datetime(2026, 1, 1, tzinfo=UTC)
    changes = [Change("create", index, {"n": index}) for index in range(20)]
    log.intend([Chunk("create", changes[:10]), Chunk("create", changes[10:])], now=1.0)
    outcomes = Outcomes()
    outcomes.extend_to(20)
    outcomes.on_settle = log.settle
    for index in range(10):
        outcomes.settle(index, "created", id=f"rec{index:014}")
    log.flush()
    log.release()
    run = journal.run()
    assert run.counts == {"created": 10}
    (chunk,) = open_chunks(journal, run, None, outcomes)
    assert [change.index for change in chunk.changes] == list(range(10, 20))
    assert (chunk.since, chunk.intent) == (datetime(2026, 1, 1, tzinfo=UTC), 2)


def test_the_rows_of_a_run_stand_there_with_it_or_not_at_all(path) -> None:
    """A run whose rows could not be written down has not begun."""

    def rows():
        yield Change("create", 0, {"n": 0})
        raise KeyboardInterrupt

    journal = Journal(path)
    with pytest.raises(KeyboardInterrupt):
        journal.begin(ASKED, rows())
    assert journal.runs() == []
    assert [change.cells for change in kept_rows(journal, begun(path, 1_200), None)] == [
        {"n": index} for index in range(1_200)
    ]


def test_asked_comes_back_as_it_was(path) -> None:
    """The file of a run, how it is read, and its key survive."""
    settings = FileSettings(
        format="csv",
        encoding="cp1252",
        delimiter=";",
        columns={"Stück": "Pieces"},
        ignore=("Note",),
        nulls=("NA",),
        decimal_comma=True,
        date_format="DD.MM.YYYY",
        from_airtable_csv=True,
    )
    source = Source("/data/in.csv", 10, "ab" * 32, settings)
    asked = Asked("import_file", "https://x", "app1", "T", key=("a", "b"), source=source, total=4)
    log = Journal(path).begin(asked)
    log.release()
    assert Journal(path).run().asked == asked


def test_a_run_is_found_by_the_beginning_of_its_id(path) -> None:
    """As in git; what is not there or not unique is said."""
    run = begun(path)
    assert Journal(path).run(run.id[:4]).id == run.id
    with pytest.raises(JournalError, match="no run 'zzzzz'"):
        Journal(path).run("zzzzz")
    begun(path)
    with pytest.raises(JournalError, match="Several runs begin with ''"):
        Journal(path).run("")
    with pytest.raises(JournalError, match="no run '%'"):
        Journal(path).run("%")


def test_a_foreign_database_is_refused_and_left_alone(path) -> None:
    """A file of somebody else is named, and not written to."""
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as foreign:
        foreign.execute("CREATE TABLE theirs (x)")
    before = path.read_bytes()
    with pytest.raises(JournalError, match="not an airhaul journal"):
        Journal(path)
    assert path.read_bytes() == before


def test_what_is_no_database_is_refused_and_left_alone(path) -> None:
    """So is a file that is no database at all."""
    path.parent.mkdir()
    path.write_text("name,age\nAda,36\n" * 100)
    with pytest.raises(JournalError, match=r"journal\.db cannot be read: file is not a database"):
        Journal(path)
    assert path.read_text().startswith("name,age")


@pytest.mark.parametrize(("version", "age"), [(99, "a later"), (1, "an earlier")])
def test_another_version_is_refused(path, version, age) -> None:
    """A journal of another airhaul is not written to, and the error says what to do."""
    begun(path)
    with closing(sqlite3.connect(path)) as other:
        other.execute(f"PRAGMA user_version = {version}")
    with pytest.raises(JournalError, match=f"written by {age} airhaul"):
        Journal(path)


def test_a_damaged_journal_is_told_as_such(path) -> None:
    """Overwritten pages are an error of the journal, and no traceback of SQLite's."""
    begun(path, 5_000)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xa5" * (len(whole) - 4096))
    with pytest.raises(JournalError, match=r"journal\.db cannot be read"):
        journal = Journal(path)
        list(kept_rows(journal, journal.run(), None))


def what_is_kept(path: Path) -> list[Any]:
    """All that a resumption reads of the latest run."""
    journal = Journal(path)
    run = journal.run()
    rows = [(change.index, change.cells) for change in kept_rows(journal, run, None)]
    outcomes = [rows for rows, _, _ in journal.outcomes(run)]
    return [run.id, run.asked, rows, outcomes, list(journal.intents(run, latest_first=True))]


def two_thirds_done(path: Path, *, in_main_file: int = 0) -> RunLog:
    """Begin a run of 300 rows, of which 200 are settled; so many of them are in the main file."""
    changes = [Change("create", index, {"n": index, "t": "x" * 20}) for index in range(300)]
    log = Journal(path).begin(replace(ASKED, total=300), changes)
    for start in range(0, 200, 10):
        log.intend([Chunk("create", changes[start : start + 10])], now=float(start))
        for index in range(start, start + 10):
            log.settle(index, "created", f"rec{index:014}", None, 1, None)
        if in_main_file and start == in_main_file:
            with closing(sqlite3.connect(path)) as connection:
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    return log


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> bytes:
    """The bytes of a journal with a run that was killed in the middle."""
    path = tmp_path_factory.mktemp("whole") / "journal.db"
    log = two_thirds_done(path)
    log.release()
    Journal(path)  # the last connection puts all of it into the one file
    return path.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100))
def test_damaged_bytes_are_refused_by_name_or_do_no_harm(whole, tmp_path, seed) -> None:
    """In the main file: nothing else than what was written is resumed."""
    chance = Random(seed)
    path = tmp_path / "journal.db"
    path.write_bytes(whole)
    wanted = what_is_kept(path)
    path.write_bytes(damaged(whole, chance))
    try:
        assert what_is_kept(path) == wanted
    except JournalError as error:
        assert str(path) in str(error) or "no run" in str(error)


@pytest.fixture(scope="module", params=["all of it in the log", "a part of it in the main file"])
def unfinished(tmp_path_factory, request) -> Path:
    """The folder of a journal as a kill leaves it: most is in the write-ahead log."""
    path = tmp_path_factory.mktemp("unfinished") / "journal.db"
    log = two_thirds_done(path, in_main_file=100 * ("main file" in request.param))
    log.flush()
    copied = tmp_path_factory.mktemp("killed") / "state"
    shutil.copytree(path.parent, copied)
    log.release()
    return copied


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_write_ahead_log_is_refused_by_name_or_lacks_outcomes(
    unfinished, tmp_path, seed
) -> None:
    """SQLite ignores what follows the damage; without an intent, its rows would be sent again."""
    chance = Random(seed)
    path = tmp_path / "state" / "journal.db"
    shutil.copytree(unfinished, path.parent)
    run_id, asked, rows, outcomes, intents = what_is_kept(path)
    shutil.rmtree(path.parent)
    shutil.copytree(unfinished, path.parent)
    log = Path(f"{path}-wal")
    log.write_bytes(damaged(log.read_bytes(), chance))
    try:
        kept = what_is_kept(path)
    except JournalError as error:
        assert str(path) in str(error)
        assert run_id in str(error) or "cannot be" in str(error)
    else:
        # Rows without an outcome are searched for.
        assert kept[:3] == [run_id, asked, rows]
        assert kept[3] == outcomes[: len(kept[3])]
        assert kept[4] == intents


def test_a_log_that_is_gone_is_noticed(unfinished, tmp_path) -> None:
    """A run that the journal has not heard of has sent requests all the same."""
    path = tmp_path / "state" / "journal.db"
    shutil.copytree(unfinished, path.parent)
    for run_id in [None, *(file.name.split(".")[2] for file in path.parent.glob("*.last"))]:
        Path(f"{path}-wal").unlink(missing_ok=True)
        with pytest.raises(JournalError, match="is damaged: what it has of run"):
            Journal(path).run(run_id)
    with pytest.raises(JournalError, match="is damaged: what it has of run"):
        Journal(path).runs()


def test_a_new_journal_knows_nothing_of_one_that_was_deleted(path) -> None:
    """Whoever has deleted a damaged journal begins anew."""
    run = begun(path)
    assert list(path.parent.glob("*.last"))
    for file in path.parent.glob("journal.db*"):
        if file.suffix != ".last":
            file.unlink()
    assert Journal(path).runs() == []
    with pytest.raises(JournalError, match="has no run"):
        Journal(path).run(run.id)


def test_runs_that_have_ended_or_are_forgotten_leave_no_files(path) -> None:
    """Beside the journal stands only what is needed to notice damage in its write-ahead log."""
    log = Journal(path).begin(ASKED)
    log.intend([Chunk("create", [Change("create", 0, {})])], now=1.0)
    assert [file.read_bytes() for file in path.parent.glob("*.last")] == [b"%020d\n" % 1]
    log.finish("done", {}, 1, 1.0, None)
    assert not list(path.parent.glob("*.last"))
    begun(path)
    Journal(path).drop_older_than(datetime.now(UTC) + timedelta(days=1))
    assert not list(path.parent.glob("*.last"))
    assert Journal(path).runs() == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path) -> None:
    """A file stands where the journal's folder should be."""
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="cannot be opened"):
        Journal(tmp_path / "file" / "journal.db")


def test_old_runs_are_forgotten_and_those_worked_on_stay(path) -> None:
    """Pruning goes by age or by size, and gives the room back."""
    runs = [begun(path, 3_000) for _ in range(6)]
    journal = Journal(path)
    working = journal.begin(ASKED)
    assert journal.drop_older_than(datetime.now(UTC) - timedelta(days=1)) == 0
    size = path.stat().st_size
    assert journal.drop_to_size(size // 2) >= 2
    assert path.stat().st_size <= size // 2
    left = [run.id for run in journal.runs()]
    assert working.id in left
    assert runs[0].id not in left
    assert runs[-1].id in left
    assert list(kept_rows(journal, journal.run(runs[-1].id), None))
    assert journal.drop_older_than(datetime.now(UTC) + timedelta(days=1)) == len(left) - 1
    assert [run.id for run in journal.runs()] == [working.id]
    working.release()


def test_a_new_journal_may_be_opened_by_many_at_once(tmp_path) -> None:
    """Programs that start together make one journal; none takes it for something else."""
    for number in range(20):
        together = Barrier(8)

        def look(path: Path, together: Barrier) -> list[Run]:
            together.wait()
            return Journal(path).runs()

        with ThreadPoolExecutor(8) as pool:
            path = tmp_path / f"{number}.db"
            assert [*pool.map(look, [path] * 8, [together] * 8)] == [[]] * 8


def test_a_new_journal_has_nothing_of_a_write_ahead_log_that_was_left_behind(
    unfinished, tmp_path
) -> None:
    """Deleting the journal alone leaves its log; SQLite would apply it to the file that follows."""
    path = tmp_path / "state" / "journal.db"
    shutil.copytree(unfinished, path.parent)
    assert Path(f"{path}-wal").stat().st_size > 0
    path.unlink()
    assert Journal(path).runs() == []
    assert begun(path, 3).state == "broken off"
