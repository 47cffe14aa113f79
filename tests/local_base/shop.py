"""A shop: orders that link to items, for what is computed over links."""

from __future__ import annotations

from tests.local_base.asking import Asking

NUMBER = {"name": "Price", "type": "number", "options": {"precision": 2}}
CHOICES = {"choices": [{"name": "red"}, {"name": "green"}]}


def open_shop(ask: Asking) -> None:
    """Make Orders that link to Items with a price."""
    items = ask.table(
        "Items",
        NUMBER,
        {"name": "Kinds", "type": "multipleSelects", "options": CHOICES},
        {"name": "Since", "type": "date", "options": {"dateFormat": {"name": "iso"}}},
        {"name": "Sold", "type": "checkbox", "options": {"icon": "check", "color": "redBright"}},
    )
    ask.table("Orders", {**NUMBER, "name": "Share"})
    ask.field("Orders", "Items", "multipleRecordLinks", linkedTableId=items)


def far(field: str) -> dict[str, str]:
    """Where a lookup of Orders looks."""
    return {"recordLinkFieldId": "Items", "fieldIdInLinkedTable": field}


def table_id(ask: Asking, name: str) -> str:
    tables = ask("GET", f"meta/bases/{ask.base}/tables")["tables"]
    return next(table["id"] for table in tables if table["name"] == name)
