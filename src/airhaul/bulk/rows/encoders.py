"""Encoders: from a row of the input to a change of the table, with the row's address in errors.

A row is a mapping, a record of the model, or a row of a file; for some verbs a record's id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Generic, Protocol, TypeGuard, TypeVar, cast
from weakref import WeakValueDictionary

from airhaul.bulk.rows.changes import Change, InvalidRow
from airhaul.bulk.rows.diff import same_cell
from airhaul.bulk.rows.keys import Key, KeysSeen, Seen
from airhaul.bulk.values.assigned_values import misfits_in
from airhaul.bulk.values.frame_values import plain
from airhaul.bulk.values.row_values import CellsByKey, RowValues
from airhaul.errors import RowError, shown
from airhaul.model.base import RecordBase
from airhaul.model.columns import Columns, columns_of
from airhaul.model.write import cells_to_create, cells_to_update, validated
from airhaul.tabular import SourceRow
from airhaul.wire.ids import is_id
from airhaul.wire.shapes import Cells

M = TypeVar("M", bound=RecordBase)


class Encoder(Protocol[M]):
    """An encoder of rows into changes."""

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
    """An encoder of rows into new records; the base of the other encoders.

    Args:
        model: The model of the table.
        source: The name of the file that the rows come from, for errors.
        columns: The model's columns by the names that the rows may use; None for the model's own.
    """

    def __init__(
        self, model: type[M], source: str | None = None, columns: Columns | None = None
    ) -> None:
        self._model = model
        self._columns = columns or columns_of(model)
        self._source = source
        self._values = RowValues(model, columns)

    def encode(self, index: int, row: object) -> Change[M]:
        """Make a change of a row; arguments and errors as of ``Encoder.encode``."""
        line = row.line if isinstance(row, SourceRow) else None
        try:
            change = self._change(index, row)
        except RowError as error:
            named = str if line is None else self._name_in_file
            raise error.placed(index, source=self._source, line=line, named=named) from None
        if isinstance(row, SourceRow):
            change.cells.update(self._values.names_in_one_text(row, change.cells))
            change.missing = tuple(map(self._name_in_file, change.missing))
        change.line = line
        change.source = row
        return change

    def _name_in_file(self, field: str) -> str:
        """The name that a file has for a field, which is that of its column."""
        known = self._columns.by_name.get(field)
        return known.title if known and self._columns.table_name is None else field

    def _is_own(self, row: object) -> TypeGuard[M]:
        """Whether a row is a record of the model."""
        # Mostly it is a dictionary, and the check of a model's class takes its time.
        return not isinstance(row, dict) and isinstance(row, self._model)

    def _change(self, index: int, row: object) -> Change[M]:
        if self._is_own(row):
            self._refuse_more_columns(row)
            if row.id is not None:
                raise RowError(
                    f"the record {row.id} already exists; creating it would duplicate it. "
                    "Use save() or bulk_save() to change it."
                )
            return Change("create", index, self._cells_of_own(row), record=row)
        return Change("create", index, cells_to_create(self._values.build(row)))

    def _refuse_more_columns(self, record: M) -> None:
        """Refuse a derived model with more columns, since their values would be lost."""
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
                f"{own.__name__} has columns that {self._model.__name__} lacks "
                f"({', '.join(more)}); use the methods of {own.__name__}"
            )

    def _cells_of_own(self, record: M) -> Cells:
        # Validated again, since assignments are not; the caller's own object is not changed.
        return cells_to_create(self._model.model_construct(**validated(record, misfits_in(record))))


class _IdsSeen:
    """A check that one input names each record once.

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


def _id_in(row: object, model: type[RecordBase]) -> str:
    """Return the id that a mapping, or a row of a file, names."""
    values = row.cells if isinstance(row, SourceRow) else row
    if not isinstance(values, Mapping):
        raise RowError(
            f"expected a dict with an id, an id or a {model.__name__}, got {type(row).__name__}"
        )
    record_id = plain(cast("Mapping[str, Any]", values).get("id"))
    if record_id in (None, ""):
        raise RowError("the row has no id; it is needed to identify the record", field="id")
    return _checked_id(record_id)


