"""The table of records, with their cells as JSON by field id."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from airhaul.local_base.protocol.encoding import compact_json, created_text
from airhaul.local_base.store.database import rows_among
from airhaul.wire.ids import new_id

COLUMNS: Final = "id, table_id, created, cells, number, created_by, touched"


@dataclass(slots=True)
class StoredRecord:
    """One record.

    Args:
        id: Its id.
        table_id: Its table.
        created: When it was created, ISO 8601 in UTC with whole seconds.
        cells: The cells by field id; empty and computed cells are absent.
        number: Its number in the table, counted from 1 in the order of creation.
        created_by: The id of the person who created it, if known.
        touched: When cells were written later, and the ids of the persons, by field id.
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

    In a writing transaction, each record is one object, so that all holders see its changes.

    Args:
        connection: The transaction's connection.
        writes: Whether the transaction may write.
    """

    def __init__(self, connection: sqlite3.Connection, *, writes: bool = True) -> None:
        self._connection = connection
        self._writes = writes
        self._known: dict[str, StoredRecord] = {}

    def add(
        self, table_id: str, rows: Sequence[dict[str, Any]], now: datetime, person: str
    ) -> list[StoredRecord]:
        """Add records at the end of a table, created now.

        Args:
            table_id: The table.
            rows: The cells of each record, by field id.
            now: The time.
            person: The id of the person who creates them.
        """
        (last,) = self._connection.execute(
            "UPDATE tables SET last_number = last_number + ? WHERE id = ? RETURNING last_number",
            (len(rows), table_id),
        ).fetchone()
        created = created_text(now)
        records = [
            StoredRecord(new_id("rec"), table_id, created, cells, number, person)
            for number, cells in enumerate(rows, last - len(rows) + 1)
        ]
        self.restore(records)
        self._known |= {record.id: record for record in records}
        return records

    def restore(self, records: Iterable[StoredRecord]) -> None:
        """Add records that already have ids and numbers."""
        self._connection.executemany(
            f"INSERT INTO records ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - columns only
            (
                (
                    record.id,
                    record.table_id,
                    record.created,
                    compact_json(record.cells),
                    record.number,
                    record.created_by,
                    compact_json(record.touched) if record.touched else None,
                )
                for record in records
            ),
        )

    def sort_by_creation(self, table_id: str) -> None:
        """Move the records of a table to the places that the times of their creation give them."""
        (last,) = self._connection.execute("SELECT max(place) FROM records").fetchone()
        self._connection.execute(
            "UPDATE records SET place = ? + sorted.number FROM ("
            "SELECT id, row_number() OVER (ORDER BY created, place) AS number "
            "FROM records WHERE table_id = ?) AS sorted WHERE records.id = sorted.id",
            (last, table_id),
        )

    def last_number(self, table_id: str) -> int:
        """Return the number of a table's latest record; 0 if it never had one."""
        query = "SELECT last_number FROM tables WHERE id = ?"
        return int(self._connection.execute(query, (table_id,)).fetchone()[0])

    def count_from(self, table_id: str, number: int) -> None:
        """Continue the numbers of a table's records after this one."""
        self._connection.execute(
            "UPDATE tables SET last_number = ? WHERE id = ?", (number, table_id)
        )

    def change(self, record: StoredRecord) -> None:
        """Store a record's cells and the times at which they were written."""
        self._connection.execute(
            "UPDATE records SET cells = ?, touched = ? WHERE id = ?",
            (
                compact_json(record.cells),
                compact_json(record.touched) if record.touched else None,
                record.id,
            ),
        )

    def delete(self, record_ids: Iterable[str]) -> None:
        """Delete records."""
        gone = list(record_ids)
        self._connection.executemany(
            "DELETE FROM records WHERE id = ?", [(record_id,) for record_id in gone]
        )
        for record_id in gone:
            self._known.pop(record_id, None)

    def one(self, record_id: str) -> StoredRecord | None:
        """Find a record of any table."""
        found = self.some([record_id])
        return found[0] if found else None

    def some(self, record_ids: Sequence[str]) -> list[StoredRecord]:
        """Find records, in the order of the given ids; deleted ones are left out."""
        found = {one: self._known[one] for one in record_ids if one in self._known}
        missing = [record_id for record_id in record_ids if record_id not in found]
        rows = rows_among(self._connection, COLUMNS, "records", "id", missing)
        found |= {row[0]: self._seen(row) for row in rows}
        return [found[record_id] for record_id in record_ids if record_id in found]

    def at(self, places: Sequence[int]) -> dict[int, StoredRecord]:
        """Find records by their places in the file; deleted ones are left out."""
        rows = rows_among(self._connection, f"place, {COLUMNS}", "records", "place", places)
        return {place: self._seen(row) for place, *row in rows}

    def has_any(self, table_id: str) -> bool:
        """Return whether a table has any records."""
        query = "SELECT 1 FROM records WHERE table_id = ? LIMIT 1"
        return self._connection.execute(query, (table_id,)).fetchone() is not None

    def all_of(self, table_id: str) -> Iterator[StoredRecord]:
        """Iterate over a table's records in the order of their creation."""
        rows = self._connection.execute(
            f"SELECT {COLUMNS} FROM records WHERE table_id = ? ORDER BY place",  # noqa: S608
            (table_id,),
        )
        return map(self._seen, rows)

    def mentioning(
        self, table_id: str, field_id: str, record_ids: Iterable[str]
    ) -> list[StoredRecord]:
        """Find a table's records in which a cell names any of some ids.

        The first search creates an index of the cells that are not empty.

        Args:
            table_id: The table.
            field_id: The field whose cells are lists of ids.
            record_ids: The ids.
        """
        cell = f"json_extract(cells, '$.{field_id}')"
        where = f"table_id = '{table_id}' AND {cell} IS NOT NULL"
        self._connection.execute(
            f"CREATE INDEX IF NOT EXISTS naming_{field_id} ON records ({cell}) WHERE {where}"
        )
        rows = self._connection.execute(f"SELECT id, {cell} FROM records WHERE {where}")  # noqa: S608
        wanted = set(record_ids)
        return self.some([row[0] for row in rows if not wanted.isdisjoint(json.loads(row[1]))])

    def _seen(self, row: Any) -> StoredRecord:
        """Return the record of a row; the same object as before in a writing transaction."""
        record = self._known.get(row[0]) or _record(row)
        if self._writes:
            self._known[record.id] = record
        return record

    def holding(self, table_id: str, cells: Mapping[str, Any]) -> Iterator[StoredRecord]:
        """Find a table's records that have exactly these cells.

        The first search by a set of fields creates an index for it.

        Args:
            table_id: The table.
            cells: Cells by field id; None for an empty one.
        """
        columns = [f"json_extract(cells, '$.{field_id}')" for field_id in sorted(cells)]
        # The ids were checked when they were stored. A literal lets SQLite use the partial index.
        where = f"table_id = '{table_id}'"
        self._connection.execute(
            f"CREATE INDEX IF NOT EXISTS {'_'.join(['with', table_id, *sorted(cells)])} "
            f"ON records ({', '.join(columns)}) WHERE {where}"
        )
        equal = " AND ".join(f"{column} IS json_extract(?, '$')" for column in columns)
        rows = self._connection.execute(
            f"SELECT {COLUMNS} FROM records WHERE {where} AND {equal}",  # noqa: S608 - ids only
            [compact_json(cells[field_id]) for field_id in sorted(cells)],
        )
        # SQLite compares text only up to a NUL, so it may find too many records.
        return (
            record
            for record in map(self._seen, rows)
            if all(record.cells.get(field_id) == cell for field_id, cell in cells.items())
        )


def _record(row: Sequence[Any]) -> StoredRecord:
    id_, table_id, created, cells, *rest = row
    return stored_record(id_, table_id, created, json.loads(cells), *rest)


def stored_record(
    id_: str,
    table_id: str,
    created: str,
    cells: dict[str, Any],
    number: int,
    created_by: str | None,
    touched: str | None,
) -> StoredRecord:
    """Make a record from its columns, with the cells already parsed."""
    record = StoredRecord(id_, table_id, created, cells, number, created_by)
    if touched:
        record.touched = {key: (at, who) for key, (at, who) in json.loads(touched).items()}
    return record
