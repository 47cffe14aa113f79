"""Values that were assigned to a record of the model, and Pydantic would change.

Pydantic does not validate them when they are assigned, so they are as the caller gave them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from airhaul.bulk.values.file_values import Reader, classes_of, read_as, row_reader
from airhaul.bulk.values.frame_values import NUMPY_TIMES, plain
from airhaul.errors import RowError
from airhaul.model.base import RecordBase
from airhaul.model.columns import Column, columns_of


def misfits_in(record: RecordBase) -> Sequence[RowError]:
    """Find the values of a record that are refused in a row, too, such as a number for a date.

    Args:
        record: The record.

    Returns:
        What is wrong with them; values that are not valid in any other way are not among them.
    """
    found: list[RowError] = []
    values = vars(record)
    for column, reader, unchanged in _readers_of(type(record)):
        value = values.get(column.name)
        if type(value) in unchanged:
            continue
        if type(value).__name__ not in NUMPY_TIMES:  # which Pydantic would not convert
            value = plain(value)
        if value is None:
            continue
        try:
            read_as(reader, value, column.shown_name)
        except RowError as error:
            found.append(error)
    return found


@lru_cache(maxsize=1024)
def _readers_of(
    model: type[RecordBase],
) -> Sequence[tuple[Column, Reader, frozenset[type]]]:
    """Return what reads each column, and the types of values that Pydantic does not change."""
    return [
        (column, reader, frozenset({*classes_of(column), type(None)}))
        for column in columns_of(model).writable
        if (reader := row_reader(model, column)) is not None
    ]
