"""The columns that hold lists of text, and single texts in them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from pydantic import BaseModel

from airhaul.model.columns import Column, Columns


class ListColumns:
    """The columns of a model that hold lists of text, by the names that rows have for them.

    Args:
        columns: The model's columns by these names.
        only: Which of them count, by column name; all if None.
    """

    def __init__(self, columns: Columns, only: Collection[str] | None = None) -> None:
        self._columns = columns
        self._lists = {
            name
            for name, column in columns.by_column.items()
            if (only is None or name in only) and holds_texts(column)
        }
        self._known: dict[object, str | None] = {}

    def find(self, key: object) -> str | None:
        """Return the column of lists that a row means by a name; None if it is another column."""
        if key not in self._known:
            name = str(key)
            column = self._columns.by_any_name.get(name) or self._columns.find_loosely(name)
            is_list = column is not None and column.column in self._lists
            self._known[key] = column.column if column is not None and is_list else None
        return self._known[key]

    def listed(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return values with a list of one in place of a single text where a list is expected."""
        return {
            key: [value] if isinstance(value, str) and value and self.find(key) else value
            for key, value in values.items()
        }


def holds_texts(column: Column) -> bool:
    """Whether the values of a column are lists of texts, such as choices or links."""
    item = column.shape.item or column.shape
    are_objects = item.holds_objects or item.is_a(BaseModel)
    is_links = column.type == "multipleRecordLinks"
    return column.shape.is_sequence and (is_links or not are_objects)
