"""The program as its users meet it: a process, its output, its exit code."""

from __future__ import annotations

import csv
import json
import re
import signal
import subprocess
import time
from pathlib import Path

import httpx2
import pytest
from typer.testing import CliRunner

from airhaul import Airtable
from airhaul.cli.app import COMMANDS, app
from airhaul.local_base.base import LocalBase
from airhaul.local_base.http.serve import LocalServer
from tests.cli.conftest import file
from tests.cli.program import QUICK, airhaul, on_terminal
from tests.processes import COMMAND

pytestmark = pytest.mark.slow  # each test starts the program

EXAMPLE = Path(__file__).parents[2] / "examples/electron_files.csv"


def test_a_file_goes_in_and_comes_out(people) -> None:
    """import --create, tables, export: the rows come back as they went in."""
    done = airhaul("import", people, "People", "--create", "--local", "b.db")
    assert (done.returncode, done.stdout[:9]) == (0, "People: 3")
    assert (
        "Name (singleLineText), Age (number), Active (checkbox), Born (date), Mail (email)"
        in done.stderr
    )
    listed = airhaul("tables", "--local", "b.db")
    assert "People" in listed.stdout
    assert "  Born    date\n" in listed.stdout
    assert (
        airhaul("export", "People", "out.csv", "--sort", "Name", "--local", "b.db").stdout
        == "out.csv: 3 records of People\n"
    )
    with open("out.csv", encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert [row["Name"] for row in found] == ["Ada", 'O\'Brien, "Bob"', "Łukasz"]
    assert [row["Active"] for row in found] == ["true", "false", "true"]
    assert [row["Born"] for row in found] == ["1815-12-10", "", "2017-02-28"]


@pytest.mark.parametrize("columns", [30, 80])
def test_the_list_of_tables_fits_the_terminal(people, columns) -> None:
    """Names and types are whole, a field a line."""
    airhaul("import", people, "People", "--create", "--local", "b.db")
    code, text = on_terminal("tables", "--local", "b.db", columns=columns)
    assert code == 0
    assert re.search(r"^People  tbl\w{14}$", text, re.MULTILINE)
    assert "  Name    singleLineText\n" in text
    assert "…" not in text


def test_export_writes_to_a_pipe(stock) -> None:
    """The records and nothing else are on standard output, so that they can be looked at."""
    words = ("export", "Stock", "-", "--local", stock)
    done = airhaul(*words, "--sort", "-Pieces", "--limit", 2, "--only", "Pieces", "--only", "Code")
    assert (done.returncode, done.stdout) == (0, "Pieces,Code\n11,i11\n10,i10\n")
    assert done.stderr == "2 records of Stock\n"
    lines = airhaul(*words, "--format", "jsonl", "--where", "{Pieces} < 2").stdout.splitlines()
    assert {json.loads(line)["Code"] for line in lines} == {"i00", "i01"}
    failed = airhaul(*words, "--only", "Peaces")
    assert (failed.returncode, failed.stdout) == (2, "")
    assert "did you mean 'Pieces'?" in failed.stderr


def test_the_help_says_each_command_in_a_line() -> None:
    """None of them is cut off at 80 columns."""
    done = airhaul("--help", COLUMNS="80")
    assert done.returncode == 0
    assert "..." not in done.stdout.partition("Commands:")[2]


@pytest.mark.parametrize("suffix", ["json", "jsonl", "csv", "tsv"])
def test_every_format_goes_round(people, suffix) -> None:
    """What one base exports, another imports, in each format."""
    airhaul("import", people, "People", "--create", "--local", "a.db")
    assert airhaul("export", "People", f"x.{suffix}", "--local", "a.db").returncode == 0
    done = airhaul("import", f"x.{suffix}", "People", "--create", "--local", "b.db")
    assert done.returncode == 0, done.stderr
    for name in ("a", "b"):
        airhaul("export", "People", f"{name}.json", "--sort", "Name", "--local", f"{name}.db")
    assert json.loads(Path("a.json").read_text()) == json.loads(Path("b.json").read_text())


def test_the_example_data_goes_round_over_http(local_base, server) -> None:
    """3,526 real rows through the program and a socket, and back."""
    options = ("--endpoint-url", server.url, "--base", local_base.default_base_id)
    token = {"AIRTABLE_ACCESS_TOKEN": "patTest.secret"}
    small = Path("small.csv")
    with (
        EXAMPLE.open(encoding="utf-8", newline="") as source,
        small.open("w", encoding="utf-8", newline="") as target,
    ):
        given = list(csv.DictReader(source))[:90]
        writer = csv.DictWriter(target, given[0].keys())
        writer.writeheader()
        writer.writerows(given)
    done = airhaul("import", small, "Files", "--create", "--json", *options, **token)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["rows"], summary["created"], summary["requests"]) == (90, 90, 9)
    done = airhaul("export", "Files", "out.csv", "--where", "{Size} > 1000000", *options, **token)
    with open("out.csv", encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    large = [row["Asset id"] for row in given if int(row["Size"]) > 1e6]
    assert sorted(row["Asset id"] for row in found) == sorted(large)
    assert "secret" not in done.stdout + done.stderr


def test_a_bad_line_is_named_and_nothing_is_sent(people) -> None:
    """Line 18 of the file says so, with column, value and reason; exit code 2."""
    airhaul("import", people, "People", "--create", "--local", "b.db")
    lines = ["Name,Age", *(f"P{n},{n}" for n in range(30))]
    lines[17] = "P16,n/a"
    Path("bad.csv").write_text("\n".join(lines))
    done = airhaul("import", "bad.csv", "People", "--local", "b.db")
    assert done.returncode == 2
    assert "Nothing was sent: 1 of 30 rows is not valid." in done.stderr
    assert "bad.csv line 18, row 16, field 'Age':" in done.stderr
    assert "got 'n/a'" in done.stderr
    with Airtable.local("b.db") as airtable:
        assert airtable.table_named("People").count() == 3


def test_some_rows_written_is_exit_code_1(people) -> None:
    """When a later request is refused, the program says which rows, and ends with 1."""
    airhaul("import", people, "People", "--create", "--local", "b.db")
    lines = ["Name", *(f"P{n}" for n in range(10)), "x" * 100_001]
    Path("long.csv").write_text("\n".join(lines))
    done = airhaul("import", "long.csv", "People", "--local", "b.db", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["created"] == 10
    assert "long.csv line 12, row 10, field 'Name': " in done.stderr
    assert "INVALID_VALUE_FOR_COLUMN" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["import", "nope.csv", "T", "--local", "b.db"], "nope.csv: No such file"),
        (["import", "a.xyz", "T", "--local", "b.db"], "no file format has the suffix '.xyz'"),
        (["export", "T", "a.csv", "--local", "b.db"], "no local base b.db"),
        (["export", "T", "nowhere/a.csv", "--local", "b.db"], "The folder nowhere does not exist"),
        (["export", "T", "a.docx", "--local", "b.db"], "or set --format."),
        (["tables"], "No access token is configured. Set --token or the environment variable AIRTABLE_ACCESS_TOKEN"),
        (["tables"], "or use a local base: --local my.db."),
        (["tables", "--token", "pat.x"], "No base is configured. Set --base or the environment variable AIRTABLE_BASE_ID"),
        (["tables", "--token", "pat.x", "--base", "nonsense"], "is not a base ID"),
        (["tables", "--token", "pat.x", "--local", "b.db"], "one or the other"),
        (["tables", "--local", __file__], "not a local base of airhaul"),
        (["import", "x.csv"], "Missing argument"),
        (["serve", "--port", "99999"], "less than or equal to 65535"),
        (["frobnicate"], "No such command"),
        (["import", "a.csv", "T", "--on-error", "skip"], "Invalid value for '--on-error': 'skip' is not one of 'stop'"),
    ],
)  # fmt: skip
def test_wrong_use_is_one_clear_error_and_exit_code_2(words, said) -> None:
    """No traceback, no half-done work, a hint at what to do."""
    done = airhaul(*words)
    assert done.returncode == 2
    assert said in done.stderr.replace("\n", " ")


