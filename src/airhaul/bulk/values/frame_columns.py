"""Data frames of records, built column by column from pages; no record becomes a model."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from airhaul.caller import warn_caller
from airhaul.errors import MissingExtraError, shown
from airhaul.fields import card_of
from airhaul.fields.arrow import (
    CHECKBOX,
    DAY,
    DURATION,
    INTEGER,
    JSON,
    MOMENT,
    NUMBER,
    TEXT,
    ArrowType,
    list_of,
)
from airhaul.model.annotations import Shape
from airhaul.model.base import RecordBase
from airhaul.model.columns import SYSTEM_FIELDS, Column
from airhaul.model.read import CellWarning, warn_of_missing_field
from airhaul.tabular.arrow.columns import ArrowColumn
from airhaul.tabular.arrow.library import arrow_library
from airhaul.wire.shapes import RecordJson

if TYPE_CHECKING:
    from polars import DataFrame

ROWS_AT_ONCE: Final = 1_000
"""How many records become arrays at once: fewer make it slow, and more take memory."""

_BY_CLASS: Final = (
    (bool, CHECKBOX),
    (int, INTEGER),
    ((float, Decimal), NUMBER),
    (datetime, MOMENT),
    (date, DAY),
    (timedelta, DURATION),
    (str, TEXT),
)


def arrow_type_of(column: Column) -> ArrowType:
    """Return the type of a column in a data frame.

    Args:
        column: A column of a model.

    Returns:
        The type by the card of its field type, or integers if the model declares them. A field that
        shows no decimals may hold them. For what is computed, by the type of the result, if it is
        known, or by the annotation.
    """
    card, options = column.card, column.info.options or {}
    if card.arrow == NUMBER and (column.shape.is_a(int) or column.shape.integers is not None):
        return INTEGER
    if card.is_computed and card.arrow == JSON and not options.get("result"):
        return _type_by_annotation(column.shape)
    result = options.get("result")
    if not result:
        return card.arrow
    found = card_of(result["type"]).arrow
    is_lookup = column.type == "multipleLookupValues" and found.kind not in ("list", "json")
    return list_of(found) if is_lookup else found


def _type_by_annotation(shape: Shape) -> ArrowType:
    if shape.is_sequence:
        item = JSON if shape.item is None else _type_by_annotation(shape.item)
        return JSON if item == JSON else list_of(item)
    if shape.choices is not None:
        return TEXT
    found = (type_ for classes, type_ in _BY_CLASS if _is_a(shape, classes))
    return next(found, JSON)


def _is_a(shape: Shape, classes: type | tuple[type, ...]) -> bool:
    return shape.is_a(*(classes if isinstance(classes, tuple) else (classes,)))


@dataclass(slots=True)
class _Misfits:
    """The cells of a column that do not fit its type."""

    count: int
    record_id: str
    cell: Any


class FrameBuilder:
    """Builds the columns of a data frame from pages of records.

    Args:
        model: The model of the records.
        columns: The columns to build, in order.
        names: Their names; None for those that rows have, and for two more columns in front: the ID
            and the creation time of a record.

    Raises:
        MissingExtraError: pyarrow is not installed.

    Attributes:
        schema: The types of the columns by name, as pyarrow has them.
    """

    def __init__(
        self,
        model: type[RecordBase],
        columns: Sequence[Column],
        names: Sequence[str] | None = None,
    ) -> None:
        self._arrow: Any = arrow_library("A data frame of records")
        self._model = model
        self._columns = columns
        self._ids, self._times = self._column(TEXT), self._column(MOMENT)
        self._made = [self._column(arrow_type_of(one), _choices_of(one)) for one in columns]
        self._has_system = names is None
        every = [self._ids, self._times, *self._made] if names is None else self._made
        names = names or [*_system_names(columns), *(column.shown_name for column in columns)]
        self.schema = self._arrow.schema(
            [(name, column.type) for name, column in zip(names, every, strict=True)]
        )
        self._missing: AbstractSet[str] = frozenset()
        self._records: list[RecordJson] = []
        self._misfits: dict[int, _Misfits] = {}

    def _column(self, type_: ArrowType, choices: Sequence[str] = ()) -> ArrowColumn:
        return ArrowColumn(type_, self._arrow, choices)

    def leave_out(self, missing: AbstractSet[str]) -> None:
        """Fill columns that the table does not have with nulls, and warn of each once.

        Args:
            missing: The columns.
        """
        for column in self._columns:
            if column.column in missing - self._missing:
                warn_of_missing_field(self._model, column)
        self._missing |= missing

    def add(self, page: Sequence[RecordJson]) -> None:
        """Add the records of a page."""
        self._records += page

    @property
    def is_full(self) -> bool:
        """Whether ``batch`` should be called before more is added."""
        return len(self._records) >= ROWS_AT_ONCE

    def batch(self) -> Any:
        """Make a batch of the records that were added since the last one."""
        records, self._records = self._records, []
        every_cells = [record["fields"] for record in records]
        arrays: list[Any] = []
        if self._has_system:
            arrays.append(self._ids.array([record["id"] for record in records])[0])
            times = [record.get("createdTime") for record in records]
            arrays.append(self._times.array(times)[0])
        for place, (column, made) in enumerate(zip(self._columns, self._made, strict=True)):
            key = column.column
            if key in self._missing:
                arrays.append(made.nulls(len(records)))
                continue
            array, bad = made.array([cells.get(key) for cells in every_cells])
            arrays.append(array)
            if bad:
                self._note(place, len(bad), records[bad[0]])
        return self._arrow.RecordBatch.from_arrays(arrays, schema=self.schema)

    def _note(self, place: int, count: int, first: RecordJson) -> None:
        known = self._misfits.get(place)
        if known is None:
            cell = first["fields"][self._columns[place].column]
            self._misfits[place] = _Misfits(count, first["id"], cell)
        else:
            known.count += count

    def warn(self) -> None:
        """Warn of the cells that did not fit, once for each column: they are null in the frame."""
        for place, misfits in sorted(self._misfits.items()):
            count = misfits.count
            cells, are = ("cell", "it is") if count == 1 else ("cells", "they are")
            warn_caller(
                f"{self._model.__name__}: {count:,} {cells} of {self._columns[place].shown_name!r} "
                f"did not fit the type {self._made[place].type}; {are} null in the frame. The "
                f"first is {shown(misfits.cell)}, in the record {misfits.record_id}.",
                CellWarning,
            )

    def table(self, batches: Sequence[Any]) -> Any:
        """Make a table of batches."""
        table = self._arrow.Table.from_batches(batches, self.schema)
        return table.unify_dictionaries().combine_chunks()


def _choices_of(column: Column) -> Sequence[str]:
    return column.info.choices or column.shape.choices or ()


def _system_names(columns: Sequence[Column]) -> Sequence[str]:
    """The names of a record's ID and creation time; other ones if a field has these names."""
    taken = {column.shown_name for column in columns}
    names = (name if name not in taken else f"_airtable_{name}" for name in SYSTEM_FIELDS)
    return [*names]


def as_polars(table: Any) -> DataFrame:
    """Turn a table of pyarrow into a data frame of polars.

    Args:
        table: The table.

    Raises:
        MissingExtraError: polars is not installed.
    """
    frame: DataFrame = _library("polars").from_arrow(table)
    return frame


def as_pandas(table: Any) -> Any:
    """Turn a table of pyarrow into a data frame of pandas.

    Args:
        table: The table.

    Returns:
        The frame, with NumPy's types, except that integers are ``Int64``: NumPy has no null, and
        floats would be in their place as soon as a cell is empty.

    Raises:
        MissingExtraError: pandas is not installed.
    """
    pandas = _library("pandas")
    types = {"int64": pandas.Int64Dtype()}
    return table.to_pandas(types_mapper=lambda type_: types.get(str(type_)))


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingExtraError(
            f"A data frame of {name} needs {name}; install it with: pip install {name}"
        ) from error
