"""The records that the runs write, and what their cells hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from airhaul import Record, airtable_field

Cells = dict[str, Any]

TABLE: Final = "Things"
NOBODY: Final = "rec" + "0" * 14
"""The id of no record."""

_FIELDS: Final = ("name", "email", "number", "rank", "kind", "note", "owner")


class Thing(Record, table=TABLE):
    """What the runs write; whose it is tells a column."""

    name: str
    email: str | None = airtable_field(None, type="email")
    number: int | None = None
    # Airtable merges on no currency, so that these keys are looked up by the client.
    rank: float | None = airtable_field(None, type="currency")
    # A choice that is not there is refused by the service alone.
    kind: str = airtable_field("plain", type="singleSelect", choices=["plain", "fancy", "new"])
    note: str = ""
    owner: str = "ours"


def cells_of(number: int, /, **more: Any) -> Cells:
    """What the thing of a number holds; None for an empty cell."""
    return _filled(
        {
            "name": f"n{number}",
            "email": f"n{number}@example.org",
            "number": number,
            "rank": number + 0.5,
            "kind": "plain",
            "owner": "ours",
            **more,
        }
    )


def cells_in(thing: Thing) -> Cells:
    """What a record in Python holds."""
    return _filled({name: getattr(thing, name) for name in _FIELDS})


def changed(cells: Mapping[str, Any], change: Mapping[str, Any]) -> Cells:
    """What a thing holds after a change."""
    return _filled({**cells, **change})


def _filled(cells: Mapping[str, Any]) -> Cells:
    # The service leaves empty cells out.
    return {name: cell for name, cell in cells.items() if cell not in (None, "")}
