"""The file format: its tables, the contents of a new file, and migrations of older files."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable
from typing import Final

from airhaul.wire.ids import new_id

APPLICATION_ID: Final = 0x41697248
"""``AirH``, stored in the header of the file."""

VERSION: Final = 2
"""The format that this program writes."""

_TABLES: Final = """
    CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE people (
        place INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        email TEXT NOT NULL,
        name TEXT NOT NULL
    );
    CREATE TABLE bases (
        place INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        created TEXT NOT NULL DEFAULT '2024-01-01T00:00:00.000Z',
        transactions INTEGER NOT NULL DEFAULT 0
    );
    CREATE TABLE tables (
        place INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        base_id TEXT NOT NULL REFERENCES bases (id),
        name TEXT NOT NULL,
        description TEXT,
        date_dependency TEXT,
        last_number INTEGER NOT NULL DEFAULT 0,
        sync_id TEXT
    );
    CREATE TABLE views (
        place INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        table_id TEXT NOT NULL REFERENCES tables (id),
        name TEXT NOT NULL,
        type TEXT NOT NULL,
        settings TEXT
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
        cells TEXT NOT NULL,
        number INTEGER NOT NULL DEFAULT 0,
        created_by TEXT,
        touched TEXT
    );
    CREATE INDEX records_by_table ON records (table_id, place);
    CREATE TABLE comments (
        place INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        record_id TEXT NOT NULL REFERENCES records (id) ON DELETE CASCADE,
        author_id TEXT NOT NULL,
        text TEXT NOT NULL,
        created TEXT NOT NULL,
        updated TEXT,
        parent_id TEXT
    );
    CREATE INDEX comments_by_record ON comments (record_id, place);
    CREATE TABLE attachments (
        id TEXT PRIMARY KEY,
        base_id TEXT NOT NULL REFERENCES bases (id),
        filename TEXT NOT NULL,
        type TEXT,
        size INTEGER,
        width INTEGER,
        height INTEGER,
        url TEXT,
        content BLOB
    );
    CREATE TABLE webhooks (
        place INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        base_id TEXT NOT NULL REFERENCES bases (id),
        state TEXT NOT NULL,
        last_payload INTEGER NOT NULL DEFAULT 0
    );
    CREATE TABLE payloads (
        webhook_id TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        at TEXT NOT NULL,
        payload TEXT NOT NULL,
        PRIMARY KEY (webhook_id, number)
    ) WITHOUT ROWID
"""

SCHEMA_STAMP: Final = "schema_stamp"
"""The setting that is incremented with every change of a table, field or view."""

SIGNING_KEY: Final = "signing_key"
"""The setting with the secret that signs URLs of attachments."""


def create(connection: sqlite3.Connection) -> None:
    """Create the tables, a first base and its owner, within a transaction."""
    _run(connection, _TABLES)
    base_id, user_id = new_id("app"), new_id("usr")
    connection.executemany(
        "INSERT INTO settings VALUES (?, ?)",
        [
            ("default_base", base_id),
            ("workspace", new_id("wsp")),
            ("user", user_id),
            (SIGNING_KEY, secrets.token_hex(32)),
            (SCHEMA_STAMP, "0"),
        ],
    )
    _add_owner(connection, user_id)
    connection.execute("INSERT INTO bases (id, name) VALUES (?, ?)", (base_id, "Local base"))
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def migrate(connection: sqlite3.Connection, version: int) -> None:
    """Migrate a file of an older format to the current one, within a transaction.

    Args:
        connection: The connection.
        version: The format of the file.
    """
    for step in range(version, VERSION):
        _STEPS[step](connection)
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _from_1(connection: sqlite3.Connection) -> None:
    """Add what format 2 introduced: people, views, numbers, comments, attachments, webhooks."""
    for name in ("people", "views", "comments", "attachments", "webhooks", "payloads"):
        for text in _TABLES.split(";"):
            if f"TABLE {name} (" in text or f" ON {name} (" in text:
                connection.execute(text)
    _run(
        connection,
        """
        ALTER TABLE bases ADD COLUMN created TEXT NOT NULL DEFAULT '2024-01-01T00:00:00.000Z';
        ALTER TABLE bases ADD COLUMN transactions INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE tables ADD COLUMN date_dependency TEXT;
        ALTER TABLE tables ADD COLUMN last_number INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE tables ADD COLUMN sync_id TEXT;
        ALTER TABLE records ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE records ADD COLUMN created_by TEXT;
        ALTER TABLE records ADD COLUMN touched TEXT;
        INSERT INTO views (id, table_id, name, type)
            SELECT json_extract(view.value, '$.id'), t.id, json_extract(view.value, '$.name'),
                json_extract(view.value, '$.type')
            FROM tables t, json_each(t.views) view ORDER BY t.place, view.key;
        ALTER TABLE tables DROP COLUMN views;
        UPDATE records SET number = counted.number FROM (
            SELECT place, row_number() OVER (PARTITION BY table_id ORDER BY place) AS number
            FROM records
        ) counted WHERE counted.place = records.place;
        UPDATE tables SET last_number = (
            SELECT coalesce(max(number), 0) FROM records WHERE table_id = tables.id
        );
        INSERT INTO settings VALUES ('schema_stamp', '0')
        """,
    )
    connection.execute("INSERT INTO settings VALUES (?, ?)", (SIGNING_KEY, secrets.token_hex(32)))
    (user_id,) = connection.execute("SELECT value FROM settings WHERE name = 'user'").fetchone()
    _add_owner(connection, user_id)


_STEPS: Final[dict[int, Callable[[sqlite3.Connection], None]]] = {1: _from_1}


def _add_owner(connection: sqlite3.Connection, user_id: str) -> None:
    connection.execute(
        "INSERT INTO people (id, email, name) VALUES (?, ?, ?)",
        (user_id, "owner@example.com", "Owner"),
    )


def _run(connection: sqlite3.Connection, statements: str) -> None:
    # Not executescript, which would commit the transaction.
    for statement in statements.split(";"):
        connection.execute(statement)
