"""Errors name files as the caller does: a relative path stays relative, an absolute one absolute."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airhaul import Airtable, JournalError, Record, Table
from airhaul.local_base import LocalBase


class Item(Record, table="Items"):
    code: str
    pieces: int | None = None


BAD = "code,pieces\na,1\nb,many\n"
CASES: list[tuple[str, Callable[[Table[Item], Callable[[str], Path]], Any]]] = [
    ("bad.csv line 3", lambda items, at: items.import_file(at("bad.csv"))),
    ("bad.csv line 3", lambda items, at: items.import_csv(at("bad.csv"), key="code")),
    ("bad.csv line 3", lambda items, at: items.sync_file(at("bad.csv"), "code")),
    ("bad.csv line 3", lambda items, at: items.plan_import_file(at("bad.csv")).apply()),
    ("bytes.csv line 2", lambda items, at: items.import_file(at("bytes.csv"))),
    ("empty.csv", lambda items, at: items.import_file(at("empty.csv"))),
    ("torn.json line 1", lambda items, at: items.import_file(at("torn.json"))),
    ("torn.jsonl line 2", lambda items, at: items.import_file(at("torn.jsonl"))),
    ("none.csv", lambda items, at: items.import_file(at("none.csv"))),
    ("x.xyz", lambda items, at: items.import_file(at("x.xyz"))),
    ("torn.json", lambda items, at: items.import_file(at("torn.json"), encoding="cp1252")),
    ("none/x.csv", lambda items, at: items.export_file(at("none/x.csv"))),
    ("x.xyz", lambda items, at: items.export_file(at("x.xyz"))),
    ("none/r.csv", lambda items, at: items.import_file(at("bad.csv"), rejects=at("none/r.csv"))),
    ("r.json", lambda items, at: items.import_file(at("bad.csv"), rejects=at("r.json"))),
    ("bad.csv is", lambda items, at: items.import_file(at("bad.csv"), rejects=at("bad.csv"))),
    ("bad.csv", lambda items, at: Airtable.local(at("bad.csv")).schema()),
    ("none/b.db", lambda items, at: Airtable.local(at("none/b.db")).schema()),
    ("none.json", lambda items, at: Airtable.local(schema=at("none.json")).schema()),
]


@pytest.fixture
def items(local_base: LocalBase) -> Table[Item]:
    """The table, and files below the current folder."""
    data = Path("data")
    data.mkdir()
    (data / "bad.csv").write_text(BAD)
    (data / "bytes.csv").write_bytes(b"code\n\xff\n")
    (data / "empty.csv").write_text("")
    (data / "torn.json").write_text('{"code"')
    (data / "torn.jsonl").write_text('{"code": "a"}\n{"co\n')
    table = Airtable(local=local_base).table(Item)
    table.create_table()
    return table


@pytest.mark.parametrize("is_absolute", [False, True])
@pytest.mark.parametrize(("said", "call"), CASES)
def test_an_error_names_the_file_as_the_caller_does(items, said, call, is_absolute) -> None:
    """Neither shortened to its name, nor made absolute, nor the name of a temporary file."""
    folder = Path("data").resolve() if is_absolute else Path("data")
    with pytest.raises(Exception) as caught:
        call(items, lambda name: folder / name)
    message = str(caught.value)
    assert str(folder / said) in message
    if not is_absolute:
        assert str(Path.cwd()) not in message
    assert ".part" not in message


@pytest.mark.parametrize("is_absolute", [False, True])
def test_an_error_names_the_journal_as_seen_from_the_current_folder(items, is_absolute) -> None:
    """A connection keeps its absolute path, since a process may go to another folder."""
    folder = Path("data").resolve() if is_absolute else Path("data")
    with pytest.raises(JournalError, match=r"^The journal data/bad\.csv cannot be read"):
        Airtable.local(journal=folder / "bad.csv").runs()


def test_a_run_names_its_files_as_seen_from_the_current_folder(items, monkeypatch) -> None:
    """The journal keeps absolute paths; an error about a run is about a file that the reader sees."""
    with Airtable.local("base.db", journal="journal.db") as airtable:
        table = airtable.table(Item)
        table.create_table()
        options = {"on_error": "continue", "rejects": "data/r.csv"}
        run = table.import_file("data/bad.csv", **options).run
        Path("data/bad.csv").write_text(f"{BAD}c,3\n")
        with pytest.raises(JournalError, match=r"^data/bad\.csv was changed"):
            airtable.resume(run)
        Path("data/bad.csv").unlink()
        with pytest.raises(JournalError, match=r"^data/bad\.csv is not there"):
            airtable.resume(run)
        assert str(airtable.retry(run, on_error="continue").errors[0].error).startswith(
            "data/r.csv line 2"
        )
        Path("data/r.csv").rename("elsewhere.csv")
        with pytest.raises(JournalError, match=r"^data/r\.csv is not there"):
            airtable.retry(run)
        with Airtable.local("other.db", journal="journal.db") as other:
            with pytest.raises(JournalError, match=r"made at base\.db, .* goes to other\.db\."):
                other.undo(run)
    place = Path.cwd()
    for folder, said in (("data", "r.csv"), ("/usr", f"{place}/data/r.csv")):
        monkeypatch.chdir(folder)
        with Airtable.local(place / "base.db", journal=place / "journal.db") as airtable:
            with pytest.raises(JournalError, match=f"^{said} is not there"):
                airtable.retry(run)
