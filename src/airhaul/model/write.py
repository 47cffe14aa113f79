"""Strict writing: the cells of a create or update from a record; nothing invalid is sent."""

from __future__ import annotations

import warnings
from typing import Any

from pydantic import BaseModel, ValidationError

from airhaul.errors import RowError, shown
from airhaul.model.base import RecordBase, remember
from airhaul.model.columns import NO_VALUE, Column, columns_of
from airhaul.model.read import Reader, build_leniently
from airhaul.wire.shapes import Cells, RecordJson


def cells_to_create(record: RecordBase) -> Cells:
    """Make the cells of a new record, with defaults and without empty cells.

    Args:
        record: A record whose values pydantic validated.

    Raises:
        RowError: No cell can hold a value.
    """
    held = vars(record)
    cells: Cells = {}
    for column in columns_of(type(record)).writable:
        cell = encode_value(column, held.get(column.name))
        if cell is not None:
            cells[column.column] = cell
    return cells


def cells_to_update(record: RecordBase) -> Cells:
    """Make the cells that changed since the record was read; None clears a cell.

    Args:
        record: A record with an ID.

    Raises:
        RowError: A value does not fit its field, or no cell can hold it.
    """
    before = _as_loaded(record)
    after = validated(record)
    cells: Cells = {}
    stored = record._cells or {}
    not_fetched = record.not_fetched
    # If one is set to the value it was read as, that is a change: the table has another cell.
    unfit = {bad.field for bad in record.cell_errors} & record.model_fields_set
    for column in columns_of(type(record)).writable:
        if column.name in not_fetched:
            # The cell in the table is not known, so it is sent only if it was set.
            if column.name in record.model_fields_set:
                cells[column.column] = encode_value(column, after[column.name])
            continue
        there = _encode_loaded(column, before[column.name])
        if column.empty is NO_VALUE and column.column not in stored:
            if _was_left_alone(record, column):
                continue
            if column.name in record.model_fields_set:
                there = None  # the cell is empty, and was read as the default
        cell = encode_value(column, after[column.name])
        if column.name in unfit or cell != there:
            cells[column.column] = cell
    return cells


def _was_left_alone(record: RecordBase, column: Column) -> bool:
    """Whether a value is the default that an empty cell was read as."""
    is_changeable = isinstance(vars(record).get(column.name), dict | list | set | BaseModel)
    return column.name not in record.model_fields_set and not is_changeable


def encode_value(column: Column, value: Any) -> Any:
    """Turn a value into a cell of its column; an empty value becomes None, which clears the cell.

    Raises:
        RowError: No cell can hold the value.
    """
    try:
        cell = column.card.encode(value)
    except ValueError as error:
        raise RowError(
            f"{error}, got {shown(value)}", field=column.shown_name, value=value
        ) from None
    # Airtable refuses "" for selects, numbers and dates; null clears cells of all types.
    return None if cell in ("", []) else cell


def _encode_loaded(column: Column, value: Any) -> Any:
    try:
        return encode_value(column, value)
    except RowError:
        return NO_VALUE  # the value cannot be written, such as NaN


def _as_loaded(record: RecordBase) -> dict[str, Any]:
    """Return the values of a record as they were read."""
    raw: RecordJson = {
        "id": record.id or "",
        "createdTime": record.created_time.isoformat() if record.created_time else "",
        "fields": record._cells or {},
    }
    return vars(_quiet_read(type(record), raw))


def _quiet_read(model: type[RecordBase], raw: RecordJson, origin: object = None) -> RecordBase:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        record = Reader(model, origin=origin).read(raw)
    assert record is not None
    return record


def validated(record: RecordBase) -> dict[str, Any]:
    """Validate the current values of a record; assignments are not validated.

    Cells that did not fit when they were read, and were not changed, are accepted.

    Args:
        record: The record.

    Returns:
        The validated values by field name.

    Raises:
        RowError: A value does not fit; the error is about the first one.
    """
    model = type(record)
    columns = columns_of(model)
    values: dict[str, Any] = {"id": record.id, "created_time": record.created_time}
    for column in columns.by_name.values():
        values[column.input_name] = vars(record).get(column.name)
    try:
        return vars(model.model_validate(values))
    except ValidationError as error:
        built, reasons = build_leniently(model, values, error)
        excused = {bad.field for bad in record.cell_errors} | record.not_fetched
        for name, reason in reasons.items():
            value = vars(record).get(name)
            if name not in columns.by_name and name not in excused:
                raise RowError(reason) from None
            if name not in excused or value is not None:
                known = columns.by_name.get(name)
                field = name if known is None else known.shown_name
                raise RowError(f"{reason}, got {shown(value)}", field=field, value=value) from None
        return vars(built)


def absorb(record: RecordBase, raw: RecordJson, origin: object = None) -> None:
    """Update a record in place from Airtable's reply.

    Args:
        record: The record to update.
        raw: The record as Airtable sent it, with all its cells.
        origin: The connection that it comes from.
    """
    fresh = _quiet_read(type(record), raw, origin)
    vars(record).update(vars(fresh))
    object.__setattr__(record, "__pydantic_fields_set__", set(fresh.__pydantic_fields_set__))
    if fresh._cells is not None and fresh._reading is not None:
        remember(record, fresh._cells, fresh._reading)
