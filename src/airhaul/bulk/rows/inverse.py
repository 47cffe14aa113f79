"""The inverse of a change: what undoes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final, Literal

from airhaul.bulk.rows.changes import Change
from airhaul.bulk.rows.target import Target
from airhaul.errors import AirhaulError
from airhaul.wire.shapes import Cells

Effect = Literal["created", "updated", "deleted"]
"""The effect of a change on its record."""

RESTORED: Final = ("created", "updated", "unchanged")
"""The outcomes of an inverse change whose record is there."""


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


def relink(change: Change[Any], new_ids: Mapping[str, str], gone: AbstractSet[str]) -> None:
    """Let the links of an inverse change name records that are there.

    Links to records that are about to be recreated are kept in ``change.later``.

    Args:
        change: The inverse change, whose cells are changed.
        new_ids: The ids of records that were recreated, by their old ids.
        gone: The old ids of the records that are yet to be recreated.
    """
    for column, cell in change.cells.items():
        if not isinstance(cell, list) or not all(isinstance(id_, str) for id_ in cell):
            continue
        links = [new_ids.get(id_, id_) for id_ in cell]
        left = [id_ for id_ in links if id_ not in gone]
        if len(left) < len(links):
            change.later[column] = links
        change.cells[column] = left


def links_to_set(made: Iterable[Change[Any]], new_ids: Mapping[str, str]) -> dict[int, Cells]:
    """Return the links to recreated records, under their new ids.

    Args:
        made: The inverse changes that were made.
        new_ids: The ids of the records that they recreated, by the old ids.

    Returns:
        The cells, by the place of the change, of those that have such links.
    """
    return {
        change.index: {
            column: [new_ids.get(id_, id_) for id_ in old] for column, old in change.later.items()
        }
        for change in made
        if change.later
    }


def links_refused(error: AirhaulError) -> str:
    """Return the note on a record whose links could not be set."""
    return f"restored without its links to recreated records, which failed: {error}"
