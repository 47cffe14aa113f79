"""Routes: the function that answers a method and path."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from airhaul.local_base.gate.tokens import Needs

Handler = Callable[..., Any]


@functools.cache
def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\{\}", "([^/]+)"))


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint.

    Args:
        method: The HTTP method.
        pattern: The path, with ``{}`` for each part that is passed to the function.
        handler: Takes a ``Context`` and those parts, and returns the answer's JSON.
        needs: The rights that it requires. The first variable part is the base's id.
        writes: Whether it may write.
        source: The source of its changes, as payloads of webhooks report it.
    """

    method: str
    pattern: str
    handler: Handler
    needs: Needs
    writes: bool = False
    source: str = "publicApi"

    def match(self, method: str, path: str) -> list[str] | None:
        """Return the variable parts of a path, decoded; None if the path does not match."""
        if method != self.method:
            return None
        found = _expression(self.pattern).fullmatch(path)
        return None if found is None else [unquote(part) for part in found.groups()]
