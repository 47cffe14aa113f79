"""Changes, one for each row; the traits of their kinds; chunks of them, and what they write."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Generic, Literal, TypeVar

from airhaul.errors import RowError
from airhaul.model.base import RecordBase
from airhaul.wire.limits import RECORDS_PER_WRITE
from airhaul.wire.shapes import Cells, RecordJson

M = TypeVar("M", bound=RecordBase)

Kind = Literal["update", "replace", "upsert", "create", "delete", "keep"]
"""What to do with a row; ``keep`` if its record is already as it should be."""


@dataclass(frozen=True, slots=True)
class KindTraits:
    """The traits that all changes of one kind share.

    Args:
        is_repeatable: Whether sending it twice has the same effect as sending it once, so that a
            lost request is sent again; otherwise its rows are searched for first.
        may_create: Whether it may create a record.
        removes: Whether it removes the record.
        takes_all_cells: Whether it affects cells that it does not name.
    """

    is_repeatable: bool = True
    may_create: bool = False
    removes: bool = False
    takes_all_cells: bool = False


KINDS: Final[dict[Kind, KindTraits]] = {
    "update": KindTraits(),
    "replace": KindTraits(takes_all_cells=True),
    "upsert": KindTraits(may_create=True),
    "create": KindTraits(is_repeatable=False, may_create=True),
    "delete": KindTraits(removes=True, takes_all_cells=True),
    "keep": KindTraits(),
}
"""The kinds, in the order in which short chunks are sent: deletions last."""


@dataclass(slots=True)
class Change(Generic[M]):
    """The change that one row makes.

    Args:
        kind: What to do.
        index: The row's place in the input, from 0; deletions that a sync found follow the rows.
        cells: What is sent, by column.
        record_id: The record, where it is known.
        record: The caller's own record, or the one that was read; brought up to date in place.
        line: The row's line in the file it came from, from 1, or None.
        source: The row as it was given.
        for_new: Cells that only a new record gets: the model's defaults, in an upsert.
        missing: The required fields that a new record would lack: the row can only change a record.
        later: Cells that are set once all records are there: links to recreated records.
        key: The values that identify the record, in an upsert or sync.
        before: What the record held before, the cells of ``cells`` at least; None where that is not
            known.
        found: The record as it was read before, if it was read.
        is_absent: Whether it was looked up by its id before, and was not there.
    """

    kind: Kind
    index: int
    cells: Cells = field(default_factory=dict[str, Any])
    record_id: str | None = None
    record: M | None = None
    line: int | None = None
    source: Any = None
    for_new: Cells = field(default_factory=dict[str, Any])
    missing: tuple[str, ...] = ()
    later: Cells = field(default_factory=dict[str, Any])
    key: tuple[Any, ...] = ()
    before: Cells | None = None
    found: RecordJson | None = None
    is_absent: bool = False

    @property
    def traits(self) -> KindTraits:
        """The traits of its kind."""
        return KINDS[self.kind]

    @property
    def refusal_to_create(self) -> RowError | None:
        """Why no record can be created of the row, if none can."""
        reason = "a new record needs a value, since no record has this key"
        errors = [RowError(reason, field=name) for name in self.missing]
        return RowError.of(errors) if errors else None


@dataclass(frozen=True, slots=True)
class InvalidRow:
    """A row that validation refused, before anything was sent.

    Args:
        index: Its place in the input, from 0.
        error: Why.
        source: The row as it was given.
    """

    index: int
    error: RowError
    source: Any = None


@dataclass(slots=True, eq=False)
class Chunk(Generic[M]):
    """Up to ten rows of one kind: one request.

    Args:
        kind: What to do with them.
        changes: The rows.
        tries: How often they were sent, this time included, where that is counted: for creates.
        intent: The number of its intent in the journal; 0 if there is none.
        was_sent: Whether another process may have carried it out already.
        since: The earliest time that it can have been for the service then, if that is known.
    """

    kind: Kind
    changes: list[Change[M]]
    tries: int = 1
    intent: int = 0
    was_sent: bool = False
    since: datetime | None = None

    @property
    def traits(self) -> KindTraits:
        """The traits of its kind."""
        return KINDS[self.kind]


@dataclass(slots=True)
class _Filling:
    """The rows that a request gets together."""

    rows: int = 0
    columns: set[str] = field(default_factory=set[str])
    last: AbstractSet[str] = frozenset()


class ColumnsWritten:
    """The columns that some rows write, and those that each request with ten of them names."""

    def __init__(self) -> None:
        self.all: set[str] = set()
        self._in_each: set[str] | None = None
        self._filling: dict[Kind, _Filling] = {}

    def add(self, change: Change[Any]) -> None:
        """Take the change of a row."""
        filling = self._filling.get(change.kind)
        if filling is None:
            if change.kind == "keep" or change.traits.removes:
                return
            filling = self._filling[change.kind] = _Filling()
        columns = change.cells.keys()
        if columns != filling.last:  # mostly all rows have the same
            filling.last = columns
            filling.columns.update(columns)
            self.all.update(columns)
        if change.for_new:
            self.all.update(change.for_new)
        filling.rows += 1
        if filling.rows == RECORDS_PER_WRITE:
            self._complete(change.kind)

    def _complete(self, kind: Kind) -> None:
        columns = self._filling.pop(kind).columns
        self._in_each = columns if self._in_each is None else self._in_each & columns

    def are_in_each(self, columns: AbstractSet[str]) -> bool:
        """Return whether each request names all of some columns, so that one refuses them all."""
        for kind in list(self._filling):
            self._complete(kind)
        return self._in_each is None or columns <= self._in_each
