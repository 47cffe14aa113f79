"""Creating records in bulk: rows in, ten to a request, an outcome for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from airhaul.bulk.events import Event, RowRefused, RowsWritten
from airhaul.bulk.result import RowOutcome
from airhaul.bulk.rows import EncodedRow, RowEncoder
from airhaul.errors import AirhaulError, BadReplyError, RowError
from airhaul.model.base import RecordBase
from airhaul.model.read import Reader
from airhaul.model.write import absorb
from airhaul.wire.call import Call
from airhaul.wire.endpoints import create_records
from airhaul.wire.limits import RECORDS_PER_WRITE
from airhaul.wire.replies import records_in

M = TypeVar("M", bound=RecordBase)

Chunk = list[EncodedRow[M]]


class CreateRecords(Generic[M]):
    """Work that creates records, and stops at the first row that cannot be written.

    Args:
        base_id: The base.
        table: The table's id or name.
        encoder: Validates the rows; a row that is an ``EncodedRow`` already is taken as it is.
        reader: Makes records of the replies.
        total: How many rows there are, or None while that is not known.
        typecast: Whether Airtable may convert text, and add choices to select fields.
    """

    def __init__(
        self,
        base_id: str,
        table: str,
        encoder: RowEncoder[M],
        reader: Reader[M],
        *,
        total: int | None = None,
        typecast: bool = False,
    ) -> None:
        self._base_id = base_id
        self._table = table
        self._encoder = encoder
        self._reader = reader
        self._total = total
        self._typecast = typecast
        self._filling: Chunk[M] = []
        self._taken = 0
        self._rows_ended = False
        self._outcomes: dict[int, RowOutcome[M]] = {}
        self._failed = False
        self._events: list[Event] = []

    @property
    def wants_row(self) -> bool:
        """Whether the chunk being filled has room."""
        return len(self._filling) < RECORDS_PER_WRITE

    @property
    def stopping(self) -> bool:
        """Whether a row has failed."""
        return self._failed

    def offer(self, row: object) -> None:
        """Take a row, validate it and make its cells."""
        index = self._taken
        self._taken += 1
        try:
            encoded: EncodedRow[M] = (
                row if isinstance(row, EncodedRow) else self._encoder.encode(index, row)
            )
        except RowError as error:
            self._settle(RowOutcome(index, "failed", error=error, line=error.line))
            self._fail(error)
            return
        self._filling.append(encoded)

    def end_of_rows(self) -> None:
        """Learn that the last chunk may stay short."""
        self._rows_ended = True

    def next_call(self) -> tuple[Chunk[M], Call] | None:
        """Hand over a chunk that is full, or the last one."""
        full = len(self._filling) == RECORDS_PER_WRITE
        if not full and not (self._rows_ended and self._filling):
            return None
        chunk, self._filling = self._filling, []
        cells = [row.cells for row in chunk]
        call = create_records(self._base_id, self._table, cells, typecast=self._typecast)
        return chunk, call

    def accept(self, tag: Chunk[M], value: Any) -> None:
        """Take the records that a chunk has become."""
        try:
            raws = records_in(value, len(tag))
        except BadReplyError as error:
            self.lose(tag, error)
            return
        records: list[M] = []
        for row, raw in zip(tag, raws, strict=True):
            record = row.record
            if record is None:
                # None is for readers that skip bad cells; one that creates never does.
                record = self._reader.read(raw)
                assert record is not None
            else:
                absorb(record, raw, self._reader.origin)
            records.append(record)
            self._settle(RowOutcome(row.index, "created", record, line=row.line))
        self._events.append(RowsWritten(records, len(self._outcomes), self._total))

    def refuse(self, tag: Chunk[M], error: AirhaulError) -> None:
        """Learn that none of a chunk's rows was written."""
        for row in tag:
            self._settle(RowOutcome(row.index, "failed", error=error, line=row.line))
        first, last = tag[0].index, tag[-1].index
        rows = f"row {first}" if first == last else f"one of the rows {first}-{last}"
        self._fail(RowError(f"{rows} was refused with its whole request: {error}"))

    def lose(self, tag: Chunk[M], error: AirhaulError) -> None:
        """Learn that nobody knows whether a chunk's rows were written."""
        for row in tag:
            self._settle(RowOutcome(row.index, "unknown", error=error, line=row.line))
        self._fail(RowError(f"rows {tag[0].index}-{tag[-1].index}: the reply was lost: {error}"))

    def abandon(self, tag: Chunk[M]) -> None:
        """Learn that a chunk was not sent."""
        for row in tag:
            self._settle(RowOutcome(row.index, "skipped", line=row.line))

    def events(self) -> list[Event]:
        """Hand over what happened since the last time."""
        events, self._events = self._events, []
        return events

    @property
    def result(self) -> Sequence[RowOutcome[M]]:
        """The outcome of each row that was taken, in the order of the input."""
        outcomes = dict(self._outcomes)
        for row in self._filling:
            outcomes[row.index] = RowOutcome(row.index, "skipped", line=row.line)
        return [outcomes[index] for index in sorted(outcomes)]

    def _settle(self, outcome: RowOutcome[M]) -> None:
        self._outcomes[outcome.index] = outcome

    def _fail(self, error: RowError) -> None:
        self._failed = True
        self._events.append(RowRefused(error, len(self._outcomes), self._total))
