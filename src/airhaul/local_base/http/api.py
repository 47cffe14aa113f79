"""The API endpoint: reads HTTP requests, and answers them from the local base.

Imported when an application is created, since it needs the packages for serving.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NoReturn

import anyio
import anyio.to_thread
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from airhaul.local_base.base import LocalBase
from airhaul.local_base.gate.answers import Answer, NoReply, TruncatedReply
from airhaul.local_base.http.abort import abort_connection, truncated_response
from airhaul.local_base.http.headers import compressed, with_headers
from airhaul.local_base.http.loopback import may_ask
from airhaul.local_base.protocol import refusal
from airhaul.local_base.protocol.request import Request
from airhaul.wire.call import Reply

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_LARGEST_BODY: Final = 10_000_000


class ApiEndpoint:
    """An ASGI application that answers every path of the API.

    Args:
        local_base: The local base.
        until_stop: Waits until the server stops, which ends the wait for replies that are withheld.
        host: The host to whose names alone it answers; None to answer to any.
    """

    def __init__(
        self,
        local_base: LocalBase,
        until_stop: Callable[[], Awaitable[object]],
        host: str | None = None,
    ) -> None:
        self._local_base = local_base
        self._until_stop = until_stop
        self._host = host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        response = await self._respond(HttpRequest(scope, receive))
        await response(scope, receive, send)

    async def _respond(self, request: HttpRequest) -> ASGIApp:
        base = self._local_base
        answer: Answer
        try:
            if self._host is not None and not may_ask(self._host, request.url.hostname or ""):
                raise refusal.foreign_host()
            understood = await _read(request)
        except refusal.Refusal as refused:
            answer = base.dated(refused.reply())
        else:
            # In a thread, so that one long filter does not block all other requests.
            accepted = request.headers.get("accept-encoding", "")
            answer = await anyio.to_thread.run_sync(self._answer, understood, accepted)
        if base.latency_s:
            await anyio.sleep(base.latency_s)
        if answer is NoReply.HOLD:
            await _hold(request, base.hold_s, self._until_stop)
        has_origin, is_encrypted = "origin" in request.headers, request.url.scheme == "https"
        complete = partial(with_headers, has_origin=has_origin, is_encrypted=is_encrypted)
        match answer:
            case Reply():
                whole = complete(answer)
                return Response(whole.body, whole.status, dict(whole.headers))
            case TruncatedReply():
                return truncated_response(complete(answer.reply), answer.length)
            case NoReply():
                return abort_connection

    def _answer(self, request: Request, accepted: str) -> Answer:
        answer = self._local_base.handle(request)
        return compressed(answer, accepted) if isinstance(answer, Reply) else answer

    async def file(self, request: HttpRequest) -> Response:
        """Serve an attachment."""
        path = request.scope["raw_path"].decode("ascii")
        reply = await anyio.to_thread.run_sync(self._local_base.file, path)
        return Response(reply.body, reply.status, dict(reply.headers))


async def _hold(
    request: HttpRequest, seconds: float, until_stop: Callable[[], Awaitable[object]]
) -> None:
    """Wait until the client disconnects, the server stops, or the time is up."""
    with anyio.move_on_after(seconds):
        async with anyio.create_task_group() as waiting:

            async def until_gone() -> None:
                while (await request.receive())["type"] != "http.disconnect":
                    pass  # anything else that the client sends is ignored
                waiting.cancel_scope.cancel()

            waiting.start_soon(until_gone)
            await until_stop()
            waiting.cancel_scope.cancel()


async def _read(request: HttpRequest) -> Request:
    raw = await _body(request)
    is_csv = request.headers.get("content-type", "").partition(";")[0].strip() == "text/csv"
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    path = request.scope["raw_path"].decode("ascii").partition("?")[0]
    query = request.scope["query_string"].decode("ascii", "replace")
    written = b"" if is_csv else raw
    return Request(
        request.method,
        path,
        tuple(request.query_params.multi_items()),
        _parse(written) if written else None,
        token.strip() if scheme.lower() == "bearer" else None,
        f"{request.url.scheme}://{request.url.netloc}",
        raw if is_csv else None,
        f"{path}?{query}" if query else path,
        request.headers.get("user-agent"),
        len(written),
    )


async def _body(request: HttpRequest) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > _LARGEST_BODY:
            raise refusal.too_large()
        parts.append(part)
    return b"".join(parts)


def _parse(raw: bytes) -> Any:
    try:
        return json.loads(raw, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise refusal.invalid_json() from None


def _refuse_constant(_: str) -> NoReturn:
    raise refusal.invalid_body()
