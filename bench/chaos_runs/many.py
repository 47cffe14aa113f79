"""Many runs, some at a time, and a table of their results."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Final, TypeVar, get_args

from sheet import Sheet

from chaos_runs.report import Report, Wrong
from chaos_runs.run import run_once

T = TypeVar("T")

_IN_ALL: Final = ("runs", "requests", "requests of others", "writes of unclear fate")
# By the first word of a figure's name.
_GROUPS: Final = {
    "verb": "verbs",
    "face": "faces",
    "fault": "faults injected",
    "row": "rows by outcome",
    "unknown": "unknown rows, by cause",
    "ended": "calls by end",
}


def run_all(
    seeds: Sequence[int], jobs: int, on_run: Callable[[Report], object] | None = None
) -> Report:
    """Make many runs, each in a process that makes one at a time.

    Args:
        seeds: A run for each.
        jobs: How many at a time.
        on_run: Called with the report of each run.
    """
    total = Report()
    for report in play_all(run_once, seeds, jobs):
        if on_run is not None:
            on_run(report)
        total.add(report)
    return total


def play_all(play: Callable[[T], Report], runs: Sequence[T], jobs: int) -> Iterator[Report]:
    """Make runs, and yield what came of each, in their order.

    Args:
        play: Makes one.
        runs: What to make one of.
        jobs: How many at a time, each in a process that makes one at a time.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        yield from pool.map(play, runs, chunksize=4)


def sheet_of(total: Report, seconds: float) -> Sheet:
    """The figures as a table.

    Args:
        total: What came of the runs.
        seconds: How long they took.
    """
    sheet = Sheet("Chaos", ("what", "which"), ("number",))
    for name in _IN_ALL:
        sheet.add("in all", name, f"{total.figures[name]:,}")
    sheet.add("in all", "seconds", f"{seconds:,.0f}")
    for group, title in _GROUPS.items():
        for name, number in sorted(total.figures.items()):
            if name.startswith(f"{group} "):
                sheet.add(title, name.removeprefix(f"{group} "), f"{number:,}")
    for kind in get_args(Wrong):
        sheet.add("found wrong", kind, f"{total.wrong(kind):,}")
    return sheet
