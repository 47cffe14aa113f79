"""What a plan would do to one record, and which of many such differences are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

Verb = Literal["create", "update", "delete", "keep"]

VERBS: Final[tuple[Verb, ...]] = ("update", "create", "delete")
"""The verbs that write, in the order in which their differences are shown."""

SHOWN: Final = 20
"""How many differences are shown at most."""

_WIDEST_CELL: Final = 40


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

    def to_dict(self) -> dict[str, Any]:
        """Return the difference as plain data, for logs and JSON."""
        return {
            "verb": self.verb,
            "index": self.index,
            "id": self.record_id,
            "label": self.label,
            "cells": {
                column: {"before": before, "after": after}
                for column, (before, after) in self.cells.items()
            },
        }


def sample(
    differences: Sequence[Difference], counts: Mapping[Verb, int]
) -> tuple[list[Difference], str]:
    """Choose the differences to show: some of each kind.

    Args:
        differences: The first ``SHOWN`` of each kind, or more.
        counts: How many there are of each kind.

    Returns:
        The differences to show, and a line with the number of the others.
    """
    parts = shares([counts[verb] for verb in VERBS], SHOWN)
    shown: list[Difference] = []
    left: list[str] = []
    for verb, part in zip(VERBS, parts, strict=True):
        shown += [one for one in differences if one.verb == verb][:part]
        if counts[verb] > part:
            left.append(f"{counts[verb] - part:,} more to {verb}")
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


def cell_text(cell: Any) -> str:
    """Return a cell as a short text in one line; empty if the cell is."""
    if cell is None:
        return ""
    text = cell if isinstance(cell, str) else _plain(cell)
    line = " ".join(text.split())
    return line if len(line) <= _WIDEST_CELL else f"{line[: _WIDEST_CELL - 1]}…"


def _plain(cell: Any) -> str:
    if isinstance(cell, list):
        return ", ".join(item if isinstance(item, str) else _plain(item) for item in cell)
    return str(cell)
