"""Reading tables as partitions: each base, table and segment is a task."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from pyspark.sql.datasource import DataSourceReader, InputPartition
from pyspark.sql.types import StructType

from airhaul.bulk.reads.division import parts_of_list
from airhaul.bulk.reads.table_reader import table_in
from airhaul.client.selection import NothingLeftOut
from airhaul.model.schema import model_of_table
from airhaul.spark.batches import SparkBatches
from airhaul.spark.columns import fields_of
from airhaul.spark.options import ReadOptions
from airhaul.wire.endpoints import ListParameters
from airhaul.wire.shapes import TableJson

_SCHEMAS_AT_ONCE: Final = 16


@dataclass
class TablePartition(InputPartition):
    """A segment of a table.

    Args:
        base_id: The base.
        table: The table, as its base describes it.
        segment: Which of the segments, from 0.
        changed: Read the records for which this formula is true, too; None for all.
    """

    base_id: str
    table: TableJson
    segment: int
    changed: str | None = None


def read_tables(options: ReadOptions) -> list[tuple[str, TableJson]]:
    """Read the schemas of the bases, a request for each.

    Returns:
        The tables that are asked for, each with the ID of its base.

    Raises:
        UnknownTableError: A base has no such table.
    """

    def of_base(base_id: str) -> list[tuple[str, TableJson]]:
        with options.connection.open(base_id) as airtable:
            schema = airtable.schema()
        return [(base_id, table_in(schema, name, base_id)) for name in options.tables]

    with ThreadPoolExecutor(_SCHEMAS_AT_ONCE) as pool:
        return [one for found in pool.map(of_base, options.bases) for one in found]


class AirtableReader(DataSourceReader):
    """Reads the records of some tables.

    Args:
        options: What to read.
        schema: The columns of the frame.
        tables: The tables, each with the ID of its base.
    """

    def __init__(
        self,
        options: ReadOptions,
        schema: StructType,
        tables: Sequence[tuple[str, TableJson]],
    ) -> None:
        self._options = options
        self._schema = schema
        self._tables = tables

    def partitions(self) -> Sequence[TablePartition]:
        """Return a partition for each segment of each table."""
        segments = self._options.segments
        return [
            TablePartition(base_id, table, segment)
            for base_id, table in self._tables
            for segment in range(1 if segments == "auto" else segments)
        ]

    def read(self, partition: InputPartition) -> Iterator[Any]:
        """Read a partition page by page.

        Args:
            partition: One that ``partitions`` has made.

        Yields:
            Batches of Arrow data.
        """
        assert isinstance(partition, TablePartition), "it is one of ours"
        options, table = self._options, partition.table
        fields = fields_of(table)
        batches = SparkBatches(self._schema, partition.base_id, table["name"], fields)
        formula = options.formula
        if options.segments != "auto":
            parts = parts_of_list(ListParameters(formula=formula), options.segments)
            formula = parts[partition.segment].parameters.formula
        with options.connection.open(partition.base_id) as airtable:
            query = airtable.table(model_of_table(table)).where()
            # A request for no field at all would get all of them.
            query = query.only(*(batches.fields or [*fields][:1]))
            for condition in (formula, partition.changed):
                if condition is not None:
                    query = query.where(condition)
            if options.segments == "auto":
                query._read(batches.add, "auto", NothingLeftOut())
            else:
                for page in query._pages(NothingLeftOut()):
                    batches.add(page)
                    yield from batches.made()
            yield from batches.rest()
