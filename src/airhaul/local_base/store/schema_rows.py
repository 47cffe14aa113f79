"""The tables of bases, tables, fields and views."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime
from typing import Any, Final

from airhaul.local_base.protocol.encoding import compact_json, created_text
from airhaul.local_base.store.format import SCHEMA_STAMP
from airhaul.local_base.store.schema import Base, Field, Table, View
from airhaul.wire.ids import new_id

Schemas = dict[str, tuple[str, dict[str, Table]]]
"""For each base that was read: the stamp at that time, and its tables by id."""

_BUMP: Final = "UPDATE settings SET value = value + 1 WHERE name = ?"


class SchemaRows:
    """Bases and their tables, within one transaction.

    ``Table`` objects are immutable, so transactions share those that one of them has read, until
    the file's stamp shows that the schema has changed.

    Args:
        connection: The transaction's connection.
        shared: What other transactions have read.
    """

    def __init__(self, connection: sqlite3.Connection, shared: Schemas) -> None:
        self._connection = connection
        self._shared = shared
        self._own: dict[str, dict[str, Table]] = {}
        self._has_changed = False

    # --- bases

    def bases(self) -> list[Base]:
        """Return all bases in the order of their creation."""
        rows = self._connection.execute("SELECT id, name, created FROM bases ORDER BY place")
        return [Base(*row) for row in rows]

    def base(self, base_id: str) -> Base | None:
        """Find a base."""
        query = "SELECT id, name, created FROM bases WHERE id = ?"
        row = self._connection.execute(query, (base_id,)).fetchone()
        return None if row is None else Base(*row)

    def default_base_id(self) -> str:
        """Return the base that is used when none is named."""
        query = "SELECT value FROM settings WHERE name = 'default_base'"
        return str(self._connection.execute(query).fetchone()[0])

    def add_base(
        self, name: str, now: datetime, base_id: str | None = None, created: str | None = None
    ) -> str:
        """Create a base, by default with a new id and created now, and return its id."""
        base_id = base_id or new_id("app")
        self._connection.execute(
            "INSERT INTO bases (id, name, created) VALUES (?, ?, ?)",
            (base_id, name, created or created_text(now)),
        )
        return base_id

    def rename_base(self, base_id: str, name: str) -> None:
        """Rename a base."""
        self._connection.execute("UPDATE bases SET name = ? WHERE id = ?", (name, base_id))

    def make_default(self, base_id: str) -> None:
        """Make a base the one that is used when none is named."""
        self._connection.execute(
            "UPDATE settings SET value = ? WHERE name = 'default_base'", (base_id,)
        )

    def delete_if_empty(self, base_id: str) -> None:
        """Delete a base if nothing belongs to it."""
        belongs = " AND ".join(
            f"NOT EXISTS (SELECT 1 FROM {name} WHERE base_id = :id)"  # noqa: S608 - fixed names only
            for name in ("tables", "attachments", "webhooks")
        )
        self._connection.execute(
            f"DELETE FROM bases WHERE id = :id AND {belongs}",  # noqa: S608
            {"id": base_id},
        )

    # --- tables

    def tables(self, base_id: str) -> dict[str, Table]:
        """Return the tables of a base by id, in the order of their creation."""
        known = self._own.get(base_id)
        if known is None:
            known = self._own[base_id] = self._read_shared(base_id)
        return known

    def table(self, table_id: str) -> Table:
        """Return an existing table of any base."""
        query = "SELECT base_id FROM tables WHERE id = ?"
        (base_id,) = self._connection.execute(query, (table_id,)).fetchone()
        return self.tables(base_id)[table_id]

    def find_table(self, base_id: str, name: str) -> Table | None:
        """Find a table of a base by id or exact name; the id wins."""
        tables = self.tables(base_id)
        return tables.get(name) or next(
            (table for table in tables.values() if table.name == name), None
        )

    def _read_shared(self, base_id: str) -> dict[str, Table]:
        query = "SELECT value FROM settings WHERE name = ?"
        (stamp,) = self._connection.execute(query, (SCHEMA_STAMP,)).fetchone()
        seen, tables = self._shared.get(base_id, (None, {}))
        if seen != stamp or self._has_changed:
            tables = self._read(base_id)
            if not self._has_changed:  # uncommitted changes are not shared
                self._shared[base_id] = (stamp, tables)
        return tables

    def _read(self, base_id: str) -> dict[str, Table]:
        fields: dict[str, list[Field]] = {}
        for table_id, id_, name, type_, options, description in self._connection.execute(
            "SELECT f.table_id, f.id, f.name, f.type, f.options, f.description FROM fields f "
            "JOIN tables t ON t.id = f.table_id WHERE t.base_id = ? ORDER BY f.place",
            (base_id,),
        ):
            field = Field(id_, name, type_, _parse(options), description)
            fields.setdefault(table_id, []).append(field)
        views: dict[str, list[View]] = {}
        for table_id, id_, name, type_, settings in self._connection.execute(
            "SELECT v.table_id, v.id, v.name, v.type, v.settings FROM views v "
            "JOIN tables t ON t.id = v.table_id WHERE t.base_id = ? ORDER BY v.place",
            (base_id,),
        ):
            view = View(id_, name, type_, _parse(settings) or {})
            views.setdefault(table_id, []).append(view)
        rows = self._connection.execute(
            "SELECT id, name, description, date_dependency FROM tables WHERE base_id = ? "
            "ORDER BY place",
            (base_id,),
        )
        return {
            id_: Table(
                id_,
                base_id,
                name,
                tuple(fields[id_]),
                tuple(views.get(id_, ())),
                description,
                _parse(date_dependency),
            )
            for id_, name, description, date_dependency in rows
        }

    def add_table(self, table: Table) -> None:
        """Add a table with its fields and views."""
        self._connection.execute(
            "INSERT INTO tables (id, base_id, name, description, date_dependency) "
            "VALUES (?, ?, ?, ?, ?)",
            (
                table.id,
                table.base_id,
                table.name,
                table.description,
                _dump(table.date_dependency),
            ),
        )
        for field in table.fields:
            self.add_field(table, field)
        for view in table.views:
            self.add_view(table, view)
        self._changed(table.base_id)

    def change_table(self, table: Table) -> Table:
        """Store a table's name, description and date dependency."""
        self._connection.execute(
            "UPDATE tables SET name = ?, description = ?, date_dependency = ? WHERE id = ?",
            (table.name, table.description, _dump(table.date_dependency), table.id),
        )
        self._changed(table.base_id)
        return self.tables(table.base_id)[table.id]

    def sync_id(self, table_id: str) -> str | None:
        """Return the sync id of a table; None if it is not a sync table."""
        query = "SELECT sync_id FROM tables WHERE id = ?"
        row = self._connection.execute(query, (table_id,)).fetchone()
        return None if row is None else row[0]

    def make_sync_table(self, table: Table, sync_id: str) -> None:
        """Make a table a sync table with an id."""
        self._connection.execute("UPDATE tables SET sync_id = ? WHERE id = ?", (sync_id, table.id))

    def add_field(self, table: Table, field: Field) -> None:
        """Add a field after the others."""
        self._connection.execute(
            "INSERT INTO fields (id, table_id, name, type, options, description) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (field.id, table.id, field.name, field.type, _dump(field.options), field.description),
        )
        self._changed(table.base_id)

    def change_field(self, table: Table, field: Field) -> None:
        """Store a field's name, description and options."""
        self._connection.execute(
            "UPDATE fields SET name = ?, description = ?, options = ? WHERE id = ?",
            (field.name, field.description, _dump(field.options), field.id),
        )
        self._changed(table.base_id)

    def add_view(self, table: Table, view: View) -> None:
        """Add a view after the others."""
        self._connection.execute(
            "INSERT INTO views (id, table_id, name, type, settings) VALUES (?, ?, ?, ?, ?)",
            (view.id, table.id, view.name, view.type, _dump(view.settings or None)),
        )
        self._changed(table.base_id)

    def delete_view(self, table: Table, view: View) -> None:
        """Delete a view."""
        self._connection.execute("DELETE FROM views WHERE id = ?", (view.id,))
        self._changed(table.base_id)

    def _changed(self, base_id: str) -> None:
        self._own.pop(base_id, None)
        if not self._has_changed:
            self._has_changed = True
            self._connection.execute(_BUMP, (SCHEMA_STAMP,))


def _parse(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def _dump(value: Any) -> str | None:
    return None if value is None else compact_json(value)
