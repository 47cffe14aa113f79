"""Views: list, get, delete.

Source: https://airtable.com/developers/web/api/list-views and related pages. Not published, and
decided: a table's last view cannot be deleted.
"""

from __future__ import annotations

from typing import Any

from airhaul.local_base.gate.tokens import DELETE_VIEWS, READ_VIEWS
from airhaul.local_base.protocol import refusal
from airhaul.local_base.resources.route import Route
from airhaul.local_base.store.schema import Table, View
from airhaul.local_base.transaction.context import Context
from airhaul.wire.ids import is_id


def list_views(context: Context, base_id: str) -> dict[str, Any]:
    """List the views of all tables of a base."""
    context.base(base_id)
    with_fields = bool(context.request.included({"visibleFieldIds"}))
    return {
        "views": [
            view.as_json(table, with_visible_fields=with_fields)
            for table in context.session.schema.tables(base_id).values()
            for view in table.views
        ]
    }


def get(context: Context, base_id: str, view_id: str) -> dict[str, Any]:
    """Describe a view."""
    table, view = _one(context, base_id, view_id)
    with_fields = bool(context.request.included({"visibleFieldIds"}))
    return view.as_json(table, with_visible_fields=with_fields)


def delete(context: Context, base_id: str, view_id: str) -> None:
    """Delete a view; the answer has no body."""
    table, view = _one(context, base_id, view_id)
    if len(table.views) == 1:
        raise refusal.invalid_request()
    context.session.schema.delete_view(table, view)


def _one(context: Context, base_id: str, view_id: str) -> tuple[Table, View]:
    context.base(base_id)
    if not is_id(view_id, "viw"):
        raise refusal.no_such_route()
    for table in context.session.schema.tables(base_id).values():
        for view in table.views:
            if view.id == view_id:
                return table, view
    raise refusal.not_visible()


_VIEWS = "/v0/meta/bases/{}/views"
ROUTES = (
    Route("GET", _VIEWS, list_views, READ_VIEWS),
    Route("GET", _VIEWS + "/{}", get, READ_VIEWS),
    Route("DELETE", _VIEWS + "/{}", delete, DELETE_VIEWS, writes=True),
)
