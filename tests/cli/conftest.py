"""Small files and bases for the program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airhaul import Airtable


@pytest.fixture
def people() -> Path:
    """A small file with something of everything."""
    path = Path("people.csv")
    path.write_text(
        "Name,Age,Active,Born,Mail\n"
        "Ada,36,yes,1815-12-10,ada@example.org\n"
        '"O\'Brien, ""Bob""",,no,,\n'
        "Łukasz,7,yes,2017-02-28,l@example.org\n",
        encoding="utf-8",
    )
    return path


@pytest.fixture
def stock() -> Path:
    """A base in a file, with a table Stock of 12 items."""
    rows = [f"i{number:02},Item {number},{number}" for number in range(12)]
    path = file("stock.csv", *rows)
    with Airtable.local("b.db") as airtable:
        airtable.create_table(
            "Stock",
            [
                {"name": "Code", "type": "singleLineText"},
                {"name": "Name", "type": "singleLineText"},
                {"name": "Pieces", "type": "number", "options": {"precision": 0}},
            ],
        )
        airtable.table_named("Stock").import_file(path)
    return Path("b.db")


def file(name: str, *rows: str, header: str = "Code,Name,Pieces") -> Path:
    """Write a small CSV file."""
    path = Path(name)
    path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    return path


def held(base: Path, table: str = "Stock") -> dict[str, tuple[Any, Any]]:
    """What a table holds, by code."""
    with Airtable.local(base) as airtable:
        records = airtable.table_named(table).all()
    return {
        vars(record)["code"]: (vars(record)["name"], vars(record)["pieces"]) for record in records
    }
