"""Which function answers which path."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from airhaul.server import refusal
from airhaul.server.iterators import Iterators
from airhaul.server.request import Request
from airhaul.server.schema import Table
from airhaul.server.store import Store
from airhaul.wire.ids import is_id


@dataclass(frozen=True, slots=True)
class Context:
    """What an endpoint works with.

    Args:
        store: The bases.
        iterators: The lists that are being read.
        request: The request.
        now: When it came, in UTC.
    """

    store: Store
    iterators: Iterators
    request: Request
    now: datetime

    def table(self, base_id: str, name: str) -> Table:
        """Find a table by id or name.

        Raises:
            Refusal: The base's id is malformed, or there is no such base or table.
        """
        if not is_id(base_id, "app"):
            raise refusal.no_such_route()
        tables = self.store.tables(base_id)
        if name in tables:
            return tables[name]
        for table in tables.values():
            if table.name == name:
                return table
        raise refusal.not_visible()


Handler = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint.

    Args:
        method: The HTTP method.
        pattern: The path, with ``{}`` for each part that is handed to the function.
        handler: Takes a ``Context`` and those parts, and gives the answer's JSON.
        writes: Whether it may change anything.
    """

    method: str
    pattern: str
    handler: Handler
    writes: bool = False

    def match(self, method: str, path: str) -> list[str] | None:
        """The variable parts of a path, decoded, or None if this is another endpoint."""
        if method != self.method:
            return None
        expression = re.escape(self.pattern).replace(r"\{\}", "([^/]+)")
        found = re.fullmatch(expression, path)
        return None if found is None else [unquote(part) for part in found.groups()]
