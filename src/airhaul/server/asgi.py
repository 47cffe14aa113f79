"""The local base over HTTP, as an ASGI application."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NoReturn

import anyio
import anyio.to_thread

from airhaul.errors import MissingExtraError
from airhaul.server import refusal
from airhaul.server.emulator import Emulator
from airhaul.server.request import Request
from airhaul.wire.call import Reply

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request as HttpRequest
    from starlette.responses import Response

_LARGEST_BODY: Final = 10_000_000
_METHODS: Final = ["GET", "POST", "PATCH", "PUT", "DELETE"]


def create_app(emulator: Emulator) -> Starlette:
    """Make the application.

    Args:
        emulator: The local base; whoever opened it closes it.

    Raises:
        MissingExtraError: Starlette is not installed.
    """
    try:
        from starlette.applications import Starlette
        from starlette.responses import Response
        from starlette.routing import Route
    except ImportError as error:
        raise MissingExtraError(
            "Serving over HTTP needs two more packages: pip install 'airhaul[serve]'"
        ) from error

    async def endpoint(request: HttpRequest) -> Response:
        try:
            understood = await _read(request)
        except refusal.Refusal as refused:
            reply = emulator.dated(refused.reply())
        else:
            # Off the event loop, so that one long filter does not hold up all others.
            reply = await anyio.to_thread.run_sync(emulator.handle, understood)
        if emulator.latency_s:
            await anyio.sleep(emulator.latency_s)
        return _response(Response, reply)

    return Starlette(routes=[Route("/{path:path}", endpoint, methods=_METHODS)])


def _response(make: type[Response], reply: Reply) -> Response:
    return make(reply.body, status_code=reply.status, headers=dict(reply.headers))


async def _read(request: HttpRequest) -> Request:
    raw = await _body(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return Request(
        request.method,
        request.scope["raw_path"].decode("ascii").partition("?")[0],
        tuple(request.query_params.multi_items()),
        _parse(raw) if raw else None,
        token.strip() if scheme.lower() == "bearer" else None,
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
