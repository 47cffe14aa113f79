"""The SQLite store: bases, tables and fields as rows, a record's cells as JSON by field id."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import threading
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from airhaul.errors import ConfigurationError
from airhaul.server.schema import Field, Table, View
from airhaul.wire.ids import new_id

MEMORY: Final = ":memory:"

_APPLICATION_ID: Final = 0x41697248  # "AirH", written into the file's own header
_VERSION: Final = 1
_TABLES: Final = """
    CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE bases (place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL);
    CREATE TABLE tables (
        place INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        base_id TEXT NOT NULL REFERENCES bases (id),
        name TEXT NOT NULL,
        description TEXT,
        views TEXT NOT NULL
    );
    CREATE TABLE fields (
        place INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        table_id TEXT NOT NULL REFERENCES tables (id),
        name TEXT NOT NULL,
        type TEXT NOT NULL,
        options TEXT,
        description TEXT
    );
    CREATE TABLE records (
        place INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        table_id TEXT NOT NULL REFERENCES tables (id),
        created TEXT NOT NULL,
        cells TEXT NOT NULL
    );
    CREATE INDEX records_by_table ON records (table_id, place);
"""
_PER_QUERY: Final = 500


@dataclass(slots=True)
class StoredRecord:
    """One record: cells by field id, empty ones absent."""

    id: str
    table_id: str
    created: str
    cells: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Base:
    """One base."""

    id: str
    name: str


class Store:
    """A file, or memory, that holds bases.

    One connection serves one request at a time; each request is one transaction. A file is opened
    anew after a fork, since SQLite's connections do not survive one.

    Args:
        path: The file, made if it is not there, or ``":memory:"``.

    Raises:
        ConfigurationError: The file is no local base, or cannot be opened.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = str(path)
        self._lock = threading.RLock()
        self._process = os.getpid()
        self._connection = self._open()
        self._tables: dict[str, dict[str, Table]] = {}
        self._seen_version = -1
        self.default_base_id = self._setting("default_base")
        self.workspace_id = self._setting("workspace")
        self.user_id = self._setting("user")

    def _open(self) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(
                self._path, isolation_level=None, check_same_thread=False, timeout=30
            )
        except sqlite3.Error as error:
            raise ConfigurationError(f"{self._path} cannot be opened: {error}.") from None
        try:
            self._prepare(connection)
        except sqlite3.DatabaseError as error:
            connection.close()
            raise ConfigurationError(
                f"{self._path} is no local base of airhaul: {error}. Name another file."
            ) from None
        except ConfigurationError:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if application != _APPLICATION_ID and tables:
            raise ConfigurationError(
                f"{self._path} is a database, and no local base of airhaul. Name another file."
            )
        if version > _VERSION:
            raise ConfigurationError(
                f"{self._path} was written by a later airhaul (format {version}; this one knows "
                f"{_VERSION}). Update airhaul."
            )
        # With WAL, a commit that was synchronised survives a kill and a power cut.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        if not tables:
            self._create(connection)

    def _create(self, connection: sqlite3.Connection) -> None:
        base_id = new_id("app")
        connection.execute("BEGIN IMMEDIATE")
        if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            connection.execute("ROLLBACK")  # another process was faster
            return
        for statement in _TABLES.split(";"):
            connection.execute(statement)
        connection.executemany(
            "INSERT INTO settings VALUES (?, ?)",
            [
                ("default_base", base_id),
                ("workspace", new_id("wsp")),
                ("user", new_id("usr")),
            ],
        )
        connection.execute("INSERT INTO bases (id, name) VALUES (?, ?)", (base_id, "Local base"))
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {_VERSION}")
        connection.execute("COMMIT")

    def _setting(self, name: str) -> str:
        row = self._connection.execute(
            "SELECT value FROM settings WHERE name = ?", (name,)
        ).fetchone()
        return str(row[0])

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    @contextlib.contextmanager
    def transaction(self, *, write: bool) -> Generator[None]:
        """Do several things together: all of them, or none.

        Args:
            write: Whether anything may be changed.
        """
        if self._process != os.getpid() and self._path != MEMORY:
            self._lock = threading.RLock()
            self._connection = self._open()
            self._process = os.getpid()
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                self._tables.clear()
                raise
            self._connection.execute("COMMIT")

    # --- schema

    def bases(self) -> list[Base]:
        """All bases, in the order they were made."""
        rows = self._connection.execute("SELECT id, name FROM bases ORDER BY place")
        return [Base(*row) for row in rows]

    def add_base(self, name: str) -> str:
        """Make a base, and say its id."""
        base_id = new_id("app")
        self._connection.execute("INSERT INTO bases (id, name) VALUES (?, ?)", (base_id, name))
        return base_id

    def has_base(self, base_id: str) -> bool:
        """Whether there is such a base."""
        query = "SELECT 1 FROM bases WHERE id = ?"
        return self._connection.execute(query, (base_id,)).fetchone() is not None

    def tables(self, base_id: str) -> dict[str, Table]:
        """The tables of a base by id, in the order they were made; read once until they change."""
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        if version != self._seen_version:
            self._tables.clear()  # another process has written
            self._seen_version = version
        if base_id not in self._tables:
            self._tables[base_id] = self._read_tables(base_id)
        return self._tables[base_id]

    def _read_tables(self, base_id: str) -> dict[str, Table]:
        rows = self._connection.execute(
            "SELECT id, name, description, views FROM tables WHERE base_id = ? ORDER BY place",
            (base_id,),
        )
        tables = {
            id_: Table(
                id_, base_id, name, [], [View(**view) for view in json.loads(views)], description
            )
            for id_, name, description, views in rows
        }
        fields = self._connection.execute(
            "SELECT f.table_id, f.id, f.name, f.type, f.options, f.description FROM fields f "
            "JOIN tables t ON t.id = f.table_id WHERE t.base_id = ? ORDER BY f.place",
            (base_id,),
        )
        for table_id, id_, name, type_, options, description in fields:
            parsed = None if options is None else json.loads(options)
            tables[table_id].fields.append(Field(id_, name, type_, parsed, description))
        return tables

    def add_table(self, table: Table) -> None:
        """Add a table with its fields."""
        views = json.dumps(
            [{"id": view.id, "name": view.name, "type": view.type} for view in table.views]
        )
        self._connection.execute(
            "INSERT INTO tables (id, base_id, name, description, views) VALUES (?, ?, ?, ?, ?)",
            (table.id, table.base_id, table.name, table.description, views),
        )
        for field in table.fields:
            self.add_field(table, field)

    def change_table(self, table: Table) -> None:
        """Write a table's name and description."""
        self._connection.execute(
            "UPDATE tables SET name = ?, description = ? WHERE id = ?",
            (table.name, table.description, table.id),
        )
        self._tables.pop(table.base_id, None)

    def add_field(self, table: Table, field: Field) -> None:
        """Add a field behind the others."""
        self._connection.execute(
            "INSERT INTO fields (id, table_id, name, type, options, description) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (field.id, table.id, field.name, field.type, _dump(field.options), field.description),
        )
        self._tables.pop(table.base_id, None)

    def change_field(self, table: Table, field: Field) -> None:
        """Write a field's name, description and options."""
        self._connection.execute(
            "UPDATE fields SET name = ?, description = ?, options = ? WHERE id = ?",
            (field.name, field.description, _dump(field.options), field.id),
        )
        self._tables.pop(table.base_id, None)

    # --- records

    def add_record(self, table_id: str, cells: dict[str, Any], now: datetime) -> StoredRecord:
        """Add a record behind the others, created now."""
        # Whole seconds, as in all recorded answers of the service.
        created = now.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        record = StoredRecord(new_id("rec"), table_id, created, cells)
        self._connection.execute(
            "INSERT INTO records (id, table_id, created, cells) VALUES (?, ?, ?, ?)",
            (record.id, table_id, record.created, _dump(cells)),
        )
        return record

    def change_record(self, record: StoredRecord) -> None:
        """Write a record's cells."""
        self._connection.execute(
            "UPDATE records SET cells = ? WHERE id = ?", (_dump(record.cells), record.id)
        )

    def delete_records(self, record_ids: Iterable[str]) -> None:
        """Delete records."""
        self._connection.executemany(
            "DELETE FROM records WHERE id = ?", [(record_id,) for record_id in record_ids]
        )

    def record(self, record_id: str) -> StoredRecord | None:
        """Find a record of any table."""
        found = self.records([record_id])
        return found[0] if found else None

    def records(self, record_ids: Sequence[str]) -> list[StoredRecord]:
        """Find records, in the order of their ids; those that are gone are left out."""
        found: dict[str, StoredRecord] = {}
        for start in range(0, len(record_ids), _PER_QUERY):
            some = record_ids[start : start + _PER_QUERY]
            marks = ", ".join("?" * len(some))
            rows = self._connection.execute(
                f"SELECT id, table_id, created, cells FROM records WHERE id IN ({marks})",  # noqa: S608 - marks only
                some,
            )
            found |= {row[0]: _record(row) for row in rows}
        return [found[record_id] for record_id in record_ids if record_id in found]

    def record_ids(self, table_id: str) -> list[str]:
        """The ids of a table's records, in the order they were made."""
        rows = self._connection.execute(
            "SELECT id FROM records WHERE table_id = ? ORDER BY place", (table_id,)
        )
        return [row[0] for row in rows]

    def records_with(self, table_id: str, cells: Mapping[str, Any]) -> Iterator[StoredRecord]:
        """A table's records that hold exactly these cells; None stands for an empty one.

        The first search by a set of fields makes an index for it, kept up with every write.

        Args:
            table_id: The table.
            cells: Cells by field id.
        """
        columns = [f"json_extract(cells, '$.{field_id}')" for field_id in sorted(cells)]
        # Ids are of our own making. SQLite uses an index of one table only when it sees which.
        where = f"table_id = '{table_id}'"
        self._connection.execute(
            f"CREATE INDEX IF NOT EXISTS {'_'.join(['with', table_id, *sorted(cells)])} "
            f"ON records ({', '.join(columns)}) WHERE {where}"
        )
        equal = " AND ".join(f"{column} IS json_extract(?, '$')" for column in columns)
        rows = self._connection.execute(
            f"SELECT id, table_id, created, cells FROM records WHERE {where} AND {equal}",  # noqa: S608 - ids only
            [_json(cells[field_id]) for field_id in sorted(cells)],
        )
        # SQLite reads text only up to a NUL, so that it may find more than there is.
        return (
            record
            for record in map(_record, rows)
            if all(record.cells.get(field_id) == cell for field_id, cell in cells.items())
        )

    def all_records(self, table_id: str) -> Iterator[StoredRecord]:
        """A table's records, in the order they were made."""
        rows = self._connection.execute(
            "SELECT id, table_id, created, cells FROM records WHERE table_id = ? ORDER BY place",
            (table_id,),
        )
        return map(_record, rows)


def _record(row: tuple[str, str, str, str]) -> StoredRecord:
    return StoredRecord(row[0], row[1], row[2], json.loads(row[3]))


def _dump(value: Any) -> str | None:
    return None if value is None else _json(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
