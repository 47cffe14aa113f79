"""The local base over HTTP, as an ASGI application."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, NoReturn

import anyio
import anyio.to_thread

from airhaul.errors import MissingExtraError
from airhaul.local_base.attachments.urls import PREFIX
from airhaul.local_base.base import LocalBase
from airhaul.local_base.gate.answers import Answer, NoReply, TruncatedReply
from airhaul.local_base.http.cross_origin import allow_cross_origin
from airhaul.local_base.protocol import refusal
from airhaul.local_base.protocol.request import Request
from airhaul.wire.call import Reply

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request as HttpRequest
    from starlette.types import ASGIApp, Receive, Scope, Send

NEEDS_EXTRA: Final = "Serving over HTTP needs two more packages: pip install 'airhaul[serve]'"
_LARGEST_BODY: Final = 10_000_000


def create_app(
    local_base: LocalBase,
    until_stop: Callable[[], Awaitable[object]] = anyio.sleep_forever,
    *,
    console_host: str | None = None,
) -> Starlette:
    """Create the ASGI application, to be served with ``AbortableConnection``.

    Other servers work too, except for faults that close a connection: see ``abort_connection``.

    Args:
        local_base: The local base; the caller closes it.
        until_stop: Waits until the server stops, which ends the wait for replies that are withheld.
        console_host: The host that the server listens on, to serve the console; None for none.

    Raises:
        MissingExtraError: The packages for serving are not installed.
    """
    try:
        from starlette.applications import Starlette
        from starlette.requests import Request as HttpRequest
        from starlette.responses import Response
        from starlette.routing import Route

        from airhaul.local_base.http.abort import abort_connection, truncated_response
        from airhaul.local_base.http.console import console_routes, notice_route
    except ImportError as error:
        raise MissingExtraError(NEEDS_EXTRA) from error

    async def api(scope: Scope, receive: Receive, send: Send) -> None:
        request = HttpRequest(scope, receive)
        response = await respond(request)
        await response(scope, receive, send)

    async def respond(request: HttpRequest) -> ASGIApp:
        answer: Answer
        try:
            understood = await _read(request)
        except refusal.Refusal as refused:
            answer = local_base.dated(refused.reply())
        else:
            # In a thread, so that one long filter does not block all other requests.
            answer = await anyio.to_thread.run_sync(local_base.handle, understood)
        if local_base.latency_s:
            await anyio.sleep(local_base.latency_s)
        if answer is NoReply.HOLD:
            await _hold(request, local_base.hold_s, until_stop)
        match answer:
            case Reply():
                return Response(answer.body, answer.status, dict(answer.headers))
            case TruncatedReply():
                return truncated_response(answer.reply, answer.length)
            case NoReply():
                return abort_connection

    async def file(request: HttpRequest) -> Response:
        path = request.scope["raw_path"].decode("ascii")
        reply = await anyio.to_thread.run_sync(local_base.file, path)
        return Response(reply.body, reply.status, dict(reply.headers))

    if console_host is None:
        front = [notice_route()]
    else:
        front = console_routes(local_base, console_host, until_stop)
    api_route = allow_cross_origin(api, everywhere=not local_base.takes_any_token)
    return Starlette(
        routes=[
            *front,
            Route(PREFIX + "{path:path}", file),
            Route("/{path:path}", api_route),
        ]
    )


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
