"""Rows as they were given, for the file of rejected rows, and for the journal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from airhaul.model.base import RecordBase
from airhaul.model.columns import columns_of
from airhaul.tabular import SourceRow
from airhaul.tabular.write import as_json


def given_cells(row: object) -> dict[str, Any]:
    """Return the values of a row by the names that it was given with; of an id, ``{"id": ...}``."""
    if isinstance(row, SourceRow):
        return dict(row.given)
    if isinstance(row, RecordBase):
        names = {name: column.shown_name for name, column in columns_of(type(row)).by_name.items()}
        return {names.get(name, name): value for name, value in row.model_dump().items()}
    if isinstance(row, BaseModel):
        return row.model_dump()
    if isinstance(row, Mapping):
        return {str(name): value for name, value in row.items()}
    return {"id": row}


def kept_cells(row: object) -> dict[str, Any]:
    """Return the values of a row as JSON."""
    return {name: _finite(as_json(value)) for name, value in given_cells(row).items()}


def kept_row(cells: dict[str, Any], line: int | None) -> object:
    """Make a row of values that ``kept_cells`` has returned.

    Args:
        cells: The values.
        line: Its line in the file that it came from, or None.
    """
    return cells if line is None else SourceRow(line, cells)


def _finite(value: Any) -> Any:
    """JSON has no NaN."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
