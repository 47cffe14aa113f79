"""Changes: one row on its way each, what there is to know of its kind, and chunks of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Generic, Literal, TypeVar

from airhaul.errors import RowError
from airhaul.model.base import RecordBase
from airhaul.wire.shapes import Cells, RecordJson

M = TypeVar("M", bound=RecordBase)

Kind = Literal["update", "replace", "upsert", "create", "delete", "keep"]
"""What is done with a row; ``keep`` for one whose record is as it should be already."""


@dataclass(frozen=True, slots=True)
class KindTraits:
    """What holds for all changes of one kind.

    Args:
        is_repeatable: Whether sending it twice has the same effect as sending it once, so that a
            lost request is sent again; one that is not repeatable is looked for instead.
        may_create: Whether a record may be there afterwards that was not there before.
        removes: Whether the record is gone afterwards.
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
"""The kinds, in the order in which short chunks are sent: what replaces before what removes."""


@dataclass(slots=True)
class Change(Generic[M]):
    """One row on its way.

    Args:
        kind: What is to be done.
        index: The row's place in the input, from 0; deletions that a sync found follow the rows.
        cells: What is sent, by column.
        record_id: The record, where it is known.
        record: The caller's own record, or the one that was read; brought up to date in place.
        line: The row's line in the file it came from, from 1, or None.
        source: The row as it was given.
        for_new: Cells that only a new record gets: the model's defaults, in an upsert.
        later: Cells that are set once all records are there: links to records that are made again.
        key: The values that identify the record, in an upsert or sync.
        before: What the record held before, the cells of ``cells`` at least; None where that is not
            known.
        found: The record as it was read before, where it was.
    """

    kind: Kind
    index: int
    cells: Cells = field(default_factory=dict[str, Any])
    record_id: str | None = None
    record: M | None = None
    line: int | None = None
    source: Any = None
    for_new: Cells = field(default_factory=dict[str, Any])
    later: Cells = field(default_factory=dict[str, Any])
    key: tuple[Any, ...] = ()
    before: Cells | None = None
    found: RecordJson | None = None

    @property
    def traits(self) -> KindTraits:
        """What holds for its kind."""
        return KINDS[self.kind]


@dataclass(frozen=True, slots=True)
class InvalidRow:
    """A row that was found not to be valid, before anything was sent.

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
        kind: What is done with them.
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
        """What holds for its kind."""
        return KINDS[self.kind]
