"""Files: damaged, older, read-only ones; and many that read and write the same one at once."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from airhaul.errors import ConfigurationError
from airhaul.local_base.base import LocalBase
from airhaul.local_base.http.serve import LocalServer
from tests.local_base.asking import Asking

NUMBER = {"name": "N", "type": "number", "options": {"precision": 0}}

# As the first released program made a file.
FORMAT_1 = """
    CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE bases (place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL);
    CREATE TABLE tables (
        place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
        base_id TEXT NOT NULL REFERENCES bases (id), name TEXT NOT NULL, description TEXT,
        views TEXT NOT NULL
    );
    CREATE TABLE fields (
        place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
        table_id TEXT NOT NULL REFERENCES tables (id), name TEXT NOT NULL, type TEXT NOT NULL,
        options TEXT, description TEXT
    );
    CREATE TABLE records (
        place INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
        table_id TEXT NOT NULL REFERENCES tables (id), created TEXT NOT NULL, cells TEXT NOT NULL
    );
    CREATE INDEX records_by_table ON records (table_id, place);
    INSERT INTO settings VALUES
        ('default_base', 'appAAAAAAAAAAAAAA'), ('workspace', 'wspAAAAAAAAAAAAAA'),
        ('user', 'usrAAAAAAAAAAAAAA');
    INSERT INTO bases VALUES (1, 'appAAAAAAAAAAAAAA', 'Old');
    INSERT INTO tables VALUES (1, 'tblAAAAAAAAAAAAAA', 'appAAAAAAAAAAAAAA', 'T', 'About',
        '[{"id":"viwAAAAAAAAAAAAAA","name":"Grid view","type":"grid"}]');
    INSERT INTO fields VALUES
        (1, 'fldAAAAAAAAAAAAAA', 'tblAAAAAAAAAAAAAA', 'Name', 'singleLineText', NULL, NULL),
        (2, 'fldBBBBBBBBBBBBBB', 'tblAAAAAAAAAAAAAA', 'N', 'number', '{"precision":0}', NULL);
    INSERT INTO records VALUES
        (1, 'recAAAAAAAAAAAAAA', 'tblAAAAAAAAAAAAAA', '2024-01-01T00:00:00.000Z',
         '{"fldAAAAAAAAAAAAAA":"one","fldBBBBBBBBBBBBBB":1}'),
        (5, 'recBBBBBBBBBBBBBB', 'tblAAAAAAAAAAAAAA', '2024-01-02T00:00:00.000Z', '{}');
    PRAGMA application_id = 1097429576;
    PRAGMA user_version = 1;
"""


def columns(path: Path) -> dict[str, object]:
    """What a file's tables and indexes consist of; the order of columns means nothing."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master").fetchall()
        return {
            name: sorted(row[1:] for row in connection.execute(f"PRAGMA table_xinfo({name})"))
            for (name,) in names
        }


def make_file(path: Path, rows: int = 100) -> Path:
    """A base with a table T, and the last of it written to the file itself."""
    with LocalBase.open(path) as local_base:
        ask = Asking(local_base)
        ask.table("T", NUMBER)
        for start in range(0, rows, 10):
            ask.add("T", *({"Name": "x" * 50, "N": n} for n in range(start, start + 10)))
    return path


def test_a_file_of_the_first_format_is_brought_up_to_date(tmp_path) -> None:
    """Tables, views and records of an older file are all there, and new ones follow them."""
    path = tmp_path / "base.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(FORMAT_1)
    for _ in range(2):  # the second time it is a file of the new format
        with LocalBase.open(path) as local_base:
            assert local_base.default_base_id == "appAAAAAAAAAAAAAA"
            ask = Asking(local_base)
            assert ask.cells("T", ("view", "viwAAAAAAAAAAAAAA")) == {
                "recAAAAAAAAAAAAAA": {"Name": "one", "N": 1},
                "recBBBBBBBBBBBBBB": {},
            }
    LocalBase.open(tmp_path / "new.db").close()
    assert columns(path) == columns(tmp_path / "new.db")
    with LocalBase.open(path) as local_base:
        ask = Asking(local_base)
        ask.computed("T", "Number", "autoNumber")
        ask.add("T", {"Name": "three"})
        assert [cells["Number"] for cells in ask.cells("T").values()] == [1, 2, 3]
        assert ask("GET", "meta/whoami")["id"] == "usrAAAAAAAAAAAAAA"


