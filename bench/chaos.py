"""Chaos: bulk calls over HTTP amidst faults and other writers, and whether what they say is so.

    python bench/chaos.py [--runs N] [--seed S] [--jobs J]

Each run opens a local base with faults, starts somebody else who writes to the same table, makes
one bulk call, and then compares the outcome of every row with what the base really holds. The
exit code is 1 if a row is lost or doubled, or an outcome is untrue; the seed that is named then
plays the same run alone: ``python bench/chaos.py --runs 1 --seed S``. The same seed gives the same
rows and faults; who comes first over HTTP is not the same each time.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from typing import Final

from chaos_runs.many import run_all, sheet_of
from chaos_runs.report import Report
from rich.console import Console

RUNS: Final = 300
_WIDTH: Final = 100  # less would cut the tables


def main(arguments: Sequence[str]) -> int:
    """Run, print, and say by the exit code whether all was well."""
    parser = argparse.ArgumentParser(
        prog="chaos.py", description="Check bulk calls amidst faults.", allow_abbrev=False
    )
    parser.add_argument("--runs", type=int, default=RUNS, help=f"how many; {RUNS} unless given")
    parser.add_argument("--seed", type=int, default=0, help="the seed of the first run")
    parser.add_argument("--jobs", type=int, default=4, help="how many runs at a time")
    options = parser.parse_args(arguments)
    console = Console(width=max(Console().width, _WIDTH))

    def show(report: Report) -> None:
        for problem in report.problems:
            said = f"seed {problem.seed}: {problem.kind}: {problem.what}"
            console.print(said, markup=False, highlight=False)

    began = time.monotonic()
    total = run_all(range(options.seed, options.seed + options.runs), options.jobs, show)
    console.print(sheet_of(total, time.monotonic() - began).as_rich())
    wrong = sorted({problem.seed for problem in total.problems})
    if wrong:
        console.print(f"Seeds of runs with something wrong: {', '.join(map(str, wrong))}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
