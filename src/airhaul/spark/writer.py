"""Writing a frame: the tasks hand their rows over, and the driver sends them, once.

Tasks send nothing to Airtable, since Spark may run each of them again, also at the same time, and
two that upsert one new key would both create it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pyspark.sql.datasource import DataSourceArrowWriter, WriterCommitMessage

from airhaul.bulk.journal.runs import Run
from airhaul.bulk.results.result import BulkResult
from airhaul.bulk.rows.keys import Key
from airhaul.client.options import WriteOptions
from airhaul.client.sync.airtable import Airtable
from airhaul.errors import BulkError, ConfigurationError, SchemaError
from airhaul.model.schema import model_of_table
from airhaul.spark.columns import SYSTEM, fields_of
from airhaul.spark.options import FrameWriteOptions
from airhaul.tabular.arrow.library import arrow_library
from airhaul.wire.shapes import TableJson

_LOGGER: Final = logging.getLogger("airhaul")
_ROWS_SHOWN: Final = 10


@dataclass
class RowsOfPartition(WriterCommitMessage):
    """The rows of a partition, for the driver.

    Args:
        stream: A stream of Arrow data, compressed.
        rows: How many rows it has.
    """

    stream: bytes = field(repr=False)
    rows: int


class AirtableWriter(DataSourceArrowWriter):
    """Writes the rows of a frame: by a key, or as new records.

    Args:
        options: Where and how to write.
        table: The table, as its base describes it.
        columns: The names of the columns of the frame.

    Raises:
        SchemaError: A column is no field that can be written, or the frame lacks the key.
        UnknownFieldError: The table has no field of the key.
        ConfigurationError: A field cannot be a key.
    """

    def __init__(
        self, options: FrameWriteOptions, table: TableJson, columns: Sequence[str]
    ) -> None:
        self._options = options
        self._table = table
        self._where = f"The table {table['name']!r} of the base {options.base_id}"
        if options.key:
            Key.of(model_of_table(table), options.key)
        self._check(columns)

    def _check(self, columns: Sequence[str]) -> None:
        fields = fields_of(self._table)
        for name in columns:
            if name not in SYSTEM and name not in fields:
                raise SchemaError(f"{self._where} has no field {name!r}.")
        given = [name for name in columns if name in SYSTEM or fields[name].read_only]
        if given:
            raise SchemaError(
                f"{self._where} has values of its own for {', '.join(map(repr, given))}, which "
                f"cannot be written; leave them out: frame.drop({', '.join(map(repr, given))})."
            )
        for name in self._options.key:
            if name not in columns:
                raise SchemaError(f"The frame has no column {name!r}, which is in the key.")

    def write(self, iterator: Iterator[Any]) -> RowsOfPartition:
        """Hand the rows of a partition over to the driver; nothing is sent to Airtable.

        Args:
            iterator: Batches of Arrow data.

        Returns:
            The rows.
        """
        arrow = arrow_library("A data frame of Spark")
        batches = [*iterator]
        if not batches:
            return RowsOfPartition(b"", 0)
        sink = arrow.BufferOutputStream()
        packed = arrow.ipc.IpcWriteOptions(compression="lz4")
        with arrow.ipc.new_stream(sink, batches[0].schema, options=packed) as stream:
            for batch in batches:
                stream.write_batch(batch)
        return RowsOfPartition(sink.getvalue().to_pybytes(), sum(map(len, batches)))

    def commit(self, messages: Sequence[WriterCommitMessage | None]) -> None:
        """Write the rows of all partitions, on the driver; called once, when all tasks succeeded.

        Args:
            messages: The rows of each partition.

        Raises:
            BulkError: Not every row was written; the first of these are named by their keys.
        """
        arrow = arrow_library("A data frame of Spark")
        parts = [one for one in messages if isinstance(one, RowsOfPartition) and one.rows]
        if not parts:
            _LOGGER.info("%s: the frame has no rows", self._where)
            return
        options = self._options
        frame = arrow.concat_tables(arrow.ipc.open_stream(one.stream).read_all() for one in parts)
        with options.connection.open(options.base_id, journal=options.journal) as airtable:
            try:
                result = self._write(airtable, frame)
            except BulkError as error:
                self._report(error.result)
                raise self._failure(error.result, frame) from error
        self._report(result)
        if not result.is_complete:
            raise self._failure(result, frame)
        _LOGGER.info("%s: %s", self._where, self._summary(result))

    def _write(self, airtable: Airtable, frame: Any) -> BulkResult[Any]:
        options = self._options
        table = airtable.table(model_of_table(self._table))
        common = WriteOptions(
            on_error=options.on_error, typecast=options.typecast, rejects=options.rejects
        )
        match options.write:
            case "upsert":
                return table.bulk_upsert(frame, key=options.key, **common)
            case "sync":
                return table.sync(
                    frame,
                    key=options.key,
                    delete_missing=options.delete_missing,
                    max_deletes=options.max_deletes,
                    parallel="auto",
                    **common,
                )
            case "append":
                earlier = airtable.runs()
                if not earlier:
                    return table.bulk_create(frame, **common)
                self._check_is_same(earlier, len(frame))
                return airtable.resume(earlier[0].id)

    def _check_is_same(self, earlier: Sequence[Run], rows: int) -> None:
        """Check that the journal, named after the run of the query, has its first attempt alone."""
        first, asked = earlier[-1], earlier[-1].asked
        same = ("bulk_create", self._options.base_id, self._table["id"])
        is_same = (asked.verb, asked.base_id, asked.table) in {
            same,
            (*same[:2], self._table["name"]),
        }
        if len(earlier) > 1 or not is_same or asked.total not in {None, rows}:
            raise ConfigurationError(
                f"{self._where}: nothing was written. The journal {self._options.journal} has "
                f"another run than this append of {rows:,} rows: {first.id}, {asked.verb} to "
                f"{asked.table!r}, of {asked.total} rows; and {len(earlier) - 1} more. Name the "
                "journal after the run of the query, so that each append has its own."
            )

    def _report(self, result: BulkResult[Any]) -> None:
        """Leave the result where the caller of the query finds it."""
        if self._options.result is not None:
            told = {"run": result.run, **result.to_dict()}
            text = json.dumps(told, ensure_ascii=False, indent=2)
            self._options.result.write_text(text, encoding="utf-8")

    def abort(self, messages: Sequence[WriterCommitMessage | None]) -> None:
        """Do nothing: a task has written nothing, and an error of ``commit`` has what was.

        Args:
            messages: The rows of the partitions that succeeded.
        """

    def _summary(self, result: BulkResult[Any]) -> str:
        run = "" if result.run is None else f"; it is the run {result.run} of the journal"
        return f"{result}{run}"

    def _failure(self, result: BulkResult[Any], frame: Any) -> BulkError:
        refused = [*result.errors[:_ROWS_SHOWN], *result.unknown[:_ROWS_SHOWN]][:_ROWS_SHOWN]
        lines = [f"{self._where}: not every row was written: {self._summary(result)}."]
        for outcome in refused:
            row = frame.slice(outcome.index, 1).to_pylist()[0]
            names = self._options.key or [*row][:1]
            key = ", ".join(f"{name}={row[name]!r}" for name in names)
            what = "sent, but it is unknown whether it was written; " * (outcome.state == "unknown")
            lines.append(f"  {key}: {what}{outcome.error.message if outcome.error else ''}")
        more = len(result.errors) + len(result.unknown) - len(refused)
        if more:
            lines.append(f"  and {more:,} more")
        lines.append(
            "Rows that were written are found by their keys if you run the query again."
            if self._options.key
            else "If you run the query again with this journal, it completes this run."
        )
        return BulkError("\n".join(lines), result=result)
