"""Strict writing: the cells of a create or update from a record; nothing invalid is sent."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from airhaul.errors import RowError, shown
from airhaul.model.base import RecordBase, remember
from airhaul.model.columns import NO_VALUE, Column, columns_of
from airhaul.model.links.assigning import keep_loaded, links_in, links_of
from airhaul.model.read import Reader, build_leniently
from airhaul.wire.shapes import Cells, RecordJson

_CHANGEABLE: Final = (dict, list, set, BaseModel)


def cells_to_create(record: RecordBase) -> Cells:
    """Make the cells of a new record, with defaults and without empty cells.

    Args:
        record: A record whose values pydantic validated.

    Raises:
        RowError: No cell can hold a value.
    """
    columns = columns_of(type(record))
    return _encode_each(columns.writes, columns.writable, vars(record), clears=False)


def cells_to_update(record: RecordBase, misfits: Sequence[RowError] = ()) -> Cells:
    """Make the cells that changed since the record was read; None clears a cell.

    Of a record that was made with an ID and never read, they are the fields that were set.

    Args:
        record: A record with an ID.
        misfits: What is known to be wrong with its values.

    Raises:
        RowError: Values do not fit their fields, or no cell can hold them.
    """
    after = validated(record, misfits)
    changed = _set_fields(record) if record._reading is None else _changed_fields(record, after)
    return encode_values(list(changed), after)


def _set_fields(record: RecordBase) -> Iterator[Column]:
    """Find the fields that were set in a record that was never read."""
    for column in columns_of(type(record)).writable:
        value = vars(record).get(column.name)
        was_filled = isinstance(value, _CHANGEABLE) and value != column.make_default(vars(record))
        if column.name in record.model_fields_set or was_filled:
            yield column


def _changed_fields(record: RecordBase, after: Mapping[str, Any]) -> Iterator[Column]:
    """Find the fields that changed since a record was read, by its validated values."""
    before = _as_loaded(record)
    stored = record._cells or {}
    # If one is set to the value it was read as, that is a change: the table has another cell.
    unfit = {bad.field for bad in record.cell_errors} & record.model_fields_set
    for column in columns_of(type(record)).writable:
        if column.name in record.not_fetched:
            # The cell in the table is not known, so it is sent only if it was set.
            if column.name in record.model_fields_set:
                yield column
            continue
        there = _encode_loaded(column, before[column.name])
        if column.empty is NO_VALUE and column.column not in stored:
            if _was_left_alone(record, column):
                continue
            if column.name in record.model_fields_set:
                there = None  # the cell is empty, and was read as the default
        if column.name in unfit or _encode_loaded(column, after[column.name]) != there:
            yield column


def _was_left_alone(record: RecordBase, column: Column) -> bool:
    """Whether a value is the default that an empty cell was read as."""
    is_changeable = isinstance(vars(record).get(column.name), _CHANGEABLE)
    return column.name not in record.model_fields_set and not is_changeable


def encode_values(
    columns: Sequence[Column], values: Mapping[str, Any], *, clears: bool = True
) -> Cells:
    """Turn the values of some columns into cells.

    Args:
        columns: The columns.
        values: The values by field name.
        clears: Whether an empty value becomes None, which clears the cell; otherwise it is left
            out.

    Returns:
        The cells by column.

    Raises:
        RowError: No cell can hold some of the values.
    """
    return _encode_each([column.writes for column in columns], columns, values, clears=clears)


def _encode_each(
    writes: Sequence[tuple[str, str, Callable[[Any], Any]]],
    columns: Sequence[Column],
    values: Mapping[str, Any],
    *,
    clears: bool,
) -> Cells:
    """Turn values into cells as ``encode_values`` does; ``writes`` are those of the columns."""
    cells: Cells = {}
    try:
        # Each row that is written passes here, and mostly all its values are fine.
        for name, to, encode in writes:
            cell = encode(values.get(name))
            if cell or not _is_empty(cell):
                cells[to] = cell
            elif clears:
                cells[to] = None
    except ValueError:
        raise RowError.of(_unwritable(columns, values)) from None
    return cells


def _is_empty(cell: Any) -> bool:
    # Airtable refuses "" for selects, numbers and dates; null clears cells of all types.
    return cell is None or cell in ("", [])


def encode_value(column: Column, value: Any) -> Any:
    """Turn a value into a cell of its column; an empty value becomes None, which clears the cell.

    Raises:
        RowError: No cell can hold the value.
    """
    try:
        cell = column.encode(value)
    except ValueError as error:
        raise RowError(
            f"{error}, got {shown(value)}", field=column.shown_name, value=value
        ) from None
    return None if _is_empty(cell) else cell


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


def validated(record: RecordBase, misfits: Sequence[RowError] = ()) -> dict[str, Any]:
    """Validate the current values of a record; assignments are not validated.

    Cells that did not fit when they were read, and were not changed, are accepted.

    Args:
        record: The record.
        misfits: What is known to be wrong with its values, and Pydantic may accept.

    Returns:
        The validated values by field name.

    Raises:
        RowError: Values do not fit.
    """
    model = type(record)
    columns = columns_of(model)
    values: dict[str, Any] = {"id": record.id, "created_time": record.created_time}
    for column in columns.by_name.values():
        values[column.input_name] = vars(record).get(column.name)
    errors = [*misfits]
    try:
        valid = vars(model.model_validate(values))
    except ValidationError as error:
        built, reasons = build_leniently(model, values, error)
        known = {misfit.field for misfit in misfits}
        errors += [one for one in _errors_in(record, reasons) if one.field not in known]
        valid = vars(built)
    if errors:
        known = {one.field for one in errors}
        others = [one for one in columns_of(model).writable if one.shown_name not in known]
        raise RowError.of([*errors, *_unwritable(others, valid)])
    return valid


def _unwritable(columns: Sequence[Column], values: Mapping[str, Any]) -> list[RowError]:
    """The errors of values that no cell can hold."""
    errors: list[RowError] = []
    for column in columns:
        try:
            encode_value(column, values.get(column.name))
        except RowError as error:
            errors.append(error)
    return errors


def _errors_in(record: RecordBase, reasons: Mapping[str, str]) -> list[RowError]:
    """The errors of a record, without those of cells that are not written."""
    columns = columns_of(type(record)).by_name
    unwritten = {bad.field for bad in record.cell_errors} | record._unknown
    errors: list[RowError] = []
    for name, reason in reasons.items():
        value, known = vars(record).get(name), columns.get(name)
        if value is None and name in unwritten - record.model_fields_set:
            continue
        if known is None:
            errors.append(RowError(reason))
        else:
            said = f"{reason}, got {shown(value)}"
            errors.append(RowError(said, field=known.shown_name, value=value))
    return errors


def keep_links(record: RecordBase, values: Mapping[str, Any]) -> None:
    """Let a new record have the linked records that it was created with.

    Args:
        record: The record as it was read from the reply.
        values: The values that it was created with, by the name of a field or column.
    """
    columns = columns_of(type(record))
    linked = [column.name for column in columns.linked]
    if linked:
        known = columns.by_any_name
        given = {known[key].link: value for key, value in values.items()}
        links = [link for one, value in given.items() if one for link in links_of(one, value)]
        keep_loaded(record, links, linked)


def absorb(record: RecordBase, raw: RecordJson, origin: object = None) -> None:
    """Update a record in place from Airtable's reply.

    Args:
        record: The record to update.
        raw: The record as Airtable sent it, with all its cells.
        origin: The connection that it comes from.
    """
    fresh = _quiet_read(type(record), raw, origin)
    if columns_of(type(record)).linked:
        linked = [column.name for column in columns_of(type(record)).linked]
        keep_loaded(fresh, links_in(record, linked), linked)
    vars(record).update(vars(fresh))
    object.__setattr__(record, "__pydantic_fields_set__", set(fresh.__pydantic_fields_set__))
    if fresh._cells is not None and fresh._reading is not None:
        remember(record, fresh._cells, fresh._reading)
