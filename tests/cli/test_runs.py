"""``airhaul runs``, ``resume``, ``undo`` and ``retry``: what was done, and what can be done about it."""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
import signal
from pathlib import Path

import pytest

from airhaul import Airtable
from tests.cli.conftest import file, held
from tests.cli.program import airhaul, on_terminal

pytestmark = pytest.mark.slow  # each test starts the program


def imported(stock: Path, rows: int = 30, *options: object) -> str:
    """Import some rows; gives the run's id."""
    new = file("new.csv", *(f"n{number:02},New,{number}" for number in range(rows)))
    done = airhaul("import", new, "Stock", "--local", stock, "--json", *options)
    return json.loads(done.stdout)["run"]


def test_a_journal_without_runs_says_so() -> None:
    """The file is made in the place where the system has state."""
    done = airhaul("runs")
    assert done.returncode == 0, done.stderr
    assert "has no runs yet" in done.stdout
    assert (Path(os.environ["XDG_STATE_HOME"]) / "airhaul/journal.db").exists()
    assert json.loads(airhaul("runs", "--json").stdout) == []


def test_a_base_is_no_journal(stock) -> None:
    """Told in the words of the command line."""
    done = airhaul("runs", "--journal", stock)
    assert done.returncode == 2
    assert "not an airhaul journal. Set --journal to another file." in done.stderr


def test_a_command_that_writes_names_its_run(stock) -> None:
    """And says how to take it back; the journal lists it, with what it did."""
    done = airhaul("import", file("new.csv", "n1,New,1"), "Stock", "--local", stock)
    told = re.search(r"Run (\w{8}); to undo it: airhaul undo \1", done.stderr)
    assert told is not None, done.stderr
    listed = airhaul("runs").stdout.splitlines()
    assert listed[0].split() == ["Run", "Began", "What", "Rows", "State"]
    assert listed[1].split()[0] == told[1]
    assert "import new.csv → Stock" in listed[1]
    assert listed[1].rstrip().endswith("1 created  done")
    (as_json,) = json.loads(airhaul("runs", "--json").stdout)
    assert (as_json["id"], as_json["state"], as_json["counts"]) == (told[1], "done", {"created": 1})
    assert as_json["source"]["path"] == str(Path("new.csv").resolve())


def test_a_pipe_gets_the_list_of_runs_whole(stock) -> None:
    """However narrow the terminal is said to be: ids are there to be copied, by programs too."""
    name = "a-file-with-a-name-that-is-longer-than-it-needs-to-be.csv"
    airhaul("import", file(name, "n1,New,1"), "Stock", "--local", stock)
    (run,) = json.loads(airhaul("runs", "--json").stdout)
    _, line = airhaul("runs", COLUMNS="40").stdout.splitlines()
    assert line.startswith(f"{run['id']}  ")
    assert f"import {name} → Stock  1 created  done" in line
    assert line == line.rstrip()


@pytest.mark.parametrize("columns", [40, 60, 80, 100])
def test_the_list_of_runs_fits_the_terminal(stock, columns) -> None:
    """Nothing of an id, a time, a count or a state is cut, on narrow terminals neither."""
    new = file("new.csv", "i00,New,1", "n1,New,2", "i02,Item 2,2")
    done = airhaul("sync", new, "Stock", "--key", "Code", "--delete", "--max-deletes", "10",
                   "--yes", "--json", "--local", stock)  # fmt: skip
    run = json.loads(done.stdout)
    code, text = on_terminal("runs", columns=columns)
    assert code == 0
    words = " ".join(text.split())
    for said in (run["run"], "1 created, 1 updated, 1 unchanged, 10 deleted", "done"):
        assert said in words, text
    assert "…" not in text


