"""A run that is judged: what was asked for, how it ended, and what is explained so far."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from airhaul.bulk.results.outcomes import RowOutcome
from chaos_runs.call import Ended
from chaos_runs.report import Problem, Report, Wrong
from chaos_runs.start import Deed
from chaos_runs.things import Cells, Thing
from chaos_runs.truth.evidence import Evidence

Outcome = RowOutcome[Thing]


@dataclass
class Case:
    """A run that is judged.

    Args:
        seed: The seed of the run.
        title: The run in a line.
        deed: What was asked for.
        ended: How the call ended.
        is_broken_off: Whether it was to be broken off from outside.
        on_error: The policy.
        evidence: What the base did and holds.
        report: What has been found.
        claimed: The records that outcomes explain, and which outcome does.
        may_be_left: The forms of records that may be there besides, and how many of each.
        unknown_deletions: How many records may be gone besides.
    """

    seed: int
    title: str
    deed: Deed
    ended: Ended
    is_broken_off: bool
    on_error: str
    evidence: Evidence
    report: Report = field(default_factory=Report)
    claimed: dict[str, str] = field(default_factory=dict[str, str])
    may_be_left: Counter[Any] = field(default_factory=Counter[Any])
    unknown_deletions: int = 0

    def find(self, kind: Wrong, what: str, rows: int = 1) -> None:
        """Note that something is wrong."""
        self.report.figures[f"wrong {kind}"] += rows
        self.report.problems.append(Problem(kind, self.seed, f"{self.title}: {what}"))

    def claim(self, record_id: str, outcome: Outcome) -> None:
        """Note which outcome explains a record, that it is there or gone; only one may."""
        said = f"row {outcome.index} {outcome.state}"
        if record_id in self.claimed:
            self.find("lost", f"{record_id} is claimed by {self.claimed[record_id]} and {said}")
        self.claimed[record_id] = said


def form(cells: Cells) -> Any:
    """What records with equal cells have in common, to count them."""
    return tuple(sorted(cells.items()))
