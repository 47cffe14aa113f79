"""Makes the call of a cell, and has it judged."""

from __future__ import annotations

import logging
from functools import partial

from chaos_runs.call import call, call_async
from chaos_runs.report import Report
from chaos_runs.truth.case import Case
from chaos_runs.truth.evidence import Evidence
from chaos_runs.truth.judge import judge
from plain_airtable.api import MISSING

from matrix_runs.base import PlainBase
from matrix_runs.cell import Cell

logging.getLogger("airhaul").addHandler(logging.NullHandler())


def play(cell: Cell) -> Report:
    """Make the call of a cell, and compare what it says with what the base holds."""
    with PlainBase() as base:
        deed = cell.deed(base)
        before = base.held()
        base.plan = cell.plan()
        base.api.missing = MISSING[cell.number % len(MISSING)]
        act = partial(deed.act, on_error=cell.on_error)
        call_it = call_async if cell.is_async else call
        ended = call_it(base.url, base.api.base_id, act, None)
        evidence = Evidence(base, before, base.happened)
        case = Case(
            seed=cell.number,
            title=str(cell),
            deed=deed,
            ended=ended,
            is_broken_off=False,
            on_error=cell.on_error,
            evidence=evidence,
        )
        return judge(case)
