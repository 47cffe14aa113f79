"""Records, as rows: cells as JSON by field id."""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from airhaul.wire.ids import new_id

_PER_QUERY: Final = 500
# A block stays in the processor's cache, and other threads have their turn between two.
_BLOCK: Final = 2_000
_COLUMNS: Final = "id, table_id, created, cells, number, created_by, touched"

Scanned = tuple[int, str, str, Any]
"""A record as it is met in a scan: its place, id, time of creation, and what it holds."""


@dataclass(slots=True)
class StoredRecord:
    """One record.

    Args:
        id: Its id.
        table_id: Its table.
        created: When it was created, ISO 8601 in UTC with whole seconds.
        cells: What it holds, by field id; empty cells and those that are computed are absent.
        number: Which one of its table's records it is, counted from 1 in the order they were made.
        created_by: The id of the person who made it, if that is known.
        touched: For each field whose cell was written after that, when, and the id of the person.
    """

    id: str
    table_id: str
    created: str
    cells: dict[str, Any]
    number: int = 0
    created_by: str | None = None
    touched: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])


class RecordRows:
    """The records of all tables, within one transaction.

    Args:
        connection: The transaction's connection.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(
        self, table_id: str, rows: Sequence[dict[str, Any]], now: datetime, person: str
    ) -> list[StoredRecord]:
        """Add records behind the others, created now.

        Args:
            table_id: The table.
            rows: For each record its cells by field id.
            now: The time.
            person: The id of who makes them.
        """
        (last,) = self._connection.execute(
            "UPDATE tables SET last_number = last_number + ? WHERE id = ? RETURNING last_number",
            (len(rows), table_id),
        ).fetchone()
        # Whole seconds, as in all recorded answers of the service.
        created = now.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        records = [
            StoredRecord(new_id("rec"), table_id, created, cells, number, person)
            for number, cells in enumerate(rows, last - len(rows) + 1)
        ]
        self.restore(records)
        return records

    def restore(self, records: Iterable[StoredRecord]) -> None:
        """Add records that have their ids and numbers already."""
        self._connection.executemany(
            f"INSERT INTO records ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - columns only
            (
                (
                    record.id,
                    record.table_id,
                    record.created,
                    _json(record.cells),
                    record.number,
                    record.created_by,
                    _json(record.touched) if record.touched else None,
                )
                for record in records
            ),
        )

    def change(self, record: StoredRecord) -> None:
        """Write a record's cells, and when they were touched."""
        self._connection.execute(
            "UPDATE records SET cells = ?, touched = ? WHERE id = ?",
            (
                _json(record.cells),
                _json(record.touched) if record.touched else None,
                record.id,
            ),
        )

    def delete(self, record_ids: Iterable[str]) -> None:
        """Delete records."""
        self._connection.executemany(
            "DELETE FROM records WHERE id = ?", [(record_id,) for record_id in record_ids]
        )

    def one(self, record_id: str) -> StoredRecord | None:
        """Find a record of any table."""
        found = self.some([record_id])
        return found[0] if found else None

    def some(self, record_ids: Sequence[str]) -> list[StoredRecord]:
        """Find records, in the order of their ids; those that are gone are left out."""
        found: dict[str, StoredRecord] = {}
        for start in range(0, len(record_ids), _PER_QUERY):
            part = record_ids[start : start + _PER_QUERY]
            marks = ", ".join("?" * len(part))
            rows = self._connection.execute(
                f"SELECT {_COLUMNS} FROM records WHERE id IN ({marks})",  # noqa: S608 - marks only
                part,
            )
            found |= {row[0]: _record(row) for row in rows}
        return [found[record_id] for record_id in record_ids if record_id in found]

    def at(self, places: Sequence[int]) -> list[tuple[int, StoredRecord]]:
        """Find records by their places, in that order; those that are gone are left out."""
        found: dict[int, StoredRecord] = {}
        for start in range(0, len(places), _PER_QUERY):
            part = places[start : start + _PER_QUERY]
            marks = ", ".join("?" * len(part))
            rows = self._connection.execute(
                f"SELECT place, {_COLUMNS} FROM records WHERE place IN ({marks})",  # noqa: S608 - marks only
                part,
            )
            found |= {row[0]: _record(row[1:]) for row in rows}
        return [(place, found[place]) for place in places if place in found]

    def places(self, table_id: str, most: int | None = None) -> array[int]:
        """The places of a table's records, in the order they were made.

        Args:
            table_id: The table.
            most: How many at most; all if None.
        """
        rows = self._connection.execute(
            "SELECT place FROM records WHERE table_id = ? ORDER BY place LIMIT ?",
            (table_id, -1 if most is None else most),
        )
        return array("q", (place for (place,) in rows))

    def scan(self, table_id: str) -> Iterator[list[Scanned]]:
        """A table's records whole, as ``StoredRecord``, in the order they were made, in blocks."""
        cursor = self._connection.execute(
            f"SELECT place, {_COLUMNS} FROM records WHERE table_id = ? ORDER BY place",  # noqa: S608
            (table_id,),
        )
        while rows := cursor.fetchmany(_BLOCK):
            # One text is parsed in half the time of many.
            cells = _parse_all(row[4] for row in rows)
            yield [
                (place, id_, created, _stored(id_, table, created, holds, *rest))
                for (place, id_, table, created, _, *rest), holds in zip(rows, cells, strict=True)
            ]

    def scan_cells(self, table_id: str, field_ids: Sequence[str]) -> Iterator[list[Scanned]]:
        """Some cells of a table's records, as lists, in the order they were made, in blocks.

        Args:
            table_id: The table.
            field_ids: The fields, as the cells stand in each list.
        """
        paths = [f'$."{field_id}"' for field_id in field_ids]
        # With two paths or more, SQLite answers an array of JSON; no field has the id "-".
        paths += ["$.-"] * (2 - len(paths))
        cursor = self._connection.execute(
            f"SELECT place, id, created, json_extract(cells, {', '.join('?' * len(paths))}) "  # noqa: S608 - marks only
            "FROM records WHERE table_id = ? ORDER BY place",
            (*paths, table_id),
        )
        while rows := cursor.fetchmany(_BLOCK):
            cells = _parse_all(row[3] for row in rows)
            yield [
                (place, id_, created, holds)
                for (place, id_, created, _), holds in zip(rows, cells, strict=True)
            ]

    def holding(self, table_id: str, cells: Mapping[str, Any]) -> Iterator[StoredRecord]:
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
            f"SELECT {_COLUMNS} FROM records WHERE {where} AND {equal}",  # noqa: S608 - ids only
            [_json(cells[field_id]) for field_id in sorted(cells)],
        )
        # SQLite reads text only up to a NUL, so that it may find more than there is.
        return (
            record
            for record in map(_record, rows)
            if all(record.cells.get(field_id) == cell for field_id, cell in cells.items())
        )


def _record(row: Any) -> StoredRecord:
    id_, table_id, created, cells, *rest = row
    return _stored(id_, table_id, created, json.loads(cells), *rest)


def _stored(
    id_: str,
    table_id: str,
    created: str,
    cells: dict[str, Any],
    number: int,
    created_by: str | None,
    touched: str | None,
) -> StoredRecord:
    times = json.loads(touched) if touched else {}
    return StoredRecord(id_, table_id, created, cells, number, created_by, times)


def _parse_all(texts: Iterable[str]) -> list[Any]:
    return list(json.loads(f"[{','.join(texts)}]"))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
