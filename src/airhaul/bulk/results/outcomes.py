"""The outcome of each row, kept small: some thirty bytes a row, and the records."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import compress, count
from typing import Any, Final, Generic, Literal, Protocol, TypeVar, get_args, overload

from airhaul.bulk.compact.packed_ids import PackedIds
from airhaul.errors import AirhaulError
from airhaul.model.base import RecordBase
from airhaul.wire.shapes import RecordJson

M = TypeVar("M", bound=RecordBase)

State = Literal[
    "created", "updated", "unchanged", "deleted", "failed", "skipped", "unknown", "undone"
]
"""``created`` and ``updated``: written. ``unchanged``: in the table already as it should be.
``deleted``: gone. ``failed``: refused. ``skipped``: never sent. ``unknown``: sent, and may or may
not have been written. ``undone``: written, then undone."""

_STATES: Final[tuple[State, ...]] = get_args(State)
_NUMBER_OF: Final = {state: number for number, state in enumerate(_STATES)}
_NONE: Final = len(_STATES)


def _no_record() -> None:
    """There is none."""


@dataclass(frozen=True, slots=True)
class RowOutcome(Generic[M]):
    """The outcome of one row.

    Args:
        index: The row's place in the input, from 0; deletions that a sync found follow the rows.
        state: The outcome.
        error: Why it was not written, if it was not.
        line: Its line in the file it came from, from 1, or None.
        id: The record's id, if it is known; also for a deleted record.
        request: Which request of the call settled it, from 1; None if none did.
        note: A remark, such as the new id of a deleted record that was recreated.
    """

    index: int
    state: State
    error: AirhaulError | None = None
    line: int | None = None
    id: str | None = None
    request: int | None = None
    note: str | None = None
    _find: Callable[[], M | None] = field(default=_no_record, repr=False, compare=False)

    @property
    def record(self) -> M | None:
        """The row's record, if it is in the table; that of a long result is made when it is used.

        Returns:
            The record, or None.
        """
        return self._find()

    def __reduce__(self) -> tuple[Any, ...]:
        facts = self.index, self.state, self.error, self.line, self.id, self.request, self.note
        return RowOutcome, (*facts, partial(_the_same, self.record))  # without all other rows


def _the_same(record: M | None) -> M | None:
    return record


class Records(Protocol[M]):
    """A store for the records of a result."""

    def put(self, index: int, record: M, raw: RecordJson | None) -> None:
        """Keep a record, and the JSON it came as, if any."""
        ...

    def get(self, index: int) -> M | None:
        """Return the record of a row, or None."""
        ...

    def __contains__(self, index: int) -> bool: ...


class InMemory(Generic[M]):
    """A store that keeps records in memory."""

    def __init__(self) -> None:
        self._records: dict[int, M] = {}

    def put(self, index: int, record: M, raw: RecordJson | None) -> None:  # noqa: ARG002 - as it is
        """Keep a record."""
        self._records[index] = record

    def get(self, index: int) -> M | None:
        """Return the record of a row, or None."""
        return self._records.get(index)

    def __contains__(self, index: int) -> bool:
        return index in self._records

    def joined(self, other: InMemory[M]) -> InMemory[M]:
        """Return a store with these records and those of another one."""
        both = InMemory[M]()
        both._records = {**self._records, **other._records}
        return both


OnSettle = Callable[
    [int, State, str | None, AirhaulError | None, int | None, str | None, object], object
]
"""Called for each row that is settled: its place, state, id, error, request and note, and the row
as it was given if it was refused."""


class Outcomes(Generic[M]):
    """The outcome of every row that was taken, by its place.

    Args:
        records: Where the records are kept.
    """

    def __init__(self, records: Records[M] | None = None) -> None:
        self._records: Records[M] = InMemory[M]() if records is None else records
        self._states = bytearray()
        self._ids = PackedIds()
        self._requests = array("I")
        self._lines = array("I")
        self._errors: dict[int, AirhaulError] = {}
        self._notes: dict[int, str] = {}
        self.settled = 0
        self.on_settle: OnSettle | None = None

    def __len__(self) -> int:
        return len(self._states)

    def open(self, index: int, line: int | None = None) -> None:
        """Add a row that was taken; until it is settled it counts as skipped."""
        if index == len(self._states):  # mostly it is the next one
            self._states.append(_NONE)
            self._ids.grow()
            self._requests.append(0)
            self._lines.append(line or 0)
        else:
            self.extend_to(index + 1)
            self._lines[index] = line or 0

    def open_run(self, first: int, lines: Sequence[int]) -> None:
        """Add neighbouring rows that were taken.

        Args:
            first: The first of them.
            lines: The line of each; 0 for none.
        """
        self.extend_to(first + len(lines))
        self._lines[first : first + len(lines)] = array("I", lines)

    def extend_to(self, rows: int) -> None:
        """Make room for a number of rows, taken or not."""
        more = rows - len(self._states)
        if more > 0:
            self._states += bytes([_NONE]) * more
            self._ids.grow(more)
            self._requests.extend([0] * more)
            self._lines.extend([0] * more)

    def settle(
        self,
        index: int,
        state: State,
        *,
        id: str | None = None,
        error: AirhaulError | None = None,
        request: int | None = None,
        note: str | None = None,
        row: object = None,
    ) -> None:
        """Set the outcome of a row; given values replace earlier ones, ``row`` is passed on."""
        if self._states[index] == _NONE:
            self.settled += 1
        self._states[index] = _NUMBER_OF[state]
        if id is not None:
            self._ids[index] = id
        if request is not None:
            self._requests[index] = request
        if error is None:
            self._errors.pop(index, None)
        else:
            self._errors[index] = error
        if note is not None:
            self._notes[index] = note
        if self.on_settle is not None:
            self.on_settle(index, state, id, error, request, note, row)

    def settle_unchanged(self, first: int, ids: PackedIds, places: Sequence[int]) -> None:
        """Settle neighbouring rows that were taken as unchanged.

        Args:
            first: The first of them.
            ids: Where the ids of their records are.
            places: The places of these ids.
        """
        end = first + len(places)
        self._states[first:end] = bytes([_NUMBER_OF["unchanged"]]) * len(places)
        self._ids.copy(first, ids, places)
        self.settled += len(places)
        if self.on_settle is not None:
            for index in range(first, end):
                self.on_settle(index, "unchanged", self._ids[index], None, None, None, None)

    def keep(self, index: int, record: M, raw: RecordJson | None = None) -> None:
        """Keep the record of a row."""
        self._records.put(index, record, raw)

    def id_of(self, index: int) -> str | None:
        """Return the id of a row's record, or None."""
        return self._ids[index]

    def ids_among(self, ids: Collection[str]) -> set[str]:
        """Return those of some ids that a row has."""
        return self._ids.among(ids)

    def state_of(self, index: int) -> State:
        """Return the state of a row."""
        number = self._states[index]
        return "skipped" if number == _NONE else _STATES[number]

    def is_settled(self, index: int) -> bool:
        """Return whether the outcome of a row is known."""
        return self._states[index] != _NONE

    def record_of(self, index: int) -> M | None:
        """Return the record of a row, if it is in the table."""
        if self.state_of(index) in ("created", "updated", "unchanged"):
            return self._records.get(index)
        return None

    def records_at(self) -> array[int]:
        """Return the places of the rows that have a record in the table, in order."""
        places = self.places("created", "updated", "unchanged")
        return array("Q", (place for place in places if place in self._records))

    def error_of(self, index: int) -> AirhaulError | None:
        """Return why a row was not written, or None."""
        return self._errors.get(index)

    def errors(self) -> Iterator[AirhaulError]:
        """Return all errors, in the order of the rows."""
        return (self._errors[index] for index in sorted(self._errors))

    def __getitem__(self, index: int) -> RowOutcome[M]:
        return RowOutcome(
            index,
            self.state_of(index),
            self._errors.get(index),
            self._lines[index] or None,
            self.id_of(index),
            self._requests[index] or None,
            self._notes.get(index),
            partial(self.record_of, index),
        )

    def __iter__(self) -> Iterator[RowOutcome[M]]:
        return map(self.__getitem__, range(len(self)))

    def counts(self) -> dict[State, int]:
        """Return the number of rows in each state; states without rows are left out."""
        numbers = Counter(self._states)
        counts: dict[State, int] = {
            state: numbers[number] for number, state in enumerate(_STATES) if numbers[number]
        }
        if numbers[_NONE]:
            counts["skipped"] = counts.get("skipped", 0) + numbers[_NONE]
        return counts

    def places(self, *states: State) -> array[int]:
        """Return the places of the rows in any of these states, in order."""
        wanted = {_NUMBER_OF[state] for state in states}
        if "skipped" in states:
            wanted.add(_NONE)
        return array("Q", compress(count(), map(wanted.__contains__, self._states)))

    def has_note(self, index: int) -> bool:
        """Return whether a row has a note."""
        return index in self._notes


class RecordsAt(Sequence[M]):
    """The records of some rows, made when they are used.

    Args:
        outcomes: The outcomes of all rows.
        places: The places of the rows, each with a record.
    """

    def __init__(self, outcomes: Outcomes[M], places: Sequence[int]) -> None:
        self._outcomes = outcomes
        self._places = places

    @cached_property
    def _made(self) -> list[M]:
        found = map(self._outcomes.record_of, self._places)
        return [record for record in found if record is not None]

    @overload
    def __getitem__(self, index: int) -> M: ...
    @overload
    def __getitem__(self, index: slice) -> list[M]: ...
    def __getitem__(self, index: int | slice) -> M | list[M]:
        return self._made[index]

    def __len__(self) -> int:
        return len(self._places)

    def __repr__(self) -> str:
        return f"<{len(self)} records>"
