"""Closing a connection without a word to the client, for which ASGI has no message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

from airhaul.wire.call import Reply

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_STATE: Final = "airhaul.hang_up"


class AbortableConnection(H11Protocol):
    """A connection that the application can close before any of its reply is sent."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin with a client; each of its requests carries the means to hang up."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, _STATE: transport.abort}


async def abort_connection(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request by closing its connection, an ASGI application.

    Other servers than ours cannot close it without a word: there the reply breaks off behind its
    headers, before the first byte of a body that never comes.
    """
    abort: Callable[[], None] | None = scope.get("state", {}).get(_STATE)
    if abort is None:
        nothing = Reply(200, b"", {"content-type": "application/json; charset=utf-8"})
        await truncated_response(nothing, 1)(scope, receive, send)
        return
    abort()
    while (await receive())["type"] != "http.disconnect":
        pass  # until the server has noticed, it takes a missing reply for a mistake


def truncated_response(reply: Reply, length: int) -> ASGIApp:
    """A response that ends before its length is reached, so that the server hangs up.

    Args:
        reply: What is sent of it.
        length: How many bytes its body is said to have.
    """
    headers = {**reply.headers, "content-length": str(length)}

    async def respond(_scope: Scope, _receive: Receive, send: Send) -> None:
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": raw})
        await send({"type": "http.response.body", "body": reply.body, "more_body": True})

    return respond
