"""Batches of Arrow data for Spark, made of pages; cells that do not fit are kept as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import StructType

from airhaul.bulk.values.frame_columns import ROWS_AT_ONCE
from airhaul.fields.arrow import MOMENT, TEXT, ArrowType
from airhaul.model.columns import Column
from airhaul.spark.columns import BASE, CREATED, ID, RESCUED, SYSTEM, TABLE, type_for
from airhaul.tabular.arrow.columns import ArrowColumn
from airhaul.tabular.arrow.library import arrow_library
from airhaul.wire.shapes import RecordJson


class SparkBatches:
    """Makes the batches of one table.

    Args:
        schema: The columns of the frame.
        base_id: The base of the table.
        table: The name of the table.
        fields: The fields of the table by name.

    Raises:
        SchemaError: The frame has another type for a field than the table.
    """

    def __init__(
        self, schema: StructType, base_id: str, table: str, fields: Mapping[str, Column]
    ) -> None:
        self._arrow: Any = arrow_library("A data frame of Spark")
        self._schema: Any = to_arrow_schema(schema, timezone="UTC")
        self._same = {BASE: base_id, TABLE: table}
        self._held: list[RecordJson] = []
        self._batches: list[Any] = []
        self._ids, self._times = self._column(TEXT), self._column(MOMENT)
        self._made = {
            one.name: self._column(type_for(fields[one.name], one.dataType, table))
            for one in schema.fields
            if one.name not in SYSTEM and one.name in fields
        }

    def _column(self, type_: ArrowType) -> ArrowColumn:
        return ArrowColumn(type_, self._arrow)

    @property
    def fields(self) -> Sequence[str]:
        """The fields to read."""
        return [*self._made]

    def add(self, page: Sequence[RecordJson]) -> None:
        """Add the records of a page; whenever they are enough, a batch is made of them."""
        self._held += page
        if len(self._held) >= ROWS_AT_ONCE:
            self._make()

    def made(self) -> list[Any]:
        """Return the batches that were made since the last call."""
        made, self._batches = self._batches, []
        return made

    def rest(self) -> list[Any]:
        """Return the last batches: those of ``made``, and one of the records that are left."""
        if self._held:
            self._make()
        return self.made()

    def _make(self) -> None:
        self._batches.append(self._batch(self._held))
        self._held = []

    def _batch(self, records: Sequence[RecordJson]) -> Any:
        rescued: list[dict[str, Any]] = [{} for _ in records]
        arrays: dict[str, Any] = {
            ID: self._ids.array([record["id"] for record in records])[0],
            CREATED: self._times.array([record.get("createdTime") for record in records])[0],
        }
        for name, value in self._same.items():
            arrays[name] = self._arrow.array([value] * len(records), self._arrow.string())
        for name, made in self._made.items():
            cells = [record["fields"].get(name) for record in records]
            arrays[name], bad = made.array(cells)
            for place in bad:
                rescued[place][name] = cells[place]
        texts = [json.dumps(one, ensure_ascii=False) if one else None for one in rescued]
        arrays[RESCUED] = self._ids.array(texts)[0]
        columns = [
            arrays[field.name].cast(field.type)
            if field.name in arrays
            else self._arrow.nulls(len(records), field.type)
            for field in self._schema
        ]
        return self._arrow.RecordBatch.from_arrays(columns, schema=self._schema)
