"""One request, one reply, and the seam between them.

``Call`` says what to send without saying how. A ``Transport`` carries it: over HTTP, or straight
into the local base. The token belongs to the transport, so no ``Call`` can print it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from urllib.parse import urlencode

from pydantic_core import from_json

Effect = Literal["read", "repeatable", "create"]
"""What sending twice does: nothing, nothing more than once, or a second set of rows."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request to Airtable.

    Args:
        method: ``GET``, ``POST``, ``PATCH``, ``PUT`` or ``DELETE``.
        path: From the root, percent-encoded: ``/v0/appXXX/Users``.
        effect: What sending it twice would do.
        query: Name and value pairs, not yet encoded, in order.
        body: The JSON body, or None for none.
        base_id: The base whose pace it counts against, or None for account-wide endpoints.
    """

    method: str
    path: str
    effect: Effect
    query: tuple[tuple[str, str], ...] = ()
    body: Any = None
    base_id: str | None = None

    @property
    def target(self) -> str:
        """Path and query as they stand in the request line."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back.

    Args:
        status: The HTTP status.
        body: The body's bytes, decompressed.
        headers: Header names in lower case to values.
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
            # Keys repeat, most values do not: to look each of them up costs more than it saves.
            return from_json(self.body, cache_strings="keys")
        except ValueError:
            # Half of a surrogate pair, which JSON can spell and UTF-8 cannot.
            return json.loads(self.body)


Sent = Callable[[], None]
"""Called by a transport at the moment a request is really written to the connection."""


class Transport(Protocol):
    """Carries a call and brings its reply, blocking. Safe to use from several threads."""

    def send(self, call: Call, on_sent: Sent) -> Reply:
        """Send ``call`` and wait for the reply, whatever its status.

        Args:
            call: What to send.
            on_sent: Called once the request leaves. Connecting takes time that the service does
                not see; the pace is kept on the moment that it does.

        Raises:
            TransportError: No reply came back, with the class saying whether it may have arrived.
        """
        ...


class AsyncTransport(Protocol):
    """The same, awaited."""

    async def send(self, call: Call, on_sent: Sent) -> Reply:
        """Send ``call`` and wait for the reply, as ``Transport.send`` does."""
        ...
