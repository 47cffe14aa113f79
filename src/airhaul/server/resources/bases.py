"""Bases: list and create."""

from __future__ import annotations

from typing import Any

from airhaul.server import refusal
from airhaul.server.context import Context
from airhaul.server.resources.route import Route
from airhaul.server.resources.tables import add_table


def list_bases(context: Context) -> dict[str, Any]:
    """List all bases; a local base never has more than a page of them."""
    return {
        "bases": [
            {"id": base.id, "name": base.name, "permissionLevel": "create"}
            for base in context.session.schema.bases()
        ]
    }


def create_base(context: Context) -> dict[str, Any]:
    """Create a base with its tables, at least one."""
    body = context.request.body_object()
    name, tables = body.get("name"), body.get("tables")
    if not isinstance(name, str) or not name or not isinstance(body.get("workspaceId"), str):
        raise refusal.invalid_request()
    if not isinstance(tables, list) or not tables:
        raise refusal.invalid_request()
    base_id = context.session.schema.add_base(name, context.now)
    made = [add_table(context, base_id, described) for described in tables]
    return {"id": base_id, "tables": [table.as_json() for table in made]}


ROUTES = (
    Route("GET", "/v0/meta/bases", list_bases),
    Route("POST", "/v0/meta/bases", create_base, writes=True),
)