def test_a_service_that_is_not_there_is_told() -> None:
    """After some tries; they would go on for eight seconds if they came at their own pace."""
    where = ["--base", "app00000000000000", "--endpoint-url", "http://127.0.0.1:9"]
    done = airhaul("tables", "--token", "pat.x", *where, program=QUICK)
    assert done.returncode == 2
    assert "no connection to 127.0.0.1" in done.stderr.replace("\n", " ")


def test_refused_tokens_and_unknown_bases() -> None:
    """The service's refusals are told in words, without the token."""
    with LocalBase.open(tokens={"patGood.secret"}) as local_base, LocalServer(local_base) as server:
        options = ("--endpoint-url", server.url, "--base", local_base.default_base_id)
        done = airhaul("tables", *options, AIRTABLE_ACCESS_TOKEN="patBad.secret")
        assert (done.returncode, "access token" in done.stderr) == (2, True)
        assert "secret" not in done.stderr
        done = airhaul(
            "tables",
            "--endpoint-url",
            server.url,
            "--base",
            "app00000000000000",
            AIRTABLE_ACCESS_TOKEN="patGood.secret",
        )
        assert (done.returncode, "base and table IDs" in done.stderr) == (2, True)


def test_the_token_is_never_printed() -> None:
    """Not in results, plans, rejects or errors, whether it is accepted or refused."""
    file("new.csv", "n1,A,1")
    file("bad.csv", "n1,A,many", "n2,B,2")
    commands = [
        ["tables", "--json"],
        ["doctor"],
        ["import", "bad.csv", "Stock", "--on-error", "continue", "--rejects", "r.csv"],
        ["sync", "new.csv", "Stock", "--key", "Code", "--delete"],
        ["sync", "new.csv", "Stock", "--key", "Code", "--yes", "--json"],
        ["delete", "Stock", "--where", "{Nope}", "--yes"],
    ]
    secret = "patGood0000000.1234"
    with LocalBase.open(tokens={secret}) as local_base, LocalServer(local_base) as server:
        options = ["--endpoint-url", server.url, "--base", local_base.default_base_id]
        airhaul("import", "new.csv", "Stock", "--create", *options, "--token", secret)
        for command in commands:
            for token in (secret, f"{secret}x"):
                done = airhaul(*command, *options, "--token", token)
                assert token == secret or done.returncode == 2, command
                assert "1234" not in done.stdout + done.stderr, command
    assert "1234" not in Path("r.csv").read_text()


