"""Closing a connection without a word to the client, for which ASGI has no message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_STATE: Final = "airhaul.hang_up"


class HangingUp(H11Protocol):
    """A connection that the application can close before any of its reply is sent."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin with a client; each of its requests carries the means to hang up."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, _STATE: transport.abort}


async def hang_up(scope: Scope, receive: Receive, _send: Send) -> None:
    """Answer a request by closing its connection, an ASGI application for ``HangingUp`` alone."""
    abort: Callable[[], None] = scope["state"][_STATE]
    abort()
    while (await receive())["type"] != "http.disconnect":
        pass  # until the server has noticed, it takes a missing reply for a mistake
