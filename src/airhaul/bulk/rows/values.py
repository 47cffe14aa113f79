"""The values of a row by field, validated as a whole or one by one.

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
    Reader,
    file_reader,
    reads_itself,
    row_reader,
    without_blanks,
)
from airhaul.errors import RowError, UnknownFieldError, reason_of, shown
from airhaul.messages import Message, Option
from airhaul.model.base import RecordBase
from airhaul.model.columns import NO_VALUE, Column, Columns, columns_of
from airhaul.model.validate_field import validate_alone
from airhaul.model.write import encode_value
from airhaul.tabular import (
    ERROR_COLUMN,
    LINE_COLUMN,
    SourceRow,
    may_be_one_item,
    split_items,
)
from airhaul.tabular.texts.style import TextStyle
from airhaul.wire.ids import is_id
from airhaul.wire.shapes import Cells

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

M = TypeVar("M", bound=RecordBase)

# What a file of rejected rows holds besides the fields.
_REJECTS_KEYS: Final = frozenset({ERROR_COLUMN, LINE_COLUMN})
_EMPTY: Final = "use None for an empty cell"


class RowValues(Generic[M]):
    """Reads the rows of one model.

    Args:
        model: The model.
        columns: Its columns by the names that rows may use; those of the model itself if None.
    """

    def __init__(self, model: type[M], columns: Columns | None = None) -> None:
        self._model = model
        self._columns = columns or columns_of(model)
        # A model that allows more keeps it in Python; there is no column that it could go to.
        self._lenient_keys = model.model_config.get("extra") == "ignore"
        named = self._columns.by_name
        # Validators of the model see what a file holds, except empty text.
        self._reads_itself = {name for name, column in named.items() if reads_itself(model, column)}
        self._style: TextStyle | None = None
        self._of_file: dict[str, Reader | None] = {}
        self._of_row = {name: row_reader(model, column) for name, column in named.items()}
        self._ignored = _REJECTS_KEYS | _names_in_dumps(model)
        self._id_keys = _names_of(model, "id")
        self._time_keys = {"createdTime", *_names_of(model, "created_time")}

    def build(self, row: object, *, blank_clears: bool = False) -> M:
        """Validate a row as a whole record.

        Args:
            row: The row.
            blank_clears: Whether a blank cell of a spreadsheet is the empty value of the type, if
                it has one; otherwise it counts as left out.

        Raises:
            RowError: It is not valid.
            UnknownFieldError: It has columns that the model lacks.
        """
        values = self.by_input_name(row, blank_clears=blank_clears)
        try:
            return self._model.model_validate(values)
        except ValidationError as error:
            raise self._row_error(error, row) from None

    def by_input_name(self, row: object, *, blank_clears: bool) -> dict[str, Any]:
        """The values of a row as the model takes them; arguments as of ``build``.

        Raises:
            RowError: It is not a row, or has two values for a column.
            UnknownFieldError: It has columns that the model lacks.
        """
        if isinstance(row, SourceRow):
            self._read_as(row.style)
            return self._of_mapping(row.cells, from_file=True, blank_clears=blank_clears)
        if isinstance(row, Mapping):
            given = cast("Mapping[str, Any]", row)
            return self._of_mapping(given, from_file=False, blank_clears=blank_clears)
        raise RowError(f"expected a dict or a {self._model.__name__}, got {type(row).__name__}")

    def _read_as(self, style: TextStyle) -> None:
        """Take over the style of the texts of a file; all rows of a file have the same."""
        if style is not self._style:
            self._style = style
            columns = self._columns.by_name.items()
            self._of_file = {
                name: file_reader(self._model, column, style) for name, column in columns
            }

    def _of_mapping(
        self, row: Mapping[str, Any], *, from_file: bool, blank_clears: bool
    ) -> dict[str, Any]:
        values: dict[str, Any] = {}
        unknown: list[str] = []
        for key, given in row.items():
            column = self._columns.by_any_name.get(key)
            if column is None:
                column = self._nearly_named(key, row, unknown)
            if column is None or (from_file and column.may_be_left_out):
                continue
            value = self._read(column, key, given, from_file=from_file, blank_clears=blank_clears)
            if value is NO_VALUE:
                continue
            if column.input_name in values and values[column.input_name] != value:
                raise RowError(
                    "the row has two different values for it, one under the name of the field and "
                    "one under that of the column",
                    field=column.shown_name,
                )
            values[column.input_name] = value
        if unknown:
            raise self._unknown(unknown, from_file=from_file)
        return values

    def _unknown(self, names: list[str], *, from_file: bool) -> UnknownFieldError:
        error = self._columns.unknown(*names)
        if not from_file:
            return error
        message = Message(
            f"{error.message} To" if error.message.endswith("?") else f"{error.message[:-1]}; to",
            " rename a column or leave it out, set ",
            Option("columns", {names[0]: "FIELD"}),
            " or ",
            Option("ignore", tuple(names)),
        )
        return UnknownFieldError(message, field=error.field)

    def _nearly_named(self, key: str, row: Mapping[str, Any], unknown: list[str]) -> Column | None:
        """Return the column that a key nearly names, if any; note a key that names none."""
        if self._is_ignored(key, row):
            return None
        column = self._find_loosely(key, row)
        if column is None and not self._lenient_keys:
            unknown.append(str(key))
        return column

    def _read(
        self, column: Column, key: object, value: Any, *, from_file: bool, blank_clears: bool
    ) -> Any:
        """Read a value before the model validates it; ``NO_VALUE`` for one that is left out."""
        read = value
        is_blank = from_file and (value is None or (isinstance(value, str) and value.isspace()))
        if value == "" or (is_blank and column.name not in self._reads_itself):
            read = without_blanks(column, value)
            if read is None:
                # A null in JSON is given; a blank cell of a spreadsheet may be left out.
                return column.empty if blank_clears or value is None else NO_VALUE
        if isinstance(value, datetime) and value != value:  # noqa: PLR0124 - as NaN, and so NaT
            raise RowError(
                f"{value!r} is not a time; {_EMPTY}", field=column.shown_name, value=value
            )
        reader = (self._of_file if from_file else self._of_row)[column.name]
        if reader is not None:
            read = _read(reader, read, str(key) if from_file else column.shown_name)
        return _from_text(column, read) if from_file and isinstance(read, str) else read

    def _is_ignored(self, key: str, row: Mapping[str, Any]) -> bool:
        """Whether a value that has no column belongs to the record itself, or to a rejects file.

        Any other value under ``id`` or ``created_time`` is a column of the caller's own.
        """
        is_blank = row[key] in (None, "") and self._columns.find_loosely(str(key)) is None
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

    def _row_error(self, error: ValidationError, row: object) -> RowError:
        first = error.errors(include_url=False)[0]
        place = str(first["loc"][0]) if first["loc"] else None
        column = self._columns.by_input.get(place) if place else None
        name = column.shown_name if column else place
        if first["type"] == "missing":
            return RowError(f"a value is required{_blank_hint(row, column)}", field=name)
        value = first["input"]
        if place is None:
            return RowError(reason_of(first))
        return RowError(_reason(first), field=name, value=value)

    def names_in_one_text(self, row: SourceRow, cells: Cells) -> Cells:
        """Find the cells of links that are one name with a comma, or several names.

        Only the linked table shows which, so Airtable gets the text as it is.

        Args:
            row: The row.
            cells: The cells made of it.

        Returns:
            The texts by column.
        """
        found: Cells = {}
        for column in self._columns.links:
            items = cells.get(column.column)
            if (
                not items
                or not column.shape.is_sequence
                or all(is_id(item, "rec") for item in items)
            ):
                continue
            for key, text in row.cells.items():
                named = self._columns.by_any_name.get(key) or self._columns.find_loosely(key)
                if named is column and isinstance(text, str) and may_be_one_item(text):
                    found[column.column] = text.strip()
        return found

    def cells(self, values: Mapping[str, Any]) -> Cells:
        """Make cells of some values, each validated by itself, in the model's order.

        Args:
            values: By input name.

        Raises:
            RowError: A value does not fit, or its column cannot be written.
        """
        cells: Cells = {}
        fitting: dict[str, Any] = {}
        for column in self._columns.by_name.values():
            if column.input_name not in values:
                continue
            if column.read_only:
                raise RowError(
                    "it is computed by Airtable, and cannot be written", field=column.shown_name
                )
            value = self._fitting(column, values[column.input_name], fitting)
            fitting[column.name] = value
            cells[column.column] = encode_value(column, value)
        return cells

    def _fitting(self, column: Column, value: Any, others: Mapping[str, Any]) -> Any:
        try:
            return validate_alone(self._model, column.name, value, others)
        except ValidationError as error:
            reason = _reason(error.errors(include_url=False)[0])
            raise RowError(reason, field=column.shown_name, value=value) from None
        except KeyError as error:
            missing = error.args[0]
            if missing not in self._columns.by_name or missing in others:
                raise
            raise RowError(
                f"its validator needs {missing!r}, which the row does not have; give both",
                field=column.shown_name,
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
            how = f"; {DATE_FORM}"
        elif kind.startswith("datetime_"):
            how = f"; {MOMENT_FORM}"
        elif kind in ("int_parsing", "float_parsing", "decimal_parsing"):
            how = f"; {NUMBER_FORM}"
    return f"{reason_of(error)}, got {shown(value)}{how}"


def _read(reader: Reader, value: Any, called: str) -> Any:
    """Read a value that is not blank, before the model validates it."""
    try:
        return reader(value)
    except ValueError as error:
        reason = next((part for part in error.args if isinstance(part, Message)), str(error))
        raise RowError(reason, field=called, value=value) from None


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
        return split_items(text, column.known_choices)
    return text


def _names_of(model: type[RecordBase], system_field: str) -> set[str]:
    alias = model.model_fields[system_field].alias
    return {system_field, alias or system_field}


def _names_in_dumps(model: type[RecordBase]) -> set[str | None]:
    """The computed fields that ``model_dump`` holds, also by alias."""
    computed = model.model_computed_fields
    return {*computed, *(info.alias for info in computed.values())}


def _blank_hint(row: object, column: Column | None) -> str:
    cells = row.cells if isinstance(row, SourceRow) else row
    if column is None or not isinstance(cells, Mapping):
        return ""
    given = cast("Mapping[str, Any]", cells)
    names = (column.name, column.column, column.title, column.input_name)
    blank = any(
        given[name] is None or not str(given[name]).strip() for name in names if name in given
    )
    return ", and the cell is blank" if blank else ""
