"""What a plan would do to one record, and which of many such differences are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

Verb = Literal["create", "update", "delete", "keep"]

SHOWN: Final = 20
"""How many differences are shown at most."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What a plan would do to one record.

    Args:
        verb: What would be done.
        index: The row's place in the input; deletions that a sync found follow the rows.
        record_id: The record, where there is one.
        label: What identifies it for people: its key, or its first cell.
        cells: Each column that would change, with the cell before and after.
    """

    verb: Verb
    index: int
    record_id: str | None
    label: str
    cells: dict[str, tuple[Any, Any]]


def sample(differences: Sequence[Difference]) -> tuple[list[Difference], str]:
    """Choose the differences to show: some of each kind.

    Args:
        differences: All of them.

    Returns:
        The differences to show, and a line with the number of the others.
    """
    kinds: tuple[Verb, ...] = ("update", "create", "delete")
    by_verb = {verb: [one for one in differences if one.verb == verb] for verb in kinds}
    parts = shares([len(ones) for ones in by_verb.values()], SHOWN)
    shown: list[Difference] = []
    left: list[str] = []
    for (verb, ones), part in zip(by_verb.items(), parts, strict=True):
        shown += ones[:part]
        if len(ones) > part:
            left.append(f"{len(ones) - part:,} more to {verb}")
    return shown, f"and {', '.join(left)}" if left else ""


def shares(wanted: list[int], there: int) -> list[int]:
    """Divide an amount evenly, and what one does not need among the others.

    Args:
        wanted: How much each needs.
        there: The amount.
    """
    shares = [0] * len(wanted)
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    for others, place in zip(range(len(order), 0, -1), order, strict=True):
        shares[place] = min(wanted[place], there // others)
        there -= shares[place]
    return shares
