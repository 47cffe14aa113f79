"""Records: get, create, change, delete.

Source: https://airtable.com/developers/web/api/get-record and related pages.
"""

from __future__ import annotations

from typing import Any

from airhaul.local_base.gate.tokens import CREATE_RECORDS, READ_RECORDS, WRITE_RECORDS
from airhaul.local_base.protocol import refusal
from airhaul.local_base.protocol.request import read_flag
from airhaul.local_base.resources.record_form import RecordForm
from airhaul.local_base.resources.route import Route
from airhaul.local_base.store import StoredRecord
from airhaul.local_base.store.schema import Table
from airhaul.local_base.transaction.context import Context
from airhaul.local_base.writing.merge_keys import merge_target, refuse_equal_keys
from airhaul.local_base.writing.writer import Writer
from airhaul.wire.ids import is_id
from airhaul.wire.limits import RECORDS_PER_WRITE


def get(context: Context, base_id: str, table_name: str, record_id: str) -> dict[str, Any]:
    """Get a record; as in Airtable, a record of another table of the base is found too."""
    table = context.table(base_id, table_name)
    tables = context.session.schema.tables(table.base_id)
    record = context.record(record_id, tables)
    asked = context.request.query_object()
    if "fields" in asked:
        raise refusal.invalid_request()  # a parameter of lists only
    form = RecordForm.of(context, asked)
    return form.records(context, tables[record.table_id], [record])[0]


def create(context: Context, base_id: str, table_name: str) -> dict[str, Any]:
    """Create one record, or up to ten; all of them or none."""
    table = context.table(base_id, table_name)
    body = context.request.body_object()
    many = body.get("records")
    if many is None and "fields" not in body:
        raise refusal.missing_fields()
    if many is not None and not isinstance(many, list):
        raise refusal.invalid_request()
    rows = [body] if many is None else many
    if len(rows) > RECORDS_PER_WRITE:
        raise refusal.too_many_to_create(len(rows))
    if not rows:
        raise refusal.invalid_request()
    writer = _writer(context, table, body)
    records = writer.create([writer.check(row, creates=True) for row in rows])
    shown = _shown(context, table, records, body)
    return shown[0] if many is None else {"records": shown}


def _writer(context: Context, table: Table, body: dict[str, Any]) -> Writer:
    return Writer(context, table, typecast=read_flag(body.get("typecast")))


def _shown(
    context: Context, table: Table, records: list[StoredRecord], body: dict[str, Any]
) -> list[dict[str, Any]]:
    by_id = read_flag(body.get("returnFieldsByFieldId"))
    return context.cells.records(table, records, by_id=by_id)


def change_one(context: Context, base_id: str, table_name: str, record_id: str) -> dict[str, Any]:
    """Change the named cells of a record; PUT clears the others."""
    table = context.table(base_id, table_name)
    record = context.record(record_id, {table.id})
    body = context.request.body_object()
    if "fields" not in body:
        raise refusal.missing_fields()
    writer = _writer(context, table, body)
    writer.change(record, writer.check(body), replace=context.request.method == "PUT")
    return _shown(context, table, [record], body)[0]


def change_many(context: Context, base_id: str, table_name: str) -> dict[str, Any]:
    """Change up to ten records, or merge them in by key; all of them or none."""
    table = context.table(base_id, table_name)
    body = context.request.body_object()
    rows = body.get("records")
    if not isinstance(rows, list) or not 0 < len(rows) <= RECORDS_PER_WRITE:
        raise refusal.invalid_records()
    writer = _writer(context, table, body)
    merge = body.get("performUpsert")
    ids = [row.get("id") for row in rows if isinstance(row, dict) and row.get("id") is not None]
    if len(set(map(str, ids))) < len(ids) or (merge is None and len(ids) < len(rows)):
        raise refusal.invalid_records()
    checked = [writer.check(row) for row in rows]
    if merge is not None:
        merged = [cells for row, cells in zip(rows, checked, strict=True) if row.get("id") is None]
        refuse_equal_keys(table, merged, merge)
    # Before any change: a row that loses its key must not be found by a row without a key.
    found = [
        _find_row(context, table, row, cells, merge)
        for row, cells in zip(rows, checked, strict=True)
    ]
    changed: list[StoredRecord] = []
    created: list[str] = []
    for cells, there in zip(checked, found, strict=True):
        if there is None:
            changed += writer.create([cells])
            created.append(changed[-1].id)
        else:
            writer.change(there, cells, replace=context.request.method == "PUT")
            changed.append(there)
    answer: dict[str, Any] = {"records": _shown(context, table, changed, body)}
    if merge is not None:
        answer["createdRecords"] = created
        answer["updatedRecords"] = [record.id for record in changed if record.id not in created]
    return answer


def _find_row(
    context: Context, table: Table, row: dict[str, Any], cells: dict[str, Any], merge: Any
) -> StoredRecord | None:
    """Find the record that a row changes; None if the row creates one."""
    record_id = row.get("id")
    if record_id is None:
        return merge_target(context.session, table, cells, merge)
    if not is_id(record_id, "rec"):
        raise refusal.invalid_records()
    record = context.session.records.one(record_id)
    if record is None or record.table_id != table.id:
        raise refusal.row_does_not_exist(record_id)
    return record


def delete_one(context: Context, base_id: str, table_name: str, record_id: str) -> dict[str, Any]:
    """Delete a record."""
    table = context.table(base_id, table_name)
    record = context.record(record_id, {table.id})
    Writer(context, table).delete([record])
    return {"deleted": True, "id": record.id}


def delete_many(context: Context, base_id: str, table_name: str) -> dict[str, Any]:
    """Delete up to ten records; all of them or none."""
    table = context.table(base_id, table_name)
    ids = context.request.query_object().get("records")
    if isinstance(ids, str):
        ids = [ids]
    if not isinstance(ids, list) or not 0 < len(ids) <= RECORDS_PER_WRITE:
        raise refusal.invalid_records()
    found = context.session.records.some(ids)
    there = {record.id: record for record in found if record.table_id == table.id}
    for record_id in ids:
        if record_id not in there:
            raise refusal.row_does_not_exist(record_id)
    if len(there) < len(ids):
        raise refusal.invalid_records()
    Writer(context, table).delete(there.values())
    return {"records": [{"deleted": True, "id": record_id} for record_id in ids]}


_TABLE = "/v0/{}/{}"
ROUTES = (
    Route("GET", _TABLE + "/{}", get, READ_RECORDS),
    Route("POST", _TABLE, create, CREATE_RECORDS, writes=True),
    Route("PATCH", _TABLE, change_many, WRITE_RECORDS, writes=True),
    Route("PUT", _TABLE, change_many, WRITE_RECORDS, writes=True),
    Route("PATCH", _TABLE + "/{}", change_one, WRITE_RECORDS, writes=True),
    Route("PUT", _TABLE + "/{}", change_one, WRITE_RECORDS, writes=True),
    Route("DELETE", _TABLE, delete_many, WRITE_RECORDS, writes=True),
    Route("DELETE", _TABLE + "/{}", delete_one, WRITE_RECORDS, writes=True),
)
