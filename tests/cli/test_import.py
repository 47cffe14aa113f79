"""``airhaul import``: by key, with rejects, as a plan, within a ceiling."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import threading
import time
from pathlib import Path

import pytest

from airhaul import Airtable
from airhaul.local_base import Fault, Faults
from tests.cli.conftest import file, held
from tests.cli.program import airhaul, on_terminal
from tests.conftest import connection_to
from tests.processes import COMMAND, PROGRAM, run_python

pytestmark = pytest.mark.slow  # each test starts the program

TOO_LONG = "x" * 100_001


def test_a_key_changes_what_is_there_and_creates_the_rest(stock) -> None:
    """With --key, a row that is in the table changes its record; another makes a new one."""
    file("new.csv", "i03,Item 3,30", "i12,Item 12,12")
    done = airhaul("import", "new.csv", "Stock", "--key", "Code", "--local", stock)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Stock: 1 created, 1 updated in ")
    assert len(held(stock)) == 13
    assert held(stock)["i03"] == ("Item 3", 30)


def test_a_key_of_two_fields(stock) -> None:
    """--key may be given again: only both together tell a record."""
    file("new.csv", "i03,Item 3,30", "i03,Another,5")
    done = airhaul("import", "new.csv", "Stock", "--key", "Code", "--key", "Name", "--local", stock)
    assert done.stdout.startswith("Stock: 1 created, 1 updated in ")
    with Airtable.local(stock) as airtable:
        assert airtable.table_named("Stock").count() == 13


@pytest.mark.parametrize("create", [True, False])
def test_a_wrong_key_is_told_before_a_table_is_made(stock, create) -> None:
    """A key that no column is leaves the base as it was."""
    table = ["New", "--create"] if create else ["Stock"]
    done = airhaul("import", "stock.csv", *table, "--key", "Kode", "--local", stock)
    assert done.returncode == 2
    assert "Kode" in done.stderr
    with Airtable.local(stock) as airtable:
        assert [table["name"] for table in airtable.schema()] == ["Stock"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.json", '[{"A": "x", "B": {"c": 1}}]', "values no field can hold: 'B'. A field holds"),
        ("a.json", '[{"A": "x", "B": [1, 2]}]', "values no field can hold: 'B'. A field holds"),
        ("a.json", '[{"A": "x", "B": ["y", "y"]}]', "values no field can hold: 'B'. A field holds"),
        ("a.json", '[{"A": "x", " ": "y"}]', "has a column without a name"),
        ("a.json", '[{"A": "x", "B": "y"}, {"B": ["z"]}]', "no field can hold: 'B'. A field holds"),
        ("a.csv", "Name,name\nx,y\n", "columns 'Name' and 'name', which Airtable treats as equal"),
        ("a.csv", "Name, Name\nx,y\n", "columns 'Name' and ' Name', which"),
    ],
)
def test_no_table_is_made_that_the_rows_would_not_fit(name, text, said) -> None:
    """It would stand there empty, and in the way of the next try."""
    Path(name).write_text(text)
    done = airhaul("import", name, "New", "--create", "--local", "b.db")
    assert done.returncode == 2
    assert said in done.stderr
    with Airtable.local("b.db") as airtable:
        assert airtable.schema() == []


@pytest.mark.parametrize(
    ("rows", "options"),
    [
        ("a,1\na,2\n", ["--key", "k"]),
        ("a,1\n,2\n", ["--key", "k"]),
        ("a,1\n,2\n", ["--key", "k", "--on-error", "rollback"]),
        (",1\n,2\n", ["--key", "k", "--on-error", "continue"]),
    ],
)
def test_no_table_is_made_of_rows_that_are_refused(rows, options) -> None:
    """Nor a base; the same command works once the file is corrected, as the advice says."""
    Path("a.csv").write_text(f"k,v\n{rows}")
    words = ["import", "a.csv", "T", "--create", *options, "--local", "b.db"]
    done = airhaul(*words, "--rejects", "r.csv")
    assert done.returncode == 2
    assert "Created table" not in done.stderr
    assert Path("r.csv").read_text().startswith("k,v,airhaul line,airhaul error\n")
    assert not Path("b.db").exists()
    assert json.loads(airhaul("runs", "--json").stdout) == []
    Path("a.csv").write_text("k,v\na,1\nb,2\n")
    done = airhaul(*words)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("T: 2 created")


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("", [], "the file is empty"),
        ("k,v\n", [], "no rows to infer fields from"),
        ("k,K\na,1\n", [], "equal names"),
        ("k,v\na,1\n", ["--key", "x"], "no field 'x'"),
        ('k,v\na,"b\n', [], "line 2"),
    ],
)
def test_no_base_is_made_for_a_file_that_no_table_fits(text, options, said) -> None:
    """A local base begins with its first table."""
    Path("a.csv").write_text(text)
    done = airhaul("import", "a.csv", "T", "--create", *options, "--local", "b.db")
    assert done.returncode == 2
    assert said in done.stderr
    assert not list(Path().glob("b.db*"))


def test_no_table_is_made_when_no_request_is_left_for_its_rows(local_base, server) -> None:
    """The limit is checked before the table is created, which no API call can delete."""
    Path("a.csv").write_text("k,v\na,1\n")
    words = ["import", "a.csv", "T", "--create", "--max-requests"]
    place = {"AIRTABLE_ENDPOINT_URL": server.url, "AIRTABLE_ACCESS_TOKEN": "pat.x",
             "AIRTABLE_BASE_ID": local_base.default_base_id}  # fmt: skip
    for limit, key in ((2, []), (3, ["--key", "k"])):
        done = airhaul(*words, limit, *key, **place)
        assert done.returncode == 2
        assert f"more than --max-requests {limit}. Nothing was written." in done.stderr
    assert local_base.counts() == {"GET": 2}
    assert airhaul(*words, 3, **place).returncode == 0
    assert local_base.counts() == {"GET": 3, "POST": 2}


def test_corrected_rejects_make_the_table_that_the_first_file_did_not() -> None:
    """All rows were rejected: the advice is a command that works, and what airhaul adds is no field."""
    Path("a.csv").write_text("k,v\n,1\n,2\n")
    options = ["--create", "--key", "k", "--local", "b.db"]
    done = airhaul("import", "a.csv", "T", *options, "--on-error", "continue", "--rejects", "r.csv")
    assert (
        "2 rows are in r.csv: correct them and import that file again, with --create --key k."
        in (done.stderr)
    )
    lines = Path("r.csv").read_text().splitlines()
    Path("r.csv").write_text(
        "\n".join([lines[0], *(f"a{n}{line}" for n, line in enumerate(lines[1:]))])
    )
    done = airhaul("import", "r.csv", "T", *options)
    assert done.stdout.startswith("T: 2 created"), done.stderr
    with Airtable.local("b.db") as airtable:
        assert [field["name"] for field in airtable.table_schema("T")["fields"]] == ["k", "v"]


def test_a_table_is_made_for_the_good_rows() -> None:
    """With --on-error continue the good rows are written, and so the table is needed."""
    Path("a.csv").write_text("k,v\na,1\n,2\n")
    words = ["import", "a.csv", "T", "--create", "--key", "k", "--local", "b.db"]
    done = airhaul(*words, "--on-error", "continue")
    assert done.returncode == 1
    assert done.stdout.startswith("T: 1 created, 1 failed")


def test_the_advice_knows_that_the_table_is_there_now() -> None:
    """What Airtable itself refuses is known only when the table is there."""
    Path("a.csv").write_text(f"k,v\na,{TOO_LONG}\n")
    done = airhaul("import", "a.csv", "T", "--create", "--local", "b.db")
    assert done.returncode == 2
    assert "Correct a.csv and run the command again without --create" in done.stderr


def test_spaces_around_the_names_of_columns_do_not_count() -> None:
    """A header "Name, Age" makes a column Age, with or without a table before."""
    Path("a.csv").write_text("Name, Age ,City\nAda, 36,London\n")
    assert airhaul("import", "a.csv", "P", "--create", "--local", "b.db").returncode == 0
    assert airhaul("import", "a.csv", "P", "--key", "Name", "--local", "b.db").returncode == 0
    with Airtable.local("b.db") as airtable:
        (record,) = airtable.table_named("P").all()
        names = [field["name"] for field in airtable.table_schema("P")["fields"]]
    assert names == ["Name", "Age", "City"]
    assert vars(record)["age"] == 36


def test_columns_that_the_table_lacks_are_told_once(stock) -> None:
    """All of them, and not again for each row."""
    new = file("new.csv", *(f"n{n},A,B,1" for n in range(30)), header="Code,Colour,Size,Pieces")
    done = airhaul("import", new, "Stock", "--local", stock)
    assert done.returncode == 2
    assert done.stderr.splitlines()[:2] == [
        "Error: Nothing was sent: 30 of 30 rows are not valid.",
        (
            "  new.csv lines 2-31, rows 0-29, field 'Colour': Stock has no fields 'Colour', "
            "'Size'; it has 'Code', 'Name', 'Pieces'; to rename a column or leave it out, set "
            "--map Colour=FIELD or --ignore Colour --ignore Size"
        ),
    ]


def test_a_column_that_the_table_lacks_is_named_as_the_table_names_its_own(stock) -> None:
    """With the table's name and columns, not those of a class that nobody has seen."""
    with Airtable.local(stock) as airtable:
        airtable.create_table("My Things", [{"name": "Full Name", "type": "singleLineText"}])
    Path("a.csv").write_text("zzz\nAda\n")
    done = airhaul("import", "a.csv", "My Things", "--local", stock)
    assert "My Things has no field 'zzz'; it has 'Full Name';" in done.stderr


