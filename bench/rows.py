"""The rows that are measured with: the same ones for every client."""

from __future__ import annotations

import atexit
import csv
import json
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

TABLE: Final = "People"
KEY: Final = "email"
CHOICES: Final = ("lead", "trial", "customer", "lost")
TAGS: Final = ("red", "green", "blue", "grey")
UNKNOWN_CHOICE: Final = "nobody-made-this-choice"
COLUMNS: Final = {
    "full_name": "Full Name",
    "email": "E-Mail",
    "age": "Age",
    "is_active": "Is Active",
    "joined_on": "Joined On",
    "last_seen": "Last Seen",
    "status": "Status",
    "tags": "Tags",
    "company": "Company",
}
"""The fields of the table by the names that models give them."""

COMPANY_IDS: Final = [f"recCompany{number:07}" for number in range(10_000)]
"""The records that rows link to; each gets few links, also of the longest table."""

_FIRST_DAY: Final = date(2015, 1, 1)
_FIRST_MOMENT: Final = datetime(2026, 1, 1, 8, 30, tzinfo=UTC)


def make_row(number: int) -> dict[str, Any]:
    """Make the row of a number, with Python values by the names of a model."""
    return {
        "full_name": f"Person {number} of the fair",
        "email": f"person.{number}@example.org",
        "age": 18 + number % 60,
        "is_active": number % 3 != 0,
        "joined_on": _FIRST_DAY + timedelta(days=number % 3_650),
        "last_seen": _FIRST_MOMENT + timedelta(minutes=number),
        "status": CHOICES[number % len(CHOICES)],
        "tags": [TAGS[number % len(TAGS)], TAGS[(number + 1) % len(TAGS)]],
        "company": [COMPANY_IDS[number % len(COMPANY_IDS)]],
    }


def make_rows(count: int, first: int = 0) -> Iterator[dict[str, Any]]:
    """Make so many rows, with consecutive numbers."""
    return map(make_row, range(first, first + count))


def as_text(row: dict[str, Any]) -> dict[str, Any]:
    """Turn the dates of a row into text, for clients that leave this to their users."""
    seen = row["last_seen"].replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
    return {**row, "joined_on": row["joined_on"].isoformat(), "last_seen": seen}


def as_json(row: dict[str, Any]) -> dict[str, Any]:
    """Turn a row into the cells that Airtable takes, by the names of the table."""
    return {COLUMNS[name]: value for name, value in as_text(row).items()}


def make_csv(count: int) -> Path:
    """Write so many rows to a temporary file, and give its path."""
    folder = tempfile.mkdtemp(prefix="airhaul-bench-")
    atexit.register(shutil.rmtree, folder)
    path = Path(folder) / "people.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS.values())
        for row in map(as_json, make_rows(count)):
            cells = (", ".join(cell) if isinstance(cell, list) else cell for cell in row.values())
            writer.writerow(cells)
    return path


def make_pages(count: int, first: int = 0) -> list[bytes]:
    """Make replies of "list records" that hold so many rows, a hundred each."""
    records = [
        {
            "id": f"rec{number:014}",
            "createdTime": "2026-01-01T00:00:00.000Z",
            "fields": {name: cell for name, cell in as_json(row).items() if cell is not False},
        }
        for number, row in enumerate(make_rows(count, first), first)
    ]
    pages = (records[start : start + 100] for start in range(0, count, 100))
    return [json.dumps({"records": page}, separators=(",", ":")).encode() for page in pages]


def rows_to_upsert(count: int) -> list[dict[str, Any]]:
    """Make rows for a table that has half of them: these with another age, and as many new ones."""
    rows = list(make_rows(count))
    for row in rows[: count // 2]:
        row["age"] += 1
    return rows


def rows_with_a_bad_one(count: int) -> list[dict[str, Any]]:
    """Make rows, the one in the middle with a choice that its field does not have."""
    rows = list(make_rows(count))
    rows[count // 2]["status"] = UNKNOWN_CHOICE
    return rows
