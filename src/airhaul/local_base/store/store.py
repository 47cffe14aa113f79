"""The store of bases, and the session in which one request works."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from airhaul.local_base.store.attachment_rows import AttachmentRows
from airhaul.local_base.store.comment_rows import CommentRows
from airhaul.local_base.store.database import Database
from airhaul.local_base.store.format import SIGNING_KEY
from airhaul.local_base.store.people_rows import PeopleRows
from airhaul.local_base.store.record_rows import RecordRows
from airhaul.local_base.store.record_scans import RecordScans
from airhaul.local_base.store.schema_rows import SchemaRows, Schemas
from airhaul.local_base.store.webhook_rows import WebhookRows


@dataclass(frozen=True, slots=True)
class Session:
    """One transaction: its reads are consistent, its writes are all kept or none.

    Args:
        schema: Bases, tables, fields and views.
        records: Records.
        scans: Records, a whole table at a time.
        people: People.
        comments: Comments on records.
        attachments: The files in cells.
        webhooks: Webhooks and their payloads.
    """

    schema: SchemaRows
    records: RecordRows
    scans: RecordScans
    people: PeopleRows
    comments: CommentRows
    attachments: AttachmentRows
    webhooks: WebhookRows


class Store:
    """A file, or memory, that holds bases.

    Args:
        path: The file, which is created if it does not exist, or ``":memory:"``.

    Raises:
        ConfigurationError: The file is not a local base, or cannot be opened.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        self._database = Database(path)
        self._schemas: Schemas = {}
        with self._database.transaction(write=False) as connection:
            self.default_base_id = _setting(connection, "default_base")
            self.workspace_id = _setting(connection, "workspace")
            self.user_id = _setting(connection, "user")
            self.signing_key = _setting(connection, SIGNING_KEY).encode()

    def reload_default_base(self) -> None:
        """Read again which base is the default one."""
        with self._database.transaction(write=False) as connection:
            self.default_base_id = _setting(connection, "default_base")

    @contextlib.contextmanager
    def session(self, *, write: bool) -> Generator[Session]:
        """Run a block in a transaction, which is rolled back if the block raises.

        Args:
            write: Whether the block may write.
        """
        with self._database.transaction(write=write) as connection:
            yield Session(
                SchemaRows(connection, self._schemas),
                RecordRows(connection, writes=write),
                RecordScans(connection),
                PeopleRows(connection),
                CommentRows(connection),
                AttachmentRows(connection),
                WebhookRows(connection),
            )

    def require_open(self) -> None:
        """Do nothing, unless the bases were closed.

        Raises:
            ConfigurationError: They were closed.
        """
        self._database.require_open()

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def _setting(connection: sqlite3.Connection, name: str) -> str:
    row = connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
    return str(row[0])
