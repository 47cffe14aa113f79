"""Scans of a table's records in blocks, for filters and sorting."""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any, Final

from airhaul.local_base.store.record_rows import COLUMNS, stored_record

# A block fits into the processor's cache, and other threads get a turn between two blocks.
_BLOCK: Final = 2_000

Scanned = Sequence[Any]
"""One scanned record: its place in the file, its id, when it was created, and its contents."""


class RecordScans:
    """The records of all tables, within one transaction, in the order of their creation.

    Args:
        connection: The transaction's connection.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def places(self, table_id: str, most: int | None = None, *, by_id: bool) -> array[int]:
        """Return the places of a table's records.

        Args:
            table_id: The table.
            most: The highest number of places; all if None.
            by_id: Whether they are in the order of the ids, not of the creation.
        """
        order = "id" if by_id else "place"
        rows = self._connection.execute(
            f"SELECT place FROM records WHERE table_id = ? ORDER BY {order} LIMIT ?",  # noqa: S608
            (table_id, -1 if most is None else most),
        )
        return array("q", (place for (place,) in rows))

    def whole(self, table_id: str, ids: Collection[str] | None = None) -> Iterator[list[Scanned]]:
        """Scan a table's records, with a ``StoredRecord`` as the contents of each.

        Args:
            table_id: The table.
            ids: The ids of the wanted records; all if None.
        """
        where, given = _wanted(table_id, ids)
        cursor = self._connection.execute(
            f"SELECT place, {COLUMNS} FROM records WHERE {where} ORDER BY place",  # noqa: S608
            given,
        )
        while rows := cursor.fetchmany(_BLOCK):
            cells = _parse_all(row[4] for row in rows)
            yield [
                (place, id_, created, stored_record(id_, table, created, holds, *rest))
                for (place, id_, table, created, _, *rest), holds in zip(rows, cells, strict=True)
            ]

    def cells(
        self, table_id: str, field_ids: Sequence[str], ids: Collection[str] | None = None
    ) -> Iterator[list[Scanned]]:
        """Scan a table's records, with a list of cells as the contents of each.

        Args:
            table_id: The table.
            field_ids: The fields of the cells, in the order of the list.
            ids: The ids of the wanted records; all if None.
        """
        where, given = _wanted(table_id, ids)
        paths = [f'$."{field_id}"' for field_id in field_ids]
        # With two or more paths, SQLite returns a JSON array that keeps the text of numbers as it
        # was written; no field has the id "-".
        paths += ["$.-"] * (2 - len(paths))
        holds = f"json_extract(cells, {', '.join('?' * len(paths))})"
        # SQLite returns each block as one text, since an object for each cell costs more.
        query = (
            "SELECT max(place), "  # noqa: S608 - marks only
            f"'[' || group_concat(json_array(place, id, created, {holds})) || ']' FROM "
            f"(SELECT place, id, created, cells FROM records WHERE {where} AND place > ? "
            f"ORDER BY place LIMIT {_BLOCK})"
        )
        last = 0
        while True:
            last, text = self._connection.execute(query, (*paths, *given, last)).fetchone()
            if text is None:
                return
            block: list[Scanned] = json.loads(text)
            block.sort(key=itemgetter(0))  # already so, but SQLite does not guarantee it
            yield block


def _wanted(table_id: str, ids: Collection[str] | None) -> tuple[str, tuple[str, ...]]:
    """Return the SQL condition for a table's records, and its parameters."""
    if ids is None:
        return "table_id = ?", (table_id,)
    # The unary plus keeps SQLite from scanning the whole table for a few ids.
    return "+table_id = ? AND id IN (SELECT value FROM json_each(?))", (
        table_id,
        json.dumps([*ids]),
    )


def _parse_all(texts: Iterable[str]) -> list[Any]:
    # Parsing one long text takes half the time of parsing many.
    return list(json.loads(f"[{','.join(texts)}]"))
