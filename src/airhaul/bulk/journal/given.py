"""Rows as they were given, for the file of rejected rows, and for the journal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from airhaul.bulk.values.frame_rows import FrameRow
from airhaul.bulk.values.frame_values import plain
from airhaul.model.base import RecordBase
from airhaul.model.columns import columns_of
from airhaul.tabular import SourceRow
from airhaul.tabular.write import as_json, finite


def given_cells(row: object) -> dict[str, Any]:
    """Return the values of a row by the names that it was given with; of an id, ``{"id": ...}``."""
    if isinstance(row, SourceRow):
        return {name: _in_file(value) for name, value in row.given.items()}
    if isinstance(row, RecordBase):
        names = _names_in_rows(type(row))
        return {names.get(name, name): value for name, value in vars(row).items()}
    if isinstance(row, BaseModel):
        return dict(row)
    if isinstance(row, FrameRow):
        return {name: _in_file(plain(value)) for name, value in row.items()}
    if isinstance(row, Mapping):
        return {str(name): plain(value) for name, value in row.items()}
    return {"id": row}


def _in_file(value: Any) -> Any:
    """Keep a time of a file or a frame without a zone, which the zone of its field gives it."""
    has_no_zone = isinstance(value, datetime) and value.tzinfo is None
    return value.isoformat(sep=" ") if has_no_zone else value


def _names_in_rows(model: type[RecordBase]) -> dict[str, str]:
    """The fields' own names, except where rows mean another field by such a name."""
    columns = columns_of(model)
    return {
        name: column.shown_name
        if columns.by_any_name.get(column.shown_name) is column
        else column.column
        for name, column in columns.by_name.items()
    }


def kept_cells(row: object) -> dict[str, Any]:
    """Return the values of a row as JSON."""
    return {name: finite(as_json(value)) for name, value in given_cells(row).items()}


def has_lists(row: object) -> bool:
    """Whether a row is of a file with lists of its own, which the values do not show."""
    return isinstance(row, SourceRow) and row.has_lists


def kept_row(cells: dict[str, Any], line: int | None, *, has_lists: bool) -> object:
    """Make a row of values that ``kept_cells`` has returned.

    Args:
        cells: The values.
        line: Its line in the file that it came from, or None.
        has_lists: Whether that file has lists of its own.
    """
    return cells if line is None else SourceRow(line, cells, has_lists=has_lists)
