"""The table of people."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """A person who can be named in a cell and own a token."""

    id: str
    email: str
    name: str

    def as_json(self) -> dict[str, str]:
        """Return the person as a cell shows them."""
        return {"id": self.id, "email": self.email, "name": self.name}


class PeopleRows:
    """The people, within one transaction.

    Args:
        connection: The transaction's connection.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def everybody(self) -> dict[str, Person]:
        """Return all people by id, in the order they were added; the owner is the first."""
        rows = self._connection.execute("SELECT id, email, name FROM people ORDER BY place")
        return {row[0]: Person(*row) for row in rows}

    def add(self, person: Person) -> None:
        """Add a person."""
        self._connection.execute(
            "INSERT INTO people (id, email, name) VALUES (?, ?, ?)",
            (person.id, person.email, person.name),
        )
