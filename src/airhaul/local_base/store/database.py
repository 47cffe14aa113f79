"""The SQLite file: opens it, and manages one writing and many reading connections."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import weakref
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from airhaul.errors import ConfigurationError
from airhaul.local_base.store import format as file_format

MEMORY: Final = ":memory:"
_IDLE_READERS: Final = 8
_BUSY_S: Final = 30.0
# Takes a quarter of a second; in larger files, damage is found when it is read.
_CHECKED_BYTES: Final = 64_000_000


class Database:
    """A file, or memory, and the connections to it.

    In a file, readers see the state at the start of their transaction and do not wait for writers;
    writers take turns. Memory has one connection, which readers and writers share in turn. A file
    is opened again after a fork, since SQLite's connections do not survive one.

    Args:
        path: The file, which is created if it does not exist, or ``":memory:"``.

    Raises:
        ConfigurationError: The file is not a local base, or cannot be opened.
    """

    def __init__(self, path: str | Path) -> None:
        # Resolved: connections are opened later too, when the working directory may have changed.
        self._path = MEMORY if str(path) == MEMORY else str(Path(path).resolve())
        self._shown = str(path)
        self._is_open = True
        self._begin()
        self._writer = self._open()
        self._file = _identity(self._path)
        self._log = _identity(f"{self._path}-wal")

    def _begin(self) -> None:
        """Set up the state of this process, without a connection."""
        self._process = os.getpid()
        self._writing = threading.RLock()
        self._readers: list[sqlite3.Connection] = []
        self._connections: set[sqlite3.Connection] = set()
        # Closes the connections of a local base that is garbage-collected without being closed.
        self._closing = weakref.finalize(self, _close_all, self._connections)

    def _open(self) -> sqlite3.Connection:
        try:
            connection = self._connect()
        except sqlite3.Error as error:
            raise ConfigurationError(f"{self._shown} cannot be opened: {error}.") from None
        try:
            self._prepare(connection)
        except sqlite3.DatabaseError as error:
            connection.close()
            raise ConfigurationError(_explain(self._shown, error)) from None
        except ConfigurationError:
            connection.close()
            raise
        return connection

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, isolation_level=None, check_same_thread=False, timeout=_BUSY_S
        )
        self._connections.add(connection)
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if application != file_format.APPLICATION_ID and tables:
            raise ConfigurationError(
                f"{self._shown} is a database, but not a local base of airhaul. Name another file."
            )
        if version > file_format.VERSION:
            raise ConfigurationError(
                f"{self._shown} was written by a later airhaul (format {version}; this one reads "
                f"up to {file_format.VERSION}). Update airhaul."
            )
        # SQLite would open it for reading, and then each write would fail.
        if self._path != MEMORY and not _is_writable(self._path):
            raise ConfigurationError(_not_writable(self._shown, "it is read-only"))
        self._check(connection)
        # With WAL, a synchronized commit survives a kill and a power failure.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        if version < file_format.VERSION:
            self._bring_up_to_date(connection)

    def _check(self, connection: sqlite3.Connection) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        (page_size,) = connection.execute("PRAGMA page_size").fetchone()
        if pages * page_size > _CHECKED_BYTES:
            return
        (sound,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if sound != "ok":
            raise ConfigurationError(_damaged(self._shown, sound.splitlines()[-1]))

    @staticmethod
    def _bring_up_to_date(connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Read again: another process may have been faster.
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version == 0:
                file_format.create(connection)
            else:
                file_format.migrate(connection, version)
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    @contextlib.contextmanager
    def transaction(self, *, write: bool) -> Generator[sqlite3.Connection]:
        """Run a block in a transaction.

        Args:
            write: Whether the block may write.

        Raises:
            sqlite3.Error: The file fails, or it or its log is no longer the one that was opened.
        """
        self._survive_a_fork()
        self._require_in_place()
        if write or self._path == MEMORY:
            with self._writing, _transaction(self._writer, "BEGIN IMMEDIATE"):
                yield self._writer
            return
        connection = self._reader()
        try:
            with _transaction(connection, "BEGIN"):
                yield connection
        finally:
            self._readers.append(connection)
            if len(self._readers) > _IDLE_READERS or not self._is_open:
                self._close(self._readers.pop())

    def _require_in_place(self) -> None:
        """Do nothing, unless the file or its log is no longer the one that was opened.

        SQLite would continue with a file that has no name any more, or mix two files.
        """
        if self._path == MEMORY:
            return
        if _identity(self._path) != self._file:
            raise sqlite3.OperationalError(
                "it was deleted, moved or replaced while it was open; restore it, or open it again"
            )
        # What was acknowledged is in the log until it is copied to the file.
        if self._log is not None and _identity(f"{self._path}-wal") != self._log:
            raise sqlite3.OperationalError(
                "its log, the file that ends in -wal, was deleted, moved or replaced while it was "
                "open; restore it, or close the base, which saves what was in the log"
            )

    def _reader(self) -> sqlite3.Connection:
        try:
            return self._readers.pop()
        except IndexError:
            connection = self._connect()
            connection.execute("PRAGMA query_only = ON")
            return connection

    def _survive_a_fork(self) -> None:
        if self._process == os.getpid():
            return
        # The thread that may hold the lock exists only in the parent, and closing the inherited
        # connections would harm the parent.
        self._closing.detach()
        self._begin()
        if self._path == MEMORY:
            self._connections.add(self._writer)
        else:
            self._writer = self._open()

    def require_open(self) -> None:
        """Do nothing, unless the file was closed.

        Raises:
            ConfigurationError: It was closed.
        """
        if not self._is_open:
            raise ConfigurationError(f"The local base {self._shown} is closed. Open it again.")

    def close(self) -> None:
        """Close the file."""
        with self._writing:
            self._is_open = False
            while self._readers:
                self._close(self._readers.pop())
            self._close(self._writer)

    def _close(self, connection: sqlite3.Connection) -> None:
        self._connections.discard(connection)
        connection.close()


def _identity(path: str) -> tuple[int, int] | None:
    """Return the identity of the file at a path; None if there is none."""
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _close_all(connections: set[sqlite3.Connection]) -> None:
    while connections:
        connections.pop().close()


def _explain(path: str, error: sqlite3.DatabaseError) -> str:
    match error.sqlite_errorcode & 0xFF:  # the high bits name the place in SQLite
        case sqlite3.SQLITE_NOTADB:
            return f"{path} is not a local base of airhaul: {error}. Name another file."
        case sqlite3.SQLITE_CORRUPT:
            return _damaged(path, error)
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN:
            return _not_writable(path, error)
        case _:
            return f"{path} cannot be opened: {error}."


def _damaged(path: str, why: object) -> str:
    return f"{path} is damaged: {why}. Go back to a copy that is intact."


def _not_writable(path: str, why: object) -> str:
    return (
        f"{path} cannot be written: {why}. A local base must be able to write its file and folder."
    )


def _is_writable(path: str) -> bool:
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection, begin: str) -> Generator[None]:
    connection.execute(begin)
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    try:
        connection.execute("COMMIT")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


_PER_QUERY: Final = 500


def rows_among(
    connection: sqlite3.Connection, columns: str, table: str, key: str, wanted: Sequence[str | int]
) -> Iterator[tuple[Any, ...]]:
    """Find the rows whose key is one of many, in no particular order.

    Args:
        connection: The connection.
        columns: The columns to read; this and the next two are SQL.
        table: The table.
        key: The column of the key.
        wanted: The keys, of any number.
    """
    for start in range(0, len(wanted), _PER_QUERY):
        part = wanted[start : start + _PER_QUERY]
        marks = ", ".join("?" * len(part))
        query = f"SELECT {columns} FROM {table} WHERE {key} IN ({marks})"  # noqa: S608 - fixed names only
        yield from connection.execute(query, part)
