"""From a row of the caller's input to the cells that are sent, with the row's address in errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar, cast

from pydantic import ValidationError

from airhaul.errors import RowError, UnknownFieldError
from airhaul.model.base import RecordBase
from airhaul.model.columns import Column, columns_of
from airhaul.model.write import cells_to_create, validated
from airhaul.tabular import SourceRow
from airhaul.wire.shapes import Cells

M = TypeVar("M", bound=RecordBase)

_SYSTEM_KEYS: Final = frozenset({"id", "created_time", "createdTime"})


@dataclass(frozen=True, slots=True)
class EncodedRow(Generic[M]):
    """A row that is ready to be sent.

    Args:
        index: Its place in the input, from 0.
        line: Its line in the file it came from, from 1, or None.
        cells: What is sent.
        record: The caller's own record, when the row was one; it gets the new id.
    """

    index: int
    line: int | None
    cells: Cells
    record: M | None


class RowEncoder(Generic[M]):
    """Validates rows and makes cells of them.

    Args:
        model: The model of the table.
        source: The name of the file that the rows come from, for errors.
    """

    def __init__(self, model: type[M], source: str | None = None) -> None:
        self._model = model
        self._columns = columns_of(model)
        self._source = source
        self._lenient_keys = model.model_config.get("extra") in ("allow", "ignore")

    def encode(self, index: int, row: object) -> EncodedRow[M]:
        """Make the cells of a new record.

        Args:
            index: The row's place in the input.
            row: A mapping, a record of the model, or a row of a file.

        Returns:
            The row, ready to be sent.

        Raises:
            RowError: The row cannot be written, with its address and the reason.
        """
        line = row.line if isinstance(row, SourceRow) else None
        try:
            if isinstance(row, self._model):
                record, own = self._check_own(row), row
            else:
                record, own = self._build(row), None
            return EncodedRow(index, line, cells_to_create(record), own)
        except RowError as error:
            raise RowError(
                error.reason,
                index=index,
                field=error.field,
                value=error.value,
                source=self._source,
                line=line,
            ) from None

    def _check_own(self, record: M) -> M:
        if record.id is not None:
            raise RowError(
                f"it is {record.id} already; creating it would make a second one. "
                "Use save() to change it."
            )
        # Validated anew, since assignments are not; the caller's own object stays as it is.
        return self._model.model_construct(**validated(record))

    def _build(self, row: object) -> M:
        if isinstance(row, SourceRow):
            values = self._by_input_name(row.cells, from_file=True)
        elif isinstance(row, Mapping):
            values = self._by_input_name(cast("Mapping[str, Any]", row), from_file=False)
        else:
            raise RowError(f"expected a dict or a {self._model.__name__}, got {type(row).__name__}")
        try:
            return self._model.model_validate(values)
        except ValidationError as error:
            raise self._row_error(error, row) from None

    def _by_input_name(self, row: Mapping[str, Any], *, from_file: bool) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, value in row.items():
            column = self._columns.by_any_name.get(key)
            if column is None:
                self._refuse_unknown(key)
                continue
            if value == "" and not column.takes_blank_text:
                continue  # a blank cell of a spreadsheet, where the type has no empty text
            if from_file and column.shape.is_sequence and isinstance(value, str):
                value = [part.strip() for part in value.split(",") if part.strip()]  # noqa: PLW2901
            values[column.input_name] = value
        return values

    @staticmethod
    def _shown_name(column: Column, row: object) -> str:
        """The name that the caller knows: the column's for a file, the field's otherwise."""
        return column.column if isinstance(row, SourceRow) else column.name

    def _refuse_unknown(self, key: object) -> None:
        if key in _SYSTEM_KEYS or self._lenient_keys:
            return
        error: UnknownFieldError = self._columns.unknown(str(key))
        raise RowError(error.message, field=str(key))

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
        return RowError(f"{first['msg']}, got {value!r:.100}", field=name, value=value)


def _blank_hint(row: object, column: Column | None) -> str:
    cells = row.cells if isinstance(row, SourceRow) else row
    if column is None or not isinstance(cells, Mapping):
        return ""
    given = cast("Mapping[str, Any]", cells)
    names = (column.name, column.column, column.input_name)
    return ", and the cell is blank" if any(given.get(name) == "" for name in names) else ""
