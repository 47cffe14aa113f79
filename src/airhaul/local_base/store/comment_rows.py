"""The table of comments on records."""

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
        place: Its position in the whole file; later comments have greater places.
        id: Its id.
        record_id: The record that it is on.
        author_id: The id of its author.
        text: The text, with mentions as ``@[usr...]``.
        created: When it was created, ISO 8601 in UTC.
        updated: When the text was last changed; None if never.
        parent_id: The comment that it replies to.
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
            author_id: The id of the author.
            text: The text.
            now: The time, ISO 8601 in UTC.
            parent_id: The comment that it replies to.
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
        """Return comments on a record, the newest first.

        Args:
            record_id: The record.
            size: The highest number of comments.
            before: Only comments with lesser places; all if None.
        """
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM comments WHERE record_id = ? AND place < ifnull(?, place + 1) "  # noqa: S608
            "ORDER BY place DESC LIMIT ?",
            (record_id, before, size),
        )
        return [Comment(*row) for row in rows]

    def change(self, comment_id: str, text: str, now: str) -> None:
        """Change a comment's text."""
        self._connection.execute(
            "UPDATE comments SET text = ?, updated = ? WHERE id = ?", (text, now, comment_id)
        )

    def delete(self, comment_id: str) -> None:
        """Delete a comment; replies to it stay."""
        self._connection.execute("DELETE FROM comments WHERE id = ?", (comment_id,))

    def counts(self, record_ids: Sequence[str]) -> dict[str, int]:
        """Count the comments on each record of a page; records without comments are left out."""
        marks = ", ".join("?" * len(record_ids))
        rows = self._connection.execute(
            f"SELECT record_id, count(*) FROM comments WHERE record_id IN ({marks}) "  # noqa: S608
            "GROUP BY record_id",
            record_ids,
        )
        return dict(rows.fetchall())