def test_the_environment_and_dotenv_say_where(people) -> None:
    """Variables and ``.env`` are read; an option that names a service wins over both."""
    assert airhaul("import", people, "P", "--create", AIRHAUL_LOCAL="e.db").returncode == 0
    Path(".env").write_text("AIRHAUL_LOCAL=e.db\n")
    assert "P" in airhaul("tables").stdout
    done = airhaul("tables", AIRTABLE_ACCESS_TOKEN="pat.x", AIRTABLE_BASE_ID="app00000000000000")
    assert (done.returncode, "one or the other" in done.stderr) == (2, True)
    with Airtable.local("other.db") as airtable:
        airtable.schema()
    assert (
        "no tables yet"
        in airhaul("tables", "--local", "other.db", AIRTABLE_ACCESS_TOKEN="pat.x").stdout
    )


def test_doctor_says_what_is_in_order() -> None:
    """Every line is ok, or says what is wrong, and the exit code follows."""
    with Airtable.local("b.db") as airtable:
        airtable.schema()
    done = airhaul("doctor", "--local", "b.db")
    assert done.returncode == 0
    assert done.stdout.count("ok  ") == 3
    assert done.stdout.endswith(" with 0 tables\n")
    done = airhaul("doctor")
    assert done.returncode == 2
    assert "no  configuration: No access token is configured. Set --token" in done.stdout


