"""Views: the records that they show, and their order.

Airtable's API reads views and cannot create them; a local base has ``LocalBase.add_view``. A view
refers to fields by id, so that fields can be renamed. The metadata reports which fields are hidden;
lists contain them all the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airhaul.formula import parse, print_formula, with_fields
from airhaul.local_base.lists.filters import Filter, make_filter
from airhaul.local_base.lists.sorting import SortKey, read_sort
from airhaul.local_base.protocol import refusal
from airhaul.local_base.store import Session
from airhaul.local_base.store.schema import Table, View
from airhaul.wire.ids import is_id, new_id


def find_view(table: Table, name: str) -> View:
    """Find a view by id or name.

    Raises:
        Refusal: The view does not exist.
    """
    for view in table.views:
        if name in (view.id, view.name):
            return view
    kind = "ID" if is_id(name, "viw") else "NAME"
    raise refusal.refuse(422, f"VIEW_{kind}_NOT_FOUND", f"View {name} not found")


def filters_of(table: Table, view: View) -> list[Filter]:
    """Return the filters of a view.

    Raises:
        Refusal: Its formula is no longer valid.
    """
    formula = view.settings.get("formula")
    return [make_filter(table, formula)] if formula else []


def sort_of(table: Table, view: View) -> list[SortKey]:
    """Return the sort keys of a view; empty for the order of creation.

    Raises:
        Refusal: It names a field that does not exist.
    """
    return read_sort(table, view.settings.get("sort"))


def add_view(
    session: Session,
    base_id: str,
    table_name: str,
    name: str,
    *,
    formula: str | None = None,
    sort: Sequence[Mapping[str, str]] = (),
    fields: Sequence[str] | None = None,
) -> View:
    """Add a view to a table.

    Args:
        session: The transaction.
        base_id: The base.
        table_name: The table's name or id.
        name: The view's name.
        formula: A filter for the records it shows; all if None.
        sort: The order, as ``[{"field": "Name", "direction": "desc"}]``.
        fields: The fields that it shows, in that order; all if None.

    Raises:
        Refusal: The table or a field does not exist, the name is taken or empty, or the formula is
            invalid.
    """
    table = session.schema.find_table(base_id, table_name)
    if table is None:
        raise refusal.not_visible()
    if not name.strip() or any(view.name == name for view in table.views):
        raise refusal.invalid_request()
    settings: dict[str, Any] = {}
    if formula:
        named = make_filter(table, formula).fields
        by_id = with_fields(parse(formula), lambda field: named[field].id)
        settings["formula"] = print_formula(by_id)
    if sort:
        settings["sort"] = [
            {"field": field.id, "direction": "desc" if descending else "asc"}
            for field, descending in read_sort(table, list(sort))
        ]
    if fields is not None:
        settings["visibleFieldIds"] = [table.find(field).id for field in fields]
    view = View(new_id("viw"), name, settings=settings)
    session.schema.add_view(table, view)
    return view
