"""From a row of the caller's input to a change in the table, with the row's address in errors.

A row is a mapping, a record of the model, or a row of a file; for some verbs a record's id.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar, cast
from weakref import WeakValueDictionary

from pydantic import BaseModel, ValidationError

from airhaul.bulk.changes import Change, Refused
from airhaul.bulk.diff import same_cell
from airhaul.bulk.keys import Key, KeysSeen
from airhaul.errors import RowError, shown
from airhaul.model.alone import validate_alone
from airhaul.model.base import RecordBase
from airhaul.model.columns import SYSTEM_FIELDS, Column, columns_of
from airhaul.model.write import cells_to_create, cells_to_update, encode_value, validated
from airhaul.tabular import ERROR_COLUMN, LINE_COLUMN, SourceRow
from airhaul.wire.ids import is_id
from airhaul.wire.shapes import Cells

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

M = TypeVar("M", bound=RecordBase)

# What an export, or a file of rejected rows, holds besides the fields.
_SYSTEM_KEYS: Final = frozenset({"id", "created_time", "createdTime", ERROR_COLUMN, LINE_COLUMN})


_EMPTY: Final = "use None for an empty cell"


class Encoder(Protocol[M]):
    """Makes changes of rows."""

    def encode(self, index: int, row: object) -> Change[M]:
        """Make a change of a row.

        Args:
            index: The row's place in the input.
            row: The row.

        Raises:
            RowError: The row cannot be written, with its address and the reason.
        """
        ...


class RowEncoder(Generic[M]):
    """Makes new records of rows; the base of the other encoders.

    Args:
        model: The model of the table.
        source: The name of the file that the rows come from, for errors.
    """

    def __init__(self, model: type[M], source: str | None = None) -> None:
        self._model = model
        self._columns = columns_of(model)
        self._source = source
        # A model that allows more keeps it in Python; there is no column that it could go to.
        self._lenient_keys = model.model_config.get("extra") == "ignore"
        self._read_over = _SYSTEM_KEYS | _names_in_dumps(model)

    def encode(self, index: int, row: object) -> Change[M]:
        """Make a change of a row, as ``Encoder.encode`` says."""
        line = row.line if isinstance(row, SourceRow) else None
        try:
            change = self._change(index, row)
        except RowError as error:
            raise RowError(
                error.reason,
                index=index,
                field=error.field,
                value=error.value,
                source=self._source,
                line=line,
            ) from None
        change.line = line
        change.source = row
        return change

    def _change(self, index: int, row: object) -> Change[M]:
        if isinstance(row, self._model):
            self._refuse_more_columns(row)
            if row.id is not None:
                raise RowError(
                    f"it is {row.id} already; creating it would make a second one. "
                    "Use save() or bulk_save() to change it."
                )
            return Change("create", index, self._cells_of_own(row), record=row)
        return Change("create", index, cells_to_create(self._build(row)))

    def _refuse_more_columns(self, record: M) -> None:
        """What a derived model has besides the columns of this one would be lost."""
        own = type(record)
        if own is self._model:
            return
        more = [
            column.name
            for column in columns_of(own).writable
            if column.column not in self._columns.by_column
        ]
        if more:
            raise RowError(
                f"it is a {own.__name__}, which has more columns than {self._model.__name__} "
                f"({', '.join(more)}); use the verbs of {own.__name__}"
            )

    def _cells_of_own(self, record: M) -> Cells:
        # Validated anew, since assignments are not; the caller's own object stays as it is.
        return cells_to_create(self._model.model_construct(**validated(record)))

    def _build(self, row: object, *, blank_clears: bool = False) -> M:
        """Validate a row as a whole record."""
        values = self._values(row, blank_clears=blank_clears)
        try:
            return self._model.model_validate(values)
        except ValidationError as error:
            raise self._row_error(error, row) from None

    def _values(self, row: object, *, blank_clears: bool) -> dict[str, Any]:
        if isinstance(row, SourceRow):
            return self._by_input_name(row.cells, from_file=True, blank_clears=blank_clears)
        if isinstance(row, Mapping):
            given = cast("Mapping[str, Any]", row)
            return self._by_input_name(given, from_file=False, blank_clears=blank_clears)
        raise RowError(f"expected a dict or a {self._model.__name__}, got {type(row).__name__}")

    def _by_input_name(
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
            if value == "" and not column.takes_blank_text:
                # A blank cell of a spreadsheet, where the type has no empty text.
                if blank_clears and column.shape.accepts_none:
                    values[column.input_name] = None
                continue
            if isinstance(value, datetime) and value != value:  # noqa: PLR0124 - as NaN, and so NaT
                raise RowError(f"{value!r} is no time; {_EMPTY}", field=column.name, value=value)
            if from_file and isinstance(value, str):
                value = _from_text(column, value)  # noqa: PLW2901
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


def _reason(error: ErrorDetails) -> str:
    """Say what is wrong with a value, and how such values are written."""
    value = error["input"]
    kind = error["type"]
    how = ""
    if kind == "finite_number":
        how = f"; {_EMPTY}"
    if isinstance(value, str) and any(map(str.isdigit, value)):
        if kind.startswith("date_"):
            how = "; a date is written 2024-12-31"
        elif kind.startswith("datetime_"):
            how = "; a moment is written 2024-12-31T18:00:00Z"
        elif kind in ("int_parsing", "float_parsing", "decimal_parsing"):
            how = "; a number is written 1234 or 1234.5"
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
    return ", and the cell is blank" if any(given.get(name) == "" for name in names) else ""


class _IdsSeen:
    """Finds records that one input names twice.

    Airtable refuses a request that changes a record twice, and two requests in flight would
    change it in either order.
    """

    def __init__(self) -> None:
        self._first: dict[str, int] = {}

    def add(self, record_id: str, index: int) -> None:
        first = self._first.setdefault(record_id, index)
        if first != index:
            raise RowError(f"row {first} is the same record, {record_id}; give each record once")


def _checked_id(value: object) -> str:
    if not isinstance(value, str) or not is_id(value, "rec"):
        raise RowError(
            f"expected a record id such as rec00000000000000, got {shown(value)}", field="id"
        )
    return value


class UpdateEncoder(RowEncoder[M]):
    """Makes changes of records by id: of records of the model, of dicts with an id, of ids alone.

    Args:
        model: The model of the table.
        same: Values by field name that every record gets.
        source: The name of the file that the rows come from, for errors.

    Raises:
        UnknownFieldError: ``same`` names a field that the model lacks.
        RowError: A value of ``same`` does not fit.
    """

    def __init__(
        self, model: type[M], same: Mapping[str, Any] | None = None, source: str | None = None
    ) -> None:
        super().__init__(model, source)
        self._seen = _IdsSeen()
        changes = {
            self._columns.find(name).input_name: value for name, value in (same or {}).items()
        }
        self.same: Cells = self._cells(changes, None)

    def _change(self, index: int, row: object) -> Change[M]:
        if isinstance(row, self._model):
            return self._change_own(index, row)
        if isinstance(row, str):
            record_id, cells = _checked_id(row), dict(self.same)
            if not cells:
                raise RowError("an id alone says nothing of what is to be changed")
        else:
            record_id, cells = self._from_mapping(row)
        self._seen.add(record_id, index)
        return Change("update" if cells else "keep", index, cells, record_id=record_id)

    def _change_own(self, index: int, record: M) -> Change[M]:
        if record.id is None:
            raise RowError(
                "it has no id: it was never saved. Use bulk_save() or bulk_create() for new records"
            )
        self._refuse_more_columns(record)
        self._seen.add(record.id, index)
        cells = cells_to_update(record)
        there = record._cells or {}
        for column, cell in self.same.items():
            known = self._columns.by_column[column]
            is_there = same_cell(known.type, cell, there.get(column))
            if is_there and known.name not in record.not_fetched:
                cells.pop(column, None)
            else:
                cells[column] = cell
        return Change(
            "update" if cells else "keep", index, cells, record_id=record.id, record=record
        )

    def _from_mapping(self, row: object) -> tuple[str, Cells]:
        values = row.cells if isinstance(row, SourceRow) else row
        if not isinstance(values, Mapping):
            raise RowError(
                f"expected a dict with an id, an id or a {self._model.__name__}, "
                f"got {type(row).__name__}"
            )
        given = cast("Mapping[str, Any]", values)
        if given.get("id") in (None, ""):
            raise RowError("it has no id; an update needs to know which record it is", field="id")
        cells = self._cells(self._values(row, blank_clears=True), row)
        return _checked_id(given["id"]), cells | self.same

    def _cells(self, values: Mapping[str, Any], row: object) -> Cells:
        """The cells of some values by input name, validated in the model's order."""
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


