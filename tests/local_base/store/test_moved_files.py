"""A file that is deleted, moved or replaced while it is open; and a folder that is left."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from airhaul.local_base.base import LocalBase
from tests.local_base.asking import Asking


def delete(path: Path) -> None:
    """Delete all of a base's file."""
    for part in path.parent.iterdir():
        part.unlink()


def move(path: Path) -> None:
    """Give the file another name."""
    path.rename(path.with_name("elsewhere.db"))


def replace(path: Path) -> None:
    """Put another base in its place, as who restores a backup does."""
    other = path.with_name("other.db")
    LocalBase.open(other).close()
    other.replace(path)


@pytest.mark.parametrize("change", [delete, move, replace])
@pytest.mark.parametrize("reads", [0, 1])
def test_nothing_is_acknowledged_that_would_not_be_there(
    tmp_path: Path, change: Callable[[Path], None], reads: int
) -> None:
    """A file that is not the one that was opened is neither written nor read, and nothing is made."""
    path = tmp_path / "base.db"
    with LocalBase.open(path) as local_base:
        ask = Asking(local_base)
        ask.table("T")
        for _ in range(reads):
            ask.cells("T")
        change(path)
        there = path.exists()
        error = ask.add("T", {"Name": "lost"}, status=500)
        assert error["type"] == "SERVER_ERROR"
        assert "was deleted, moved or replaced" in error["message"]
        ask("GET", f"{ask.base}/T", status=500)
        assert path.exists() is there


def test_a_file_that_is_put_back_goes_on(tmp_path: Path) -> None:
    """Whoever moved the file by mistake moves it back, and the server has lost nothing."""
    path, away = tmp_path / "base.db", tmp_path / "away.db"
    with LocalBase.open(path) as local_base:
        ask = Asking(local_base)
        ask.table("T")
        ask.add("T", {"Name": "a"})
        path.rename(away)
        ask.add("T", {"Name": "lost"}, status=500)
        away.rename(path)
        ask.add("T", {"Name": "b"})
        assert [cells["Name"] for cells in ask.cells("T").values()] == ["a", "b"]


def delete_log(log: Path) -> None:
    log.unlink()


def replace_log(log: Path) -> None:
    log.rename(log.with_name("away"))
    log.write_bytes(b"")


@pytest.mark.parametrize("change", [delete_log, replace_log])
def test_nothing_is_acknowledged_without_the_log(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    """What was acknowledged is in the log: it would be gone after a kill, and is saved by closing."""
    path = tmp_path / "base.db"
    with LocalBase.open(path) as local_base:
        ask = Asking(local_base)
        ask.table("T")
        ask.add("T", {"Name": "a"})
        change(path.with_name("base.db-wal"))
        error = ask.add("T", {"Name": "lost"}, status=500)
        assert error["type"] == "SERVER_ERROR"
        assert "its log, the file that ends in -wal, was deleted" in error["message"]
        ask("GET", f"{ask.base}/T", status=500)
    path.with_name("base.db-wal").unlink(missing_ok=True)  # the one that was put in its place
    with LocalBase.open(path) as local_base:
        ask = Asking(local_base)
        ask.add("T", {"Name": "b"})
        assert ask.names("T") == ["a", "b"]


def test_a_log_that_is_put_back_goes_on(tmp_path: Path) -> None:
    """Whoever moved it by mistake moves it back, and other programs that use the file change nothing."""
    path, away = tmp_path / "base.db", tmp_path / "away"
    log = path.with_name("base.db-wal")
    with LocalBase.open(path) as local_base:
        ask = Asking(local_base)
        ask.table("T")
        log.rename(away)
        ask.add("T", {"Name": "lost"}, status=500)
        away.rename(log)
        with LocalBase.open(path) as other:
            Asking(other).add("T", {"Name": "a"})
        ask.add("T", {"Name": "b"})
        assert ask.names("T") == ["a", "b"]


def test_a_program_may_leave_the_folder_it_began_in(tmp_path: Path, monkeypatch) -> None:
    """A file that was opened by a relative path stays the same one, wherever the program goes."""
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path)
    with LocalBase.open("base.db") as local_base:
        ask = Asking(local_base)
        ask.table("T")
        monkeypatch.chdir("other")
        for _ in range(30):
            ask.add("T", *({"Name": "a"} for _ in range(10)))

        def look(_: int) -> int:
            return len(ask.cells("T", ("filterByFormula", "UPPER({Name}) = 'A'")))

        # Many at once, so that each needs a connection of its own.
        with ThreadPoolExecutor(8) as readers:
            assert set(readers.map(look, range(40))) == {300}
        assert os.listdir() == []
