"""Lists of records: filtered, sorted, page by page.

Source: https://airtable.com/developers/web/api/list-records. A single field needs brackets, as in
``fields[]=A``, several fields do not: https://github.com/fuxingloh/airtable/pull/6.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airhaul.local_base.gate.tokens import READ_RECORDS
from airhaul.local_base.lists.filters import Filter, make_filter
from airhaul.local_base.lists.selection import Selection
from airhaul.local_base.lists.sorting import read_sort
from airhaul.local_base.lists.views import filters_of, find_view, sort_of
from airhaul.local_base.protocol import refusal
from airhaul.local_base.protocol.request import read_count, read_text
from airhaul.local_base.resources.record_form import RecordForm
from airhaul.local_base.resources.route import Route
from airhaul.local_base.store import StoredRecord
from airhaul.local_base.store.schema import Field, Table
from airhaul.local_base.transaction.context import Context
from airhaul.local_base.transaction.iterators import ListSnapshot
from airhaul.wire.limits import RECORDS_PER_PAGE


def list_by_query(context: Context, base_id: str, table_name: str) -> dict[str, Any]:
    """List records with parameters in the query."""
    given = context.request.query_object()
    given.setdefault("pageSize", given.get("limit"))  # the old name of the parameter
    sort = given.get("sort")
    if isinstance(sort, dict):
        given["sort"] = [sort[place] for place in sorted(sort, key=_place)]
    return _list(context, context.table(base_id, table_name), given)


def list_by_body(context: Context, base_id: str, table_name: str) -> dict[str, Any]:
    """List records with parameters in the body, including the offset."""
    body = context.request.body_object()
    if body.get("offset", "") is None:
        raise refusal.invalid_request()
    return _list(context, context.table(base_id, table_name), body)


def _place(text: str) -> int:
    if not text.isdecimal() or len(text) > 9:
        raise refusal.invalid_request()
    return int(text)


def _list(context: Context, table: Table, given: dict[str, Any]) -> dict[str, Any]:
    size = read_count(given.get("pageSize"), RECORDS_PER_PAGE) or RECORDS_PER_PAGE
    fields = _fields(table, given.get("fields"))
    form = RecordForm.of(context, given)
    counts_comments = _wants_comment_count(given.get("recordMetadata"))
    offset = read_text(given.get("offset"))
    # Every request repeats the parameters, and they are validated each time.
    selection = _selection(table, given)
    if offset:
        snapshot, start = context.iterators.resume(offset, table.id)
    else:
        snapshot, start = ListSnapshot(table.id, selection.places(context, table)), 0
    page, following = _page(context, snapshot, start, size)
    records = form.records(context, table, page, fields)
    if counts_comments:
        counts = context.session.comments.counts([record.id for record in page])
        for record in records:
            record["commentCount"] = counts.get(record["id"], 0)
            record["fields"] = record.pop("fields")  # the last key, as in recorded answers
    answer: dict[str, Any] = {"records": records}
    if following is not None:
        answer["offset"] = context.iterators.offset(snapshot, *following)
    return answer


def _page(
    context: Context, snapshot: ListSnapshot, start: int, size: int
) -> tuple[list[StoredRecord], tuple[int, str] | None]:
    """Read a page, and the index and record at which the next one starts; None at the end.

    Records that were deleted in the meantime are skipped, so that only the last page is short.
    """
    page: list[StoredRecord] = []
    while start < len(snapshot.places):
        wanted = snapshot.places[start : start + size + 1]
        found = context.session.records.at(wanted)
        for place in wanted:
            if place in found:
                if len(page) == size:
                    return page, (start, found[place].id)
                page.append(found[place])
            start += 1
    return page, None


def _selection(table: Table, given: dict[str, Any]) -> Selection:
    filters: list[Filter] = []
    keys = read_sort(table, given.get("sort"))
    name = read_text(given.get("view"))
    if name:
        view = find_view(table, name)
        filters += filters_of(table, view)
        keys = keys or sort_of(table, view)
    formula = read_text(given.get("filterByFormula"))
    if formula:
        filters.append(make_filter(table, formula))
    most = read_count(given.get("maxRecords"))
    return Selection(tuple(filters), tuple(keys), most, by_id=not name)


def _fields(table: Table, given: Any) -> Sequence[Field]:
    if given is None:
        return table.fields
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        raise refusal.invalid_request()
    wanted = {table.find(name).id for name in given}
    return [field for field in table.fields if field.id in wanted] or table.fields


def _wants_comment_count(given: Any) -> bool:
    # Clients send it as a list, and with or without brackets in a query.
    if given not in (None, "commentCount", ["commentCount"]):
        raise refusal.invalid_request()
    return given is not None


_TABLE = "/v0/{}/{}"
ROUTES = (
    Route("GET", _TABLE, list_by_query, READ_RECORDS),
    Route("POST", _TABLE + "/listRecords", list_by_body, READ_RECORDS),
)