@pytest.mark.parametrize(
    ("type_", "options", "value", "said"),
    [
        ("date", {"dateFormat": {"name": "iso"}}, "31.12.2024", "a date is written 2024-12-31"),
        ("number", {"precision": 2}, "3,50", "a number is written 1234 or 1234.5"),
        ("number", {"precision": 2}, "many", "got 'many'\n"),
    ],
)
def test_a_value_in_another_form_is_refused_with_the_form(type_, options, value, said) -> None:
    """Who has a file with such values reads at once what to make of them."""
    with Airtable.local("b.db") as airtable:
        name = {"name": "Name", "type": "singleLineText"}
        airtable.create_table("T", [name, {"name": "V", "type": type_, "options": options}])
    Path("a.csv").write_text(f'Name,V\nx,"{value}"\n')
    done = airhaul("import", "a.csv", "T", "--local", "b.db")
    assert done.returncode == 2
    assert said in done.stderr


def test_a_file_of_windows_goes_in_under_its_encoding(stock) -> None:
    """The refusal says how; a run that was broken off goes on in the same encoding."""
    rows = "".join(f"ü{number:02};Größe;{number}\n" for number in range(60))
    Path("win.csv").write_bytes(f"Code;Name;Pieces\n{rows}".encode("cp1252"))
    done = airhaul("import", "win.csv", "Stock", "--local", stock)
    assert done.returncode == 2
    assert "win.csv line 2: byte 0xfc is not UTF-8" in done.stderr
    assert "set --encoding cp1252" in done.stderr
    words = ("win.csv", "Stock", "--encoding", "cp1252", "--local", stock)
    assert airhaul("import", *words, "--dry-run").stdout.startswith("Stock: 60 to create")
    assert airhaul("import", *words, "--max-requests", 4).returncode == 1
    assert airhaul("resume").returncode == 0
    assert held(stock)["ü59"] == ("Größe", 59)
    done = airhaul("sync", *words, "--key", "Code", "--yes")
    assert done.stdout == "Stock: nothing to do, 60 unchanged\n"
    words = ("win.csv", "T", "--encoding", "cp1252", "--local", "n.db")
    done = airhaul("import", *words, "--create")
    assert done.returncode == 0, done.stderr


