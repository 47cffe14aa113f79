"""The endpoints of the Web API that airhaul uses, each as a function that makes a ``Call``.

Source: https://airtable.com/developers/web/api and its page for each endpoint.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from airhaul.wire.call import Call
from airhaul.wire.limits import URL_LENGTH_FOR_GET
from airhaul.wire.shapes import Cells, FieldJson

Direction = Literal["asc", "desc"]


@dataclass(frozen=True, slots=True)
class ListParameters:
    """The parameters of "list records".

    Args:
        fields: The names or IDs of the fields to return; None for all.
        formula: ``filterByFormula``.
        view: The name or ID of a view.
        sort: Pairs of a field and a direction, the most significant first.
        max_records: The highest number of records on all pages together.
        page_size: The highest number of records on a page, 1 to 100.
        by_field_id: Whether the reply identifies cells by field ID instead of name.
    """

    fields: tuple[str, ...] | None = None
    formula: str | None = None
    view: str | None = None
    sort: tuple[tuple[str, Direction], ...] = ()
    max_records: int | None = None
    page_size: int | None = None
    by_field_id: bool = False

    def as_query(self) -> tuple[tuple[str, str], ...]:
        """The parameters for the query string."""
        pairs: list[tuple[str, str]] = [("fields[]", name) for name in self.fields or ()]
        for number, (column, direction) in enumerate(self.sort):
            pairs += [(f"sort[{number}][field]", column), (f"sort[{number}][direction]", direction)]
        pairs += [
            (name, str(value))
            for name, value in (
                ("filterByFormula", self.formula),
                ("view", self.view),
                ("maxRecords", self.max_records),
                ("pageSize", self.page_size),
                ("returnFieldsByFieldId", "true" if self.by_field_id else None),
            )
            if value is not None
        ]
        return tuple(pairs)

    def as_body(self) -> dict[str, Any]:
        """The parameters for the body of the POST form."""
        body: dict[str, Any] = {
            "fields": None if self.fields is None else list(self.fields),
            "filterByFormula": self.formula,
            "view": self.view,
            "sort": [{"field": column, "direction": way} for column, way in self.sort] or None,
            "maxRecords": self.max_records,
            "pageSize": self.page_size,
            "returnFieldsByFieldId": self.by_field_id or None,
        }
        return {name: value for name, value in body.items() if value is not None}


def _table_path(base_id: str, table: str) -> str:
    return f"/v0/{quote(base_id, safe='')}/{quote(table, safe='')}"


def list_records(
    base_id: str, table: str, parameters: ListParameters, offset: str | None = None
) -> Call:
    """Read one page; use the POST form when the URL would be too long.

    Args:
        base_id: The base.
        table: The table's ID or name.
        parameters: What to read; the same for every page.
        offset: The offset from the page before; None for the first page.
    """
    path = _table_path(base_id, table)
    query = parameters.as_query() + ((("offset", offset),) if offset else ())
    call = Call("GET", path, "read", query=query, base_id=base_id)
    if len(call.target) <= URL_LENGTH_FOR_GET:
        return call
    # The offset goes into the body: the service ignores it in this form's query.
    body = parameters.as_body() | ({"offset": offset} if offset else {})
    return Call("POST", f"{path}/listRecords", "read", body=body, base_id=base_id)


def get_record(base_id: str, table: str, record_id: str, *, by_field_id: bool = False) -> Call:
    """Read one record."""
    path = f"{_table_path(base_id, table)}/{quote(record_id, safe='')}"
    query = (("returnFieldsByFieldId", "true"),) if by_field_id else ()
    return Call("GET", path, "read", query=query, base_id=base_id)


def _body(*, typecast: bool, by_field_id: bool, **content: Any) -> dict[str, Any]:
    """Make the body of a request that writes; a request may name fields by name or by ID."""
    asked = {"typecast": typecast, "returnFieldsByFieldId": by_field_id}
    return content | {name: True for name, is_asked in asked.items() if is_asked}


def create_records(
    base_id: str,
    table: str,
    rows: Sequence[Cells],
    *,
    typecast: bool = False,
    by_field_id: bool = False,
) -> Call:
    """Create up to 10 records; the reply has them in the same order."""
    records = [{"fields": cells} for cells in rows]
    body = _body(typecast=typecast, by_field_id=by_field_id, records=records)
    return Call("POST", _table_path(base_id, table), "create", body=body, base_id=base_id)


def update_record(
    base_id: str,
    table: str,
    record_id: str,
    cells: Cells,
    *,
    typecast: bool = False,
    by_field_id: bool = False,
) -> Call:
    """Update the given cells of one record."""
    body = _body(typecast=typecast, by_field_id=by_field_id, fields=cells)
    path = f"{_table_path(base_id, table)}/{quote(record_id, safe='')}"
    return Call("PATCH", path, "repeatable", body=body, base_id=base_id)


def update_records(
    base_id: str,
    table: str,
    rows: Sequence[tuple[str, Cells]],
    *,
    typecast: bool = False,
    by_field_id: bool = False,
) -> Call:
    """Update the given cells of up to 10 records by ID; the reply has them in the same order."""
    records = [{"id": id_, "fields": cells} for id_, cells in rows]
    body = _body(typecast=typecast, by_field_id=by_field_id, records=records)
    return Call("PATCH", _table_path(base_id, table), "repeatable", body=body, base_id=base_id)


def replace_records(
    base_id: str,
    table: str,
    rows: Sequence[tuple[str, Cells]],
    *,
    typecast: bool = False,
    by_field_id: bool = False,
) -> Call:
    """Replace up to 10 records, each by its id: cells that are not named are cleared.

    Source: https://airtable.com/developers/web/api/update-multiple-records (a PUT request clears
    the cells that it does not name).
    """
    records = [{"id": id_, "fields": cells} for id_, cells in rows]
    body = _body(typecast=typecast, by_field_id=by_field_id, records=records)
    return Call("PUT", _table_path(base_id, table), "repeatable", body=body, base_id=base_id)


def upsert_records(
    base_id: str,
    table: str,
    rows: Sequence[tuple[str | None, Cells]],
    merge_on: Sequence[str],
    *,
    typecast: bool = False,
    by_field_id: bool = False,
) -> Call:
    """Create or update up to 10 records, identified by keys; the reply has the same order.

    Args:
        base_id: The base.
        table: The table's ID or name.
        rows: For each record its ID, if known, and its cells; without an ID, with the key cells.
        merge_on: The one to three fields of the key.
        typecast: Whether Airtable may convert text and add choices.
        by_field_id: Whether the reply identifies cells by field ID instead of name.
    """
    body = _body(
        typecast=typecast,
        by_field_id=by_field_id,
        records=[
            {"fields": cells} if id_ is None else {"id": id_, "fields": cells}
            for id_, cells in rows
        ],
        performUpsert={"fieldsToMergeOn": list(merge_on)},
    )
    return Call("PATCH", _table_path(base_id, table), "repeatable", body=body, base_id=base_id)


def delete_record(base_id: str, table: str, record_id: str) -> Call:
    """Delete one record."""
    path = f"{_table_path(base_id, table)}/{quote(record_id, safe='')}"
    return Call("DELETE", path, "repeatable", base_id=base_id)


def delete_records(base_id: str, table: str, record_ids: Sequence[str]) -> Call:
    """Delete up to 10 records, all of them or none."""
    query = tuple(("records[]", record_id) for record_id in record_ids)
    return Call("DELETE", _table_path(base_id, table), "repeatable", query=query, base_id=base_id)


def whoami() -> Call:
    """Ask for the user of the token; needs no scope."""
    return Call("GET", "/v0/meta/whoami", "read")


def list_bases(offset: str | None = None) -> Call:
    """List the bases that the token has access to, 1,000 on a page."""
    query = (("offset", offset),) if offset else ()
    return Call("GET", "/v0/meta/bases", "read", query=query)


def base_schema(base_id: str, *, visible_fields: bool = False) -> Call:
    """Read the tables of a base with their fields.

    Args:
        base_id: The base.
        visible_fields: Whether to list the visible fields of each view.
    """
    path = f"/v0/meta/bases/{quote(base_id, safe='')}/tables"
    query = (("include", "visibleFieldIds"),) if visible_fields else ()
    return Call("GET", path, "read", query=query, base_id=base_id)


def create_table(
    base_id: str, name: str, fields: Sequence[FieldJson], *, description: str | None = None
) -> Call:
    """Create a table; the first field becomes the primary field."""
    body: dict[str, Any] = {"name": name, "fields": list(fields)}
    if description:
        body["description"] = description
    path = f"/v0/meta/bases/{quote(base_id, safe='')}/tables"
    return Call("POST", path, "create", body=body, base_id=base_id)


def create_field(base_id: str, table_id: str, field: FieldJson) -> Call:
    """Create a field in a table, which is named by its ID."""
    path = f"/v0/meta/bases/{quote(base_id, safe='')}/tables/{quote(table_id, safe='')}/fields"
    return Call("POST", path, "create", body=dict(field), base_id=base_id)


def update_field(base_id: str, table_id: str, field_id: str, changes: Mapping[str, str]) -> Call:
    """Change the name or the description of a field."""
    base, table, field = (quote(one, safe="") for one in (base_id, table_id, field_id))
    path = f"/v0/meta/bases/{base}/tables/{table}/fields/{field}"
    return Call("PATCH", path, "repeatable", body=dict(changes), base_id=base_id)
