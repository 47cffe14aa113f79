"""What came of a run, or of many: figures, and what was found wrong."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

Wrong = Literal["lost", "doubled", "untrue"]
"""A record is gone, or not claimed by one row; there is more than asked for; something said is
not so."""


@dataclass(frozen=True)
class Problem:
    """Something that was found wrong.

    Args:
        kind: In which way.
        seed: The seed of the run.
        what: What the run was, and what is wrong.
    """

    kind: Wrong
    seed: int
    what: str


@dataclass
class Report:
    """What came of a run, or of many.

    Args:
        figures: What was counted, by name; the first word of most is their group.
        problems: What was found wrong.
    """

    figures: Counter[str] = field(default_factory=Counter[str])
    problems: list[Problem] = field(default_factory=list[Problem])

    def add(self, other: Report) -> None:
        """Add the report of another run."""
        self.figures += other.figures
        self.problems += other.problems

    def wrong(self, kind: Wrong) -> int:
        """How many rows are lost, doubled or untrue."""
        return self.figures[f"wrong {kind}"]
