"""Comments on records, as rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from airhaul.wire.ids import new_id

_COLUMNS: Final = "place, id, record_id, author_id, text, created, updated, parent_id"


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment.

    Args:
        place: Which comment of the whole file it is; later ones have greater places.
        id: Its id.
        record_id: The record it stands on.
        author_id: Who wrote it.
        text: The text, with mentions as ``@[usr...]``.
        created: When, ISO 8601 in UTC.
        updated: When the text was last changed; None if it never was.
        parent_id: The comment that it answers.
    """

    place: int
    id: str
    record_id: str
    author_id: str
    text: str
    created: str
    updated: str | None = None
    parent_id: str | None = None


class CommentRows:
    """The comments of all records, within one transaction.

    Args:
        connection: The transaction's connection.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(
        self, record_id: str, author_id: str, text: str, now: str, parent_id: str | None = None
    ) -> Comment:
        """Add a comment to a record.

        Args:
            record_id: The record.
            author_id: Who writes it.
            text: The text.
            now: The time, ISO 8601 in UTC.
            parent_id: The comment that it answers.
        """
        comment_id = new_id("com")
        (place,) = self._connection.execute(
            "INSERT INTO comments (id, record_id, author_id, text, created, parent_id) "
            "VALUES (?, ?, ?, ?, ?, ?) RETURNING place",
            (comment_id, record_id, author_id, text, now, parent_id),
        ).fetchone()
        return Comment(place, comment_id, record_id, author_id, text, now, None, parent_id)

    def one(self, comment_id: str) -> Comment | None:
        """Find a comment on any record."""
        row = self._connection.execute(
            f"SELECT {_COLUMNS} FROM comments WHERE id = ?",  # noqa: S608 - columns only
            (comment_id,),
        ).fetchone()
        return None if row is None else Comment(*row)

    def page(self, record_id: str, size: int, before: int | None = None) -> list[Comment]:
        """The comments on a record, the newest first.

        Args:
            record_id: The record.
            size: How many at most.
            before: Only those of lesser places; all if None.
        """
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM comments WHERE record_id = ? AND place < ifnull(?, place + 1) "  # noqa: S608
            "ORDER BY place DESC LIMIT ?",
            (record_id, before, size),
        )
        return [Comment(*row) for row in rows]

    def change(self, comment_id: str, text: str, now: str) -> None:
        """Write a comment's text."""
        self._connection.execute(
            "UPDATE comments SET text = ?, updated = ? WHERE id = ?", (text, now, comment_id)
        )

    def delete(self, comment_id: str) -> None:
        """Delete a comment; those that answer it stay."""
        self._connection.execute("DELETE FROM comments WHERE id = ?", (comment_id,))

    def counts(self, record_ids: Sequence[str]) -> dict[str, int]:
        """How many comments stand on each of some records, of a page at most; 0 is left out."""
        marks = ", ".join("?" * len(record_ids))
        rows = self._connection.execute(
            f"SELECT record_id, count(*) FROM comments WHERE record_id IN ({marks}) "  # noqa: S608
            "GROUP BY record_id",
            record_ids,
        )
        return dict(rows.fetchall())