def test_a_run_is_shown_with_its_errors_and_requests(stock) -> None:
    """By the beginning of its id; errors are named by row."""
    new = file("new.csv", "n1,A,1", "n2,B,many", "n3,C,3")
    airhaul("import", new, "Stock", "--on-error", "continue", "--local", stock)
    (run,) = json.loads(airhaul("runs", "--json").stdout)
    done = airhaul("runs", run["id"][:3])
    assert done.returncode == 0, done.stderr
    assert "with failures" in done.stdout
    assert "2 created, 1 failed" in done.stdout
    assert re.search(r"error +row 1: .*valid number", done.stdout)
    shown = json.loads(airhaul("runs", run["id"], "--json").stdout)
    assert [error["index"] for error in shown["errors"]] == [1]
    assert shown["slowest"][0]["rows"] == 2
    nothing = airhaul("runs", "zzz")
    assert nothing.returncode == 2
    assert "no run 'zzz'" in nothing.stderr


def test_the_journal_can_be_elsewhere_or_off(stock) -> None:
    """By option or environment."""
    new = file("new.csv", "n1,A,1")
    done = airhaul("import", new, "Stock", "--local", stock, "--journal", "off")
    assert "Run " not in done.stderr
    done = airhaul("import", new, "Stock", "--local", stock, AIRHAUL_JOURNAL="mine.db")
    assert "Run " in done.stderr
    assert len(json.loads(airhaul("runs", "--json", "--journal", "mine.db").stdout)) == 1
    assert json.loads(airhaul("runs", "--json").stdout) == []
    refused = airhaul("runs", AIRHAUL_JOURNAL="off")
    assert refused.returncode == 2
    assert "switched off" in refused.stderr


def test_commands_for_a_run_name_the_journal_that_it_is_in(stock) -> None:
    """As they are printed they find the run, also where --journal was set."""
    new = file("new.csv", "n1,A,1", "n2,A,many")
    words = ["import", new, "Stock", "--on-error", "continue", "--rejects", "r.csv"]
    done = airhaul(*words, "--local", stock, "--journal", "my runs.db")
    Path("r.csv").write_text(Path("r.csv").read_text().replace("many", "2"))
    retry = done.stderr.partition("and then: airhaul ")[2].splitlines()[0]
    undo = done.stderr.partition("to undo it: airhaul ")[2].splitlines()[0]
    assert airhaul(*shlex.split(retry)).stdout.startswith("Stock: 1 created in ")
    assert airhaul(*shlex.split(undo), "--yes").stdout.startswith("Stock: 1 deleted in ")
    # So do those that the library advises, and those of a table.
    nothing = airhaul("undo", "--journal", "no runs.db")
    assert "airhaul runs --journal 'no runs.db' lists them" in nothing.stderr
    words = ["import", file("more.csv", *(f"m{n:02},New,1" for n in range(60))), "Stock"]
    airhaul(*words, "--local", stock, "--journal", "my runs.db", "--max-requests", 4)
    (latest, *_) = json.loads(airhaul("runs", "--journal", "my runs.db", "--json").stdout)
    shown = airhaul("runs", latest["id"], "--journal", "my runs.db").stdout
    assert f"airhaul resume {latest['id']} --journal 'my runs.db'" in shown


def test_a_run_that_ended_early_is_resumed(stock) -> None:
    """Told how, and then done; a run that is done has nothing to go on with."""
    new = file("new.csv", *(f"n{number:02},New,{number}" for number in range(60)))
    done = airhaul("import", new, "Stock", "--local", stock, "--max-requests", 4)
    assert done.returncode == 1
    run = re.search(r"To send the other rows: airhaul resume (\w+)", done.stderr)
    assert run is not None, done.stderr
    assert 12 < len(held(stock)) < 72
    resumed = airhaul("resume", run[1])
    assert resumed.returncode == 0, resumed.stderr
    assert resumed.stdout.startswith("Stock: 60 created")
    assert len(held(stock)) == 72
    again = airhaul("resume")
    assert again.returncode == 0
    assert f"Run {run[1]} is complete: there is nothing to resume." in again.stdout
    assert len(json.loads(airhaul("runs", "--json").stdout)) == 1


