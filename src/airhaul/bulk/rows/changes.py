"""One row on its way: what is to be done in the table, and for whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from airhaul.errors import RowError
from airhaul.model.base import RecordBase
from airhaul.wire.shapes import Cells, RecordJson

M = TypeVar("M", bound=RecordBase)

Kind = Literal["create", "update", "upsert", "delete", "keep"]
"""What is done with a row; ``keep`` for one that is in the table already, as it should be."""


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
        key: The values that tell the record, in an upsert or sync.
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
    key: tuple[Any, ...] = ()
    before: Cells | None = None
    found: RecordJson | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that was found not to be valid, before anything was sent.

    Args:
        index: Its place in the input, from 0.
        error: Why.
        source: The row as it was given.
    """

    index: int
    error: RowError
    source: Any = None
