"""``airhaul models``: the module, the file of names, and what has changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from airhaul import Airtable
from tests.cli.program import airhaul

pytestmark = pytest.mark.slow  # each test starts the program


@pytest.fixture(autouse=True)
def _base() -> None:
    with Airtable.local("b.db") as airtable:
        for name in ("Companies", "Deals"):
            airtable.create_table(name, [{"name": "Näme", "type": "singleLineText"}])


def test_a_module_is_written_checked_and_made_again() -> None:
    """Names stay as they are in the lock; a check prints a diff, and writes nothing."""
    done = airhaul("models", "b.db", "--output", "crm.py")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert "crm.py: 2 models written" in done.stderr
    before = Path("crm.py").read_text(encoding="utf-8")
    assert (
        'class Deals(Record, table="Deals"):\n    näme: str = airtable_field("", column="Näme")'
        in before
    )
    assert airhaul("models", "--local", "b.db", "-o", "crm.py", "--check").returncode == 0
    lock = json.loads(Path("crm.lock").read_text(encoding="utf-8"))
    table_id = next(id_ for id_, table in lock["tables"].items() if table["name"] == "Deals")
    lock["tables"][table_id]["model"] = "Deal"
    Path("crm.lock").write_text(json.dumps(lock), encoding="utf-8")
    done = airhaul("models", "b.db", "--output", "crm.py", "--check")
    assert done.returncode == 1
    assert "-class Deals(Record" in done.stdout
    assert "+class Deal(Record" in done.stdout
    assert Path("crm.py").read_text(encoding="utf-8") == before
    airhaul("models", "b.db", "--output", "crm.py")
    assert "class Deal(Record" in Path("crm.py").read_text(encoding="utf-8")
    only = airhaul("models", "b.db", "--table", "Deals", "--field-ids", "--lock", "crm.lock").stdout
    assert f'class Deal(Record, table="{table_id}", field_ids=True):' in only
    assert "Companies" not in only


def test_a_module_of_somebody_else_is_not_overwritten() -> None:
    """A mistyped --output costs nobody their code."""
    Path("mine.py").write_text("precious = 1\n", encoding="utf-8")
    done = airhaul("models", "b.db", "--output", "mine.py")
    assert done.returncode == 2
    assert "mine.py was not written by airhaul models" in done.stderr
    assert Path("mine.py").read_text(encoding="utf-8") == "precious = 1\n"
    assert not Path("mine.lock").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["b.db", "--check"], "--output models.py --check"),
        (["b.db", "--local", "b.db"], "Name the base once"),
        (["b.db", "--table", "Nobody"], "no table 'Nobody'; its tables: 'Companies', 'Deals'"),
        (["b.db", "--lock", "b.db"], "b.db is not a file of names"),
        (["no.db"], "no.db"),
    ],
)
def test_what_is_wrong_is_named(words: list[str], message: str) -> None:
    """Nothing is written, and the exit code is 2."""
    done = airhaul("models", *words)
    assert done.returncode == 2
    assert message in done.stderr.replace("\n", " ")