@pytest.mark.parametrize(
    "words",
    [
        ["tables"],
        ["doctor"],
        ["schema"],
        ["export", "People", "out.csv"],
        ["import", "people.csv", "People"],
        ["import", "people.csv", "People", "--create", "--dry-run"],
        ["sync", "people.csv", "People", "--key", "Name", "--yes"],
        ["delete", "People", "--all", "--yes"],
    ],
)
def test_a_name_that_is_mistyped_makes_no_base(people, words) -> None:
    """Only what makes a table makes a file for it; a dry run of that needs none."""
    done = airhaul(*words, "--local", "poeple.db")
    assert not Path("poeple.db").exists()
    if "--dry-run" in words:
        assert (done.returncode, done.stdout[:20]) == (0, "People: 3 to create:"), done.stderr
        return
    assert done.returncode == 2
    assert "There is no local base poeple.db" in done.stdout + done.stderr


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_serve_says_when_it_is_ready_and_stops_cleanly(how) -> None:
    """One line with the URL; then requests; then a clean end."""
    child = subprocess.Popen(
        [*COMMAND, "serve", "--local", "s.db", "--port", "0", "--token", "pat.x"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    words = child.stdout.readline().split()
    assert words[:3] == ["airhaul", "serves", "base"]
    url = words[-1]
    assert url.startswith("http://127.0.0.1:")
    with httpx2.Client(base_url=url) as client:
        assert client.get("/v0/meta/whoami").status_code == 401
        assert (
            client.get("/v0/meta/whoami", headers={"Authorization": "Bearer pat.x"}).status_code
            == 200
        )
    child.send_signal(how)
    _, err = child.communicate(timeout=20)
    assert "Traceback" not in err
    assert child.returncode in (0, 130, -signal.SIGTERM, -signal.SIGINT)


def test_serve_says_how_it_is_reached() -> None:
    """As a command to copy, which works."""
    with subprocess.Popen(
        [*COMMAND, "serve", "--port", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        try:
            said, _, command = child.stderr.readline().partition(": airhaul ")
            assert said == "Any token works"
            done = airhaul(*command.split())
        finally:
            child.terminate()
    assert done.returncode == 0, done.stderr
    assert "has no tables yet" in done.stdout


def test_serve_takes_a_schema_and_tokens_with_their_rights() -> None:
    """The base of the file is there, and a token that may only read records only reads records."""
    fields = [{"id": "fld00000000000001", "name": "Name", "type": "singleLineText"}]
    table = {"id": "tbl00000000000001", "name": "Things", "fields": fields}
    described = {"id": "app00000000000001", "tables": [table]}
    Path("base.json").write_text(json.dumps(described))
    rights = "patRead.secret=data.records:read,app00000000000001"
    child = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", "--schema", "base.json", "--token", rights],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        words = child.stdout.readline().split()
        assert words[3] == "app00000000000001"
        headers = {"Authorization": "Bearer patRead.secret"}
        with httpx2.Client(base_url=words[-1], headers=headers) as client:
            assert client.get("/v0/app00000000000001/tbl00000000000001").json() == {"records": []}
            refused = client.get("/v0/meta/bases/app00000000000001/tables")
            assert refused.status_code == 403
            row = {"fields": {"Name": "x"}}
            assert client.post("/v0/app00000000000001/Things", json=row).status_code == 403
    finally:
        child.terminate()
        out, err = child.communicate(timeout=20)
    assert "secret" not in out + err
    done = airhaul("serve", "--token", "patRead.secret=eat")
    assert (done.returncode, "'eat'" in done.stderr) == (2, True)
    assert "secret" not in done.stderr


def test_a_port_that_is_taken_is_told(server) -> None:
    """No traceback of the server library."""
    done = airhaul("serve", "--port", server.url.rpartition(":")[2])
    assert done.returncode == 2
    assert "another program" in done.stderr


def test_help_and_version() -> None:
    """The program tells its version, and each command explains itself."""
    assert airhaul("--version").stdout == "airhaul 0.1.0\n"
    done = airhaul("import", "--help")
    assert (done.returncode, "Usage: " in done.stdout) == (0, True)
    assert {"import", "export", "sync", "delete", "tables", "schema", "clone"} < {*COMMANDS}
    listed = airhaul("--help").stdout
    for name, (_, line) in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(line)}$", listed, re.MULTILINE)
        told = CliRunner().invoke(app, [name, "--help"])
        assert told.exit_code == 0
        assert f" {name} [OPTIONS]" in told.output


def test_ctrl_c_says_what_is_written(local_base, server) -> None:
    """An import that is interrupted ends with 130, one message, and no half-known rows."""
    Path("many.csv").write_text("Name\n" + "\n".join(f"P{n}" for n in range(50_000)))
    options = [
        "--endpoint-url",
        server.url,
        "--base",
        local_base.default_base_id,
        "--token",
        "pat.x",
    ]
    child = subprocess.Popen(
        [*COMMAND, "import", "many.csv", "Many", "--create", *options],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stderr.readline().startswith("Created table Many")
    while local_base.counts()["POST"] < 3:
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=30)
    assert child.returncode == 130
    assert "Traceback" not in err
    assert "Interrupted: " in err
    written = 10 * (local_base.counts()["POST"] - 1)
    assert f"{written:,} created" in err
