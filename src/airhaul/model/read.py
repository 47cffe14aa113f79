"""Lenient reading: a typed record from Airtable's JSON, even if some of its cells do not fit.

Usually pydantic validates the whole record in one pass. Only if that fails is each cell looked at,
and only if that fails, too, are the fields validated one by one, so that the record keeps the valid
ones and lists the others.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final, Generic, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from airhaul.caller import warn_caller
from airhaul.errors import CellError, reason_of
from airhaul.fields.dates import datetime_validator
from airhaul.model.base import Reading, RecordBase, remember
from airhaul.model.columns import NO_VALUE, Column, columns_of
from airhaul.model.links.assigning import links_in
from airhaul.model.validate_field import reads_itself, validate_alone
from airhaul.wire.shapes import Cells, RecordJson

M = TypeVar("M", bound=RecordBase)

OnInvalid = Literal["empty", "raise", "skip"]
"""What to do with a cell that does not fit: read it as empty, raise, or skip the record."""

_SPECIAL_NUMBERS: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_WHOLE_RECORD: Final = "(record)"
_NO_EMPTY_VALUE: Final = "the cell is empty, and the type has no empty value"
_CHANGEABLE: Final = (list, set)


class CellWarning(UserWarning):
    """A cell did not fit the type of its field; ``record.cell_errors`` lists all of them."""


class MissingFieldWarning(UserWarning):
    """A model has a field that its table does not have; ``record.not_fetched`` lists it."""


class Reader(Generic[M]):
    """Makes records of a model from JSON.

    Args:
        model: The model.
        fetched: The columns that were requested; None for all.
        on_invalid: What to do with a cell that does not fit its type.
        origin: The connection that the records come from.
    """

    def __init__(
        self,
        model: type[M],
        fetched: Iterable[str] | None = None,
        on_invalid: OnInvalid = "empty",
        *,
        origin: object = None,
    ) -> None:
        self.origin = origin
        self.model = self._model = model
        self._columns = columns_of(model)
        asked_for = None if fetched is None else frozenset(fetched)
        self._not_fetched = frozenset(
            column.name
            for column in self._columns.by_name.values()
            if asked_for is not None and column.column not in asked_for
        )
        self._reading = Reading(self._not_fetched, (), origin)
        self._on_invalid: OnInvalid = on_invalid
        # The columns with and without an empty value, and those whose cells are looked at first.
        self._filled: list[tuple[str, str, Any]] = []
        self._others: list[tuple[str, str]] = []
        self._odd: list[Column] = []
        for column in self._columns.by_name.values():
            if _is_odd(model, column):
                self._odd.append(column)
            elif column.empty is NO_VALUE:
                self._others.append((column.input_name, column.column))
            else:
                self._filled.append((column.input_name, column.column, column.empty))
        self._linked = tuple(column.name for column in self._columns.linked)
        self._warned: set[str] = set()
        validate: Callable[..., M] = model.__pydantic_validator__.validate_python
        is_strict = bool(model.model_config.get("strict"))
        self._validate: Callable[[dict[str, Any]], M] = (
            functools.partial(validate, strict=False) if is_strict else validate
        )

    def leave_out(self, missing: AbstractSet[str]) -> None:
        """Count columns that the table does not have as not fetched, and warn of each once.

        Args:
            missing: The columns.
        """
        for column in map(self._columns.by_column.get, missing):
            if column is not None and column.name not in self._not_fetched:
                self._not_fetched |= {column.name}
                self._reading = Reading(self._not_fetched, (), self.origin)
                warn_of_missing_field(self._model, column)

    def read(self, raw: RecordJson) -> M | None:
        """Make a record.

        Args:
            raw: A record as Airtable sends it.

        Returns:
            The record; None only when ``on_invalid`` is ``"skip"`` and a cell does not fit.

        Raises:
            CellError: ``on_invalid`` is ``"raise"`` and a cell does not fit.
        """
        found = self.read_page([raw])
        return found[0] if found else None

    def read_page(self, raws: Sequence[RecordJson]) -> list[M]:
        """Make the records of a page, without those that ``on_invalid="skip"`` skips.

        Args:
            raws: Records as Airtable sends them.

        Raises:
            CellError: ``on_invalid`` is ``"raise"`` and a cell does not fit.
        """
        # Reading spends most of its time here: one pass of pydantic a record, and few other calls.
        filled, others, odd = self._filled, self._others, self._odd
        validate, set_slot = self._validate, object.__setattr__
        records: list[M] = []
        for raw in raws:
            cells = raw["fields"]
            get = cells.get
            values = {name: get(column, empty) for name, column, empty in filled}
            for name, column in others:
                if column in cells:
                    values[name] = cells[column]
            for looked_at in odd:
                _decode(looked_at, cells, values)
            values["id"], values["created_time"] = raw["id"], raw.get("createdTime")
            try:
                record: M | None = validate(values)
            except ValidationError:
                record = self._read_decoded(raw, values)
                if record is not None:
                    records.append(record)
                continue
            assert record is not None, "pydantic makes a record or raises"
            if self._not_fetched or record.__pydantic_private__:
                self._remember(record, cells, self._reading)
            else:
                kept = {"_cells": cells, "_reading": self._reading}
                set_slot(record, "__pydantic_private__", kept)
            records.append(record)
        if self._linked:
            for record in records:
                for link in links_in(record, self._linked):
                    link._origin = self.origin
        return records

    def _read_decoded(self, raw: RecordJson, values: dict[str, Any]) -> M | None:
        """Make a record whose cells are not valid as they are, with all that Airtable may send."""
        for column in self._columns.by_name.values():
            _decode(column, raw["fields"], values)
        try:
            record = self._validate(values)
        except ValidationError as error:
            return self._read_leniently(raw, values, error)
        self._remember(record, raw["fields"], self._reading)
        return record

    def _remember(self, record: M, cells: Cells, reading: Reading) -> None:
        remember(record, cells, reading)
        self._forget_not_fetched(record)

    def _forget_not_fetched(self, record: M) -> None:
        """Count the fields that were not requested as not set."""
        for name in self._not_fetched:
            record.__pydantic_fields_set__.discard(name)

    def _read_leniently(
        self, raw: RecordJson, values: dict[str, Any], error: ValidationError
    ) -> M | None:
        record, reasons = build_leniently(self._model, values, error)
        errors = tuple(
            CellError(
                reason,
                record_id=raw["id"],
                field=name,
                value=raw["fields"].get(self._column_name(name)),
            )
            for name, reason in reasons.items()
            if name not in self._not_fetched
        )
        if errors and self._on_invalid == "raise":
            raise errors[0]
        if errors and self._on_invalid == "skip":
            return None
        self._warn(errors)
        reading = Reading(self._not_fetched, errors, self.origin)
        self._remember(record, raw["fields"], reading)
        return record

    def _column_name(self, name: str) -> str:
        column = self._columns.by_name.get(name)
        return column.column if column else name

    def _warn(self, errors: tuple[CellError, ...]) -> None:
        for error in errors:
            if error.field not in self._warned:
                self._warned.add(error.field)
                warn_caller(
                    f"{self._model.__name__}: {error}; reading it as empty. "
                    "record.cell_errors lists all such cells of a record.",
                    CellWarning,
                )


def warn_of_missing_field(model: type[RecordBase], column: Column) -> None:
    """Warn that the table of a model does not have one of its columns."""
    warn_caller(
        f"The table {model.__airhaul_table__!r} has no field {column.column!r}, so "
        f"{model.__name__}.{column.name} is not fetched. Add the field to the table, or change the "
        "model.",
        MissingFieldWarning,
    )


def _is_odd(model: type[RecordBase], column: Column) -> bool:
    """Whether a cell has to be looked at before it is validated.

    Airtable adds something to it, or sends an object in place of a number; or a validator of the
    model's own, or null, could take the place of the empty value; or the model itself could change
    the empty value, which records would share.
    """
    shape = column.shape
    may_be_object = shape.holds_objects or shape.is_a(BaseModel)
    takes_null = shape.accepts_none and column.empty is not None
    may_change = isinstance(column.empty, _CHANGEABLE) and _sees_values(model)
    is_decoded = column.card.decode is not None or may_be_object
    return is_decoded or takes_null or may_change or reads_itself(model, column)


def _sees_values(model: type[RecordBase]) -> bool:
    """Whether a model has code of its own that gets all values before they are validated."""
    decorators = model.__pydantic_decorators__
    validators: tuple[Any, ...] = (
        *decorators.model_validators.values(),
        *decorators.root_validators.values(),
    )
    is_custom: bool = model.__pydantic_custom_init__
    return is_custom or any(validator.info.mode != "after" for validator in validators)


def _decode(column: Column, cells: Cells, values: dict[str, Any]) -> None:
    """Put what a cell holds into the values of a record, by input name."""
    name, cell = column.input_name, cells.get(column.column)
    if cell is None:
        if column.empty is NO_VALUE:
            values.pop(name, None)
        else:
            is_made = isinstance(column.empty, _CHANGEABLE)
            values[name] = column.shape.core() if is_made else column.empty
    elif cell.__class__ is float and column.shape.is_a(int) and cell.is_integer():
        values[name] = int(cell)  # pydantic takes no float beyond 64 bits for an integer
    elif cell.__class__ is dict:
        # An object may be a number that JSON does not have.
        values[name] = _SPECIAL_NUMBERS.get(cell.get("specialValue", ""), cell)
    else:
        values[name] = cell if column.card.decode is None else column.card.decode(cell)


def values_as_stored(record: RecordBase) -> Mapping[str, Any]:
    """Return the values of a record as the table has them, for copying a table.

    Empty cells have no default, and cells that do not fit their types are as Airtable sent them.

    Args:
        record: A record as it was read.

    Returns:
        The values by field name, without the defaults of the model.
    """
    values, known = vars(record), record.model_fields_set
    if len(known) == len(values) and not record.cell_errors:
        return values
    held = {name: value for name, value in values.items() if name in known}
    return held | {bad.field: bad.value for bad in record.cell_errors}


def build_leniently(
    model: type[M], values: dict[str, Any], error: ValidationError
) -> tuple[M, dict[str, str]]:
    """Build a record from the values that are valid.

    Args:
        model: The model.
        values: The values by input name; some are not valid.
        error: Pydantic's error for all values together.

    Returns:
        The record, and the reason for each field that is not valid.
    """
    reasons: dict[str, str] = {}
    columns = columns_of(model).by_name
    held: dict[str, Any] = {"id": values.get("id"), "created_time": None}
    if values.get("created_time") is not None:
        held["created_time"] = datetime_validator().validate_python(values["created_time"])
    fitting: dict[str, Any] = {}
    made: set[str] = set()
    for name, column in columns.items():
        if column.input_name not in values:
            made.add(name)
            default = column.make_default(fitting)
            if default is NO_VALUE:
                held[name], reasons[name] = None, _NO_EMPTY_VALUE
            else:
                held[name] = fitting[name] = default
            continue
        try:
            held[name] = validate_alone(model, name, values[column.input_name], fitting)
            fitting[name] = held[name]
        except ValidationError as alone:
            held[name] = _in_place_of_an_unfit_cell(column, fitting)
            reasons[name] = reason_of(alone.errors(include_url=False)[0])
    if not reasons:
        reasons[_WHOLE_RECORD] = reason_of(error.errors(include_url=False)[0])
    # With all values, for a model that uses them in its initialization.
    given = {columns[name].input_name if name in columns else name: held[name] for name in held}
    record = model.model_construct(**given)
    object.__setattr__(record, "__pydantic_fields_set__", set(held) - made - set(reasons))
    return record, reasons


def _in_place_of_an_unfit_cell(column: Column, fitting: dict[str, Any]) -> Any:
    """None if the type allows it, else the default, else None."""
    default = NO_VALUE if column.shape.accepts_none else column.make_default(fitting)
    return None if default is NO_VALUE else default
