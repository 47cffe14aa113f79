"""``airhaul delete``: which records, how many, and only when that is confirmed."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import held
from tests.cli.program import QUESTION, airhaul, on_terminal

pytestmark = pytest.mark.slow  # each test starts the program


@pytest.mark.slow
def test_where_names_the_records(stock) -> None:
    """Only those that fit the formula go."""
    words = ["delete", "Stock", "--where", "{Pieces} > 8", "--local", stock]
    done = airhaul(*words, "--yes")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Stock: 3 deleted in ")
    assert set(held(stock)) == {f"i{number:02}" for number in range(9)}
    done = airhaul(*words)
    assert (done.returncode, done.stdout) == (0, "Stock: nothing to do\n")


def test_all_empties_the_table(stock) -> None:
    """--all takes every record, after --yes."""
    done = airhaul("delete", "Stock", "--all", "--yes", "--json", "--local", stock)
    assert done.returncode == 0
    assert json.loads(done.stdout)["deleted"] == 12
    assert held(stock) == {}


@pytest.mark.parametrize(("answer", "left"), [("y\n", 11), ("n\n", 12), ("\x03", 12)])
def test_a_terminal_shows_them_and_asks(stock, answer, left) -> None:
    """What would be lost is to be seen before the question."""
    code, text = on_terminal(
        "delete", "Stock", "--where", "{Code} = 'i07'", "--local", stock, answer=answer
    )
    assert code == {"y\n": 0, "n\n": 2, "\x03": 130}[answer]
    assert "-  i07     Item 7, 7" in text
    assert f"Delete this record? {QUESTION}" in text
    assert len(held(stock)) == left


def test_where_nobody_can_be_asked_it_takes_yes(stock) -> None:
    """A script says --yes, or nothing is deleted."""
    done = airhaul("delete", "Stock", "--all", "--local", stock)
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert len(held(stock)) == 12


def test_more_than_max_deletes_is_refused(stock) -> None:
    """A formula that fits more than was thought deletes nothing, as plan or in earnest."""
    words = ["delete", "Stock", "--where", "{Pieces} > 5", "--max-deletes", 3, "--yes"]
    done = airhaul(*words, "--local", stock)
    assert done.returncode == 2
    assert (
        "Nothing was written: 6 records would be deleted, more than --max-deletes 3" in done.stderr
    )
    assert airhaul(*words, "--dry-run", "--local", stock).returncode == 2
    assert len(held(stock)) == 12


def test_a_dry_run_deletes_nothing(stock) -> None:
    """The plan names the records."""
    words = ["delete", "Stock", "--where", "{Pieces} > 9", "--dry-run", "--local", stock]
    done = airhaul(*words)
    assert done.returncode == 0
    assert done.stdout.startswith("Stock: 2 to delete: 1 request")
    assert "- i11 (rec" in done.stdout
    assert json.loads(airhaul(*words, "--json").stdout)["delete"] == 2
    assert len(held(stock)) == 12


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Choose the records: set either --where FORMULA or --all."),
        (["--where", "{Pieces} > 9", "--all"], "set either --where FORMULA or --all"),
        (["--where", ""], "--where is empty"),
        (["--where", "  "], "--where is empty"),
        (["--where", "{Pieces} >"], "INVALID_FILTER_BY_FORMULA"),
        (["--where", "{Nope} = 1"], "INVALID_FILTER_BY_FORMULA"),
    ],
)
def test_wrong_use_deletes_nothing(stock, words, said) -> None:
    """An empty formula, as of an empty variable, is never all records."""
    done = airhaul("delete", "Stock", *words, "--yes", "--local", stock)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(held(stock)) == 12
