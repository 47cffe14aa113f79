"""The benchmark itself: it runs, and counts what it says it counts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # it starts processes, and some wait

_ROOT = Path(__file__).parent.parent


def _compare(*arguments: str) -> list[list[str]]:
    """Run the benchmark with airhaul alone, and give the cells of its tables' rows."""
    done = subprocess.run(
        [sys.executable, _ROOT / "bench" / "compare.py", "--client", "airhaul", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if "airhaul " in line and "│" in line]
    return [[cell.strip() for cell in line.strip("│┃ ").split("│")] for line in lines]


def test_the_benchmark_runs_and_tells_what_was_done() -> None:
    """Nothing else uses its server and its clients, and figures that nobody can get are none."""
    (create,) = _compare("--quick", "--mode", "cpu", "--task", "create")
    assert create[:3] == ["bulk create", "airhaul", "1,000"]
    assert float(create[3].replace(",", "")) > 0


def test_linked_records_are_read_together() -> None:
    """A hundred records and what they link to are two requests, at the server's own count."""
    (linked,) = _compare("--quick", "--mode", "links")
    assert (linked[2], linked[4]) == ("100", "2")


def test_what_goes_wrong_is_counted_on_the_server() -> None:
    """Rows that are missing or doubled are told by what the table holds, not by the client."""
    words = ("--mode", "trouble", "--task", "bad-row", "--task", "lost-replies")
    bad_row, lost = _compare(*words)
    assert bad_row[2:8] == ["99", "99", "0", "0", "12", "number 50"]
    assert lost[2:6] == ["500", "500", "0", "0"]
    assert int(lost[6]) > 50


def test_the_check_of_real_files_reads_writes_and_compares(tmp_path: Path) -> None:
    """It reports files that are refused, skips what is no table, and finds the type of a column."""
    (tmp_path / "good.csv").write_text("Id;Note\n007;a, b\n008;NA\n")
    (tmp_path / "good.json").write_text('[{"n": 1.50, "t": ["p", "q, r"]}, {"n": 2, "t": []}]')
    (tmp_path / "bad.csv").write_text("Id,Id\n1,2\n")
    (tmp_path / "other.json").write_text('{"a": 1}')
    words = [tmp_path, "--null", "NA", "--columns", tmp_path / "types.txt"]
    done = subprocess.run(
        [sys.executable, _ROOT / "bench" / "real_files.py", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (total,) = [line for line in done.stdout.splitlines() if line.startswith("│ all ")]
    assert [cell.strip() for cell in total.strip("│").split("│")][1:] == ["2", "1", "4", "8", "0"]
    assert f"refused  {tmp_path.name}: bad.csv: in.csv line 1: the header has 'Id'" in done.stdout
    assert f"{tmp_path.name}: 1 files are no tables" in done.stdout
    types = [line.split("\t")[2:4] for line in (tmp_path / "types.txt").read_text().splitlines()]
    assert types == [
        ["Id", "singleLineText"],
        ["Note", "singleLineText"],
        ["n", "number"],
        ["t", "multipleSelects"],
    ]


def test_many_bases_keep_their_own_limit_and_that_of_the_token(monkeypatch) -> None:
    """What is published about many bases is the pace itself, which allows no request too many."""
    monkeypatch.syspath_prepend(str(_ROOT / "bench"))
    from many_bases import simulate

    done = simulate(bases=30, requests=40, tasks=20, latency_s=0.25)
    base, token = done.most_in_a_second()
    assert done.requests == 30 * 40
    assert base <= 5
    assert token == 50
    assert done.share_of_token() >= 0.9
