"""The results of cells, and the table that is printed of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from chaos_runs.report import Report
from plain_airtable.server import MISHAPS
from sheet import Sheet

from matrix_runs.cell import VERBS, Cell
from matrix_runs.rules import RULES

_WRITTEN: Final = ("created", "updated", "unchanged", "deleted")
_AS_BEFORE: Final = ("undone", "failed", "skipped", "not taken")
_NUMBERS: Final = ("calls", "written", "as before", "unknown", "lost", "doubled", "untrue")


class Totals:
    """The results of cells, by mishap and verb."""

    def __init__(self) -> None:
        self._by_place: defaultdict[tuple[str, str], Report] = defaultdict(Report)
        self.of_all = Report()

    def add(self, cell: Cell, report: Report) -> None:
        """Add the result of a cell."""
        self._by_place[cell.mishap, cell.verb].add(report)
        self.of_all.add(report)

    @property
    def unruly(self) -> int:
        """How many rows are unknown without a rule that allows it."""
        figures = self.of_all.figures
        return figures["row unknown"] - sum(figures[f"unknown {cause}"] for cause in RULES)

    @property
    def has_violations(self) -> bool:
        """Whether a row is lost, doubled, untrue, or unknown without a rule that allows it."""
        return bool(self.of_all.problems) or self.unruly > 0

    def sheet(self, seconds: float) -> Sheet:
        """Return the table.

        Args:
            seconds: How long it took.
        """
        figures = self.of_all.figures
        why = ", ".join(
            f"{figures[f'unknown {cause}']:,} as {cause}"
            for cause in RULES
            if figures[f"unknown {cause}"]
        )
        mishaps = sum(n for name, n in figures.items() if name.startswith("fault "))
        causes = f"unknown rows: {why or 'none'}; {self.unruly:,} without a rule"
        sheet = Sheet(
            "Rows by outcome",
            ("mishap", "verb"),
            _NUMBERS,
            notes=f"{seconds:.0f} s; {mishaps:,} mishaps; {causes}",
        )
        for mishap in MISHAPS:
            for verb in VERBS:
                if (mishap, verb) in self._by_place:
                    sheet.add(mishap, verb, *_numbers(self._by_place[mishap, verb]))
        sheet.add("in all", "", *_numbers(self.of_all))
        return sheet


def _numbers(report: Report) -> list[str]:
    def rows(states: Iterable[str]) -> int:
        return sum(report.figures[f"row {state}"] for state in states)

    wrong = [report.wrong("lost"), report.wrong("doubled"), report.wrong("untrue")]
    numbers = [report.figures["runs"], rows(_WRITTEN), rows(_AS_BEFORE), rows(["unknown"]), *wrong]
    return [f"{number:,}" for number in numbers]
