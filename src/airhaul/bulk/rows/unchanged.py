"""Rows whose records are as they should be already: a few bytes for each, and no change."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from airhaul.bulk.compact.stored_records import StoredRecords
from airhaul.bulk.results.outcomes import InMemory, Records
from airhaul.bulk.rows.changes import Change, InvalidRow
from airhaul.model.base import RecordBase
from airhaul.model.read import Reader
from airhaul.wire.shapes import RecordJson

M = TypeVar("M", bound=RecordBase)

# As many as a page has; more would be reported late.
_MOST_TOGETHER: Final = 100
_KEPT_OF_A_STREAM: Final = 5_000


class UnchangedRows:
    """The rows of an input that are unchanged, and where their records are.

    Args:
        stored: The records of the table.
    """

    def __init__(self, stored: StoredRecords) -> None:
        self.stored = stored
        self._places = array("I")  # of each row that was taken: 0 for none, else the place plus 1
        self._lines = array("I")
        self._count = 0

    def __len__(self) -> int:
        """Return how many rows are unchanged."""
        return self._count

    def take(self, line: int | None) -> None:
        """Take the next row, which counts as changed at first.

        Args:
            line: Its line in the file that it comes from, or None.
        """
        self._places.append(0)
        self._lines.append(line or 0)

    def add(self, index: int, place: int) -> None:
        """Count a row that was taken as unchanged.

        Args:
            index: The row's place in the input.
            place: The place of its record.
        """
        self._places[index] = place + 1
        self._count += 1

    def add_all(self, places: Sequence[int]) -> None:
        """Take the next rows, all of them unchanged and of no file.

        Args:
            places: The places of their records.
        """
        self._places.extend([place + 1 for place in places])
        self._lines.extend([0] * len(places))
        self._count += len(places)

    def record_of(self, index: int) -> RecordJson | None:
        """Return the record of a row, or None if the row is not unchanged."""
        place = self._places[index] if index < len(self._places) else 0
        return self.stored.record(place - 1) if place else None

    def __contains__(self, index: int) -> bool:
        return index < len(self._places) and self._places[index] > 0

    def __iter__(self) -> Iterator[int]:
        return (index for index, place in enumerate(self._places) if place)

    def places(self, run: UnchangedRun) -> list[int]:
        """Return the places of the records of some rows."""
        return [place - 1 for place in self._places[run.first : run.end]]

    def lines(self, run: UnchangedRun) -> Sequence[int]:
        """Return the lines of some rows; 0 for none."""
        return self._lines[run.first : run.end]

    @property
    def taken(self) -> int:
        """How many rows were taken, unchanged or not."""
        return len(self._places)


@dataclass(frozen=True, slots=True)
class UnchangedRun:
    """Neighbouring rows that are unchanged.

    Args:
        rows: All rows that are.
        first: The place of the first in the input.
        end: The place after the last.
    """

    rows: UnchangedRows
    first: int
    end: int

    def __len__(self) -> int:
        return self.end - self.first

    def changes(self) -> Iterator[Change[Any]]:
        """Yield the rows as changes that keep their records, for the journal."""
        places, lines = self.rows.places(self), self.rows.lines(self)
        for index, (place, line) in enumerate(zip(places, lines, strict=True), self.first):
            id_ = self.rows.stored.ids[place]
            yield Change("keep", index, record_id=id_, line=line or None)


PlannedRow = Change[Any] | InvalidRow | UnchangedRun
"""A row of a plan, or several that are unchanged."""


class AllRows(Generic[M]):
    """All rows of a plan in their order, those that are unchanged many at a time.

    Args:
        others: The rows that are not unchanged, in their order.
        unchanged: The rows that are.
    """

    def __init__(self, others: Sequence[Change[M] | InvalidRow], unchanged: UnchangedRows) -> None:
        self._others = others
        self.unchanged = unchanged

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self._others) + len(self.unchanged)

    def __iter__(self) -> Iterator[PlannedRow]:
        first = 0
        for other in self._others:
            yield from self._runs(first, other.index)
            yield other
            first = other.index + 1
        yield from self._runs(first, self.unchanged.taken)

    def _runs(self, first: int, end: int) -> Iterator[UnchangedRun]:
        end = min(end, self.unchanged.taken)  # deletions follow the rows
        for start in range(first, end, _MOST_TOGETHER):
            yield UnchangedRun(self.unchanged, start, min(start + _MOST_TOGETHER, end))


def each_change(rows: Iterable[PlannedRow]) -> Iterator[Change[Any] | InvalidRow]:
    """Yield rows one by one, unchanged ones as changes that keep their records."""
    for row in rows:
        if isinstance(row, UnchangedRun):
            yield from row.changes()
        else:
            yield row


class RecordsWithUnchanged(Generic[M]):
    """A store for the records of a result that makes those of unchanged rows when they are used.

    Args:
        unchanged: The unchanged rows.
        reader: Makes their records.
        others: Keeps the records of all other rows.
        keeps_all: Whether each record that was made is kept, so that it is the same object each
            time; otherwise the first thousands are.
    """

    def __init__(
        self, unchanged: UnchangedRows, reader: Reader[M], others: Records[M], *, keeps_all: bool
    ) -> None:
        self._unchanged = unchanged
        self._reader = reader
        self._others = others
        self._room = None if keeps_all else _KEPT_OF_A_STREAM

    def put(self, index: int, record: M, raw: RecordJson | None) -> None:
        """Keep a record, and the JSON it came as, if any."""
        self._others.put(index, record, raw)

    def get(self, index: int) -> M | None:
        """Return the record of a row, or None."""
        found = self._others.get(index)
        raw = self._unchanged.record_of(index) if found is None else None
        if raw is None:
            return found
        made = self._reader.read(raw)
        if made is not None and self._room != 0:
            self._others.put(index, made, None)
            self._room = None if self._room is None else self._room - 1
        return made

    def __contains__(self, index: int) -> bool:
        return index in self._unchanged or index in self._others

    def __reduce__(self) -> tuple[Any, ...]:
        whole = InMemory[M]()
        for index in self._unchanged:
            record = self.get(index)
            if record is not None:
                whole.put(index, record, None)
        return _joined, (whole, self._others)


def _joined(unchanged: InMemory[M], others: InMemory[M]) -> InMemory[M]:
    return unchanged.joined(others)
