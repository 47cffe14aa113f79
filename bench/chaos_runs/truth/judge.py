"""Judges a run: the end of its call, every row, and what no row explains."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from airhaul.errors import AirhaulError, BulkError, BulkInterrupted
from chaos_runs.mishaps import InterruptionError
from chaos_runs.report import Report
from chaos_runs.truth.case import Case, Outcome
from chaos_runs.truth.leftovers import judge_leftovers
from chaos_runs.truth.rows import judge_deletion, judge_row, must_be_as_before

_BREAKING: Final = (InterruptionError, asyncio.CancelledError, BulkInterrupted)


def judge(case: Case) -> Report:
    """Compare what a call says with what the base did and holds."""
    _count_requests(case)
    result, rows = case.ended.result, case.deed.rows
    outcomes = [] if result is None else list(result.outcomes)
    _judge_end(case, outcomes)
    figures = case.report.figures
    for outcome in outcomes:
        figures[f"row {outcome.state}"] += 1
        if outcome.index < len(rows):
            judge_row(case, rows[outcome.index], outcome)
        else:
            judge_deletion(case, outcome)
    not_taken = rows[len(outcomes) :]
    figures["row not taken"] += len(not_taken)
    for row in not_taken:
        must_be_as_before(case, row.target, "it was not taken")
    judge_leftovers(case)
    return case.report


def _count_requests(case: Case) -> None:
    evidence, figures = case.evidence, case.report.figures
    figures["runs"] = 1
    figures["requests"] = len(evidence.ours)
    figures["requests of others"] = len(evidence.of_others)
    figures["writes of unclear fate"] = sum(
        seen.may_be_lost and not seen.is_read for seen in evidence.ours
    )
    figures.update({f"fault {kind}": number for kind, number in evidence.injected.items()})


def _judge_end(case: Case, outcomes: Sequence[Outcome]) -> None:
    """Look what was returned or raised."""
    error = case.ended.error
    case.report.figures[f"ended {type(error).__name__ if error else 'well'}"] += 1
    if error is None:
        _judge_return(case, outcomes)
    else:
        _judge_error(case, error)


def _judge_return(case: Case, outcomes: Sequence[Outcome]) -> None:
    result = case.ended.result
    if result is None:
        case.find("untrue", "it returned nothing")
    elif case.on_error != "continue" and not result.is_complete:
        case.find("untrue", f"it raised nothing, and says {result}")
    if len(outcomes) < len(case.deed.rows):
        case.find("untrue", f"it ended well, and took {len(outcomes)} rows only")
    skipped = sum(outcome.state == "skipped" for outcome in outcomes)
    if skipped:
        case.find("untrue", f"it ended well, and skipped {skipped} rows")


def _judge_error(case: Case, error: BaseException) -> None:
    # Ctrl-C while a call only reads is raised as it is: there is no result to go with it.
    wrote = any(not seen.is_read for seen in case.evidence.ours)
    breaking = _BREAKING if wrote else (*_BREAKING, KeyboardInterrupt)
    if not isinstance(error, AirhaulError) and not (
        case.is_broken_off and isinstance(error, breaking)
    ):
        case.find("untrue", f"it raised {error!r}")
    result = case.ended.result
    if isinstance(error, BulkError) and result is not None and result.is_complete:
        case.find("untrue", f"it raised {error}, and all is done")
