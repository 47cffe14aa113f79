"""Reading what changes: each batch of a stream has the records that changed in a span of time.

A span ends before now, by the service's own clock, and the next one begins where it ends. A record
has one modification time, its latest. So it is in one batch, or, if it changes again before that
batch has read it, in a later one; and a batch that is read again reads the same span.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from pyspark.sql.datasource import DataSourceStreamReader, InputPartition
from pyspark.sql.streaming.datasource import SupportsTriggerAvailableNow
from pyspark.sql.types import StructType

from airhaul.errors import SchemaError
from airhaul.formula.changes import changed_since
from airhaul.spark.options import ReadOptions, StreamOptions
from airhaul.spark.reader import AirtableReader, TablePartition
from airhaul.wire.shapes import TableJson

_UNTIL: Final = "until"


class AirtableStream(DataSourceStreamReader, SupportsTriggerAvailableNow):
    """Reads the records of some tables that were created or changed, batch by batch.

    An offset is a time: ``{"until": "2026-01-31T12:00:00+00:00"}``; empty text is before all.

    Args:
        options: What to read.
        stream: From when on, and how often.
        schema: The columns of the frame.
        tables: The tables, each with the ID of its base.

    Raises:
        SchemaError: A table lacks the field with the time of the last modification.
    """

    def __init__(
        self,
        options: ReadOptions,
        stream: StreamOptions,
        schema: StructType,
        tables: Sequence[tuple[str, TableJson]],
    ) -> None:
        self._options = options
        self._stream = stream
        self._reader = AirtableReader(options, schema, tables)
        self._ends: datetime | None = None
        if stream.modified_field is not None:
            for base_id, table in tables:
                _check_modified_field(stream.modified_field, table, base_id)

    def initialOffset(self) -> dict[str, str]:  # noqa: N802 - Spark's name
        """Return where a new query begins."""
        since = self._stream.since
        return {_UNTIL: "" if since is None else since.isoformat()}

    def latestOffset(self, start: dict[str, str], limit: Any = None) -> dict[str, str]:  # noqa: ARG002, N802
        """Return until when changes can be read; a request to learn the service's time.

        Args:
            start: Until when they were read.
            limit: Ignored: how much has changed is not known before it is read.
        """
        until = self._ends or self._settled()
        begun = _time(start)
        if begun is not None and until < begun + timedelta(seconds=self._stream.interval_s):
            return start
        return {_UNTIL: until.isoformat()}

    def prepareForTriggerAvailableNow(self) -> None:  # noqa: N802 - Spark's name
        """Let the query end with what can be read now."""
        self._ends = self._settled()

    def _settled(self) -> datetime:
        """Until when all changes are in lists."""
        with self._options.connection.open() as airtable:
            airtable.whoami()
            now = airtable.connection.service_time("")
        return now - timedelta(seconds=self._stream.settle_s)

    def partitions(self, start: dict[str, str], end: dict[str, str]) -> Sequence[InputPartition]:
        """Return a partition for each segment of each table.

        Args:
            start: When the span begins.
            end: When it ends.
        """
        if start == end:
            return []
        changed = str(changed_since(_time(start), _time(end), self._stream.modified_field))
        return [replace(one, changed=changed) for one in self._reader.partitions()]

    def read(self, partition: InputPartition) -> Iterator[Any]:
        """Read a partition page by page.

        Args:
            partition: One that ``partitions`` has made.

        Yields:
            Batches of Arrow data.
        """
        assert isinstance(partition, TablePartition), "it is one of ours"
        return self._reader.read(partition)


def _time(offset: dict[str, str]) -> datetime | None:
    return datetime.fromisoformat(offset[_UNTIL]) if offset[_UNTIL] else None


def _check_modified_field(name: str, table: TableJson, base_id: str) -> None:
    where = f"The table {table['name']!r} of the base {base_id}"
    field = next((one for one in table["fields"] if one["name"] == name), None)
    if field is None:
        raise SchemaError(f"{where} has no field {name!r}, which modified_field names.")
    result = (field.get("options") or {}).get("result") or {}
    if field["type"] != "lastModifiedTime" or result.get("type", "dateTime") != "dateTime":
        raise SchemaError(
            f"{where}: the field {name!r} cannot be modified_field; it has to be of the type "
            f"lastModifiedTime and to have a time of day. Without the option, changes of any "
            "field count."
        )
