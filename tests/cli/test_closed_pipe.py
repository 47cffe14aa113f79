"""Output that nobody reads to its end, as with head: no word about it, and one exit code."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from airhaul import Airtable
from airhaul.cli.app import COMMANDS
from tests.cli.conftest import file, held
from tests.processes import COMMAND, PROGRAM, start_python

pytestmark = pytest.mark.slow  # each test starts the program

UNREAD = 141


def unread(*words: object, errors_too: bool = False) -> tuple[int, str]:
    """Run the program when the reader of its output has gone; its exit code and its errors."""
    reader, writer = os.pipe()
    os.close(reader)
    with open(os.devnull) as nothing, tempfile.TemporaryFile("w+") as errors:
        process = start_python(
            PROGRAM, *words, streams=(nothing, writer, writer if errors_too else errors)
        )
        os.close(writer)
        process.join(60)
        assert process.exitcode is not None
        errors.seek(0)
        return process.exitcode, errors.read()


def test_each_command_ends_quietly(stock) -> None:
    """Whatever it prints, and by whatever means: lines, tables, JSON, rows, help."""
    new = file("new.csv", "n1,New,1")
    local = ("--local", stock)
    commands: list[tuple[object, ...]] = [
        ("export", "Stock", "-", *local),
        ("export", "Stock", "-", "--format", "parquet", *local),
        ("export", "Stock", "out.csv", *local),
        ("tables", *local),
        ("tables", *local, "--json"),
        ("schema", *local),
        ("models", *local),
        ("doctor", *local),
        ("import", new, "Stock", *local, "--dry-run"),
        ("import", new, "Stock", *local, "--dry-run", "--json"),
        ("sync", new, "Stock", *local, "--key", "Code", "--dry-run"),
        ("delete", "Stock", *local, "--all", "--dry-run"),
        ("runs",),
        ("runs", "--json"),
        ("serve", "--local", ":memory:", "--port", "0"),
        ("--help",),
        ("--version",),
        *((name, "--help") for name in COMMANDS),
    ]
    ends = {" ".join(map(str, words)): unread(*words) for words in commands}
    assert {words: end for words, end in ends.items() if end != (UNREAD, "")} == {}
    assert unread("tables", *local, errors_too=True) == (UNREAD, "")


@pytest.mark.parametrize("how", [[], ["--json"]])
@pytest.mark.parametrize("errors_too", [True, False])
def test_a_write_is_finished(stock, how, errors_too) -> None:
    """The result cannot be printed, but the rows are there, and the run can be undone."""
    rows = file("new.csv", *(f"n{number},New,{number}" for number in range(35)))
    code, errors = unread("import", rows, "Stock", "--local", stock, *how, errors_too=errors_too)
    assert code == UNREAD
    assert len(held(stock)) == 12 + 35
    if not (how or errors_too):
        assert errors.startswith("Run ")
        assert "airhaul undo" in errors


def test_errors_are_printed_when_the_result_is_not_read(stock) -> None:
    """So that nobody has to guess which rows were written."""
    rows = file("new.csv", "n1,New,many", "n2,New,2")
    words = ("import", rows, "Stock", "--local", stock, "--on-error", "continue")
    code, errors = unread(*words)
    assert code == UNREAD
    assert "new.csv line 2, row 0, field 'Pieces'" in errors
    assert "n2" in held(stock)


def test_a_write_goes_on_when_only_its_errors_are_not_read(stock) -> None:
    """Its result is printed, and its exit code says what it always says."""
    reader, writer = os.pipe()
    os.close(reader)
    rows = file("new.csv", "n1,New,many", "n2,New,2")
    words = ["import", str(rows), "Stock", "--local", str(stock), "--on-error", "continue"]
    done = subprocess.run(
        [*COMMAND, *words], stdout=subprocess.PIPE, stderr=writer, timeout=60, check=False
    )
    os.close(writer)
    assert done.returncode == 1
    assert done.stdout.startswith(b"Stock: 1 created, 1 failed")


@pytest.mark.parametrize(
    "words", [("export", "Stock", "-"), ("import", "many.csv", "Stock", "--dry-run", "--json")]
)
def test_a_reader_may_stop_in_the_middle(stock, words) -> None:
    """After the first line, as head does, of output that is larger than a pipe holds."""
    rows = [f"n{number},{'x' * 2_000},1" for number in range(200)]
    with Airtable.local(stock) as airtable:
        airtable.table_named("Stock").import_file(file("many.csv", *rows))
    with subprocess.Popen(
        [*COMMAND, *words, "--local", str(stock)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        assert len(child.stdout.readline()) > 1
        child.stdout.close()
        assert (child.stderr.read(), child.wait(timeout=30)) == (b"", UNREAD)


def test_a_full_disk_is_an_error(stock) -> None:
    """Unlike a reader that has gone: what was to be kept is not."""
    if not Path("/dev/full").exists():
        pytest.skip("only Linux has a device that is always full")
    for words in (("tables", "--json"), ("export", "Stock", "-"), ("schema",)):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [*COMMAND, *words, "--local", str(stock)],
                stdout=full,
                stderr=subprocess.PIPE,
                timeout=60,
                check=False,
            )
        assert (done.returncode, done.stderr) == (
            2,
            b"Error: standard output: No space left on device\n",
        )


def test_the_program_runs_without_standard_output(stock) -> None:
    """As a job that was started with its output closed."""
    words = " ".join([*COMMAND, "import", str(file("new.csv", "n1,New,1")), "Stock"])
    done = subprocess.run(
        f"{words} --local {stock} >&-", shell=True, capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr[:4]) == (0, b"Run ")
    assert "n1" in held(stock)
