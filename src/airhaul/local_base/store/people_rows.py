"""The people that a local base knows, as rows."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may be named in a cell, and who may own a token."""

    id: str
    email: str
    name: str

    def as_json(self) -> dict[str, str]:
        """The person as a cell shows them."""
        return {"id": self.id, "email": self.email, "name": self.name}


class PeopleRows:
    """The people, within one transaction.

    Args:
        connection: The transaction's connection.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def everybody(self) -> dict[str, Person]:
        """All people by id, in the order they came; the owner is the first."""
        rows = self._connection.execute("SELECT id, email, name FROM people ORDER BY place")
        return {row[0]: Person(*row) for row in rows}

    def add(self, person: Person) -> None:
        """Let somebody be known."""
        self._connection.execute(
            "INSERT INTO people (id, email, name) VALUES (?, ?, ?)",
            (person.id, person.email, person.name),
        )