@pytest.mark.parametrize("left", [0.9, 0.5, 0.01])
def test_a_file_that_was_cut_off_is_refused(tmp_path, left) -> None:
    """What a full disk or a broken copy leaves is told before anything is lost on top of it."""
    path = make_file(tmp_path / "base.db")
    os.truncate(path, int(path.stat().st_size * left))
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match="is damaged"):
        LocalBase.open(path)
    assert path.read_bytes() == before


def test_a_file_with_damage_inside_is_refused(tmp_path) -> None:
    """A page that was overwritten is found when the file is opened."""
    path = make_file(tmp_path / "base.db", rows=500)
    with path.open("r+b") as file:
        file.seek(4096 * 20)
        file.write(random.Random(1).randbytes(4096))
    with pytest.raises(ConfigurationError, match=r"is damaged: .*\. Go back to a copy"):
        LocalBase.open(path)


@pytest.fixture
def as_anybody() -> Iterator[Path]:
    """A folder of a user who is not root, to whom modes of files mean something."""
    folder = Path(tempfile.mkdtemp())
    is_root = os.geteuid() == 0
    if is_root:
        os.chown(folder, 65534, -1)
        os.seteuid(65534)
    try:
        yield folder
    finally:
        if is_root:
            os.seteuid(0)
        folder.chmod(0o700)
        shutil.rmtree(folder)


def test_a_file_or_folder_that_cannot_be_written_is_refused(as_anybody) -> None:
    """The message says that it cannot be written, and not that it is somebody else's file."""
    path = make_file(as_anybody / "base.db")
    as_anybody.chmod(0o555)
    with pytest.raises(ConfigurationError, match="cannot be written"):
        LocalBase.open(path)
    with pytest.raises(ConfigurationError, match="cannot be opened"):
        LocalBase.open(as_anybody / "new.db")
    as_anybody.chmod(0o755)
    path.chmod(0o444)
    with pytest.raises(ConfigurationError, match="cannot be written"):
        LocalBase.open(path)
    path.chmod(0)
    with pytest.raises(ConfigurationError, match="cannot be opened"):
        LocalBase.open(path)


def test_readers_do_not_wait_for_a_long_write(tmp_path) -> None:
    """While a write is under way, lists come over HTTP, and show what was there before it."""
    path = make_file(tmp_path / "base.db")
    with LocalBase.open(path) as local_base, LocalServer(local_base) as server:
        ask = Asking(local_base)
        with local_base._store.session(write=True) as session:
            table = next(iter(session.schema.tables(local_base.default_base_id).values()))
            session.records.delete(record.id for record in list(session.records.all_of(table.id)))
            reply = requests.get(
                f"{server.url}/v0/{local_base.default_base_id}/T",
                params={"filterByFormula": "{N} < 50", "sort[0][field]": "N"},
                headers={"Authorization": "Bearer pat.x"},
                timeout=5,
            )
            assert len(reply.json()["records"]) == 50
        assert ask.cells("T") == {}


def test_writers_do_not_wait_for_a_long_filter(tmp_path) -> None:
    """While one client goes through a whole table, others write over HTTP."""
    path = make_file(tmp_path / "base.db")
    with LocalBase.open(path) as local_base, LocalServer(local_base) as server:
        url = f"{server.url}/v0/{local_base.default_base_id}/T"
        with local_base._store.session(write=False) as session:
            table = next(iter(session.schema.tables(local_base.default_base_id).values()))
            blocks = session.scans.cells(table.id, [])
            seen = len(next(blocks))
            reply = requests.post(
                url,
                json={"fields": {"Name": "new"}},
                headers={"Authorization": "Bearer pat.x"},
                timeout=5,
            )
            assert reply.status_code == 200
            seen += sum(map(len, blocks))
        assert seen == 100  # and what a filter sees does not change under it