def test_standard_input_and_pipes_are_imported_and_synchronized(monkeypatch) -> None:
    """What a run that ended early has left can be resumed; then no copy stays on disk."""
    temporary = Path.cwd() / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    rows = "".join(f"n{n},{n}\n" for n in range(60))
    anywhere = ["People", "--local", "b.db"]
    done = piped('{"name": "x"}', "import", "-", *anywhere, "--create")
    assert (done.returncode, "set --format" in done.stderr) == (2, True)
    words = [*anywhere, "--format", "csv"]
    done = piped(f"name,age\n{rows}", "import", "-", *words, "--create", "--max-requests", "4")
    assert done.returncode != 0
    assert "airhaul resume" in done.stderr
    assert len([*temporary.glob("airhaul-*/stdin")]) == 1
    assert "import <stdin> → People" in airhaul("runs").stdout
    done = airhaul("resume")
    assert done.returncode == 0, done.stderr
    assert [*temporary.iterdir()] == []
    with Airtable.local("b.db") as airtable:
        people = airtable.table_named("People")
        assert sorted(one.age for one in people.all()) == list(range(60))
        done = piped(
            '{"name": "n1", "age": 100}\n',
            "sync",
            "-",
            *anywhere,
            "--key",
            "name",
            "--yes",
            "--format",
            "jsonl",
        )
        assert done.returncode == 0, done.stderr
        assert people.first(name="n1").age == 100
        os.mkfifo("pipe.csv")
        writer = threading.Thread(target=Path("pipe.csv").write_text, args=("name,age\nnew,7\n",))
        writer.start()
        done = airhaul("import", "pipe.csv", *words)
        writer.join()
        assert done.returncode == 0, done.stderr
        assert people.first(name="new").age == 7
    done = piped("name\nx\n", "sync", "-", *words, "--key", "name")
    assert "Set --yes" in done.stderr


