"""Text of a base that a terminal would obey: shown as what it is, wherever people read it."""

from __future__ import annotations

import csv
import io
import re

import pytest
from rich.console import Console

from airhaul import Airtable
from airhaul.errors import AirhaulError
from airhaul.messages import visible
from tests.cli.program import airhaul

# Clears a line, goes up one, and turns what follows around.
HOSTILE = "\x1b[2K\x1b[1A\x9b\x07\u202e"
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
TABLE = f"T{HOSTILE}"


@pytest.fixture
def table(tmp_path):
    """A table whose name, fields and cells are hostile, and a file that would change it."""
    with Airtable.local(tmp_path / "shop.db") as airtable:
        names = ("Name", f"F{HOSTILE}")
        airtable.create_table(TABLE, [{"name": one, "type": "singleLineText"} for one in names])
        made = airtable.table_named(TABLE)
        made.bulk_create([{names[0]: f"a{HOSTILE}", names[1]: "old"}])
        with (tmp_path / "new.csv").open("w", newline="") as file:
            csv.writer(file).writerows(
                [names, (f"a{HOSTILE}", f"x{HOSTILE}"), (f"b{HOSTILE}", "y")]
            )
        yield made


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ("tables",),
        ("sync", "new.csv", TABLE, "--key", "Name", "--dry-run"),
        ("import", "new.csv", TABLE, "--key", "Name"),
        ("import", "new.csv", TABLE, "--key", f"G{HOSTILE}"),
        ("import", "new.csv", f"X{HOSTILE}"),
        ("export", TABLE, "out.csv"),
        ("delete", TABLE, "--where", "{Name} != ''", "--dry-run"),
    ],
    ids=lambda words: words[0],
)
def test_no_command_prints_what_a_terminal_obeys(table, tmp_path, monkeypatch, words) -> None:
    """A cell that hides lines of a plan would have somebody confirm what they do not see."""
    monkeypatch.chdir(tmp_path)
    done = airhaul(*words, "--local", "shop.db")
    assert r"\x1b[2K" in done.stdout + done.stderr
    assert OBEYED.findall(done.stdout + done.stderr) == []


def test_plans_and_errors_in_python_print_nothing_that_a_terminal_obeys(table) -> None:
    """A plan as text and as a table, what an error says, and what it says after it was copied."""
    plan = table.plan_sync([{"Name": f"a{HOSTILE}", f"F{HOSTILE}": f"x{HOSTILE}"}], key="Name")
    screen = io.StringIO()
    Console(file=screen, width=200).print(plan)
    with pytest.raises(AirhaulError) as caught:
        table.bulk_create([{f"G{HOSTILE}": 1}])
    for text in (str(plan), screen.getvalue(), str(caught.value)):
        assert "[2K" in text
        assert OBEYED.findall(text) == []


def test_text_of_people_is_left_alone() -> None:
    """Line breaks, tabs, accents, emoji and scripts that run from right to left are no commands."""
    text = "a\tb\nÄ 你好 👩‍👧 שלום\u200f مرحبا e\u0301"
    assert visible(text) == text
    assert visible("\x1b\x85\u2028") == r"\x1b\x85\u2028"
