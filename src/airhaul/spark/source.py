"""``AirtableDataSource``: the data source that Spark knows by the name ``airtable``."""

# pyspark is in no group that all contributors install: without it, its types are unknown.
# pyright: reportMissingImports=false, reportUntypedBaseClass=false
# pyright: reportUnknownParameterType=false

from __future__ import annotations

from functools import cached_property

from pyspark.sql.datasource import DataSource
from pyspark.sql.types import StructType

from airhaul.spark.columns import frame_schema
from airhaul.spark.options import SparkOptions
from airhaul.spark.reader import AirtableReader, read_tables
from airhaul.wire.shapes import TableJson


class AirtableDataSource(DataSource):
    """Airtable as a data source of Apache Spark 4.3, for ``spark.dataSource.register``.

    The options of ``spark.read.format("airtable")`` are described in ``docs/spark.md``. The columns
    are ``_airtable_id``, ``_created_time``, ``_base_id``, ``_table``, ``_rescued`` and the fields
    of the tables.

    Source of the interface:
    https://spark.apache.org/docs/latest/api/python/tutorial/sql/python_data_source.html
    """

    @classmethod
    def name(cls) -> str:
        """Return the name of the format."""
        return "airtable"

    @cached_property
    def _parsed(self) -> SparkOptions:
        return SparkOptions.of(dict(self.options)).with_all_bases()

    @cached_property
    def _tables(self) -> list[tuple[str, TableJson]]:
        return read_tables(self._parsed)

    def schema(self) -> StructType:
        """Return the columns of the tables; a request for each base.

        Raises:
            SchemaError: A field has different types in two tables.
            UnknownTableError: A base has no such table.
        """
        return frame_schema(self._tables, self._parsed.columns)

    def reader(self, schema: StructType) -> AirtableReader:
        """Return what reads the tables.

        Args:
            schema: The columns to read.
        """
        return AirtableReader(self._parsed, schema, self._tables)
