"""Comparing a cell that is to be written with the one that is stored.

What Airtable returns is not exactly what it was sent: empty cells are absent, whole numbers come as
1 or 1.0, a rich text ends with a line break, the choices of a select and the links of a record have
an order of their own, and an attachment is identified by its file name, since its URL changes with
every answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, cast
from urllib.parse import unquote, urlsplit

from airhaul.tabular import join_items
from airhaul.wire.shapes import Cells, FieldType


def is_empty(cell: Any) -> bool:
    """Return whether a cell is one that Airtable leaves out of its answers; 0 is not."""
    return cell is None or cell is False or cell in ("", [])


def canonical(type_: FieldType, cell: Any) -> Any:
    """Bring a cell into a form in which equal cells are equal, and can be looked up.

    Args:
        type_: The column's type.
        cell: A cell as it is sent, or as it comes.

    Returns:
        Something hashable; None for an empty cell.
    """
    if is_empty(cell):
        return None
    maker = _CANONICAL.get(type_)
    return maker(cell) if maker is not None else _hashable(cell)


def same_cell(type_: FieldType, sent: Any, stored: Any, *, loosely: bool = False) -> bool:
    """Return whether writing a cell would change nothing.

    Args:
        type_: The column's type.
        sent: The cell as it would be sent.
        stored: The cell as it came; None if it did not.
        loosely: Whether Airtable may have converted it, as typecast does: then 12 is ``"12"``.
    """
    if sent == stored:
        return True
    if type_ == "multipleAttachments":
        return _same_attachments(sent, stored)
    if type_ in ("singleCollaborator", "multipleCollaborators"):
        return _same_collaborators(sent, stored)
    if type_ == "barcode" and isinstance(sent, dict) and isinstance(stored, dict):
        return bool(all(stored.get(name) == value for name, value in sent.items()))
    if canonical(type_, sent) == canonical(type_, stored):
        return True
    return bool(loosely and (_as_text(sent) == _as_text(stored) or stored == [sent]))


def changed_cells(
    cells: Cells, stored: Cells, type_of: Callable[[str], FieldType], *, loosely: bool = False
) -> Cells:
    """Return the cells that differ from the stored ones.

    Args:
        cells: The cells that the record should have, by column.
        stored: The record's ``fields`` as they came.
        type_of: The type of a column.
        loosely: As for ``same_cell``.
    """
    # Most cells are stored already, exactly as they would be sent.
    other = [(column, cell) for column, cell in cells.items() if cell != stored.get(column)]
    return {
        column: cell
        for column, cell in other
        if not same_cell(type_of(column), cell, stored.get(column), loosely=loosely)
    }


def same_stored(one: Any, other: Any) -> bool:
    """Return whether two cells that were read are the same, apart from the URLs of files."""
    return bool(one == other or _without_urls(one) == _without_urls(other))


def _without_urls(cell: Any) -> Any:
    if isinstance(cell, list):
        return [_without_urls(item) for item in cell]
    if isinstance(cell, dict) and "url" in cell and "id" in cell:
        return cast("dict[str, Any]", cell)["id"]
    return cell


def _hashable(cell: Any) -> Any:
    if isinstance(cell, list):
        return tuple(_hashable(item) for item in cell)
    if isinstance(cell, dict):
        items = cast("dict[str, Any]", cell).items()
        return tuple(sorted((name, _hashable(value)) for name, value in items))
    return cell


def _in_any_order(cell: Any) -> Any:
    if not isinstance(cell, list):
        return _hashable([cell])
    return tuple(sorted((_hashable(item) for item in cell), key=repr))


def _moment(cell: Any) -> Any:
    try:
        moment = datetime.fromisoformat(cell)
    except (TypeError, ValueError):
        return _hashable(cell)
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    # Answers have milliseconds.
    return aware.replace(microsecond=aware.microsecond // 1000 * 1000)


def _number(cell: Any) -> Any:
    return cell if isinstance(cell, int | float) else _hashable(cell)


def _rich_text(cell: Any) -> Any:
    return (cell.rstrip("\n") or None) if isinstance(cell, str) else _hashable(cell)


_CANONICAL: Final[dict[str, Callable[[Any], Any]]] = {
    "multipleSelects": _in_any_order,
    "multipleRecordLinks": _in_any_order,
    "dateTime": _moment,
    "richText": _rich_text,
    "number": _number,
    "percent": _number,
    "currency": _number,
    "duration": _number,
    "rating": _number,
}


def _as_text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, list):
        return join_items(list(map(_as_text, cell)))
    return "" if is_empty(cell) else str(cell)


def _as_objects(cell: Any) -> list[Mapping[str, Any]]:
    items: list[Any] = cell if isinstance(cell, list) else [cell]
    return [item if isinstance(item, dict) else {"id": item} for item in items if item]


def _same_attachments(sent: Any, stored: Any) -> bool:
    wanted, there = _as_objects(sent), _as_objects(stored)
    if len(wanted) != len(there):
        return False
    return all(
        one["id"] == other.get("id") if "id" in one else _file_name(one) == _file_name(other)
        for one, other in zip(wanted, there, strict=True)
    )


def _file_name(attachment: Mapping[str, Any]) -> str:
    named = attachment.get("filename")
    if named:
        return str(named)
    return unquote(urlsplit(str(attachment.get("url", ""))).path.rpartition("/")[2])


def _same_collaborators(sent: Any, stored: Any) -> bool:
    wanted, there = _as_objects(sent), list(_as_objects(stored))
    if len(wanted) != len(there):
        return False
    for one in wanted:
        name = "id" if "id" in one else "email"
        match = next((other for other in there if other.get(name) == one.get(name)), None)
        if match is None:
            return False
        there.remove(match)
    return True
