"""``airhaul schema diff`` and ``apply``: models against the tables of a base."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from airhaul import Airtable
from tests.cli.program import airhaul, on_terminal

pytestmark = pytest.mark.slow  # each test starts programs

MODELS = """\
from typing import Literal

from airhaul import Record, airtable_field


class Company(Record, table="Companies"):
    name: str
    size: Literal["S", "L"] | None = None


class Deal(Record, table="Deals"):
    title: str
    value: float | None = airtable_field(None, column="Value €", type="currency")


class NoTable(Record):
    name: str
"""


@pytest.fixture
def models() -> Path:
    """A module with two models that have a table."""
    path = Path("models.py")
    path.write_text(MODELS, encoding="utf-8")
    return path


def tables(base: str) -> dict[str, list[str]]:
    """The fields of each table."""
    with Airtable.local(base) as airtable:
        return {
            one["name"]: [field["name"] for field in one["fields"]] for one in airtable.schema()
        }


def test_tables_are_created_and_fit(models) -> None:
    """Once: a second apply has nothing to create, and the difference is none."""
    done = airhaul("schema", "apply", models, "--local", "crm.db", "--yes")
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        "Companies: a table with 2 fields to create\n"
        "  + 'name', singleLineText\n"
        "  + 'size', singleSelect\n"
        "Deals: a table with 2 fields to create\n"
        "  + 'title', singleLineText\n"
        "  + 'Value €', currency\n"
    )
    assert tables("crm.db") == {"Companies": ["name", "size"], "Deals": ["title", "Value €"]}
    again = airhaul("schema", "apply", "models", "--local", "crm.db")
    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout == "Companies: nothing to create\nDeals: nothing to create\n"
    diff = airhaul("schema", "diff", "models", "--local", "crm.db")
    assert (diff.returncode, diff.stdout) == (0, "Companies: fits\nDeals: fits\n")


def test_models_that_link_to_each_other_are_created_together() -> None:
    """Whatever their order in the module; the plan names a table that is not there yet."""
    Path("linked.py").write_text(
        """\
from __future__ import annotations

from airhaul import Link, Record, airtable_field


class Deal(Record, table="Deals"):
    title: str
    company: Link[Company] | None = None
    follows: Link[Deal] | None = None


class Company(Record, table="Companies"):
    name: str
    deals: list[Link[Deal]] = airtable_field([], inverse="company")
""",
        encoding="utf-8",
    )
    done = airhaul("schema", "apply", "linked.py", "--local", "crm.db", "--yes", "--json")
    assert done.returncode == 0, done.stderr
    deals, companies = json.loads(done.stdout)
    assert [field["name"] for field in deals["fields"]] == ["title", "company", "follows"]
    assert deals["fields"][1]["options"] == {"linkedTableId": "Companies"}
    assert [field["name"] for field in companies["fields"]] == ["name"]
    assert tables("crm.db") == {
        "Companies": ["name", "deals"],
        "Deals": ["title", "company", "follows"],
    }
    done = airhaul("schema", "diff", "linked.py", "--local", "crm.db")
    assert (done.returncode, done.stdout) == (0, "Deals: fits\nCompanies: fits\n")


def test_differences_are_shown_in_the_words_of_the_command_line(models) -> None:
    """What apply can create, and what is to be done by hand; exit code 1, as of other diffs."""
    airhaul("schema", "apply", models, "--local", "crm.db", "--yes")
    text = MODELS.replace('"S", "L"', '"S", "XL"').replace(
        "title: str", "title: str\n    won: bool"
    )
    models.write_text(text, encoding="utf-8")
    diff = airhaul("schema", "diff", models, "--local", "crm.db", COLUMNS="200")
    assert diff.returncode == 1
    assert diff.stdout == (
        "Companies: 2 differences\n"
        "  field 'size': 'size' does not have the choices 'XL'; add them in Airtable, or write them "
        "with --typecast\n"
        "  field 'size': 'size' has choices that the model does not know: 'L'; add them to the "
        "model; records that have them are read with a cell error\n"
        "Deals: 1 difference\n"
        "  field 'won': the table has no field 'won'; airhaul schema apply MODULE creates it\n"
    )
    told = json.loads(airhaul("schema", "diff", models, "--local", "crm.db", "--json").stdout)
    assert [one["kind"] for one in told["Companies"]] == ["choices", "choices"]
    applied = airhaul("schema", "apply", models, "--local", "crm.db", "--yes", "--json")
    assert applied.returncode == 1
    assert [len(plan["by_hand"]) for plan in json.loads(applied.stdout)] == [2, 0]
    assert tables("crm.db") == {"Companies": ["name", "size"], "Deals": ["title", "Value €", "won"]}


def test_nothing_is_created_unasked(models) -> None:
    """Neither the file of a new base, nor with --dry-run, nor after a no."""
    done = airhaul("schema", "apply", models, "--local", "crm.db")
    assert done.returncode == 2
    assert "Set --yes to write without asking" in done.stderr
    dry = airhaul("schema", "apply", models, "--local", "crm.db", "--dry-run")
    assert (dry.returncode, dry.stdout) == (0, done.stdout)
    code, shown = on_terminal("schema", "apply", models, "--local", "crm.db", answer="n\n")
    assert "Create this? [y/N]" in shown
    assert code != 2
    assert not Path("crm.db").exists()


@pytest.mark.parametrize(
    ("module", "text", "said"),
    [
        ("nope.py", None, "nope.py cannot be imported: FileNotFoundError"),
        ("nope.models", None, "nope.models cannot be imported: ModuleNotFoundError"),
        ("bad.py", "1 / 0\n", "bad.py cannot be imported: ZeroDivisionError: division by zero"),
        ("none.py", "x = 1\n", "none.py declares no model with a table: class User(Record, table="),
    ],
)
def test_a_module_without_models_is_a_clear_error(module, text, said) -> None:
    """It says what is wrong with which module, without a traceback."""
    if text is not None:
        Path(module).write_text(text)
    done = airhaul("schema", "diff", module, "--local", "crm.db", COLUMNS="200")
    assert done.returncode == 2
    assert said in done.stderr


def test_a_module_has_to_be_named() -> None:
    """With what to type."""
    done = airhaul("schema", "apply", "--local", "crm.db")
    assert done.returncode == 2
    assert "airhaul schema apply models.py" in done.stderr
