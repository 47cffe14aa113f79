"""The journal's file: its tables, and opening it."""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from airhaul.bulk.journal.last_intent import forget_all
from airhaul.caller import seen_from_here
from airhaul.errors import JournalError
from airhaul.messages import Message, Option

READ_ERRORS: Final = (sqlite3.Error, UnicodeDecodeError)
"""What reading a damaged file raises; a damaged schema makes messages that cannot be decoded."""

_APPLICATION_ID: Final = 0x4169724A  # "AirJ", written into the file's own header
_VERSION: Final = 2
_BUSY_S: Final = 30.0
_TABLES: Final = """
    CREATE TABLE runs (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        asked TEXT NOT NULL,
        began TEXT NOT NULL,
        ended TEXT,
        state TEXT NOT NULL,
        requests INTEGER NOT NULL DEFAULT 0,
        seconds REAL NOT NULL DEFAULT 0,
        counts TEXT,
        error TEXT,
        last_intent INTEGER NOT NULL DEFAULT 0,
        last_outcome INTEGER NOT NULL DEFAULT 0,
        seal INTEGER NOT NULL
    );
    CREATE TABLE copies (
        run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
        first INTEGER NOT NULL,
        rows BLOB NOT NULL,
        seal INTEGER NOT NULL,
        PRIMARY KEY (run, first)
    ) WITHOUT ROWID;
    CREATE TABLE intents (
        run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        kind TEXT NOT NULL,
        since TEXT,
        rows BLOB NOT NULL,
        seal INTEGER NOT NULL,
        PRIMARY KEY (run, number)
    ) WITHOUT ROWID;
    CREATE TABLE outcomes (
        run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        at TEXT NOT NULL,
        rows BLOB NOT NULL,
        requests BLOB NOT NULL,
        seal INTEGER NOT NULL,
        PRIMARY KEY (run, number)
    ) WITHOUT ROWID
"""


def seal(*values: str | int | bytes | None) -> int:
    """Return the checksum of a row of the journal; SQLite does not notice changed bytes.

    Args:
        values: The values of the row, in the order of its columns.
    """
    checksum = 0
    for value in values:
        packed = value if isinstance(value, bytes) else repr(value).encode()
        checksum = zlib.crc32(packed, zlib.crc32(b"%d:" % len(packed), checksum))
    return checksum


def connect(path: Path) -> sqlite3.Connection:
    """Open a journal, creating it if it does not exist.

    Args:
        path: The file.

    Raises:
        JournalError: It is not a journal, is damaged, or cannot be opened.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            forget_all(path)  # of a journal that was deleted
            _make(path)
        connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, timeout=_BUSY_S
        )
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
    except (OSError, sqlite3.OperationalError) as error:
        raise JournalError(
            Message(
                f"The journal {seen_from_here(path)} cannot be opened: {error}. Set ",
                Option("journal"),
                " to another file, or do without a journal: ",
                Option("journal", False),
                ".",
            )
        ) from None
    except READ_ERRORS as error:
        raise JournalError(
            f"The journal {seen_from_here(path)} cannot be read: {error}. Move the file "
            "away; airhaul then starts a new journal."
        ) from None
    return connection


@contextmanager
def opened(path: Path) -> Generator[sqlite3.Connection]:
    """Open a journal for the length of a block.

    Args:
        path: The file.

    Yields:
        The connection, closed at the end.

    Raises:
        JournalError: It cannot be opened, read or written.
    """
    connection = connect(path)
    try:
        yield connection
    except READ_ERRORS as error:
        raise JournalError(
            f"The journal {seen_from_here(path)} cannot be read or written: {error}."
        ) from None
    finally:
        connection.close()


def _make(path: Path) -> None:
    """Make an empty journal in one step, so that others who want one find it whole.

    SQLite does not wait for them while it changes a new database to a write-ahead log.
    """
    if path.with_name(f"{path.name}-wal").exists():
        return  # of a journal that was deleted: SQLite removes it when it makes the file itself
    with TemporaryDirectory(prefix=".airhaul-", dir=path.parent) as folder:
        part = Path(folder) / path.name
        with closing(sqlite3.connect(part, isolation_level=None)) as connection:
            _prepare(connection, part)
        with suppress(OSError):  # others were faster; or there are no links here: it is made later
            os.link(part, path)


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("BEGIN")  # all as of one moment: another process may be creating it
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    connection.execute("ROLLBACK")
    if application != _APPLICATION_ID and tables:
        raise JournalError(
            Message(
                f"{seen_from_here(path)} is a database, but not an airhaul journal. Set ",
                Option("journal"),
                " to another file.",
            )
        )
    if version > _VERSION:
        raise JournalError(
            Message(
                f"The journal {seen_from_here(path)} was written by a later airhaul (format "
                f"{version}; this one reads {_VERSION}). Upgrade airhaul, or set ",
                Option("journal"),
                " to another file.",
            )
        )
    if 0 < version < _VERSION:
        raise JournalError(
            f"The journal {seen_from_here(path)} was written by an earlier airhaul (format "
            f"{version}; this one reads {_VERSION}). Resume or undo its runs with that one, and "
            "move the file away; airhaul then starts a new journal."
        )
    # With WAL, a commit that was synchronised survives a kill and a power cut.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    if version == 0:
        _create(connection)


def _create(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Checked again: another process may have been faster.
        if connection.execute("PRAGMA user_version").fetchone() == (0,):
            for statement in _TABLES.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {_VERSION}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
