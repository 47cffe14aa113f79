"""Records: list, get, create, change, delete.

Source: https://airtable.com/developers/web/api/list-records and its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from airhaul.server import refusal
from airhaul.server.cells import Writing, check_cell
from airhaul.server.formulas import make_filter, sort_records
from airhaul.server.iterators import Selected
from airhaul.server.request import a_count, a_flag, a_text
from airhaul.server.resources.merge import merge_target
from airhaul.server.resources.route import Context, Route
from airhaul.server.schema import Field, Table
from airhaul.server.store import StoredRecord
from airhaul.wire.ids import is_id
from airhaul.wire.limits import RECORDS_PER_PAGE, RECORDS_PER_WRITE


def list_by_query(context: Context, base_id: str, table_name: str) -> dict[str, Any]:
    """List records, the parameters in the query."""
    given = context.request.query_object()
    given.setdefault("pageSize", given.get("limit"))  # the old name, still translated here
    sort = given.get("sort")
    if isinstance(sort, dict):
        given["sort"] = [sort[place] for place in sorted(sort, key=_place)]
    return _list(context, context.table(base_id, table_name), given)


def list_by_body(context: Context, base_id: str, table_name: str) -> dict[str, Any]:
    """List records, the parameters in the body, the offset too."""
    body = context.request.body_object()
    if body.get("offset", "") is None:
        raise refusal.invalid_request()
    return _list(context, context.table(base_id, table_name), body)


def _place(text: str) -> int:
    if not text.isdecimal():
        raise refusal.invalid_request()
    return int(text)


def _list(context: Context, table: Table, given: dict[str, Any]) -> dict[str, Any]:
    size = a_count(given.get("pageSize"), RECORDS_PER_PAGE) or RECORDS_PER_PAGE
    fields = _fields(table, given.get("fields"))
    by_id = a_flag(given.get("returnFieldsByFieldId"))
    if given.get("cellFormat", "json") != "json":
        raise refusal.invalid_request()  # the text form is documented as unstable, and left out
    offset = a_text(given.get("offset"))
    # The parameters come with every page, and are looked at with every page.
    selected, place = Selected(table.id, _select(context, table, given, look_only=bool(offset))), 0
    if offset:
        selected, place = context.iterators.resume(offset, table.id)
    following = place + size
    counts = _wants_comment_count(given.get("recordMetadata"))
    records = [
        _shown(table, record, fields, by_id=by_id) | ({"commentCount": 0} if counts else {})
        for record in context.store.records(selected.record_ids[place:following])
    ]
    answer: dict[str, Any] = {"records": records}
    if following < len(selected.record_ids):
        answer["offset"] = context.iterators.offset(selected, following)
    return answer


def _select(context: Context, table: Table, given: dict[str, Any], *, look_only: bool) -> list[str]:
    """The ids of all records that are asked for, in order."""
    view = a_text(given.get("view"))
    if view and not any(view in (known.id, known.name) for known in table.views):
        kind = "ID" if is_id(view, "viw") else "NAME"
        raise refusal.refuse(422, f"VIEW_{kind}_NOT_FOUND", f"View {view} not found")
    formula = a_text(given.get("filterByFormula"))
    keeps = make_filter(table, formula) if formula else None
    keys = _sort_keys(table, given.get("sort"))
    most = a_count(given.get("maxRecords"))
    if look_only:
        return []
    if keeps is None and not keys:
        return context.store.record_ids(table.id)[:most]
    records: Iterable[StoredRecord] = context.store.all_records(table.id)
    if keeps is not None:
        records = filter(keeps, records)
    if keys:
        records = sort_records(records, keys)
    return [record.id for record in records][:most]


def _sort_keys(table: Table, given: Any) -> list[tuple[Field, bool]]:
    if given is None:
        return []
    if not isinstance(given, list):
        raise refusal.invalid_request()
    keys: list[tuple[Field, bool]] = []
    for key in given:
        name = key.get("field") if isinstance(key, dict) else None
        direction = key.get("direction", "asc") if isinstance(key, dict) else None
        if not isinstance(name, str) or direction not in ("asc", "desc"):
            raise refusal.invalid_request()
        keys.append((table.find(name), direction == "desc"))
    return keys


def _fields(table: Table, given: Any) -> list[Field]:
    if given is None:
        return table.fields
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise refusal.invalid_request()
    wanted = {table.find(name).id for name in names}
    return [field for field in table.fields if field.id in wanted] or table.fields


def _wants_comment_count(given: Any) -> bool:
    if given is None:
        return False
    if given not in ("commentCount", ["commentCount"]):
        raise refusal.invalid_request()
    return True


def _shown(
    table: Table, record: StoredRecord, fields: list[Field] | None = None, *, by_id: bool
) -> dict[str, Any]:
    cells = record.cells
    shown = {
        field.id if by_id else field.name: cells[field.id]
        for field in (table.fields if fields is None else fields)
        if field.id in cells
    }
    return {"id": record.id, "createdTime": record.created, "fields": shown}


def get(context: Context, base_id: str, table_name: str, record_id: str) -> dict[str, Any]:
    """Get a record; one of another table of the base is found too, as the service has it."""
    table = context.table(base_id, table_name)
    record = _one(context, record_id)
    home = context.store.tables(base_id).get(record.table_id)
    if home is None:
        raise refusal.no_such_record()
    by_id = a_flag(context.request.query_object().get("returnFieldsByFieldId"))
    return _shown(home if home.id != table.id else table, record, by_id=by_id)


def _one(context: Context, record_id: str, table: Table | None = None) -> StoredRecord:
    if not is_id(record_id, "rec"):
        raise refusal.no_such_route()
    record = context.store.record(record_id)
    if record is None or (table is not None and record.table_id != table.id):
        raise refusal.no_such_record()
    return record


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
    writing = _writing(body)
    made = [_check_row(table, row, writing) for row in rows]
    records = [
        context.store.add_record(
            table.id, {key: cell for key, cell in cells.items() if cell is not None}, context.now
        )
        for cells in made
    ]
    _keep_choices(context, table, writing)
    by_id = a_flag(body.get("returnFieldsByFieldId"))
    shown = [_shown(table, record, by_id=by_id) for record in records]
    return shown[0] if many is None else {"records": shown}


def _writing(body: dict[str, Any]) -> Writing:
    return Writing(typecast=a_flag(body.get("typecast")), changed_fields={})


def _check_row(table: Table, row: Any, writing: Writing) -> dict[str, Any]:
    """The cells of one row by field id; None where a cell is cleared."""
    fields = row.get("fields") if isinstance(row, dict) else None
    if not isinstance(fields, dict):
        raise refusal.missing_fields()
    cells: dict[str, Any] = {}
    for name, value in fields.items():
        field = table.find(name)
        cells[field.id] = check_cell(field, value, writing)
    return cells


def _keep_choices(context: Context, table: Table, writing: Writing) -> None:
    for field in writing.changed_fields.values():
        context.store.change_field(table, field)


def change_one(context: Context, base_id: str, table_name: str, record_id: str) -> dict[str, Any]:
    """Change the named cells of a record; PUT clears the others."""
    table = context.table(base_id, table_name)
    record = _one(context, record_id, table)
    body = context.request.body_object()
    if "fields" not in body:
        raise refusal.missing_fields()
    writing = _writing(body)
    _apply(context, record, _check_row(table, body, writing))
    _keep_choices(context, table, writing)
    return _shown(table, record, by_id=a_flag(body.get("returnFieldsByFieldId")))


def change_many(context: Context, base_id: str, table_name: str) -> dict[str, Any]:
    """Change up to ten records, or merge them in by key; all of them or none."""
    table = context.table(base_id, table_name)
    body = context.request.body_object()
    rows = body.get("records")
    if not isinstance(rows, list) or not 0 < len(rows) <= RECORDS_PER_WRITE:
        raise refusal.invalid_records()
    writing = _writing(body)
    merge = body.get("performUpsert")
    ids = [row.get("id") for row in rows if isinstance(row, dict) and row.get("id") is not None]
    if len(set(map(str, ids))) < len(ids) or (merge is None and len(ids) < len(rows)):
        raise refusal.invalid_records()
    changed: list[StoredRecord] = []
    created: list[str] = []
    for row in rows:
        cells = _check_row(table, row, writing)
        record = _find_row(context, table, row, cells, merge)
        if record is None:
            record = context.store.add_record(table.id, {}, context.now)
            created.append(record.id)
        _apply(context, record, cells)
        changed.append(record)
    _keep_choices(context, table, writing)
    by_id = a_flag(body.get("returnFieldsByFieldId"))
    answer: dict[str, Any] = {"records": [_shown(table, record, by_id=by_id) for record in changed]}
    if merge is not None:
        answer["createdRecords"] = created
        answer["updatedRecords"] = [record.id for record in changed if record.id not in created]
    return answer


def _find_row(
    context: Context, table: Table, row: dict[str, Any], cells: dict[str, Any], merge: Any
) -> StoredRecord | None:
    """The record that a row changes, or None if it makes a new one."""
    record_id = row.get("id")
    if record_id is None:
        return merge_target(context.store, table, cells, merge)
    if not is_id(record_id, "rec"):
        raise refusal.invalid_records()
    record = context.store.record(record_id)
    if record is None or record.table_id != table.id:
        raise refusal.row_does_not_exist(record_id)
    return record


def _apply(context: Context, record: StoredRecord, cells: dict[str, Any]) -> None:
    if context.request.method == "PUT":
        record.cells = {}
    for field_id, cell in cells.items():
        if cell is None:
            record.cells.pop(field_id, None)
        else:
            record.cells[field_id] = cell
    context.store.change_record(record)


def delete_one(context: Context, base_id: str, table_name: str, record_id: str) -> dict[str, Any]:
    """Delete a record."""
    table = context.table(base_id, table_name)
    record = _one(context, record_id, table)
    context.store.delete_records([record.id])
    return {"id": record.id, "deleted": True}


def delete_many(context: Context, base_id: str, table_name: str) -> dict[str, Any]:
    """Delete up to ten records; all of them or none."""
    table = context.table(base_id, table_name)
    ids = context.request.query_object().get("records")
    if not isinstance(ids, list) or not 0 < len(ids) <= RECORDS_PER_WRITE:
        raise refusal.invalid_records()
    there = {record.id for record in context.store.records(ids) if record.table_id == table.id}
    for record_id in ids:
        if record_id not in there:
            raise refusal.row_does_not_exist(record_id)
    if len(there) < len(ids):
        raise refusal.invalid_records()
    context.store.delete_records(ids)
    return {"records": [{"id": record_id, "deleted": True} for record_id in ids]}


_TABLE = "/v0/{}/{}"
ROUTES = (
    Route("GET", _TABLE, list_by_query),
    Route("POST", _TABLE + "/listRecords", list_by_body),
    Route("GET", _TABLE + "/{}", get),
    Route("POST", _TABLE, create, writes=True),
    Route("PATCH", _TABLE, change_many, writes=True),
    Route("PUT", _TABLE, change_many, writes=True),
    Route("PATCH", _TABLE + "/{}", change_one, writes=True),
    Route("PUT", _TABLE + "/{}", change_one, writes=True),
    Route("DELETE", _TABLE, delete_many, writes=True),
    Route("DELETE", _TABLE + "/{}", delete_one, writes=True),
)
