"""Servers killed at work: the file opens, what was acknowledged is there, and nothing by halves."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

import pytest

BENCH = Path(__file__).parents[3] / "bench"
sys.path.insert(0, str(BENCH))

from kill_runs.run import begin, kill_once, look  # noqa: E402
from kill_runs.writer import Writer  # noqa: E402

from airhaul.local_base.base import LocalBase  # noqa: E402
from tests.local_base.asking import Asking  # noqa: E402


@pytest.mark.slow
def test_kills_under_load_lose_nothing(tmp_path) -> None:
    """Two servers on one file are killed three times and more, while four clients write."""
    file = tmp_path / "base.db"
    begin(file)
    random = Random(7)
    writers = [Writer(number, Random(number)) for number in range(4)]

    def something_was_at_stake() -> bool:
        acknowledged = sum(writer.acknowledged for writer in writers)
        return acknowledged > 50 and any(writer.unclear for writer in writers)

    # On a busy machine little is written before a kill: there are more of them then.
    kills = 0
    while kills < 3 or (kills < 30 and not something_was_at_stake()):
        assert kill_once(file, writers, random) == []
        kills += 1
    assert something_was_at_stake()


def test_what_is_looked_for_would_be_found(tmp_path) -> None:
    """A lost write, one that is half there, and a doubled one are told from what may be."""
    file = tmp_path / "base.db"
    begin(file)
    with LocalBase.open(file) as local_base:
        Asking(local_base).add("Things", *({"Key": key, "Writer": 0, "Value": 1} for key in "abb"))

    def problems(known: dict, pending: dict | None) -> list[str]:
        return look(file, [Writer(0, Random(0), known=known, pending=pending)])

    twice = "the key b is there twice"
    assert problems({"a": 1, "b": 1}, None) == [twice]
    assert problems({}, {"a": 1, "b": 1}) == [twice]
    (_, lost) = problems({"a": 1, "b": 1, "c": 1}, None)
    assert "not there: c" in lost
    (_, half) = problems({}, {"a": 1, "b": 1, "c": 1})
    assert "half applied: c" in half
