"""Which cells Airtable refuses, as far as the schema of a table shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from airhaul.errors import shown
from airhaul.fields import card_of
from airhaul.messages import Message, Option
from airhaul.wire.ids import is_id
from airhaul.wire.shapes import Cells, FieldJson, TableJson


class RefusedCells:
    """Finds the cells of rows that Airtable refuses without typecast.

    Only what is certain counts: choices that a field does not have, names in place of record ids,
    and text in fields for numbers and checkboxes.

    Args:
        table: The table as "get base schema" returns it.
    """

    def __init__(self, table: TableJson) -> None:
        self._reasons: Mapping[str, Callable[[Any], Message | None]] = {
            name: reason
            for field in table["fields"]
            if (reason := _reason_of(field)) is not None
            for name in (field["name"], field.get("id", ""))
        }

    def find(self, cells: Cells) -> tuple[str, Message] | None:
        """Find a cell that is refused.

        Args:
            cells: The cells of a row.

        Returns:
            Its column, and why; None if there is none.
        """
        for column, cell in cells.items():
            reason = self._reasons.get(column)
            message = None if reason is None or cell is None else reason(cell)
            if message is not None:
                return column, message
        return None


def _reason_of(field: FieldJson) -> Callable[[Any], Message | None] | None:
    type_ = field["type"]
    if type_ in ("singleSelect", "multipleSelects"):
        return _of_choices(field)
    if type_ == "multipleRecordLinks":
        return _name_in_link
    if card_of(type_).lookup == "number":
        return _text_for_number
    return _text_for_box if type_ == "checkbox" else None


def _of_choices(field: FieldJson) -> Callable[[Any], Message | None]:
    choices = (field.get("options") or {}).get("choices", ())
    known = {name for choice in choices for name in (choice["name"], choice["id"])}

    def unknown_choice(cell: Any) -> Message | None:
        names = cell if isinstance(cell, list) else [cell]
        name = next((one for one in names if isinstance(one, str) and one not in known), None)
        if name is None:
            return None
        if not name.strip():
            return Message(f"{name!r} is not a choice of the field")
        add = Option("typecast", value=True)
        return Message(f"{name!r} is not a choice of the field; to add it, set ", add)

    return unknown_choice


def _name_in_link(cell: Any) -> Message | None:
    items = cell if isinstance(cell, list) else [cell]
    name = next((one for one in items if isinstance(one, str) and not is_id(one, "rec")), None)
    if name is None:
        return None
    by_name = Option("typecast", value=True)
    return Message(f"{name!r} is not a record ID; to link by name, set ", by_name)


def _text_for_number(cell: Any) -> Message | None:
    return _text_for(cell, "a number")


def _text_for_box(cell: Any) -> Message | None:
    return _text_for(cell, "true or false")


def _text_for(cell: Any, expected: str) -> Message | None:
    if not isinstance(cell, str):
        return None
    convert = Option("typecast", value=True)
    return Message(f"the field takes {expected}, not {shown(cell)}; to convert text, set ", convert)