def test_errors_name_standard_input(stock) -> None:
    """In every command, with and without a table; never the copy of it on disk."""
    anywhere = ("Stock", "--local", str(stock), "--format", "csv")
    bad = "Code,Pieces\nx,many\n"
    for words in (
        ("import", "-", *anywhere),
        ("import", "-", *anywhere, "--dry-run"),
        ("import", "-", *anywhere, "--dry-run", "--json"),
        ("sync", "-", *anywhere, "--key", "Code", "--yes"),
        ("import", "-", *anywhere, "--on-error", "continue", "--rejects", "rejects.csv"),
    ):
        done = piped(bad, *words)
        shown = done.stdout + done.stderr
        assert done.returncode != 0
        assert "<stdin> line 2, row 0, field 'Pieces': " in shown
        assert "airhaul-" not in shown
        assert "orrect - " not in shown
    assert '"<stdin> line 2' in Path("rejects.csv").read_text()
    for text in ("Code,Code\n1,2\n", "a,A\n1,2\n", ""):
        done = piped(text, "import", "-", "New", "--create", *anywhere[1:])
        assert done.stderr.startswith("Error: <stdin>")


def test_the_copy_of_an_interrupted_import_is_kept_whatever_runs_beside_it(
    local_base, server, monkeypatch
) -> None:
    """A run of another program that began later says nothing about what this one needs."""
    temporary = Path.cwd() / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    with Airtable(connection=connection_to(local_base)) as inside:
        inside.create_table("People", [{"name": "name", "type": "singleLineText"}])
    local_base.requests.clear()
    local_base.latency_s = 3.0
    monkeypatch.setenv("AIRTABLE_ACCESS_TOKEN", "patPiped")
    there = ("--base", local_base.default_base_id, "--endpoint-url", server.url)
    words = ("import", "-", "People", "--format", "csv", *there, "--max-requests", "4")
    with subprocess.Popen(
        [*COMMAND, *words], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin is not None
        child.stdin.write("name\n" + "".join(f"n{n}\n" for n in range(60)))
        child.stdin.close()
        deadline = time.monotonic() + 30
        while not any(request.method == "POST" for request in local_base.requests):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        done = airhaul("import", file("a.csv", "x,X,1"), "Other", "--local", "o.db", "--create")
        assert done.returncode == 0, done.stderr
        assert child.wait(60) != 0
    interrupted = json.loads(airhaul("runs", "--json").stdout)
    assert [run["state"] for run in interrupted] == ["done", "interrupted"]
    local_base.latency_s = 0.0
    done = airhaul("resume", interrupted[1]["id"])
    assert done.returncode == 0, done.stderr
    with Airtable(connection=connection_to(local_base)) as inside:
        assert inside.table_named("People").count() == 60
    assert [*temporary.glob("airhaul-*/stdin")] == []


def piped(text: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the program with a text as its standard input."""
    return run_python(PROGRAM, *words, piped=text)


def test_continue_writes_the_good_rows_and_puts_the_others_aside(stock) -> None:
    """The rejects hold the bad rows; corrected, they go in, and nothing is there twice."""
    file("new.csv", "n1,A,1", "n2,B,many", "n3,C,3", f"n4,{TOO_LONG},4", "n5,E,5")
    done = airhaul(
        "import", "new.csv", "Stock", "--on-error", "continue", "--rejects", "r.csv", "--local", stock
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stdout.startswith("Stock: 3 created, 2 failed in ")
    assert "  new.csv line 3, row 1, field 'Pieces': Input should be a valid" in done.stderr
    assert "2 rows are in r.csv: correct them, and then: airhaul retry " in done.stderr
    assert sorted(code for code in held(stock) if code[0] == "n") == ["n1", "n3", "n5"]
    with open("r.csv", encoding="utf-8", newline="") as opened:
        rejects = list(csv.DictReader(opened))
    assert [row["Code"] for row in rejects] == ["n2", "n4"]
    corrected = Path("r.csv").read_text().replace("many", "2").replace(TOO_LONG, "D")
    Path("r2.csv").write_text(corrected)
    done = airhaul("import", "r2.csv", "Stock", "--local", stock)
    assert done.returncode == 0, done.stderr
    assert held(stock)["n2"] == ("B", 2)
    assert held(stock)["n4"] == ("D", 4)


def test_rows_that_are_not_valid_send_nothing(stock) -> None:
    """Under "stop" the bad rows are put aside, the file is to be corrected, and nothing is sent."""
    file("new.csv", "n1,A,1", "n2,B,many")
    done = airhaul("import", "new.csv", "Stock", "--rejects", "r.csv", "--local", stock)
    assert done.returncode == 2
    assert "Nothing was sent: 1 of 2 rows is not valid." in done.stderr
    assert "1 row is in r.csv, with the reason." in done.stderr
    assert (
        "Correct new.csv and run the command again, or write the good rows with --on-error "
        "continue." in done.stderr
    )
    assert "n2,B,many" in Path("r.csv").read_text()
    assert len(held(stock)) == 12


def test_nothing_written_is_exit_code_2(stock) -> None:
    """Where not one row could be written, nothing was done."""
    file("new.csv", "n1,A,few", "n2,B,many")
    done = airhaul("import", "new.csv", "Stock", "--on-error", "continue", "--local", stock)
    assert done.returncode == 2
    assert done.stdout.startswith("Stock: 2 failed in 0 requests")
    assert "set --rejects FILE" in done.stderr


def test_only_the_first_failures_are_listed(stock) -> None:
    """Ten lines and a number, so that a long list does not hide what to do."""
    good = {"Code": "good", "Name": "A", "Pieces": 1}
    rows = [good, *(good | {f"Unknown {number}": 1} for number in range(25))]
    Path("new.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    done = airhaul("import", "new.jsonl", "Stock", "--on-error", "continue", "--local", stock)
    assert done.returncode == 1
    assert done.stderr.count("new.jsonl line") == 10
    assert "  and 15 more" in done.stderr


def test_rows_with_one_problem_share_a_line(stock) -> None:
    """A column of wrong values is one line in a plan and in a result, with the number of rows."""
    file("new.csv", "good,A,1", *(f"n{number},A,many{number}" for number in range(25)))
    words = ("import", "new.csv", "Stock", "--on-error", "continue", "--local", stock)
    for done in (airhaul(*words, "--dry-run"), airhaul(*words)):
        (line,) = (line for line in (done.stdout + done.stderr).splitlines() if "many" in line)
        assert "new.csv line 3, row 1, field 'Pieces': " in line
        assert "got 'many0'" in line
        assert line.endswith(" (and 24 more rows with the same problem)")
    document = json.loads(airhaul(*words, "--dry-run", "--json").stdout)
    assert len(document["errors"]) == 25


def test_rows_that_were_never_sent_are_named(stock) -> None:
    """A file whose import ended half-way is not imported whole again: it would double rows."""
    rows = [f"n{number},{TOO_LONG if number == 12 else 'A'},1" for number in range(400)]
    file("new.csv", *rows)
    done = airhaul(
        "import", "new.csv", "Stock", "--rejects", "r.csv", "--local", stock, "--journal", "off"
    )
    assert done.returncode == 1
    assert "10 rows are in r.csv: correct them and import that file." in done.stderr
    written = len(held(stock)) - 12
    assert f"Error: Stopped: {written} created, 10 failed" in done.stderr
    assert f"{390 - written} rows were not written; see above. Import only those" in done.stderr


def test_rollback_takes_back_what_was_written(stock) -> None:
    """What the call has written goes again, updates included, and the exit code says so."""
    before = held(stock)
    rows = [f"i{number:02},{TOO_LONG if number == 15 else 'New'},99" for number in range(20)]
    file("new.csv", *rows)
    done = airhaul(
        "import", "new.csv", "Stock", "--key", "Code", "--on-error", "rollback", "--local", stock
    )
    assert done.returncode == 2, done.stderr
    assert "Undoing what was written: " in done.stderr
    assert "Error: Rolled back: " in done.stderr
    assert "Correct new.csv and run the command again" in done.stderr
    assert held(stock) == before
    undone = re.search(r"Rolled back: .*?(\d+ undone)", done.stderr)
    assert undone is not None
    rollback = airhaul("runs").stdout.splitlines()[1]
    assert "rollback of " in rollback
    assert f"  {undone[1]}  " in rollback


def test_a_ceiling_of_requests_holds_for_all_of_the_command(local_base, server) -> None:
    """--max-requests counts every request; with a key the command can just be run again."""
    options = [
        "--endpoint-url",
        server.url,
        "--base",
        local_base.default_base_id,
        "--token",
        "pat.x",
    ]
    file("new.csv", *(f"n{number},A,1" for number in range(60)))
    airhaul("import", file("one.csv", "n0,A,1"), "Stock", "--create", *options)
    before = sum(local_base.counts().values())
    words = ["import", "new.csv", "Stock", "--key", "Code", "--journal", "off", *options]
    done = airhaul(*words, "--max-requests", 4)
    assert done.returncode == 1
    assert sum(local_base.counts().values()) == before + 4
    assert "The limit of 4 requests is reached" in done.stderr
    assert "To continue, raise --max-requests." in done.stderr
    assert "Run the command again; no row is written twice." in done.stderr
    done = airhaul(*words, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["created"] + json.loads(done.stdout)["updated"] == 60
    done = airhaul("export", "Stock", "out.csv", *options)
    assert done.stdout == "out.csv: 60 records of Stock\n"


@pytest.mark.parametrize("written", [20, 0])
def test_rows_that_no_row_is_to_blame_for_are_sent_again(local_base, server, written) -> None:
    """A quota that is used up refuses the last request: the rows in it need no correction."""
    options = ["--endpoint-url", server.url, "--base", local_base.default_base_id]
    airhaul("import", file("one.csv", "n0,A,1"), "Stock", "--create", *options, "--token", "pat.x")
    rows = [f"n{number},A,1" for number in range(1, written + 11)]
    local_base.faults = Faults(Fault("quota", at=written // 10 + 1, method="POST"))
    done = airhaul("import", file("new.csv", *rows), "Stock", *options, "--token", "pat.x")
    assert f"{written} created, 10 failed" in done.stderr or not written
    assert "--rejects" not in done.stderr
    assert "orrect" not in done.stderr
    if not written:
        assert "\nRun the command again.\n" in done.stderr
        return
    _, _, resume = done.stderr.partition("To send the other rows: airhaul ")
    done = airhaul(*resume.splitlines()[0].split(), "--token", "pat.x")
    assert done.stdout.startswith("Stock: 30 created in "), done.stderr
    assert local_base.counts()["POST"] == 1 + 1 + 3 + 1


def test_a_dry_run_writes_nothing(stock) -> None:
    """The plan is the result: what would be created, changed and refused."""
    before = held(stock)
    file("new.csv", "i03,Item 3,30", "i04,Item 4,4", "n1,New,1")
    done = airhaul("import", "new.csv", "Stock", "--key", "Code", "--dry-run", "--local", stock)
    assert done.returncode == 0
    assert done.stdout.startswith("Stock: 1 to create, 1 to update, 1 unchanged: 2 requests")
    assert "Pieces: 3 -> 30" in done.stdout
    done = airhaul("import", "new.csv", "Stock", "--dry-run", "--json", "--local", stock)
    assert json.loads(done.stdout)["create"] == 3
    file("bad.csv", "n1,New,1", "n2,New,many")
    done = airhaul("import", "bad.csv", "Stock", "--dry-run", "--local", stock)
    assert done.returncode == 2
    assert "bad.csv line 3, row 1, field 'Pieces'" in done.stdout
    assert held(stock) == before


# The program as it is; what it took of memory at most, in KB, follows its messages.
MEASURED = (
    "import resource, subprocess, sys; "
    "code = subprocess.call([sys.executable, '-m', 'airhaul', *sys.argv[1:]]); "
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr); sys.exit(code)"
)


@pytest.mark.parametrize("how", [[], ["--json"]])
def test_a_dry_run_of_many_rows_takes_no_memory(stock, how) -> None:
    """It keeps counts and what it shows; the rows of a file of any length pass through."""
    peaks = []
    for count in (2_500, 40_000):
        rows = (f"n{number},Item {number} {'x' * 50},{number}" for number in range(count))
        file("new.csv", *rows, f"last,x,{'9' * 400}")
        words = ("import", "new.csv", "Stock", "--dry-run", "--local", stock, *how)
        done = airhaul(*words, program=MEASURED)
        assert done.returncode == 2, done.stderr
        if how:
            plan = json.loads(done.stdout)
            assert (plan["create"], len(plan["differences"]), len(plan["errors"])) == (
                count,
                count,
                1,
            )
        else:
            assert done.stdout.startswith(f"Stock: {count:,} to create, 1 not valid: ")
            assert f"and {count - 20:,} more to create\n" in done.stdout
        assert f"new.csv line {count + 2}, row {count}, field 'Pieces'" in done.stdout
        peaks.append(int(done.stderr.split()[-1]))
    assert peaks[1] - peaks[0] < 20_000  # KB; the rows take four times as much


@pytest.mark.parametrize("count", [0, 3, 4_500])
@pytest.mark.parametrize("key", [[], ["Code"]])
def test_a_dry_run_as_json_is_the_plan_of_the_library(stock, count, key) -> None:
    """To the letter, though it is written piece by piece: more rows than one piece has, and none."""
    rows = [f'n{number},"a\u2028b ""{number}"" ß",{number}' for number in range(count)]
    rows[2_200:2_200] = rows[2:3] and ["i03,Item 3,30", "i04,Item 4,4", "n_x,New,many"]
    path = file("new.csv", *rows)
    words = [word for name in key for word in ("--key", name)]
    done = airhaul("import", path, "Stock", "--dry-run", "--json", *words, "--local", stock)
    with Airtable.local(stock) as airtable:
        plan = airtable.table_named("Stock").plan_import_file(path, key=key or None)
    assert len(plan.errors) == (count > 0)
    assert done.stdout == json.dumps(plan.to_dict(), indent=2, ensure_ascii=False) + "\n"
    assert done.returncode == (2 if plan.errors else 0)


def test_a_dry_run_of_many_rows_with_a_key_is_that_of_the_whole_file(stock) -> None:
    """Rows are numbered through, keys are compared over all parts, and each note is given once."""
    rows = [f"n{number},Item {number},{number}" for number in range(2_100)]
    file("new.csv", "i03,Item 3,30", *rows, "n0 ,like the first,1", "n1 ,like the next,1", "n7,7,7")
    done = airhaul("import", "new.csv", "Stock", "--key", "Code", "--dry-run", "--local", stock)
    assert done.stdout.startswith("Stock: 2,102 to create, 1 to update, 1 not valid: ")
    assert "new.csv line 2105, row 2103" in done.stdout  # the key that an earlier part has
    assert done.stdout.count("2 new keys differ from another one only in case") == 1
    assert "such as 'n0 ' from 'n0'" in done.stdout


def test_a_dry_run_makes_no_table() -> None:
    """--create with --dry-run says which table there would be, and which rows are refused."""
    file("new.csv", "n1,New,1")
    done = airhaul("import", "new.csv", "Stock", "--create", "--dry-run", "--local", "b.db")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Stock: 1 to create: 1 request")
    assert "Would create table Stock with Code (singleLineText)" in done.stderr
    file("twice.csv", "n1,New,1", "n1,New,2")
    words = ["import", "twice.csv", "Stock", "--create", "--key", "Code", "--dry-run"]
    done = airhaul(*words, "--local", "b.db")
    assert "1 to create, 1 not valid" in done.stdout
    assert not Path("b.db").exists()


@pytest.mark.parametrize(
    ("rejects", "said"),
    [
        ("stock.csv", "is the file that the rows come from"),
        ("r.json", "as csv, tsv, jsonl"),
        ("nowhere/r.csv", "the folder nowhere does not exist"),
    ],
)
@pytest.mark.parametrize("command", ["import", "sync"])
def test_rejects_that_cannot_be_written_are_told_first(stock, command, rejects, said) -> None:
    """Nothing is sent whose rejects would have no place, or take the place of the source."""
    before = Path("stock.csv").read_text()
    words = [command, "stock.csv", "Stock", "--key", "Code", "--rejects", rejects]
    done = airhaul(*words, "--local", stock)
    assert done.returncode == 2
    assert said in done.stderr
    assert Path("stock.csv").read_text() == before
    assert len(held(stock)) == 12


def test_json_holds_all_that_people_are_told(stock) -> None:
    """With --json nothing but JSON is on standard output, also when rows fail."""
    file("new.csv", "n1,A,1", "n2,B,many")
    done = airhaul(
        "import", "new.csv", "Stock", "--on-error", "continue", "--rejects", "r.csv",
        "--json", "--local", stock,
    )  # fmt: skip
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert (told["table"], told["rows"], told["created"], told["failed"]) == ("Stock", 2, 1, 1)
    assert [row["line"] for row in told["outcomes"]] == [3]
    assert (told["rejects"], told["error"]) == ("r.csv", None)
    done = airhaul("import", "new.csv", "Stock", "--json", "--local", stock)
    assert done.returncode == 2
    told = json.loads(done.stdout)
    assert told["error"].startswith("Nothing was sent: 1 of 2 rows is not valid.")
    assert told["rejects"] is None


def test_a_terminal_shows_figures_and_failures(stock) -> None:
    """The bar ends with how many are done and failed; every line fits, broken ones indented."""
    file("new.csv", "n1,A,1", "n2,B,many")
    code, text = on_terminal(
        "import", "new.csv", "Stock", "--on-error", "continue", "--local", stock
    )
    assert code == 1
    assert "2 of 2 rows, 1 failed" in text
    assert "Stock: 1 created, 1 failed in 1 request" in text
    told = text[text.index("new.csv line 3") - 2 : text.index("To save rejected rows")].splitlines()
    assert len(told) > 1
    assert all(line.startswith("  ") for line in told)


def test_a_json_file_of_mixed_columns_makes_a_table_that_holds_it() -> None:
    """Numbers beside texts, nulls beside ticks and long integers go in, and a sync finds them."""
    Path("a.json").write_text(
        '[{"n": "a", "v": 1, "id": 740245381351497731, "ok": true},'
        ' {"n": "b", "v": "x", "id": 2, "ok": null}, {"n": "c", "v": 2.50, "id": 3, "ok": false}]'
    )
    done = airhaul("import", "a.json", "T", "--create", "--local", "b.db")
    assert done.returncode == 0, done.stderr
    with Airtable.local("b.db") as airtable:
        held = [(row.v, row.id_, row.ok) for row in airtable.table_named("T").all(sort="n")]
    assert held == [
        ("1", "740245381351497731", True),
        ("x", "2", False),
        ("2.50", "3", False),
    ]
    done = airhaul("sync", "a.json", "T", "--key", "n", "--yes", "--local", "b.db")
    assert done.stdout == "T: nothing to do, 3 unchanged\n"


def test_no_table_is_made_if_the_journal_cannot_be_used(people) -> None:
    """Neither the table nor the base, when nothing could be written to it."""
    Path("journal.db").write_text("not a database, and long enough to be read as one" * 30)
    done = airhaul("import", people, "People", "--create", "--local", "b.db",
                   "--journal", "journal.db")  # fmt: skip
    assert done.returncode == 2
    assert "The journal journal.db cannot be read" in done.stderr
    assert not Path("b.db").exists()


def test_a_table_that_is_not_there_can_be_created(stock) -> None:
    """Whoever forgot --create, or mistyped the name, sees both ways on; nothing is written."""
    done = airhaul("import", file("new.csv", "n1,A,1"), "Stok", "--local", stock)
    assert done.returncode == 2
    assert "has no table 'Stok'; its tables: 'Stock'." in done.stderr
    assert "To create it with the columns of the file, set --create." in done.stderr


@pytest.mark.parametrize("on_error", ["stop", "continue"])
def test_many_refused_rows_are_counted_by_field(stock, on_error) -> None:
    """Ten lines of one field do not hide that other rows fail for another one."""
    rows = [f"n{number},A,{'many' if number % 2 else number}" for number in range(40)]
    rows.append("n2,B,1")
    words = ("--key", "Code", "--on-error", on_error, "--local", stock)
    done = airhaul("import", file("new.csv", *rows), "Stock", *words)
    assert "Refused rows by field: 'Pieces' 20, 'Code' 1." in done.stderr
    few = airhaul("import", file("few.csv", *rows[:9]), "Stock", *words)
    assert "by field" not in few.stderr


def test_a_check_that_ends_early_says_so(stock) -> None:
    """The hundredth row that is not valid ends it: nobody takes the rows until then for all."""
    rows = [f"n{number},A,{'many' if number % 2 else number}" for number in range(300)]
    done = airhaul("import", file("new.csv", *rows), "Stock", "--local", stock)
    assert done.stderr.startswith(
        "Error: Nothing was sent: 100 of the first 200 rows are not valid; the others were not "
        "checked.\n"
    )
