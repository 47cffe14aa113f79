"""What a row says: its values by field, validated as a whole or one by one.

A row is a mapping, or a row of a file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast

from pydantic import BaseModel, ValidationError

from airhaul.bulk.rows.file_values import (
    DATE_FORM,
    MOMENT_FORM,
    NUMBER_FORM,
    date_reader,
    file_reader,
    reads_itself,
    without_blanks,
)
from airhaul.errors import RowError, shown
from airhaul.model.base import RecordBase
from airhaul.model.columns import NO_VALUE, SYSTEM_FIELDS, Column, columns_of
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
        self._read_over = _SYSTEM_KEYS | _names_in_dumps(model)
        columns = self._columns.by_name
        # Validators of the model see what a file holds, except empty text.
        self._reads_itself = {
            name for name, column in columns.items() if reads_itself(model, column)
        }
        self._of_file = {name: file_reader(model, column) for name, column in columns.items()}
        self._of_row = {name: date_reader(model, column) for name, column in columns.items()}

    def build(self, row: object, *, blank_clears: bool = False) -> M:
        """Validate a row as a whole record.

        Args:
            row: The row.
            blank_clears: Whether a blank cell of a spreadsheet is the empty value of the type, if
                it has one; otherwise it counts as left out.

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
            RowError: It is no row, or has columns that the model lacks.
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
                if key not in self._read_over and not self._lenient_keys:
                    unknown.append(str(key))
                continue
            read = value
            if value == "" or (from_file and column.name not in self._reads_itself):
                read = without_blanks(column, value)
                if read is None:
                    # A null in JSON is given; a blank cell of a spreadsheet may be left out.
                    is_given = blank_clears or value is None
                    if is_given and column.empty is not NO_VALUE:
                        values[column.input_name] = column.empty
                    continue
            if isinstance(value, datetime) and value != value:  # noqa: PLR0124 - as NaN, and so NaT
                raise RowError(f"{value!r} is no time; {_EMPTY}", field=column.name, value=value)
            value = self._read(column, read, key, from_file=from_file)  # noqa: PLW2901
            if column.input_name in values and values[column.input_name] != value:
                raise RowError(
                    "it stands there twice, under the name of the field and that of the column, "
                    "with different values",
                    field=str(key),
                )
            values[column.input_name] = value
        if unknown:
            error = self._columns.unknown(*unknown)
            raise RowError(error.message, field=unknown[0])
        return values

    def _read(self, column: Column, value: Any, called: object, *, from_file: bool) -> Any:
        """Read a value that is not blank, before the model validates it."""
        reader = (self._of_file if from_file else self._of_row)[column.name]
        try:
            read = value if reader is None else reader(value)
        except ValueError as error:
            name = str(called) if from_file else column.name
            raise RowError(str(error), field=name, value=value) from None
        return _from_text(column, read) if from_file and isinstance(read, str) else read

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

    def _fitting(self, column: Column, value: Any, beside: Mapping[str, Any], called: str) -> Any:
        try:
            return validate_alone(self._model, column.name, value, beside)
        except ValidationError as error:
            reason = _reason(error.errors(include_url=False)[0])
            raise RowError(reason, field=called, value=value) from None
        except KeyError as error:
            missing = error.args[0]
            if missing not in self._columns.by_name or missing in beside:
                raise
            raise RowError(
                f"its validator looks at {missing!r}, which the row leaves out; give both",
                field=called,
                value=value,
            ) from None


def _reason(error: ErrorDetails) -> str:
    """Say what is wrong with a value, and how such values are written."""
    value = error["input"]
    kind = error["type"]
    how = ""
    if kind == "finite_number":
        how = f"; {_EMPTY}"
    if isinstance(value, str) and any(map(str.isdigit, value)):
        if kind.startswith("date_"):
            how = f"; {DATE_FORM}"
        elif kind.startswith("datetime_"):
            how = f"; {MOMENT_FORM}"
        elif kind in ("int_parsing", "float_parsing", "decimal_parsing"):
            how = f"; {NUMBER_FORM}"
    return f"{error['msg']}, got {shown(value)}{how}"


def _from_text(column: Column, text: str) -> Any:
    """Take apart what an export has put into one cell of a spreadsheet."""
    shape = column.shape.item or column.shape
    is_object = shape.holds_objects or shape.is_a(BaseModel)
    if is_object and text.lstrip().startswith(("[", "{")):
        try:
            return json.loads(text)
        except ValueError:
            return text  # what is wrong with it, the model says
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
    blank = any(
        given[name] is None or not str(given[name]).strip() for name in names if name in given
    )
    return ", and the cell is blank" if blank else ""
