"""The table that is measured with, and its rows: the same ones for every client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

TABLE: Final = "People"
KEY: Final = "email"
CHOICES: Final = ("lead", "trial", "customer", "lost")
UNKNOWN_CHOICE: Final = "nobody-made-this-choice"
FIELDS: Final[list[dict[str, Any]]] = [
    {"name": "name", "type": "singleLineText"},
    {"name": "email", "type": "email"},
    {"name": "age", "type": "number", "options": {"precision": 0}},
    {"name": "score", "type": "number", "options": {"precision": 2}},
    {"name": "active", "type": "checkbox", "options": {"icon": "check", "color": "greenBright"}},
    {"name": "joined", "type": "date", "options": {"dateFormat": {"name": "iso"}}},
    {
        "name": "status",
        "type": "singleSelect",
        "options": {"choices": [{"name": choice} for choice in CHOICES]},
    },
    {"name": "notes", "type": "multilineText"},
]

_FIRST_DAY: Final = date(2015, 1, 1)


def make_row(number: int) -> dict[str, Any]:
    """Make the row of a number, with Python values."""
    return {
        "name": f"Person {number}",
        "email": f"person.{number}@example.org",
        "age": 18 + number % 60,
        "score": number * 37 % 10_000 / 100,
        "active": number % 3 != 0,
        "joined": _FIRST_DAY + timedelta(days=number % 3_650),
        "status": CHOICES[number % len(CHOICES)],
        "notes": f"Met at stand {number % 97}; asked for a quote and a call in week {number % 52}.",
    }


def make_rows(count: int, first: int = 0) -> Iterator[dict[str, Any]]:
    """Make so many rows, with consecutive numbers."""
    return map(make_row, range(first, first + count))


def as_json(row: dict[str, Any]) -> dict[str, Any]:
    """Turn a row into what JSON can hold, for clients that leave this to their users."""
    return {**row, "joined": row["joined"].isoformat()}


def make_pages(count: int) -> list[bytes]:
    """Make replies of "list records" that hold so many rows, a hundred each."""
    records = [
        {
            "id": f"rec{number:014}",
            "createdTime": "2026-01-01T00:00:00.000Z",
            "fields": {name: cell for name, cell in as_json(row).items() if cell is not False},
        }
        for number, row in enumerate(make_rows(count))
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