def test_undo_shows_what_it_would_do_and_asks(stock) -> None:
    """A dry run writes nothing, nor does a command where nobody can be asked; --yes does it."""
    before = held(stock)
    run = imported(stock)
    after = held(stock)
    dry = airhaul("undo", run, "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert "30 to delete" in dry.stdout
    assert json.loads(airhaul("undo", run, "--dry-run", "--json").stdout)["delete"] == 30
    assert airhaul("undo", run).returncode == 2
    assert held(stock) == after
    done = airhaul("undo", "--yes")
    assert done.returncode == 0, done.stderr
    assert "Stock: 30 deleted" in done.stdout
    assert held(stock) == before
    nothing = airhaul("undo", run, "--yes")
    assert (nothing.returncode, nothing.stdout.strip()) == (
        0,
        f"Run {run}: there is nothing left to undo.",
    )


def test_undo_on_a_terminal_takes_back_what_is_confirmed(stock) -> None:
    """The answer yes takes back, no does not."""
    before = held(stock)
    run = imported(stock)
    code, shown = on_terminal("undo", run, answer="n\n")
    assert code == 2, shown
    assert len(held(stock)) == len(before) + 30
    code, shown = on_terminal("undo", run, answer="y\n")
    assert code == 0, shown
    assert held(stock) == before


def test_undo_names_conflicts_and_ends_with_1(stock) -> None:
    """What was changed since stays; with --force it is taken back, too."""
    before = held(stock)
    run = imported(stock)
    changed = file("c.csv", "n05,Changed,5")
    airhaul("import", changed, "Stock", "--key", "Code", "--local", stock, "--journal", "off")
    done = airhaul("undo", run, "--yes")
    assert done.returncode == 1
    assert "'Name' was changed since it was created, so it is not deleted" in done.stderr
    assert held(stock) == {**before, "n05": ("Changed", 5)}
    assert airhaul("undo", run, "--yes", "--force").returncode == 0
    assert held(stock) == before


def test_a_sync_with_deletes_is_undone(stock) -> None:
    """Deleted records come back with all their cells."""
    before = held(stock)
    rows = [f"i{number:02},Item {number},99" for number in range(9)]
    done = airhaul(
        "sync", file("s.csv", *rows), "Stock", "--key", "Code", "--delete", "--yes",
        "--local", stock,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(held(stock)) == 9
    assert airhaul("undo", "--yes").returncode == 0
    assert held(stock) == before


def test_rejects_are_sent_again_after_a_correction(stock) -> None:
    """The file that --rejects named, corrected by hand."""
    new = file("new.csv", "n1,A,1", "n2,B,many", "n3,C,3")
    done = airhaul(
        "import", new, "Stock", "--on-error", "continue", "--rejects", "r.csv", "--local", stock
    )
    assert done.returncode == 1
    with open("r.csv", encoding="utf-8", newline="") as opened:
        (reject,) = csv.DictReader(opened)
    assert reject["Pieces"] == "many"
    Path("r.csv").write_text(Path("r.csv").read_text().replace("many", "2"))
    again = airhaul("retry")
    assert again.returncode == 0, again.stderr
    assert again.stdout.startswith("Stock: 1 created")
    assert held(stock)["n2"] == ("B", 2)
    runs = json.loads(airhaul("runs", "--json").stdout)
    assert runs[0]["retries"] == runs[1]["id"]


def test_a_retry_takes_the_options_that_the_reasons_advise(stock) -> None:
    """A choice to add, and a linked record to create: the rows need no second import for it."""
    with Airtable.local(stock) as airtable:
        (linked,) = (table for table in airtable.schema() if table["name"] == "Stock")
        airtable.create_table(
            "Orders",
            [
                {"name": "No", "type": "singleLineText"},
                {
                    "name": "State",
                    "type": "singleSelect",
                    "options": {"choices": [{"name": "new"}]},
                },
                {
                    "name": "Item",
                    "type": "multipleRecordLinks",
                    "options": {"linkedTableId": linked["id"]},
                },
            ],
        )
    rows = file("orders.csv", "1,new,i01", "2,paid,i02", "3,new,i99", header="No,State,Item")
    options = ("--link", "Item=Code", "--on-error", "continue", "--rejects", "r.csv")
    done = airhaul("import", rows, "Orders", *options, "--local", stock)
    assert "to add it, set --typecast" in done.stderr
    assert "to create it, set --create-missing" in done.stderr
    again = airhaul("retry", "--typecast", "--create-missing")
    assert again.returncode == 0, again.stderr
    assert again.stdout.startswith("Orders: 2 created")
    with Airtable.local(stock) as airtable:
        orders = airtable.table_named("Orders").all()
        assert {vars(order)["state"] for order in orders} == {"new", "paid"}
    assert "i99" in held(stock)


def test_a_retry_takes_a_link_that_the_run_did_not_have(stock) -> None:
    """Names in place of ids are found by the field that --link names now."""
    with Airtable.local(stock) as airtable:
        (linked,) = (table for table in airtable.schema() if table["name"] == "Stock")
        airtable.create_table(
            "Orders",
            [
                {"name": "No", "type": "singleLineText"},
                {
                    "name": "Item",
                    "type": "multipleRecordLinks",
                    "options": {"linkedTableId": linked["id"]},
                },
            ],
        )
    rows = file("orders.csv", "1,i01", "2,", header="No,Item")
    options = ("--on-error", "continue", "--rejects", "r.csv", "--local", stock)
    assert airhaul("import", rows, "Orders", *options).returncode == 1
    again = airhaul("retry", "--link", "Item=Code")
    assert again.returncode == 0, again.stderr
    assert again.stdout.startswith("Orders: 1 created")


def test_a_resumed_run_advises_in_options_as_before(stock) -> None:
    """What the journal kept of an error names the options of the command line, too."""
    new = file("new.csv", 'x,New,"1,5"', *(f"n{number:02},New,{number}" for number in range(60)))
    options = ("--on-error", "continue", "--rejects", "r.csv", "--local", stock)
    advice = "--decimal-comma"
    first = airhaul("import", new, "Stock", *options, "--max-requests", 4)
    assert advice in first.stderr, first.stderr
    (run,) = json.loads(airhaul("runs", "--json").stdout)
    shown = airhaul("runs", run["id"]).stdout
    assert advice in shown, shown
    (error, *_) = json.loads(airhaul("runs", run["id"], "--json").stdout)["errors"]
    assert advice in error["error"]
    resumed = airhaul("resume")
    assert "60 created" in resumed.stdout
    assert advice in resumed.stderr
    assert "decimal_comma" not in first.stderr + shown + resumed.stderr


def test_rows_rejected_again_go_to_a_new_file_until_none_is_left(stock) -> None:
    """Each try is told as a command to copy; what a try has written is never sent again."""
    new = file("new.csv", "n1,A,1", "n2,B,many", "n3,C,few", "n4,D,some")
    options = ("--on-error", "continue", "--rejects", "r.csv", "--local", stock)
    done = airhaul("import", new, "Stock", *options)
    first = done.stderr.partition("3 rows are in r.csv: correct them, and then: airhaul retry ")[2]
    assert first, done.stderr
    for name, wrong, right, code in (
        ("r.csv", "many", "2", 1),
        ("r-2.csv", "few", "3", 1),
        ("r-3.csv", "some", "4", 0),
    ):
        Path(name).write_text(Path(name).read_text().replace(wrong, right))
        done = airhaul("retry")
        assert done.returncode == code, done.stderr
        assert done.stdout.startswith("Stock: 1 created")
    assert not Path("r-4.csv").exists()
    assert len(held(stock)) == 12 + 4
    done = airhaul("retry")
    assert done.returncode == 2
    assert "No run has rejected rows left to send again" in done.stderr
    done = airhaul("retry", first.split()[0])
    assert done.returncode == 2
    assert re.search(
        r"Run \w+ already sent the rejected rows of run \w+ again \(1 created", done.stderr
    )
    assert len(held(stock)) == 12 + 4


def test_undo_and_retry_choose_the_run_themselves_and_say_which(stock) -> None:
    """The latest that has something to undo or to retry, though others came after it."""
    before = held(stock)
    new = file("new.csv", "n1,A,1", "n2,B,many")
    options = ("--on-error", "continue", "--local", stock, "--json")
    first = json.loads(airhaul("import", new, "Stock", "--rejects", "r.csv", *options).stdout)[
        "run"
    ]
    second = imported(stock, 3)
    good = file("good.csv", "n1,A,1")
    airhaul("import", good, "Stock", "--key", "Code", "--rejects", "s.csv", *options)  # no effect
    airhaul("import", good, "New", "--create", "--local", "gone.db")
    for path in Path().glob("gone.db*"):
        path.unlink()
    undone = airhaul("undo", "--yes")
    assert f"Run {second} of " in undone.stderr, undone.stderr
    assert "import new.csv → Stock, 3 created" in undone.stderr
    assert "n00" not in held(stock)
    Path("r.csv").write_text(Path("r.csv").read_text().replace("many", "2"))
    retried = airhaul("retry")
    assert f"Run {first} of " in retried.stderr, retried.stderr
    assert held(stock)["n2"] == ("B", 2)
    for _ in range(2):
        assert airhaul("undo", "--yes").returncode == 0
    assert held(stock) == before
    nothing = airhaul("undo", "--yes")
    assert nothing.returncode == 2
    assert "No run has anything left to undo; airhaul runs lists them." in nothing.stderr


# The program, killed as soon as its journal has the first rows that it is about to send.
DYING = """
import os, signal
import airhaul.bulk.journal.log as log
from airhaul.cli import app
intend = log.RunLog.intend
def dying(*arguments):
    intend(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)
log.RunLog.intend = dying
app.main()
"""


def test_a_retry_that_was_killed_is_called_again(stock) -> None:
    """It resumes the first one, with its file of rejects, and leaves nothing to send twice."""
    new = file("new.csv", "n1,A,1", "n2,B,many", "n3,C,few", "n4,D,some")
    airhaul("import", new, "Stock", "--on-error", "continue", "--rejects", "r.csv",
            "--local", stock)  # fmt: skip
    text = Path("r.csv").read_text()
    Path("r.csv").write_text(text.replace("many", "2").replace("some", "4"))
    killed = airhaul("retry", program=DYING)
    assert killed.returncode == -signal.SIGKILL
    done = airhaul("retry")
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("Stock: 2 created, 1 failed")
    assert [held(stock)[code] for code in ("n2", "n4")] == [("B", 2), ("D", 4)]
    assert len(held(stock)) == 12 + 3
    assert "few" in Path("r-2.csv").read_text()
    assert len(json.loads(airhaul("runs", "--json").stdout)) == 2


def test_a_try_that_sent_nothing_can_be_repeated(stock) -> None:
    """A file that is still wrong is to be corrected, and tried again under the same name."""
    new = file("new.csv", "n1,A,1", "n2,B,many")
    options = ("--on-error", "continue", "--rejects", "r.csv", "--local", stock)
    airhaul("import", new, "Stock", *options)
    run = json.loads(airhaul("runs", "--json").stdout)[0]["id"]
    assert airhaul("retry", run, "--on-error", "stop", "--rejects", "other.csv").returncode == 2
    Path("r.csv").write_text(Path("r.csv").read_text().replace("many", "2"))
    done = airhaul("retry", run)
    assert done.returncode == 0, done.stderr
    assert held(stock)["n2"] == ("B", 2)


def test_without_rejects_there_is_nothing_to_try_again(stock) -> None:
    """Said, with what to do the next time."""
    run = imported(stock)
    for words in (["retry"], ["retry", run]):
        done = airhaul(*words)
        assert done.returncode == 2
        assert "--rejects" in done.stderr


@pytest.mark.parametrize("option", [["--forget-older", "0"], ["--forget-beyond", "1"]])
def test_old_runs_are_forgotten_on_request(stock, option) -> None:
    """By age or by size, and only when asked."""
    imported(stock)
    done = airhaul("runs", *option)
    assert done.returncode == 0, done.stderr
    left = json.loads(airhaul("runs", "--json").stdout)
    forgotten = option[0] == "--forget-older"
    assert done.stdout.strip() == f"Forgot {'1 run' if forgotten else '0 runs'}."
    assert len(left) == (0 if forgotten else 1)
    assert airhaul("runs", "abc", *option).returncode == 2
