"""Comparing a cell that is to be written with the one that is stored.

What Airtable returns is not exactly what it was sent: empty cells are absent, whole numbers come as
1 or 1.0, and some types add more; see ``fields``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from airhaul.fields import card_of
from airhaul.tabular import join_items
from airhaul.wire.shapes import Cells, FieldType


def is_empty(cell: Any) -> bool:
    """Return whether a cell is one that Airtable leaves out of its answers; 0 is not."""
    return not cell and (cell is None or cell is False or cell in ("", []))


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
    return card_of(type_).canonical(cell)


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
    card = card_of(type_)
    if loosely and card.is_converted is not None and card.is_converted(sent, stored):
        return True
    if card.is_same is not None:
        return card.is_same(sent, stored)
    if canonical(type_, sent) == canonical(type_, stored):
        return True
    return bool(loosely and (as_text(sent) == as_text(stored) or stored == [sent]))


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


def as_text(cell: Any) -> str:
    """Return a cell as text, as far as it has one: 12.0 is ``12``, and an empty cell is ``""``."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, list):
        return join_items(list(map(as_text, cell)))
    return "" if is_empty(cell) else str(cell)
