"""Collaborator cells, stored as ids of people.

Not published, and decided here: a person who is named twice in a cell is stored once; typecast
finds people by id, e-mail address or name.
"""

from __future__ import annotations

from typing import Any

from airhaul.local_base.protocol import refusal
from airhaul.local_base.store.schema import Field
from airhaul.local_base.writing.cells.write_context import WriteContext


def check_collaborator(field: Field, value: Any, write: WriteContext) -> Any:
    """Accept ``{"id"}`` or ``{"email"}``; with typecast also an id, e-mail address or name."""
    if not isinstance(value, dict) and not (write.typecast and isinstance(value, str)):
        raise refusal.cannot_parse(value, field.name)
    return None if value == "" else _person(field, value, write)


def check_collaborators(field: Field, value: Any, write: WriteContext) -> Any:
    """Accept a list of ids, ``{"id"}`` or ``{"email"}``; with typecast also text with commas."""
    if write.typecast and isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, list):
        raise refusal.cannot_parse(value, field.name)
    return list(dict.fromkeys(_person(field, item, write) for item in value))


def _person(field: Field, value: Any, write: WriteContext) -> str:
    people = write.context.session.people.everybody()
    if isinstance(value, dict):
        found = [
            person.id
            for person in people.values()
            if value.get("id", person.id) == person.id
            and value.get("email", person.email) == person.email
            and ("id" in value or "email" in value)
        ]
    elif isinstance(value, str) and value in people:
        found = [value]
    elif isinstance(value, str) and write.typecast:
        found = [person.id for person in people.values() if value in (person.email, person.name)]
    else:
        found = []
    if not found:
        raise refusal.cannot_parse(value, field.name)
    return found[0]