class SaveEncoder(RowEncoder[M]):
    """Makes a new record of one that has no id, and a change of one that has."""

    def __init__(self, model: type[M]) -> None:
        super().__init__(model)
        self._update = UpdateEncoder(model)
        # As long as the caller keeps them: of a stream of new records none has to be.
        self._new: WeakValueDictionary[int, M] = WeakValueDictionary()

    def _change(self, index: int, row: object) -> Change[M]:
        if not isinstance(row, self._model):
            raise RowError(f"expected a {self._model.__name__}, got {type(row).__name__}")
        if row.id is None:
            if self._new.get(id(row)) is row:
                raise RowError("the same new record stands in the input before; give it once")
            self._new[id(row)] = row
            return super()._change(index, row)
        return self._update._change(index, row)


class UpsertEncoder(RowEncoder[M]):
    """Makes changes of rows that are told by a key.

    What a row holds is written in any case; what the model adds to it as defaults only into new
    records, so that no default overwrites what is there.

    Args:
        model: The model of the table.
        key: The key.
        by_letter: Whether keys that differ in case only are kept apart.
        source: The name of the file that the rows come from, for errors.
    """

    def __init__(
        self, model: type[M], key: Key, *, by_letter: bool, source: str | None = None
    ) -> None:
        super().__init__(model, source)
        self._key = key
        self._seen = KeysSeen(key, by_letter=by_letter)

    def _change(self, index: int, row: object) -> Change[M]:
        own = row if isinstance(row, self._model) else None
        if own is not None:
            self._refuse_more_columns(own)
        record = self._build(row, blank_clears=True) if own is None else own
        if own is None:
            held, given = vars(record), record.model_fields_set
        else:
            held, given = validated(own), own.model_fields_set - own.not_fetched
        cells: Cells = {}
        for_new: Cells = {}
        for column in self._columns.writable:
            cell = encode_value(column, held[column.name])
            if column.name in given:
                cells[column.column] = cell
            elif cell is not None and cell is not False:
                for_new[column.column] = cell
        value = self._key.require(cells)
        self._seen.add(value, index, cells)
        return Change("upsert", index, cells, record=own, for_new=for_new, key=value)


