"""Bulk calls over HTTP amidst faults and other writers: no row lost, none twice, no outcome untrue."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from airhaul.bulk.engine import engine

BENCH = Path(__file__).parents[2] / "bench"
sys.path.insert(0, str(BENCH))

from chaos_runs.deeds import VERBS  # noqa: E402
from chaos_runs.many import run_all  # noqa: E402
from chaos_runs.report import Report  # noqa: E402
from chaos_runs.run import run_once  # noqa: E402

pytestmark = pytest.mark.slow  # twenty-eight runs over HTTP

SEEDS = range(28)
# Runs in which requests that create rows are carried out and their replies lost.
SEEDS_WITH_LOST_CREATES = (30, 43, 46)
AT_ONCE = 4


def test_chaos() -> None:
    """Each row is what its outcome says, in twenty-eight calls of all verbs amidst faults and others."""
    total = run_all(SEEDS, AT_ONCE)
    assert total.problems == []
    assert [total.wrong(kind) for kind in ("lost", "doubled", "untrue")] == [0, 0, 0]
    # And there was something to get wrong.
    figures = total.figures
    assert figures["runs"] == len(SEEDS)
    assert figures["writes of unclear fate"] > len(SEEDS) // 2
    assert all(figures[f"verb {verb}"] >= len(SEEDS) // len(VERBS) for verb in VERBS)
    assert all(
        figures[f"row {state}"] > 0
        for state in ("created", "updated", "deleted", "failed", "skipped", "undone", "unknown")
    )


def test_chaos_notices_creates_that_are_sent_again(monkeypatch) -> None:
    """A client that repeats creates blindly is found out, so that finding nothing means something."""
    judge = engine.judge

    def blind(call, *more, **options):
        effect = "repeatable" if call.effect == "create" else call.effect
        return judge(replace(call, effect=effect), *more, **options)

    monkeypatch.setattr(engine, "judge", blind)
    total = Report()
    for seed in SEEDS_WITH_LOST_CREATES:
        total.add(run_once(seed))
    assert total.wrong("doubled") > 0
