"""The values of a row by field, validated as a whole or one by one.

A row is a mapping, or a row of a file. All its errors are reported together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Generic, TypeVar, cast

from pydantic import BaseModel, ValidationError

from airhaul.bulk.values.file_values import (
    Reader,
    file_reader,
    read_as,
    row_reader,
    types_as_they_are,
    without_blanks,
    zone_reader,
)
from airhaul.bulk.values.frame_rows import FrameRow
from airhaul.bulk.values.frame_values import PLAIN_TYPES, plain
from airhaul.bulk.values.list_columns import holds_texts
from airhaul.bulk.values.problems import missing_in, problems_in, refusal_of
from airhaul.bulk.values.row_keys import RowKeys
from airhaul.errors import RowError, causes_of, shown
from airhaul.model.base import RecordBase
from airhaul.model.columns import NO_VALUE, Column, Columns, columns_of
from airhaul.model.read import build_leniently
from airhaul.model.validate_field import reads_itself, validate_alone
from airhaul.model.write import encode_value, encode_values
from airhaul.tabular import (
    SourceRow,
    may_be_one_item,
    split_items,
)
from airhaul.tabular.texts.style import TextStyle
from airhaul.wire.ids import is_id
from airhaul.wire.shapes import Cells

M = TypeVar("M", bound=RecordBase)

_TWICE: Final = (
    "the row has two different values for it, one under the name of the field and one under that "
    "of the column"
)


class _Given:
    """What a row has."""

    __slots__ = ("blamed", "blank", "problems", "values")

    def __init__(self) -> None:
        # The values as the model takes them, by input name.
        self.values: dict[str, Any] = {}
        # The fields that are left out because their cells are blank, with what was given.
        self.blank: dict[str, str] = {}
        # What is wrong, and the fields that it concerns.
        self.problems: list[RowError] = []
        self.blamed: set[str | None] = set()

    def blame(self, name: str | None, problem: RowError) -> None:
        """Add what is wrong with a field, or with the whole row."""
        self.problems.append(problem)
        self.blamed.add(name)

    def refuse_if_wrong(self) -> None:
        """Raise all that is wrong, if anything is."""
        if self.problems:
            raise RowError.of(self.problems)


@dataclass(slots=True)
class CellsByKey:
    """The cells of a row that a key identifies.

    Args:
        given: The cells that the row has.
        for_new: The cells that only a new record gets: the defaults of the model.
        missing: The fields that a new record has to have, and the row lacks.
    """

    given: Cells
    for_new: Cells = field(default_factory=dict[str, Any])
    missing: tuple[str, ...] = ()

    @classmethod
    def of(cls, columns: Columns, values: Mapping[str, Any], given: set[str]) -> CellsByKey:
        """Make them of validated values.

        Args:
            columns: The columns of the model.
            values: The values by field name.
            given: The names of the fields that the row has; the others are defaults.

        Raises:
            RowError: No cell can hold some of the values.
        """
        cells = encode_values(columns.writable, values)
        for_new: Cells = {}
        for column in columns.writable:
            if column.name not in given:
                cell = cells.pop(column.column)
                if cell is not None and cell is not False:
                    for_new[column.column] = cell
        return cls(cells, for_new)


class RowValues(Generic[M]):
    """Reads the rows of one model.

    Args:
        model: The model.
        columns: Its columns by the names that rows may use; those of the model itself if None.
    """

    def __init__(self, model: type[M], columns: Columns | None = None) -> None:
        self._model = model
        self._columns = columns or columns_of(model)
        self._keys = RowKeys(model, self._columns)
        named = self._columns.by_name
        # Validators of the model see what a file holds, except empty text.
        self._reads_itself = {name for name, column in named.items() if reads_itself(model, column)}
        self._style: TextStyle | None = None
        self._has_lists = False
        self._of_file: dict[str, Reader | None] = {}
        # What reads a text that is not blank, by key; None for one that stays as it is.
        self._of_text: dict[str, tuple[str, Reader | None]] = {}
        self._of_row = {name: row_reader(model, column) for name, column in named.items()}
        # The types of values that are taken as they are, if they are not blank, by key.
        self._takes = {
            key: (
                column.input_name,
                PLAIN_TYPES if self._of_row[column.name] is None else types_as_they_are(column),
            )
            for key, column in self._columns.by_any_name.items()
        }
        in_zones = {
            name: reader
            for name, column in named.items()
            if (reader := zone_reader(model, column)) is not None
        }
        # Frames, and files with types, have times without a zone.
        self._of_typed = {**self._of_row, **in_zones}
        self._takes_of_frame = {
            key: taken
            for key, taken in self._takes.items()
            if self._columns.by_any_name[key].name not in in_zones
        }
        # In a file with types, what Airtable computes is left out.
        self._takes_of_file = {
            key: taken
            for key, taken in self._takes_of_frame.items()
            if not self._columns.by_any_name[key].may_be_left_out
        }

    def build(self, row: object, *, blank_clears: bool = False) -> M:
        """Validate a row as a whole record.

        Args:
            row: The row.
            blank_clears: Whether a blank cell of a spreadsheet is the empty value of the type, if
                it has one; otherwise it counts as left out.

        Raises:
            RowError: It is not valid.
        """
        given = self._given(row, blank_clears=blank_clears)
        record, missing = self._validated(given)
        for name in missing:
            given.blame(name, RowError("a value is required", field=name))
        given.refuse_if_wrong()
        assert record is not None, "without a record something is wrong"
        return record

    def by_key(self, row: object) -> CellsByKey:
        """Validate a row that a key identifies; it may lack fields that only a new record needs.

        Args:
            row: The row; its blank cells clear.

        Raises:
            RowError: It is not valid.
        """
        given = self._given(row, blank_clears=True)
        record, missing = self._validated(given)
        given.refuse_if_wrong()
        if record is None:
            for column in self._columns.by_name.values():
                if column.read_only:
                    given.values.pop(column.input_name, None)
            return CellsByKey(self._cells(given), missing=tuple(missing))
        parts = CellsByKey.of(self._columns, vars(record), record.model_fields_set)
        for name in given.blank:
            parts.given[self._columns.by_name[name].column] = None  # a new record has the default
        return parts

    def cells(self, row: object) -> Cells:
        """Make cells of the values of a row, each validated by itself, in the model's order.

        Args:
            row: The row; its blank cells clear.

        Raises:
            RowError: A value does not fit, or its column cannot be written.
        """
        return self._cells(self._given(row, blank_clears=True))

    def _validated(self, given: _Given) -> tuple[M | None, Sequence[str]]:
        """Validate what a row has as a whole record, and add what is wrong.

        Returns:
            The record, or None if it is not valid; the required fields that the row lacks.
        """
        record: M | None = None
        missing: Sequence[str] = ()
        try:
            record = self._model.model_validate(given.values)
        except ValidationError as error:
            for name, problem in problems_in(error, self._columns):
                given.blame(name, problem)
            missing = self._missing(given, missing_in(error))
            if not given.problems and not missing:
                record, _ = build_leniently(self._model, given.values, error)
        except KeyError as error:
            if error.args[0] not in self._columns.by_name:
                raise
            # A validator uses a field that is missing or not valid.
            required = (
                column.input_name
                for column in self._columns.by_name.values()
                if column.field_info.is_required() and column.input_name not in given.values
            )
            missing = self._missing(given, required)
            self._cells_of_each(given)
            if not given.problems:
                raise
        if given.problems or missing:
            self._add_unwritable(given)
        return record, missing

    def _missing(self, given: _Given, names: Iterable[str]) -> list[str]:
        """Return which of some required fields, by input name, the row lacks.

        Computed fields are not asked for. A blank cell is a problem.
        """
        missing: list[str] = []
        for column in map(self._columns.by_input.get, names):
            if column is None or column.read_only or column.name in given.blamed:
                continue
            if column.name in given.blank:
                given.blame(column.name, _required(column, given))
            else:
                missing.append(column.shown_name)
        return missing

    def _add_unwritable(self, given: _Given) -> None:
        """Add what is wrong with values that are valid, but that no cell can hold."""
        fitting: dict[str, Any] = {}
        for column in self._columns.writable:
            if column.name in given.blamed or column.input_name not in given.values:
                continue
            try:
                value = given.values[column.input_name]
                fitting[column.name] = validate_alone(self._model, column.name, value, fitting)
                encode_value(column, fitting[column.name])
            except RowError as error:
                given.blame(column.name, error)
            except (ValidationError, KeyError):
                continue  # follows from a field that is wrong or missing

    def _read_as(self, style: TextStyle, *, has_lists: bool) -> None:
        """Take over the style of the texts of a file; all rows of a file have the same."""
        if style is not self._style or has_lists is not self._has_lists:
            self._style, self._has_lists = style, has_lists
            columns = self._columns.by_name.items()
            self._of_file = {
                name: file_reader(self._model, column, style) for name, column in columns
            }
            self._of_text = {
                key: (column.input_name, self._text_reader(self._of_file[column.name], column))
                for key, column in self._columns.by_any_name.items()
                if not column.may_be_left_out
            }

    def _given(self, row: object, *, blank_clears: bool) -> _Given:
        """Read the values of a row; arguments as of ``build``.

        Raises:
            RowError: It is not a row.
        """
        from_file = isinstance(row, SourceRow)
        mapping = row.cells if isinstance(row, SourceRow) else row
        if isinstance(row, SourceRow):
            self._read_as(row.style, has_lists=row.has_lists)
        if not isinstance(mapping, dict | Mapping):  # of which the first is checked faster
            raise RowError(f"expected a dict or a {self._model.__name__}, got {type(row).__name__}")
        cells = cast("Mapping[str, Any]", mapping)
        given = _Given()
        values, takes, readers = given.values, self._takes, self._of_row
        is_text = from_file
        if isinstance(row, SourceRow):
            is_text = not row.is_typed
            takes = {} if is_text else self._takes_of_file
            readers = self._of_file if is_text else self._of_typed
        elif type(row) is FrameRow:
            takes, readers = self._takes_of_frame, self._of_typed
        unknown: list[str] = []
        for key, value in cells.items():
            if key in takes:
                # Most values: neither blank nor of a type that has to be looked at.
                name, types_ = takes[key]
                if type(value) in types_ and value and name not in values:
                    values[name] = value
                    continue
            elif is_text and type(value) is str and key in self._of_text and value.strip():
                name, reader = self._of_text[key]
                if name not in values:
                    try:
                        values[name] = value if reader is None else reader(value)
                        continue
                    except ValueError:
                        pass  # read again below, for an error with the field
            column = self._keys.column_of(key, cells, unknown)
            if column is None or (from_file and column.may_be_left_out):
                continue
            try:
                reader = readers[column.name]
                read = self._read(
                    column, key, value, reader, is_text=is_text, blank_clears=blank_clears
                )
                if read is NO_VALUE:
                    how = "and the cell is blank" if from_file else f"got {shown(value)}"
                    given.blank[column.name] = how
                elif values.setdefault(column.input_name, read) != read:
                    given.blame(column.name, RowError(_TWICE, field=column.shown_name))
            except RowError as error:
                given.blame(column.name, error)
        for name in [*given.blank]:
            if self._columns.by_name[name].input_name in values:
                del given.blank[name]  # the row has the column under another name, too
        if unknown:
            given.blame(None, self._keys.unknown(unknown, from_file=from_file))
        return given

    def _read(
        self,
        column: Column,
        key: object,
        value: Any,
        reader: Reader | None,
        *,
        is_text: bool,
        blank_clears: bool,
    ) -> Any:
        """Read a value before the model validates it; ``NO_VALUE`` for one that is left out.

        Raises:
            RowError: It is refused.
        """
        read = value if is_text or type(value) in PLAIN_TYPES else plain(value)
        is_space = is_text and isinstance(read, str) and read.isspace()
        may_be_blank = is_space or read is None or read == ""
        if may_be_blank and self._is_blank(column, value, read, is_text=is_text):
            is_spreadsheets = read is not None
            read = without_blanks(column, read)
            if read is None:
                # A null in JSON is given; a blank cell of a spreadsheet may be left out.
                return NO_VALUE if is_spreadsheets and not blank_clears else column.empty
        if reader is not None:
            read = read_as(reader, read, str(key) if is_text else column.shown_name)
        return self._from_text(column, read) if is_text and isinstance(read, str) else read

    def _is_blank(self, column: Column, value: Any, read: Any, *, is_text: bool) -> bool:
        """Whether no text, text of spaces, or None is that of an empty cell."""
        if read == "" or (read is None and value is not None):
            return True
        # Validators of the model see what a row has, except empty text and NaN.
        return (read is None or is_text) and column.name not in self._reads_itself

    def _text_reader(self, reader: Reader | None, column: Column) -> Reader | None:
        """Make what reads a text that is not blank: the column's reader, then ``_from_text``."""
        if not (column.shape.is_sequence or _is_object(column)):
            return reader
        if reader is None:
            return partial(self._from_text, column)

        def read(text: Any) -> Any:
            found = reader(text)
            return self._from_text(column, found) if isinstance(found, str) else found

        return read

    def _from_text(self, column: Column, text: str) -> Any:
        """Parse what an export has put into one cell of a spreadsheet."""
        if self._has_lists and holds_texts(column):
            return [text]
        if _is_object(column) and text.lstrip().startswith(("[", "{")):
            try:
                return json.loads(text)
            except ValueError:
                return text  # the model reports what is wrong with it
        if column.shape.is_sequence:
            return split_items(text, column.known_choices)
        return text

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
        for column in () if row.has_lists else self._columns.links:
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

    def _cells(self, given: _Given) -> Cells:
        cells = self._cells_of_each(given)
        given.refuse_if_wrong()
        return cells

    def _cells_of_each(self, given: _Given) -> Cells:
        """Validate each value by itself; add what is wrong."""
        cells: Cells = {}
        fitting: dict[str, Any] = {}
        for column in self._columns.by_name.values():
            try:
                if column.input_name in given.values:
                    value = self._fitting(column, given.values[column.input_name], fitting)
                    fitting[column.name] = value
                    cells[column.column] = encode_value(column, value)
                elif column.name in given.blank:
                    if column.field_info.is_required():
                        raise _required(column, given)
                    cells[column.column] = None
            except RowError as error:
                given.blame(column.name, error)
        return cells

    def _fitting(self, column: Column, value: Any, others: Mapping[str, Any]) -> Any:
        if column.read_only:
            raise RowError(
                "it is computed by Airtable, and cannot be written", field=column.shown_name
            )
        try:
            return validate_alone(self._model, column.name, value, others)
        except ValidationError as error:
            reason = refusal_of(causes_of(error)[0], column)
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


def _required(column: Column, given: _Given) -> RowError:
    return RowError(f"a value is required, {given.blank[column.name]}", field=column.shown_name)


def _is_object(column: Column) -> bool:
    shape = column.shape.item or column.shape
    return shape.holds_objects or shape.is_a(BaseModel)
