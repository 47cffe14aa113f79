"""Choice cells, stored as names.

Not published, and decided here: with typecast, a name that is no choice means the one without the
spaces around it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from airhaul.local_base.protocol import refusal
from airhaul.local_base.store.schema import Field
from airhaul.local_base.writing.cells.write_context import WriteContext
from airhaul.wire.ids import new_id

HUES: Final = (
    "blue",
    "cyan",
    "teal",
    "green",
    "yellow",
    "orange",
    "red",
    "pink",
    "purple",
    "gray",
)


def check_single_select(field: Field, value: Any, write: WriteContext) -> Any:
    """Accept the name or id of a choice; with typecast also a new name."""
    if not isinstance(value, str):
        raise refusal.cannot_parse(value, field.name)
    if write.typecast and not value.strip():
        return None
    return _choice(field, value, write)


def check_multiple_selects(field: Field, value: Any, write: WriteContext) -> Any:
    """Accept names or ids of choices; with typecast also text separated by commas."""
    if write.typecast and isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise refusal.cannot_parse(value, field.name)
    if write.typecast:
        value = [item for item in value if item.strip()]
    return list(dict.fromkeys(_choice(field, item, write) for item in value))


def _choice(field: Field, value: str, write: WriteContext) -> str:
    options = write.grown.get(field.id, field).options or {}
    choices = options.get("choices", [])
    for choice in choices:
        if value in (choice["name"], choice["id"]):
            return str(choice["name"])
    if not write.typecast:
        raise refusal.cannot_create_choice(value)
    if value != value.strip():
        return _choice(field, value.strip(), write)
    grown = [*choices, new_choice(value, len(choices))]
    write.grown[field.id] = replace(field, options={**options, "choices": grown})
    return value


def new_choice(
    name: str, place: int, color: str | None = None, choice_id: str | None = None
) -> dict[str, Any]:
    """Make a choice; by default the colors take turns (observed, not published)."""
    return {
        "id": choice_id or new_id("sel"),
        "name": name,
        "color": color or default_color(place),
    }


def default_color(place: int) -> str:
    """Return the color of a choice that comes without one, by its place among the choices."""
    return f"{HUES[place % len(HUES)]}Light2"
