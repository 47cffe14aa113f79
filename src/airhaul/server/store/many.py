"""Finding many rows at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, Final

_PER_QUERY: Final = 500


def rows_among(
    connection: sqlite3.Connection, columns: str, table: str, key: str, wanted: Sequence[str | int]
) -> Iterator[tuple[Any, ...]]:
    """Find the rows whose key is one of many, in no order.

    Args:
        connection: The file.
        columns: What is read of them; this and the next two are SQL.
        table: Where they are.
        key: The column by which they are found.
        wanted: What it may be, of any number.
    """
    for start in range(0, len(wanted), _PER_QUERY):
        part = wanted[start : start + _PER_QUERY]
        marks = ", ".join("?" * len(part))
        query = f"SELECT {columns} FROM {table} WHERE {key} IN ({marks})"  # noqa: S608 - names of ours
        yield from connection.execute(query, part)
