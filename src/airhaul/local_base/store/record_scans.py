"""Going through a table's records in blocks, as filters and sorting do."""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any, Final

from airhaul.local_base.store.record_rows import COLUMNS, stored_record

# A block stays in the processor's cache, and other threads have their turn between two.
_BLOCK: Final = 2_000

Scanned = Sequence[Any]
"""A record as it is met: its place in the file, its id, when it was created, what it holds."""


class RecordScans:
    """The records of all tables, within one transaction; always in the order they were made.

    Args:
        connection: The transaction's connection.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def places(self, table_id: str, most: int | None = None) -> array[int]:
        """The places of a table's records.

        Args:
            table_id: The table.
            most: How many at most; all if None.
        """
        rows = self._connection.execute(
            "SELECT place FROM records WHERE table_id = ? ORDER BY place LIMIT ?",
            (table_id, -1 if most is None else most),
        )
        return array("q", (place for (place,) in rows))

    def whole(self, table_id: str, ids: Collection[str] | None = None) -> Iterator[list[Scanned]]:
        """A table's records, each as a ``StoredRecord``.

        Args:
            table_id: The table.
            ids: Those of them that are wanted; all if None.
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
        """Some cells of a table's records, as lists.

        Args:
            table_id: The table.
            field_ids: The fields, as the cells stand in each list.
            ids: The records that are wanted; all if None.
        """
        where, given = _wanted(table_id, ids)
        paths = [f'$."{field_id}"' for field_id in field_ids]
        # With two paths or more, SQLite answers an array of JSON, with the text of numbers as it
        # was written; no field has the id "-".
        paths += ["$.-"] * (2 - len(paths))
        holds = f"json_extract(cells, {', '.join('?' * len(paths))})"
        # A block is one text of SQLite's making, since an object for each cell costs more.
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
            block.sort(key=itemgetter(0))  # as it is, but SQLite does not promise that
            yield block


def _wanted(table_id: str, ids: Collection[str] | None) -> tuple[str, tuple[str, ...]]:
    """The condition for some of a table's records, or for all of them, and its values."""
    if ids is None:
        return "table_id = ?", (table_id,)
    # The sign keeps SQLite from going through the whole table for a few ids.
    return "+table_id = ? AND id IN (SELECT value FROM json_each(?))", (
        table_id,
        json.dumps([*ids]),
    )


def _parse_all(texts: Iterable[str]) -> list[Any]:
    # One text is parsed in half the time of many.
    return list(json.loads(f"[{','.join(texts)}]"))
