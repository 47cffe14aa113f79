"""The keys of a row: which column each names, and which are ignored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from airhaul.bulk.values.frame_values import plain
from airhaul.errors import RowError
from airhaul.messages import Message, Option
from airhaul.model.base import RecordBase
from airhaul.model.columns import Column, Columns
from airhaul.tabular import ERROR_COLUMN, LINE_COLUMN
from airhaul.wire.ids import is_id

# What a file of rejected rows holds besides the fields.
_REJECTS_KEYS: Final = frozenset({ERROR_COLUMN, LINE_COLUMN})


class RowKeys:
    """Finds the columns that the keys of rows name.

    Args:
        model: The model.
        columns: Its columns by the names that rows may use.
    """

    def __init__(self, model: type[RecordBase], columns: Columns) -> None:
        self._columns = columns
        # A model that allows more keeps it in Python; there is no column that it could go to.
        self._is_lenient = model.model_config.get("extra") == "ignore"
        self._ignored = _REJECTS_KEYS | _names_in_dumps(model)
        self._id_keys = _names_of(model, "id")
        self._time_keys = {"createdTime", *_names_of(model, "created_time")}

    def column_of(self, key: str, row: Mapping[str, Any], unknown: list[str]) -> Column | None:
        """Find the column that a key names.

        Args:
            key: The key.
            row: The row that has it.
            unknown: Gets the key if it names no column and may not be ignored.
        """
        exact = self._columns.by_any_name.get(key)
        if exact is not None:
            return exact
        if self.is_ignored(key, row):
            return None
        column = self._find_loosely(key, row)
        if column is None and not self._is_lenient:
            unknown.append(str(key))
        return column

    def is_ignored(self, key: str, row: Mapping[str, Any]) -> bool:
        """Whether a value that has no column belongs to the record itself, or to a rejects file.

        Any other value under ``id`` or ``created_time`` is a column of the caller's own.

        Args:
            key: The key, which names no column exactly.
            row: The row that has it.
        """
        is_blank = plain(row[key]) in (None, "") and self._columns.find_loosely(str(key)) is None
        if key in self._id_keys:
            return is_blank or is_id(row[key], "rec")
        if key in self._time_keys:
            return is_blank or any(is_id(row.get(name), "rec") for name in self._id_keys)
        return key in self._ignored

    def _find_loosely(self, key: str, row: Mapping[str, Any]) -> Column | None:
        """Find the column that a key nearly names, unless another key of the row names it too."""
        exact, loose = self._columns.by_any_name, self._columns.find_loosely
        column = loose(str(key))  # a program may have keys of another type
        if column is None:
            return None
        named = [name for name in row if (exact.get(name) or loose(str(name))) is column]
        return column if named == [key] else None

    def unknown(self, names: list[str], *, from_file: bool) -> RowError:
        """Make the error for keys that name no column.

        Args:
            names: The keys.
            from_file: Whether they are columns of a file, which can be renamed or ignored.
        """
        error = self._columns.unknown(*names)
        if not from_file:
            return RowError(error.message, field=error.field)
        message = Message(
            f"{error.message} To" if error.message.endswith("?") else f"{error.message[:-1]}; to",
            " rename a column or leave it out, set ",
            Option("columns", {names[0]: "FIELD"}),
            " or ",
            Option("ignore", tuple(names)),
        )
        return RowError(message, field=error.field)


def _names_of(model: type[RecordBase], system_field: str) -> set[str]:
    alias = model.model_fields[system_field].alias
    return {system_field, alias or system_field}


def _names_in_dumps(model: type[RecordBase]) -> set[str | None]:
    """The computed fields that ``model_dump`` holds, also by alias."""
    computed = model.model_computed_fields
    return {*computed, *(info.alias for info in computed.values())}
