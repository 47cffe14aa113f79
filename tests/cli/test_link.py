"""``--link`` and ``--create-missing``: files that name the records to which they link."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airhaul import Airtable
from tests.cli.program import airhaul

pytestmark = pytest.mark.slow  # each test starts the program

WORDS = ["Deals", "--local", "b.db", "--link", "Company=Name"]
DEALS = 'Title,Company\na,Acme\nb,"New, Acme"\n'


@pytest.fixture
def _deals() -> None:
    with Airtable.local("b.db") as airtable:
        companies = airtable.create_table("Companies", [{"name": "Name", "type": "singleLineText"}])
        airtable.table_named("Companies").bulk_create([{"Name": "Acme"}])
        link: Any = {"linkedTableId": companies["id"]}
        airtable.create_table(
            "Deals",
            [
                {"name": "Title", "type": "singleLineText"},
                {"name": "Company", "type": "multipleRecordLinks", "options": link},
            ],
        )
    Path("deals.csv").write_text(DEALS)


def names() -> list[str]:
    with Airtable.local("b.db") as airtable:
        return sorted(str(company.name) for company in airtable.table_named("Companies").all())


@pytest.mark.usefixtures("_deals")
def test_names_are_looked_up_created_and_undone() -> None:
    """A dry run says what would be created; an import does it, a sync has nothing to do, undo."""
    done = airhaul("import", "deals.csv", *WORDS)
    assert done.returncode == 2
    assert "no record of 'Companies' has the Name 'New'; to create it, set --create-missing" in (
        done.stderr
    )
    done = airhaul("import", "deals.csv", *WORDS, "--create-missing", "--dry-run")
    assert "First, 1 record would be created in 'Companies', with the Name 'New'." in done.stdout
    assert names() == ["Acme"]
    done = airhaul("import", "deals.csv", *WORDS, "--create-missing")
    assert done.stdout.startswith("Deals: 2 created in ")
    assert names() == ["Acme", "New"]
    done = airhaul("sync", "deals.csv", *WORDS, "--key", "Title")
    assert done.stdout == "Deals: nothing to do, 2 unchanged\n"
    done = airhaul("undo", "--yes")
    assert done.returncode == 0, done.stderr
    assert "has created 1 record in 'Companies' for its links" in done.stderr
    assert names() == ["Acme"]


def test_wrong_options_are_named() -> None:
    """A link without an equals sign, twice, or for a table that is yet to be created."""
    Path("deals.csv").write_text(DEALS)
    words = ["import", "deals.csv", "Deals", "--local", "b.db", "--link"]
    assert "Expected --link FIELD=NAME, got 'Company'" in airhaul(*words, "Company").stderr
    twice = airhaul(*words, "Company=Name", "--link", "Company=Other").stderr
    assert "--link has the field 'Company' twice" in twice
    assert "--create makes none" in airhaul(*words, "Company=Name", "--create").stderr
