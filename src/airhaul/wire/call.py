"""A request, a reply, and the transport between them.

A ``Call`` describes a request. A ``Transport`` sends it: over HTTP, or directly to the local base.
The token belongs to the transport, so printing a ``Call`` never shows it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, Protocol
from urllib.parse import urlencode

from pydantic_core import from_json

Effect = Literal["read", "repeatable", "create"]
"""What sending a call twice does: nothing, the same as once, or it creates the rows twice."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request to Airtable.

    Args:
        method: ``GET``, ``POST``, ``PATCH``, ``PUT`` or ``DELETE``.
        path: The path from the root, percent-encoded: ``/v0/appXXX/Users``.
        effect: What sending it twice would do.
        query: Name and value pairs, in order, not encoded.
        body: The JSON body; None for none.
        base_id: The base whose rate limit it counts against; None for account-wide endpoints.
    """

    method: str
    path: str
    effect: Effect
    query: tuple[tuple[str, str], ...] = ()
    body: Any = None
    base_id: str | None = None

    @property
    def target(self) -> str:
        """The path and query as in the request line."""
        return f"{self.path}?{_encoded(self.query)}" if self.query else self.path

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def _encoded(query: tuple[tuple[str, str], ...]) -> str:
    return "&".join(map(_encoded_pair, query))


@lru_cache(maxsize=512)  # all pages of a list ask for the same, apart from the offset
def _encoded_pair(pair: tuple[str, str]) -> str:
    return urlencode([pair])


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply of Airtable.

    Args:
        status: The HTTP status.
        body: The bytes of the body, decompressed.
        headers: The headers by name, in lower case.
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def json(self) -> Any:
        """Parse the body.

        Raises:
            ValueError: The body is not JSON.
        """
        try:
            # Keys repeat, most values do not: caching values costs more than it saves.
            return from_json(self.body, cache_strings="keys")
        except ValueError:
            # Half of a surrogate pair, which JSON can escape and UTF-8 cannot encode.
            return json.loads(self.body)


Sent = Callable[[], None]
"""A function that a transport calls when it writes the request to the connection."""


class Transport(Protocol):
    """Sends a call and returns the reply; blocking and thread-safe."""

    def send(self, call: Call, on_sent: Sent) -> Reply:
        """Send ``call`` and wait for the reply, whatever its status.

        Args:
            call: The request.
            on_sent: Called when the request leaves. Airtable does not see the time for connecting,
                so the rate limit is counted from this moment.

        Raises:
            TransportError: There is no reply; the class shows whether the request may have arrived.
        """
        ...


class AsyncTransport(Protocol):
    """The async version of ``Transport``."""

    async def send(self, call: Call, on_sent: Sent) -> Reply:
        """Send ``call`` and wait for the reply, as ``Transport.send`` does."""
        ...
