"""The inverse of a change: what undoes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from airhaul.bulk.rows.changes import Change
from airhaul.bulk.rows.target import Target
from airhaul.wire.shapes import Cells

Effect = Literal["created", "updated", "deleted"]
"""The effect of a change on its record."""


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
        before: Its previous cells; not used if it was created.
        columns: The columns whose cells are restored, if it was updated.
        index: The place of the inverse change.
        target: The table.
    """
    match effect:
        case "created":
            return Change("delete", index, record_id=record_id)
        case "updated":
            return Change("update", index, target.restored(before, columns), record_id=record_id)
        case "deleted":
            # The change keeps the old id, so that links to the record can be set again.
            cells = target.restored(before, before)
            return Change("create", index, cells, record_id=record_id, before={})
