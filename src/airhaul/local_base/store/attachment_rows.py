"""The table of attachments: the properties of each file, and its content if it is stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, Final

from airhaul.local_base.store.database import rows_among
from airhaul.wire.ids import new_id

_COLUMNS: Final = (
    "id, base_id, filename, type, size, width, height, url, content IS NOT NULL AS is_stored"
)

_PIECE: Final = 1 << 20

LARGEST_FILE: Final = 1_000_000_000
"""The most bytes of a file that can be stored: SQLite's limit."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that cells may hold.

    Args:
        id: Its id.
        base_id: The base whose cells may hold it.
        filename: Its name, without folders.
        type: The media type, as in ``image/png``; None if unknown.
        size: The size in bytes; None if unknown.
        width: The width of an image in pixels.
        height: The height of an image in pixels.
        url: The URL by which it was written; None if it was uploaded.
        is_stored: Whether the content is stored.
    """

    id: str
    base_id: str
    filename: str
    type: str | None = None
    size: int | None = None
    width: int | None = None
    height: int | None = None
    url: str | None = None
    is_stored: bool = False


class AttachmentRows:
    """The attachments of all bases, within one transaction.

    Args:
        connection: The transaction's connection.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._to_fetch: list[str] = []

    @property
    def to_fetch(self) -> tuple[str, ...]:
        """The ids of the files that this transaction added by URL, without content."""
        return tuple(self._to_fetch)

    def add(
        self,
        base_id: str,
        filename: str,
        *,
        type: str | None = None,
        content: bytes | None = None,
        url: str | None = None,
        width: int | None = None,
        height: int | None = None,
    ) -> Attachment:
        """Add a file, by its content or by a URL.

        Args:
            base_id: The base whose cells may hold it.
            filename: Its name.
            type: The media type, if known.
            content: The content; None if only the URL is known.
            url: The URL of the content.
            width: The width of an image in pixels.
            height: The height of an image in pixels.
        """
        size = None if content is None else len(content)
        added = Attachment(
            new_id("att"), base_id, filename, type, size, width, height, url, content is not None
        )
        self.restore(added, content)
        if content is None:
            self._to_fetch.append(added.id)
        return added

    def restore(self, file: Attachment, content: bytes | None) -> None:
        """Add a file that already has an id."""
        self._connection.execute(
            "INSERT INTO attachments (id, base_id, filename, type, size, width, height, url, "
            "content) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                file.id,
                file.base_id,
                file.filename,
                file.type,
                file.size,
                file.width,
                file.height,
                file.url,
                content,
            ),
        )

    def keep(
        self,
        attachment_id: str,
        content: bytes,
        type: str | None,
        width: int | None,
        height: int | None,
    ) -> None:
        """Store the content of a file that was added by URL."""
        self._connection.execute(
            "UPDATE attachments SET content = ?, size = ?, type = ?, width = ?, height = ? "
            "WHERE id = ?",
            (content, len(content), type, width, height, attachment_id),
        )

    def fill(self, attachment_id: str, content: BinaryIO, size: int) -> None:
        """Store the content of a file piece by piece, so that it need not fit into memory.

        Args:
            attachment_id: The file, whose other properties stay as they are.
            content: The content, to be read from its beginning.
            size: Its length in bytes.
        """
        (row,) = self._connection.execute(
            "UPDATE attachments SET content = zeroblob(?), size = ? WHERE id = ? RETURNING rowid",
            (size, size, attachment_id),
        ).fetchone()
        with self._connection.blobopen("attachments", "content", row) as blob:
            while piece := content.read(_PIECE):
                blob.write(piece)

    def one(self, attachment_id: str) -> Attachment | None:
        """Find a file."""
        return self.some([attachment_id]).get(attachment_id)

    def some(self, attachment_ids: Iterable[str]) -> dict[str, Attachment]:
        """Find files by their ids; deleted ones are left out."""
        ids = list(attachment_ids)
        rows = rows_among(self._connection, _COLUMNS, "attachments", "id", ids)
        return {row[0]: _attachment(row) for row in rows}

    def content(self, attachment_id: str) -> bytes | None:
        """Return the content of a file; None if it is not stored."""
        query = "SELECT content FROM attachments WHERE id = ?"
        row = self._connection.execute(query, (attachment_id,)).fetchone()
        return None if row is None else row[0]

    def delete_unused(self) -> int:
        """Delete the files that no cell of any record holds, and return how many were deleted."""
        done = self._connection.execute(
            "DELETE FROM attachments WHERE id NOT IN (SELECT held.value FROM records, "
            "json_each(records.cells) AS cell, "
            "json_each(CASE cell.type WHEN 'array' THEN cell.value ELSE '[]' END) AS held "
            "WHERE held.type = 'text')"
        )
        return done.rowcount


def _attachment(row: Any) -> Attachment:
    *known, is_stored = row
    return replace(Attachment(*known), is_stored=bool(is_stored))
