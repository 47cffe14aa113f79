"""The values of a row by field, validated as a whole or one by one.

A row is a mapping, or a row of a file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast

from pydantic import BaseModel, ValidationError

from airhaul.errors import RowError, shown
from airhaul.model.base import RecordBase
from airhaul.model.columns import SYSTEM_FIELDS, Column, columns_of
from airhaul.model.validate_field import validate_alone
from airhaul.model.write import encode_value
from airhaul.tabular import ERROR_COLUMN, LINE_COLUMN, SourceRow
from airhaul.wire.shapes import Cells

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

M = TypeVar("M", bound=RecordBase)

# What an export, or a file of rejected rows, holds besides the fields.
_SYSTEM_KEYS: Final = frozenset({"id", "created_time", "createdTime", ERROR_COLUMN, LINE_COLUMN})
_EMPTY: Final = "use None for an empty cell"


class RowValues(Generic[M]):
    """Reads the rows of one model.

    Args:
        model: The model.
    """

    def __init__(self, model: type[M]) -> None:
        self._model = model
        self._columns = columns_of(model)
        # A model that allows more keeps it in Python; there is no column that it could go to.
        self._lenient_keys = model.model_config.get("extra") == "ignore"
        self._ignored = _SYSTEM_KEYS | _names_in_dumps(model)

    def build(self, row: object, *, blank_clears: bool = False) -> M:
        """Validate a row as a whole record.

        Args:
            row: The row.
            blank_clears: Whether a blank cell of a spreadsheet is None, if the type allows it;
                otherwise it counts as left out.

        Raises:
            RowError: It is not valid.
        """
        values = self.by_input_name(row, blank_clears=blank_clears)
        try:
            return self._model.model_validate(values)
        except ValidationError as error:
            raise self._row_error(error, row) from None

    def by_input_name(self, row: object, *, blank_clears: bool) -> dict[str, Any]:
        """The values of a row as the model takes them; arguments as of ``build``.

        Raises:
            RowError: It is not a row, or has columns that the model lacks.
        """
        if isinstance(row, SourceRow):
            return self._of_mapping(row.cells, from_file=True, blank_clears=blank_clears)
        if isinstance(row, Mapping):
            given = cast("Mapping[str, Any]", row)
            return self._of_mapping(given, from_file=False, blank_clears=blank_clears)
        raise RowError(f"expected a dict or a {self._model.__name__}, got {type(row).__name__}")

    def _of_mapping(
        self, row: Mapping[str, Any], *, from_file: bool, blank_clears: bool
    ) -> dict[str, Any]:
        values: dict[str, Any] = {}
        unknown: list[str] = []
        for key, value in row.items():
            column = self._columns.by_any_name.get(key)
            if column is None and from_file:
                # A header "Name, Age" means Age.
                column = self._columns.by_any_name.get(key.strip())
            if column is None:
                if key not in self._ignored and not self._lenient_keys:
                    unknown.append(str(key))
                continue
            if value == "" and not column.takes_blank_text:
                # A blank cell of a spreadsheet, where the type has no empty text.
                if blank_clears and column.shape.accepts_none:
                    values[column.input_name] = None
                continue
            if isinstance(value, datetime) and value != value:  # noqa: PLR0124 - as NaN, and so NaT
                raise RowError(f"{value!r} is not a time; {_EMPTY}", field=column.name, value=value)
            if from_file and isinstance(value, str):
                value = _from_text(column, value)  # noqa: PLW2901
            if column.input_name in values and values[column.input_name] != value:
                raise RowError(
                    "the row has two different values for it, one under the name of the field and "
                    "one under that of the column",
                    field=str(key),
                )
            values[column.input_name] = value
        if unknown:
            error = self._columns.unknown(*unknown)
            raise RowError(error.message, field=unknown[0])
        return values

    @staticmethod
    def _shown_name(column: Column, row: object) -> str:
        """The name that the caller knows: the column's for a file, the field's otherwise."""
        return column.column if isinstance(row, SourceRow) else column.name

    def _row_error(self, error: ValidationError, row: object) -> RowError:
        first = error.errors(include_url=False)[0]
        place = str(first["loc"][0]) if first["loc"] else None
        column = self._columns.by_any_name.get(place) if place else None
        name = self._shown_name(column, row) if column else place
        if first["type"] == "missing":
            return RowError(f"a value is required{_blank_hint(row, column)}", field=name)
        value = first["input"]
        if place is None:
            return RowError(first["msg"])
        return RowError(_reason(first), field=name, value=value)

    def cells(self, values: Mapping[str, Any], row: object) -> Cells:
        """Make cells of some values, each validated by itself, in the model's order.

        Args:
            values: By input name.
            row: The row that they come from, for errors.

        Raises:
            RowError: A value does not fit, or its column cannot be written.
        """
        cells: Cells = {}
        fitting: dict[str, Any] = {}
        for column in self._columns.by_name.values():
            if column.input_name not in values:
                continue
            called = self._shown_name(column, row)
            if column.read_only:
                raise RowError("it is computed by Airtable, and cannot be written", field=called)
            value = self._fitting(column, values[column.input_name], fitting, called)
            fitting[column.name] = value
            cells[column.column] = encode_value(column, value)
        return cells

    def _fitting(self, column: Column, value: Any, others: Mapping[str, Any], called: str) -> Any:
        try:
            return validate_alone(self._model, column.name, value, others)
        except ValidationError as error:
            reason = _reason(error.errors(include_url=False)[0])
            raise RowError(reason, field=called, value=value) from None
        except KeyError as error:
            missing = error.args[0]
            if missing not in self._columns.by_name or missing in others:
                raise
            raise RowError(
                f"its validator needs {missing!r}, which the row does not have; give both",
                field=called,
                value=value,
            ) from None


def _reason(error: ErrorDetails) -> str:
    """Return what is wrong with a value, and how such values are written."""
    value = error["input"]
    kind = error["type"]
    how = ""
    if kind == "finite_number":
        how = f"; {_EMPTY}"
    if isinstance(value, str) and any(map(str.isdigit, value)):
        if kind.startswith("date_"):
            how = "; a date is written 2024-12-31"
        elif kind.startswith("datetime_"):
            how = "; a date and time is written 2024-12-31T18:00:00Z"
        elif kind in ("int_parsing", "float_parsing", "decimal_parsing"):
            how = "; a number is written 1234 or 1234.5"
    return f"{error['msg']}, got {shown(value)}{how}"


def _from_text(column: Column, text: str) -> Any:
    """Parse what an export has put into one cell of a spreadsheet."""
    shape = column.shape.item or column.shape
    is_object = shape.holds_objects or shape.is_a(BaseModel)
    if is_object and text.lstrip().startswith(("[", "{")):
        try:
            return json.loads(text)
        except ValueError:
            return text  # the model reports what is wrong with it
    if column.shape.is_sequence:
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def _names_in_dumps(model: type[RecordBase]) -> set[str | None]:
    """What ``model_dump`` holds besides cells, also by alias."""
    computed = model.model_computed_fields
    system = [model.model_fields[name].alias for name in SYSTEM_FIELDS]
    return {*computed, *(info.alias for info in computed.values()), *system}


def _blank_hint(row: object, column: Column | None) -> str:
    cells = row.cells if isinstance(row, SourceRow) else row
    if column is None or not isinstance(cells, Mapping):
        return ""
    given = cast("Mapping[str, Any]", cells)
    names = (column.name, column.column, column.input_name)
    return ", and the cell is blank" if any(given.get(name) == "" for name in names) else ""