@pytest.mark.slow
def test_many_clients_at_once(tmp_path) -> None:
    """Threads of two servers on one file create, change and read; nothing is lost or refused."""
    path = make_file(tmp_path / "base.db", rows=10)
    failed: list[object] = []

    def work(url: str, base_id: str, name: str) -> None:
        with requests.Session() as session:
            session.headers["Authorization"] = "Bearer pat.x"
            for n in range(10):
                made = session.post(f"{url}/v0/{base_id}/T", json={"fields": {"Name": name}})
                body = {"records": [{"id": made.json()["id"], "fields": {"N": n}}]}
                changed = session.patch(f"{url}/v0/{base_id}/T", json=body)
                read = session.get(f"{url}/v0/{base_id}/T", params={"filterByFormula": "{N} > 3"})
                statuses = [made.status_code, changed.status_code, read.status_code]
                if statuses != [200] * 3:
                    failed.append(statuses)

    with (
        LocalBase.open(path) as one,
        LocalBase.open(path) as two,
        LocalServer(one) as first,
        LocalServer(two) as second,
    ):
        threads = [
            threading.Thread(target=work, args=(server.url, one.default_base_id, f"w{n}"))
            for n in range(6)
            for server in (first, second)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        cells = Asking(two).cells("T")
    assert failed == []
    assert len(cells) == 10 + 12 * 10
    assert sorted(c["N"] for c in cells.values() if c["Name"] == "w3") == sorted([*range(10)] * 2)


def test_paths_lead_to_no_files(tmp_path) -> None:
    """Whatever the path of a request says, it names no file of this machine."""
    (tmp_path / "secret").write_text("secret")
    with LocalBase.open(tmp_path / "base.db") as local_base, LocalServer(local_base) as server:
        for path in (
            "/../secret",
            "/v0/../../secret",
            "/%2e%2e/secret",
            "//etc/passwd",
            "/v0/%2Fetc",
        ):
            with requests.Session() as session:
                asked = requests.Request("GET", server.url, headers={"Authorization": "Bearer x"})
                ready = session.prepare_request(asked)
                ready.url = server.url + path
                reply = session.send(ready, timeout=5)
            assert reply.status_code in (403, 404)
            assert "secret" not in reply.text


def test_bodies_are_bounded(tmp_path) -> None:
    """Deep, large and endless bodies are refused, and the server goes on."""
    with LocalBase.open(tmp_path / "base.db") as local_base, LocalServer(local_base) as server:
        Asking(local_base).table("T", NUMBER)
        url = f"{server.url}/v0/{local_base.default_base_id}/T"
        headers = {"Authorization": "Bearer x", "Content-Type": "application/json"}

        def post(body: bytes) -> int:
            return requests.post(url, data=body, headers=headers, timeout=30).status_code

        long = json.dumps({"fields": {"Name": "x" * 100_001}}).encode()
        assert post(b"[" * 200_000) == 400
        assert post(b'{"fields": {"N": ' + b"9" * 100_000 + b"}}") == 400
        assert post(b'{"fields": {"N": ' + b"9" * 400 + b"}}") == 422
        assert post(b'{"fields": {"N": 1e999}}') == 422
        assert post(b'{"fields": {"Name": "\\ud83d"}}') == 422
        assert post(b'{"fields": {"Name": "\xff"}}') == 400
        assert post(b'{"fields": {"Name": "\xed\xa0\x80"}}') in (400, 422)
        assert post(long) == 422
        assert post(b'{"fields": {"Name": "' + b"x" * 10_000_000 + b'"}}') == 413
        assert post(b'{"fields": {"Name": "fine"}}') == 200
        began = time.monotonic()
        assert post(b'{"fields": {"Name": "fine", "N": 1}}') == 200
        assert time.monotonic() - began < 5
