"""Lists of records: filtered, sorted, page by page.

Source: https://airtable.com/developers/web/api/list-records
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from airhaul.server import refusal
from airhaul.server.context import Context
from airhaul.server.formulas import make_filter, sort_records
from airhaul.server.iterators import Selected
from airhaul.server.request import a_count, a_flag, a_text
from airhaul.server.resources.route import Route
from airhaul.server.schema import Field, Table
from airhaul.server.store import StoredRecord
from airhaul.wire.ids import is_id
from airhaul.wire.limits import RECORDS_PER_PAGE


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
    page = selected.record_ids[place:following]
    found = context.session.records.some(page)
    records = context.reading.records(table, found, fields, by_id=by_id)
    if _wants_comment_count(given.get("recordMetadata")):
        counts = context.session.comments.counts(page)
        for shown in records:
            shown["commentCount"] = counts.get(shown["id"], 0)
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
    keeps = make_filter(context.reading, table, formula) if formula else None
    keys = _sort_keys(table, given.get("sort"))
    most = a_count(given.get("maxRecords"))
    if look_only:
        return []
    if keeps is None and not keys:
        return context.session.records.ids(table.id)[:most]
    records: Iterable[StoredRecord] = context.reading.ahead(
        context.session.records.all_of(table.id)
    )
    if keeps is not None:
        records = filter(keeps, records)
    if keys:
        records = sort_records(context.reading, records, keys)
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


def _fields(table: Table, given: Any) -> Sequence[Field]:
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


_TABLE = "/v0/{}/{}"
ROUTES = (
    Route("GET", _TABLE, list_by_query),
    Route("POST", _TABLE + "/listRecords", list_by_body),
)