class UpdateEncoder(RowEncoder[M]):
    """An encoder of changes by id: from records of the model, dicts with an id, or ids alone.

    Args:
        model: The model of the table.
        same: Values that every record gets, by field name.
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
        changes = {self._columns.find(name).column: value for name, value in (same or {}).items()}
        self.same: Cells = self._values.cells(changes)

    def _change(self, index: int, row: object) -> Change[M]:
        if self._is_own(row):
            return self._change_own(index, row)
        if isinstance(row, str):
            record_id, cells = _checked_id(row), dict(self.same)
            if not cells:
                raise RowError(
                    "an id alone changes nothing; give a dict with the id and the new values"
                )
        else:
            record_id, cells = self._from_mapping(row)
        self._seen.add(record_id, index)
        return Change("update" if cells else "keep", index, cells, record_id=record_id)

    def _change_own(self, index: int, record: M) -> Change[M]:
        if record.id is None:
            raise RowError(
                "the record has no id: it was never saved. Use bulk_save() or bulk_create() for "
                "new records"
            )
        self._refuse_more_columns(record)
        self._seen.add(_checked_id(record.id), index)
        cells = cells_to_update(record, misfits_in(record))
        there = record._cells or {}
        for column, cell in self.same.items():
            known = self._columns.by_column[column]
            is_there = same_cell(known.type, cell, there.get(column))
            if is_there and known.name not in record._unknown:
                cells.pop(column, None)
            else:
                cells[column] = cell
        return Change(
            "update" if cells else "keep", index, cells, record_id=record.id, record=record
        )

    def _from_mapping(self, row: object) -> tuple[str, Cells]:
        record_id = _id_in(row, self._model)
        return record_id, self._values.cells(row) | self.same


class SaveEncoder(RowEncoder[M]):
    """An encoder of records: a new one if a record has no id, else a change."""

    def __init__(self, model: type[M]) -> None:
        super().__init__(model)
        self._update = UpdateEncoder(model)
        # Weak, since the records of a stream need not be kept.
        self._new: WeakValueDictionary[int, M] = WeakValueDictionary()

    def _change(self, index: int, row: object) -> Change[M]:
        if not self._is_own(row):
            raise RowError(f"expected a {self._model.__name__}, got {type(row).__name__}")
        if row.id is None:
            if self._new.get(id(row)) is row:
                raise RowError("the same new record is in the input twice; give it once")
            self._new[id(row)] = row
            return super()._change(index, row)
        return self._update._change(index, row)


class UpsertEncoder(RowEncoder[M]):
    """An encoder of rows that a key identifies.

    The values of a row are always written; the defaults of the model only into new records, so that
    no default overwrites a stored value. Only a new record has to have all required fields.

    Args:
        model: The model of the table.
        key: The key.
        seen: Checks that no two rows have the same key.
        source: The name of the file that the rows come from, for errors.
        columns: The model's columns by the names that the rows may use; None for the model's own.
    """

    def __init__(
        self,
        model: type[M],
        key: Key,
        *,
        seen: Seen,
        source: str | None = None,
        columns: Columns | None = None,
    ) -> None:
        super().__init__(model, source, columns)
        self._key = key
        self._seen = seen

    def _change(self, index: int, row: object) -> Change[M]:
        own = row if self._is_own(row) else None
        if own is not None:
            self._refuse_more_columns(own)
        parts = self._values.by_key(row) if own is None else self._parts_of(own)
        value = self._key.require(parts.given)
        self._seen.add(value, index, parts.given)
        return Change(
            "upsert",
            index,
            parts.given,
            record=own,
            for_new=parts.for_new,
            missing=parts.missing,
            key=value,
        )

    def _parts_of(self, record: M) -> CellsByKey:
        given = record.model_fields_set
        parts = CellsByKey.of(self._columns, validated(record, misfits_in(record)), given)
        missing = tuple(
            column.shown_name
            for column in self._columns.writable
            if column.name not in given and column.field_info.is_required()
        )
        return replace(parts, missing=missing)


def upsert_encoder(
    model: type[M], key: Key, source: str | None = None, columns: Columns | None = None
) -> UpsertEncoder[M]:
    """Make the encoder of an upsert; a key that Airtable merges on it may compare without case.

    Args:
        model: The model of the table.
        key: The key.
        source: The name of the file that the rows come from, for errors.
        columns: The model's columns by the names that the rows may use; None for the model's own.
    """
    seen = KeysSeen(key, by_letter=not key.can_be_merged_on)
    return UpsertEncoder(model, key, seen=seen, source=source, columns=columns)


class ReplaceEncoder(RowEncoder[M]):
    """An encoder of whole records: from records of the model, and mappings with an id.

    A mapping is validated as a new record is, with the defaults of the model.

    Args:
        model: The model of the table.
        source: The name of the file that the rows come from, for errors.
    """

    def __init__(self, model: type[M], source: str | None = None) -> None:
        super().__init__(model, source)
        self._seen = _IdsSeen()

    def _change(self, index: int, row: object) -> Change[M]:
        if self._is_own(row):
            record_id = self._id_of_whole(row)
            cells, own = self._cells_of_own(row), row
        else:
            record_id, own = _id_in(row, self._model), None
            cells = cells_to_create(self._values.build(row, blank_clears=True))
        self._seen.add(record_id, index)
        return Change("replace", index, cells, record_id=record_id, record=own)

    def _id_of_whole(self, record: M) -> str:
        self._refuse_more_columns(record)
        if record.id is None:
            raise RowError(
                "the record has no id: it was never saved. Use bulk_create() for new records"
            )
        if record.not_fetched:
            names = ", ".join(sorted(record.not_fetched))
            raise RowError(
                f"not fetched: {names}. Replacing the record would clear these fields; read it "
                "with all its fields, or use bulk_update()"
            )
        return record.id


class DeleteEncoder(RowEncoder[M]):
    """An encoder of deletions: from records, ids, and dicts with an id."""

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
                record_id = plain(cast("Mapping[str, Any]", row).get("id"))
            case _:
                record_id = row
        if own is not None and record_id is None:
            raise RowError("the record has no id: it was never saved, so it cannot be deleted")
        checked = _checked_id(record_id)
        self._seen.add(checked, index)
        return Change("delete", index, record_id=checked, record=own)


class Ready(Generic[M]):
    """An encoder of rows that were encoded before."""

    def encode(self, index: int, row: object) -> Change[M]:  # noqa: ARG002 - it has its own
        """Return a change as it is, and raise the error of an invalid row."""
        if isinstance(row, InvalidRow):
            raise row.error
        assert isinstance(row, Change)
        return cast("Change[M]", row)
