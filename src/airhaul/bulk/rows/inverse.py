"""The inverse of a change: what undoes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from airhaul.bulk.rows.changes import Change
from airhaul.bulk.rows.target import Target
from airhaul.wire.shapes import Cells

Effect = Literal["created", "updated", "deleted"]
"""What a change has done to its record."""


def inverse(
    effect: Effect,
    record_id: str | None,
    before: Cells,
    columns: Iterable[str],
    *,
    index: int,
    target: Target,
) -> Change[Any]:
    """Make the change that undoes another one.

    Args:
        effect: What was done. What was created is deleted; what was updated gets its previous
            cells; what was deleted is created again, under a new id.
        record_id: The record.
        before: What it held before; of no account where it was created.
        columns: The columns that get their previous cells, where it was updated.
        index: The place of the inverse change.
        target: The table.
    """
    match effect:
        case "created":
            return Change("delete", index, record_id=record_id)
        case "updated":
            return Change("update", index, target.restored(before, columns), record_id=record_id)
        case "deleted":
            # Its old id stays with it, so that links to it can be set again.
            cells = target.restored(before, before)
            return Change("create", index, cells, record_id=record_id, before={})
