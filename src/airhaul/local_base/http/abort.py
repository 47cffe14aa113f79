"""Closing a connection without a reply, for which ASGI has no message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from airhaul.wire.call import Reply

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_STATE: Final = "airhaul.hang_up"


class AbortableConnection(HttpToolsProtocol):
    """A connection that the application can close before anything is sent."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Put the means to abort the connection into the state of each of its requests."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, _STATE: transport.abort}


async def abort_connection(scope: Scope, receive: Receive, send: Send) -> None:
    """Close the connection of a request without a reply; an ASGI application.

    Servers without ``AbortableConnection`` cannot do that: there the reply is cut off after its
    headers, before the first byte of its body.
    """
    abort: Callable[[], None] | None = scope.get("state", {}).get(_STATE)
    if abort is None:
        nothing = Reply(200, b"", {"content-type": "application/json; charset=utf-8"})
        await truncated_response(nothing, 1)(scope, receive, send)
        return
    abort()
    while (await receive())["type"] != "http.disconnect":
        pass  # returning earlier without a reply is an error to the server


def truncated_response(reply: Reply, length: int) -> ASGIApp:
    """Make a response that ends before its content length, so that the server disconnects.

    Args:
        reply: The part of the reply to send.
        length: The content length in its header, in bytes.
    """
    headers = {**reply.headers, "content-length": str(length)}

    async def respond(_scope: Scope, _receive: Receive, send: Send) -> None:
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": raw})
        await send({"type": "http.response.body", "body": reply.body, "more_body": True})

    return respond
