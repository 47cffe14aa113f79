"""Splitting a refused request until each bad row is alone.

Halving finds one bad row in ten with at most eight more requests; any number of bad rows costs at
most eighteen more, two for each row but one. If Airtable's message identifies the rows that it is
about, they are separated from the others first, and one bad row costs two requests. Rows that are
known to be refused for the same reason are not sent (``blame``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from airhaul.bulk.rows.changes import Change, Chunk
from airhaul.bulk.rows.target import Target
from airhaul.bulk.writing.blame import (
    Suspects,
    row_error,
    suspects_of,
    title_of,
    typecast_would_help,
)
from airhaul.errors import AirhaulError, RowError
from airhaul.messages import Message, Option
from airhaul.model.base import RecordBase

M = TypeVar("M", bound=RecordBase)
C = TypeVar("C", bound=Change[Any])


@dataclass(slots=True)
class Parted(Generic[M]):
    """The parts of a refused request.

    Args:
        blamed: The rows that caused the refusal, each with its error.
        chunks: The requests to try next, in the order of the rows.
    """

    blamed: list[tuple[Change[M], RowError]]
    chunks: list[Chunk[M]] = field(default_factory=list[Chunk[M]])


def part(
    chunk: Chunk[M], error: AirhaulError, source: str | None, target: Target | None = None
) -> Parted[M]:
    """Split a refused request, so that its good rows are written.

    Args:
        chunk: The request.
        error: The refusal.
        source: The file that the rows come from, for errors.
        target: The table, for advice.
    """
    changes = chunk.changes
    suspects = suspects_of(error, changes)
    certain = set(suspects.places) if suspects.is_certain else set[int]()
    if len(changes) == 1:
        certain = {0}
    blamed = _named(changes, certain, error, suspects.field, source, target)
    rest = [change for place, change in enumerate(changes) if place not in certain]
    if not rest:
        return Parted(blamed)
    parts = [rest] if certain else parts_of(rest, suspects)
    return Parted(blamed, [Chunk(chunk.kind, some, chunk.tries) for some in parts])


def blame(
    changes: Sequence[Change[M]],
    error: AirhaulError,
    source: str | None,
    target: Target | None = None,
) -> list[tuple[Change[M], RowError]]:
    """Find the rows that a refusal is about, as far as it identifies them.

    Args:
        changes: The rows of the request, none of which was written.
        error: The refusal.
        source: The file that the rows come from, for errors.
        target: The table, for advice.

    Returns:
        The rows that caused the refusal; if unknown, all rows with one error.
    """
    suspects = suspects_of(error, changes)
    places = {0} if len(changes) == 1 else set(suspects.places)
    if suspects.is_certain or len(places) == 1:
        return _named(changes, places, error, suspects.field, source, target)
    first, last = changes[0].index, changes[-1].index
    hints = (typecast_would_help(error, change, target) for change in changes)
    hint = next((hint for hint in hints if hint is not None), None)
    finding = Message(
        error.message,
        " To find them and write the others, set ",
        Option("on_error", "continue"),
        ".",
    )
    shared = RowError(
        Message(
            f"the request with rows {first}-{last} was refused because of one or more of them: ",
            hint or finding,
        ),
        field=title_of(suspects.field, target),
    )
    return [(change, shared) for change in changes]


def _named(
    changes: Sequence[Change[M]],
    places: set[int],
    error: AirhaulError,
    field: str | None,
    source: str | None,
    target: Target | None,
) -> list[tuple[Change[M], RowError]]:
    found = [changes[place] for place in sorted(places)]
    return [(change, row_error(error, change, field, source, target)) for change in found]


def parts_of(changes: Sequence[C], suspects: Suspects) -> list[list[C]]:
    """Divide the rows of a refused request into those to try next.

    Args:
        changes: At least two rows.
        suspects: The rows that the refusal is about.

    Returns:
        Two groups, in the order of the rows.
    """
    places = set(suspects.places)
    if 0 < len(places) <= len(changes) // 2:
        # Only if they are few: if the message misleads, nine and one cost more than two halves.
        named = [change for place, change in enumerate(changes) if place in places]
        others = [change for place, change in enumerate(changes) if place not in places]
        return sorted((named, others), key=lambda part: part[0].index)
    middle = len(changes) // 2
    return [list(changes[:middle]), list(changes[middle:])]
