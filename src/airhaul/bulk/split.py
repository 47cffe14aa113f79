"""Taking a refused request apart until each bad row stands alone.

Halving finds one bad row in ten with at most eight requests more; any number of bad rows costs at
most eighteen more, two for each row but one. Where Airtable's message tells which rows it speaks
of, they are parted from the others first, and one bad row costs two requests.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from airhaul.bulk.changes import Change
from airhaul.bulk.culprits import Suspects

C = TypeVar("C", bound=Change[Any])


def parts_of(changes: Sequence[C], suspects: Suspects) -> list[list[C]]:
    """Part the rows of a refused request into those to be tried next.

    Args:
        changes: At least two rows.
        suspects: What the refusal says of them.

    Returns:
        Two groups, in the order of the rows.
    """
    places = set(suspects.places)
    if 0 < len(places) <= len(changes) // 2:
        # Only if they are few: parting nine from one would cost more than halving, if it misleads.
        named = [change for place, change in enumerate(changes) if place in places]
        others = [change for place, change in enumerate(changes) if place not in places]
        return sorted((named, others), key=lambda part: part[0].index)
    middle = len(changes) // 2
    return [list(changes[:middle]), list(changes[middle:])]
