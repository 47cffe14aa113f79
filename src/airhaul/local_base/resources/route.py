"""Which function answers which path."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from airhaul.local_base.gate.tokens import Needs

Handler = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint.

    Args:
        method: The HTTP method.
        pattern: The path, with ``{}`` for each part that is handed to the function.
        handler: Takes a ``Context`` and those parts, and gives the answer's JSON.
        needs: What it asks of the token and its person. The first variable part is the base's id.
        writes: Whether it may change anything.
        source: Where its changes come from, as webhooks are told.
    """

    method: str
    pattern: str
    handler: Handler
    needs: Needs
    writes: bool = False
    source: str = "publicApi"

    def match(self, method: str, path: str) -> list[str] | None:
        """The variable parts of a path, decoded, or None if this is another endpoint."""
        if method != self.method:
            return None
        expression = re.escape(self.pattern).replace(r"\{\}", "([^/]+)")
        found = re.fullmatch(expression, path)
        return None if found is None else [unquote(part) for part in found.groups()]
