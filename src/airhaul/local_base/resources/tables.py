"""Tables and their fields: read, create, rename.

Source: https://airtable.com/developers/web/api/get-base-schema and related pages.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from airhaul.fields import card_of
from airhaul.local_base.fields.date_dependency import check_date_dependency
from airhaul.local_base.fields.new_fields import add_field, change_options, resolve_fields
from airhaul.local_base.fields.options import new_field
from airhaul.local_base.gate.tokens import READ_SCHEMA, WRITE_SCHEMA
from airhaul.local_base.protocol import refusal
from airhaul.local_base.protocol.request import read_text
from airhaul.local_base.resources.route import Route
from airhaul.local_base.store.schema import Table, View
from airhaul.local_base.transaction.changes import FieldChanged, TableChanged, TableCreated
from airhaul.local_base.transaction.context import Context
from airhaul.wire.ids import is_id, new_id
from airhaul.wire.limits import DESCRIPTION_LENGTH


def base_schema(context: Context, base_id: str) -> dict[str, Any]:
    """Describe all tables of a base."""
    context.base(base_id)
    visible = bool(context.request.included({"visibleFieldIds"}))
    tables = context.session.schema.tables(base_id).values()
    return {"tables": [table.as_json(with_visible_fields=visible) for table in tables]}


def create_table(context: Context, base_id: str) -> dict[str, Any]:
    """Create a table with its fields."""
    context.base(base_id)
    return add_table(context, base_id, context.request.body_object()).as_json()


def add_table(context: Context, base_id: str, described: Any) -> Table:
    """Add a table to a base.

    Args:
        context: The request.
        base_id: The base.
        described: ``{"name", "description"?, "fields"}``.

    Raises:
        Refusal: The name is taken, or a field cannot be created.
    """
    if not isinstance(described, dict):
        raise refusal.invalid_request()
    name, fields = described.get("name"), described.get("fields")
    if not isinstance(name, str) or not name.strip():
        raise refusal.invalid_request()
    if not isinstance(fields, list) or not fields:
        raise refusal.invalid_request()
    _check_table_name(context, base_id, name)
    made = tuple(new_field(name, field, context.new_fields) for field in fields)
    if not card_of(made[0].type).can_be_primary:
        raise refusal.invalid_options(made[0].name, f"{made[0].type} cannot be the primary field")
    if len({field.name.strip().lower() for field in made}) < len(made):
        raise refusal.duplicate_field_name()
    table = Table(
        new_id("tbl"),
        base_id,
        name,
        made,
        (View(new_id("viw"), "Grid view"),),
        _description(described),
    )
    context.session.schema.add_table(table)
    resolve_fields(context, base_id, list(made))
    table = context.session.schema.table(table.id)
    context.changes.append(TableCreated(table))
    return table


def change_table(context: Context, base_id: str, name: str) -> dict[str, Any]:
    """Change a table's name, description or date dependency."""
    table = changed = context.table(base_id, name)
    body = _changes(context, "name", "description", "dateDependencySettings")
    new_name = read_text(body.get("name"))
    if new_name is not None and new_name != table.name:
        if not new_name.strip():
            raise refusal.invalid_request()
        _check_table_name(context, base_id, new_name, except_for=table)
        changed = replace(changed, name=new_name)
    if "description" in body:
        changed = replace(changed, description=_description(body))
    if "dateDependencySettings" in body:
        settings = check_date_dependency(table, body["dateDependencySettings"])
        changed = replace(changed, date_dependency=settings)
    changed = context.session.schema.change_table(changed)
    context.changes.append(TableChanged(table, changed))
    return changed.as_json()


def create_field(context: Context, base_id: str, table_name: str) -> dict[str, Any]:
    """Add a field to a table."""
    table = context.table(base_id, table_name)
    described = context.request.body_object()
    return add_field(context, table, described).as_json()


def change_field(context: Context, base_id: str, table_name: str, field_id: str) -> dict[str, Any]:
    """Change a field's name or description, or its formula."""
    table = context.table(base_id, table_name)
    if not is_id(field_id, "fld"):
        raise refusal.no_such_route()
    field = changed = table.by_id.get(field_id)
    if field is None or changed is None:
        raise refusal.not_visible()
    body = _changes(context, "name", "description", "options")
    name = read_text(body.get("name"))
    if name is not None:
        taken = table.by_lower_name.get(name.lower())
        if not name.strip() or (taken is not None and taken is not field):
            raise refusal.duplicate_field_name()
        changed = replace(changed, name=name)
    if "description" in body:
        changed = replace(changed, description=_description(body))
    context.session.schema.change_field(table, changed)
    if "options" in body:
        changed = change_options(context, table, changed, body["options"])
    context.changes.append(FieldChanged(table.id, field, changed))
    return changed.as_json()


def _changes(context: Context, *names: str) -> dict[str, Any]:
    """Return the body of a change, which must name at least one property."""
    body = context.request.body_object()
    if not any(name in body for name in names):
        raise refusal.invalid_request()
    return body


def _check_table_name(
    context: Context, base_id: str, name: str, except_for: Table | None = None
) -> None:
    for table in context.session.schema.tables(base_id).values():
        if table is not except_for and table.name.lower() == name.lower():
            raise refusal.duplicate_table_name(name)


def _description(described: dict[str, Any]) -> str | None:
    description = read_text(described.get("description"))
    if description is not None and len(description) > DESCRIPTION_LENGTH:
        raise refusal.invalid_request()
    return description or None


_TABLES = "/v0/meta/bases/{}/tables"
ROUTES = (
    Route("GET", _TABLES, base_schema, READ_SCHEMA),
    Route("POST", _TABLES, create_table, WRITE_SCHEMA, writes=True),
    Route("PATCH", _TABLES + "/{}", change_table, WRITE_SCHEMA, writes=True),
    Route("POST", _TABLES + "/{}/fields", create_field, WRITE_SCHEMA, writes=True),
    Route("PATCH", _TABLES + "/{}/fields/{}", change_field, WRITE_SCHEMA, writes=True),
)
