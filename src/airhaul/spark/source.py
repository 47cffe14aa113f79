"""``AirtableDataSource``: the data source that Spark knows by the name ``airtable``."""

from __future__ import annotations

from functools import cached_property

from pyspark.sql.datasource import DataSource
from pyspark.sql.types import StructType

from airhaul.errors import ConfigurationError
from airhaul.spark.columns import frame_schema
from airhaul.spark.options import FrameWriteOptions, ReadOptions, StreamOptions
from airhaul.spark.reader import AirtableReader, read_tables
from airhaul.spark.stream import AirtableStream
from airhaul.spark.writer import AirtableWriter
from airhaul.wire.shapes import TableJson


class AirtableDataSource(DataSource):
    """Airtable as a data source of Apache Spark 4.3, for ``spark.dataSource.register``.

    The options of ``spark.read.format("airtable")`` and of ``frame.write.format("airtable")`` are
    described in ``docs/spark.md``. A frame that is read has the columns ``_airtable_id``,
    ``_created_time``, ``_base_id``, ``_table``, ``_rescued`` and the fields of the tables. A frame
    that is written is upserted by a key.

    Source of the interface:
    https://spark.apache.org/docs/latest/api/python/tutorial/sql/python_data_source.html
    """

    @classmethod
    def name(cls) -> str:
        """Return the name of the format."""
        return "airtable"

    @cached_property
    def _parsed(self) -> ReadOptions:
        return ReadOptions.of(dict(self.options)).with_all_bases()

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

    def streamReader(self, schema: StructType) -> AirtableStream:  # noqa: N802 - Spark's name
        """Return what reads the changes of the tables.

        Args:
            schema: The columns to read.

        Raises:
            ConfigurationError: An option is not valid.
        """
        stream = StreamOptions.of(dict(self.options))
        return AirtableStream(self._parsed, stream, schema, self._tables)

    def writer(self, schema: StructType, overwrite: bool) -> AirtableWriter:
        """Return what writes a frame; a request for the schema of the base.

        Args:
            schema: The columns of the frame.
            overwrite: Whether the records that the table has are to be replaced.

        Raises:
            ConfigurationError: They are, or there is no key, or another option is not valid.
            SchemaError: A column is no field that can be written.
            UnknownTableError: The base has no such table.
        """
        if overwrite:
            raise ConfigurationError(
                "The mode overwrite would delete the records of the table, and with them their "
                'links, comments and history. Use mode("append") with a key, which updates the '
                "records that exist; write=sync with delete_missing=true also deletes others."
            )
        options = FrameWriteOptions.of(dict(self.options))
        with options.connection.open(options.base_id) as airtable:
            table = airtable.table_schema(options.table)
        return AirtableWriter(options, table, schema.names)
