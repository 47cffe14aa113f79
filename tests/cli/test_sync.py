"""``airhaul sync``: the plan, the question, the writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from airhaul import Airtable
from tests.cli.conftest import file, held
from tests.cli.program import QUESTION, airhaul, on_terminal

pytestmark = pytest.mark.slow  # each test starts the program


@pytest.fixture
def wanted(stock) -> Path:
    """A file with one change, one new row, and two rows less than the table."""
    rows = [f"i{number:02},Item {number},{50 if number == 5 else number}" for number in range(10)]
    return file("wanted.csv", *rows, "n1,New,1")


WORDS = ["sync", "wanted.csv", "Stock", "--key", "Code", "--local", "b.db"]
AFTER = {
    **{f"i{number:02}": (f"Item {number}", number) for number in range(10)},
    "i05": ("Item 5", 50),
    "n1": ("New", 1),
}


def test_yes_writes_what_differs(wanted, stock) -> None:
    """Only differences are sent, and a second run has nothing to do."""
    done = airhaul(*WORDS, "--delete", "--yes")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Stock: 1 created, 1 updated, 9 unchanged, 2 deleted in ")
    assert "Stock: 1 to create, 1 to update, 2 to delete, 9 unchanged: 3 requests" in done.stderr
    assert "Pieces: 5 -> 50" in done.stderr
    assert held(stock) == AFTER
    done = airhaul(*WORDS, "--delete")
    assert (done.returncode, done.stdout) == (0, "Stock: nothing to do, 11 unchanged\n")


def test_without_delete_nothing_goes(wanted, stock) -> None:
    """Records that are not in the file stay unless --delete says otherwise."""
    assert airhaul(*WORDS, "--yes").returncode == 0
    assert set(held(stock)) == {*AFTER, "i10", "i11"}


def test_where_nobody_can_be_asked_it_takes_yes(wanted, stock) -> None:
    """No terminal and no --yes: the plan, a clear error, and nothing done."""
    before = held(stock)
    done = airhaul(*WORDS, "--delete")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Nothing was written: this is not a terminal" in done.stderr
    assert "--yes" in done.stderr
    assert held(stock) == before


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        ("y\n", 0, "Stock: 1 created, 1 updated, 9 unchanged, 2 deleted"),
        ("YES\n", 0, "Stock: 1 created, 1 updated, 9 unchanged, 2 deleted"),
        ("n\n", 2, "Nothing was written."),
        ("\n", 2, "Nothing was written."),
        ("yeah no\n", 2, "Nothing was written."),
        ("\x04", 2, "Nothing was written."),
        ("\x03", 130, "Interrupted: nothing was written."),
    ],
)
def test_a_terminal_is_asked(wanted, stock, answer, code, said) -> None:
    """Only a clear yes writes; no, nothing, the end of input and Ctrl-C leave all as it was."""
    before = held(stock)
    ended, text = on_terminal(*WORDS, "--delete", answer=answer)
    assert ended == code
    assert f"Write this? {QUESTION}" in text
    assert said in text
    assert held(stock) == (AFTER if code == 0 else before)


def test_the_plan_fits_the_terminal(stock) -> None:
    """Long cells are cut, no row is broken, and of each kind something is to be seen."""
    rows = [f"i{number:02},{'A name that goes on and on ' * 5},{number}" for number in range(6)]
    new = [f"new-item-with-a-long-code-{number},{'New ' * 40},1" for number in range(30)]
    file("wide.csv", *rows, *new)
    words = ["sync", "wide.csv", "Stock", "--key", "Code", "--delete", "--max-deletes", 6]
    code, text = on_terminal(*words, "--dry-run", "--local", stock)
    assert code == 0
    lines = text.splitlines()
    signs = [line[0] for line in lines if line[:2] in ("~ ", "+ ", "- ")]
    assert signs == ["~"] * 6 + ["+"] * 8 + ["-"] * 6
    assert "and 22 more to create" in lines
    assert len(held(stock)) == 12


def test_a_cell_is_shown_where_it_differs(stock) -> None:
    """A long text that changes at its end shows the end, before and after."""
    start = "The same words at the beginning of a long text. " * 3
    airhaul(
        "import", file("one.csv", f"i03,{start}old end,3"), "Stock", "--key", "Code", "--local", stock
    )  # fmt: skip
    file("two.csv", f"i03,{start}new end,3")
    words = ["sync", "two.csv", "Stock", "--key", "Code", "--dry-run", "--local", stock]
    code, text = on_terminal(*words)
    assert code == 0
    assert "old end" in text
    assert "new end" in text


def test_a_table_that_changes_meanwhile_is_not_written(wanted, stock) -> None:
    """What somebody changes while the question stands is noticed, and nothing is written."""

    def change() -> None:
        with Airtable.local(stock) as airtable:
            table = airtable.table_named("Stock")
            (record,) = table.all(formula="{Code} = 'i05'")
            table.bulk_update([{"id": record.id, "pieces": 7}])

    code, text = on_terminal(*WORDS, "--delete", answer="y\n", before_answer=change)
    assert code == 2
    assert "Error: The table has changed since the plan was made, in rec" in text
    assert "apply(" not in text
    found = held(stock)
    assert found["i05"] == ("Item 5", 7)
    assert len(found) == 12


@pytest.mark.parametrize(
    ("options", "advice"),
    [
        ((), "or write the good rows with --on-error continue --rejects FILE."),
        (
            ("--delete",),
            "or write the good rows without --delete, with --on-error continue --rejects FILE.",
        ),
    ],
)
def test_advice_about_rows_that_are_not_valid_can_be_followed(stock, options, advice) -> None:
    """With --delete, a row that is not valid refuses the whole sync, whatever --on-error is."""
    file("wanted.csv", *(f"i{number:02},Item {number},many" for number in range(12)))
    done = airhaul(*WORDS, "--yes", *options)
    assert done.returncode == 2
    assert advice in " ".join(done.stderr.split())


def test_too_many_deletions_are_refused(stock) -> None:
    """More than a third of the table, or than --max-deletes, goes only if that is said."""
    file("few.csv", "i00,Item 0,0", "i01,Item 1,1")
    words = ["sync", "few.csv", "Stock", "--key", "Code", "--delete", "--yes", "--local", stock]
    done = airhaul(*words)
    assert done.returncode == 2
    assert "Nothing was written: 10 of 12 records would be deleted" in done.stderr
    assert "set --max-deletes 10." in done.stderr
    assert airhaul(*words, "--max-deletes", 9).returncode == 2
    assert airhaul(*words, "--dry-run").returncode == 2
    assert len(held(stock)) == 12
    assert airhaul(*words, "--max-deletes", 10).returncode == 0
    assert len(held(stock)) == 2


def test_an_empty_file_deletes_nothing_unless_that_is_said(stock) -> None:
    """A file that was emptied by mistake does not empty the table."""
    file("empty.csv")
    words = ["sync", "empty.csv", "Stock", "--key", "Code", "--delete", "--yes", "--local", stock]
    done = airhaul(*words)
    assert done.returncode == 2
    assert "the source is empty" in done.stderr
    assert "set --allow-empty." in done.stderr
    assert len(held(stock)) == 12
    assert airhaul(*words, "--allow-empty").returncode == 0
    assert held(stock) == {}


def test_a_dry_run_says_it_all_and_writes_nothing(wanted, stock) -> None:
    """The plan as text and as JSON, and the same exit code as the writing would have."""
    before = held(stock)
    done = airhaul(*WORDS, "--delete", "--dry-run")
    assert done.returncode == 0
    assert done.stdout.startswith("Stock: 1 to create, 1 to update, 2 to delete, 9 unchanged")
    assert done.stderr == ""
    done = airhaul(*WORDS, "--delete", "--dry-run", "--json")
    plan = json.loads(done.stdout)
    assert (plan["create"], plan["update"], plan["delete"]) == (1, 1, 2)
    assert {one["label"] for one in plan["differences"] if one["verb"] == "delete"} == {
        "i10",
        "i11",
    }
    assert held(stock) == before


def test_rows_that_are_not_valid_are_told_and_put_aside(stock) -> None:
    """Under "stop" nothing is asked or sent; under "continue" the good rows are written."""
    file("new.csv", "i03,Item 3,many", "n1,New,1")
    words = ["sync", "new.csv", "Stock", "--key", "Code", "--rejects", "r.csv", "--local", stock]
    code, text = on_terminal(*words)
    assert code == 2
    assert QUESTION not in text
    assert "Nothing was sent: 1 of 2 rows is not valid." in text
    assert "1 row is in r.csv, with the reason." in text
    assert "i03,Item 3,many" in Path("r.csv").read_text()
    assert len(held(stock)) == 12
    Path("r.csv").unlink()
    done = airhaul(*words, "--on-error", "continue", "--yes")
    assert done.returncode == 1
    assert "Stock: 1 created, 1 failed in " in done.stdout
    # Never a sync with the rejects, which would delete or miss all the others.
    assert "1 row is in r.csv: correct it, and then: airhaul retry " in done.stderr
    Path("r.csv").write_text(Path("r.csv").read_text().replace("many", "33"))
    done = airhaul("import", "r.csv", "Stock", "--key", "Code", "--local", stock)
    assert done.returncode == 0, done.stderr
    assert held(stock)["i03"] == ("Item 3", 33)
    assert len(held(stock)) == 13


def test_json_with_yes_is_nothing_but_json(wanted, stock) -> None:
    """Standard output is one JSON value, for a written, an empty and a refused plan."""
    told = json.loads(airhaul(*WORDS, "--yes", "--json").stdout)
    assert (told["created"], told["updated"], told["outcomes"]) == (1, 1, [])
    done = airhaul(*WORDS, "--json")
    assert (done.returncode, json.loads(done.stdout)["unchanged"]) == (0, 11)
    file("few.csv", "i00,Item 0,0")
    words = ["sync", "few.csv", "Stock", "--key", "Code", "--delete", "--json", "--local", stock]
    done = airhaul(*words)
    assert done.returncode == 2
    assert "set --max-deletes 12." in json.loads(done.stdout)["refusal"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["sync", "stock.csv", "Stock"], "Missing option '--key'"),
        (["sync", "stock.csv", "Stock", "--key", "Kode"], "Kode"),
        (["sync", "stock.csv", "Stock", "--key", "Code", "--max-deletes", "3"], "need --delete"),
        (["sync", "stock.csv", "Stock", "--key", "Code", "--allow-empty"], "need --delete"),
        (["sync", "stock.csv", "Stock", "--key", "Code", "--parallel", "0"], "--parallel"),
        (["sync", "stock.csv", "Stock", "--key", "Code", "--parallel", "all"], "nor auto"),
        (["sync", "stock.csv", "Stock", "--key", "Code", "--on-error", "cry"], "--on-error"),
        (["sync", "nope.csv", "Stock", "--key", "Code"], "nope.csv: No such file"),
        (["sync", "twice.csv", "Stock", "--key", "Code"], "row 0 has the same key"),
    ],
)
def test_wrong_use_writes_nothing(stock, words, said) -> None:
    """What contradicts itself or cannot be is told in a line, with exit code 2."""
    file("twice.csv", "n1,A,1", "n1,B,2")
    done = airhaul(*words, "--yes", "--local", stock)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(held(stock)) == 12


def test_records_with_one_key_are_named(stock) -> None:
    """Where the key does not tell records apart, they are named and nothing is written."""
    airhaul("import", file("more.csv", "i03,Twin,1"), "Stock", "--local", stock)
    done = airhaul("sync", "stock.csv", "Stock", "--key", "Code", "--yes", "--local", stock)
    assert done.returncode == 2
    assert "the same key" in done.stderr
    assert "Code='i03': rec" in done.stderr
    with Airtable.local(stock) as airtable:
        assert airtable.table_named("Stock").count() == 13


def test_several_chains_read_the_same(wanted, stock) -> None:
    """--parallel reads the table in parts, and comes to the same."""
    assert airhaul(*WORDS, "--delete", "--parallel", 3, "--yes").returncode == 0
    assert held(stock) == AFTER
    again = airhaul(*WORDS, "--delete", "--parallel", "auto", "--yes")
    assert again.returncode == 0
    assert held(stock) == AFTER
