"""Synchronizing a table with a CSV file.

Source: https://airtable.com/developers/web/api/post-sync-api-endpoint. In Airtable such a table is
set up in the browser. Not published, and decided: here the first request turns an empty table into
a sync table and sets its sync id; later requests must have that id. The first line names the
columns, and a column that the table lacks becomes a text field. A line updates the record with the
same primary cell; other lines create records, and records without a line are deleted. Text is
converted to the types of the fields, and an empty cell clears.
"""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict, deque
from typing import Any, Final

from airhaul.local_base.gate.tokens import SYNC_CSV
from airhaul.local_base.protocol import refusal
from airhaul.local_base.resources.route import Route
from airhaul.local_base.store import StoredRecord
from airhaul.local_base.store.schema import Field, Table
from airhaul.local_base.transaction.changes import FieldCreated
from airhaul.local_base.transaction.context import Context
from airhaul.local_base.writing.writer import Writer
from airhaul.wire.ids import new_id

_LARGEST: Final = 2 * 1024 * 1024
_MOST_ROWS: Final = 10_000
_MOST_COLUMNS: Final = 500
_SYNC_ID: Final = re.compile(r"[0-9A-Za-z]{1,64}")


def sync_csv(context: Context, base_id: str, table_name: str, sync_id: str) -> dict[str, Any]:
    """Replace the contents of a table by the contents of a file."""
    table = context.table(base_id, table_name)
    if not _SYNC_ID.fullmatch(sync_id):
        raise refusal.no_such_route()
    _claim(context, table, sync_id)
    names, rows = _read(context.request.csv)
    table = _with_columns(context, table, names)
    writer = Writer(context, table, typecast=True)
    wanted = [writer.check({"fields": _cells(names, row)}) for row in rows]
    _replace(context, writer, table, wanted)
    return {"success": True}


def _claim(context: Context, table: Table, sync_id: str) -> None:
    known = context.session.schema.sync_id(table.id)
    if known is None and not context.session.records.has_any(table.id):
        context.session.schema.make_sync_table(table, sync_id)
    elif known != sync_id:
        raise refusal.not_a_sync_table(table.name)


def _read(content: bytes | None) -> tuple[list[str], list[list[str]]]:
    if content is None:
        raise refusal.invalid_request()
    if len(content) > _LARGEST:
        raise refusal.too_large()
    try:
        text = content.decode("utf-8-sig")
        lines = [line for line in csv.reader(io.StringIO(text, newline=""), strict=True) if line]
    except (UnicodeDecodeError, csv.Error):
        raise refusal.invalid_request() from None
    if not lines:
        raise refusal.invalid_request()
    names, rows = lines[0], lines[1:]
    is_named = all(name.strip() for name in names) and len(set(names)) == len(names)
    if not is_named or len(names) > _MOST_COLUMNS or len(rows) > _MOST_ROWS:
        raise refusal.invalid_request()
    if any(len(row) > len(names) for row in rows):
        raise refusal.invalid_request()
    return names, rows


def _with_columns(context: Context, table: Table, names: list[str]) -> Table:
    schema = context.session.schema
    for name in names:
        if name in table.by_name:
            continue
        if name.lower() in table.by_lower_name:
            raise refusal.duplicate_field_name()
        field = Field(new_id("fld"), name, "singleLineText")
        schema.add_field(table, field)
        context.changes.append(FieldCreated(table.id, field))
        table = schema.tables(table.base_id)[table.id]
    return table


def _cells(names: list[str], row: list[str]) -> dict[str, str | None]:
    """Return a line's cells by name; None for a cell that is empty or missing at the end."""
    filled = row + [""] * (len(names) - len(row))
    return {name: text or None for name, text in zip(names, filled, strict=True)}


def _replace(context: Context, writer: Writer, table: Table, wanted: list[dict[str, Any]]) -> None:
    primary = table.primary.id
    present: defaultdict[Any, deque[StoredRecord]] = defaultdict(deque)
    for record in context.session.records.all_of(table.id):
        present[_key(record.cells.get(primary))].append(record)
    new: list[dict[str, Any]] = []
    for cells in wanted:
        same = present[_key(cells.get(primary))]
        if same:
            writer.change(same.popleft(), cells)
        else:
            new.append(cells)
    writer.delete(record for left in present.values() for record in left)
    writer.create(new)


def _key(cell: Any) -> str:
    # Makes cells of any type hashable.
    return repr(cell)


ROUTES = (Route("POST", "/v0/{}/{}/sync/{}", sync_csv, SYNC_CSV, writes=True, source="sync"),)