def upsert_encoder(model: type[M], key: Key, source: str | None = None) -> UpsertEncoder[M]:
    """Make the encoder of an upsert: what Airtable merges on, it may compare without case.

    Args:
        model: The model of the table.
        key: The key.
        source: The name of the file that the rows come from, for errors.
    """
    return UpsertEncoder(model, key, by_letter=not key.can_be_merged_on, source=source)


class DeleteEncoder(RowEncoder[M]):
    """Makes deletions of records, ids, and dicts with an id."""

    def __init__(self, model: type[M], source: str | None = None) -> None:
        super().__init__(model, source)
        self._seen = _IdsSeen()

    def _change(self, index: int, row: object) -> Change[M]:
        own: M | None = None
        record_id: object
        match row:
            case RecordBase():
                own, record_id = cast("M", row), row.id
            case SourceRow():
                record_id = row.cells.get("id")
            case Mapping():
                record_id = cast("Mapping[str, Any]", row).get("id")
            case _:
                record_id = row
        if own is not None and record_id is None:
            raise RowError("it has no id: it was never saved, so there is nothing to delete")
        checked = _checked_id(record_id)
        self._seen.add(checked, index)
        return Change("delete", index, record_id=checked, record=own)


class Ready(Generic[M]):
    """Takes rows that were looked at already."""

    def encode(self, index: int, row: object) -> Change[M]:  # noqa: ARG002 - it has its own
        """Take a change as it is, and refuse what was refused."""
        if isinstance(row, Refused):
            raise row.error
        assert isinstance(row, Change)
        return cast("Change[M]", row)
