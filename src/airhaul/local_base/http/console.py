"""The console: a page at the server's root, and the endpoints that it uses.

It has no password. So it is off by default, and protected against other pages in the same browser:
it answers only to names of this machine (which prevents DNS rebinding), and every change must be
sent as JSON, which a page of another origin cannot do.

Imported when an application is created, since it needs the packages for serving.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

import anyio
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from airhaul.errors import ConfigurationError
from airhaul.local_base.base import LocalBase
from airhaul.local_base.http import console_state
from airhaul.local_base.http.loopback import may_ask

Endpoint = Callable[[Request], Awaitable[Response]]

LONGEST_WAIT_S: Final = 25.0
"""The longest time that a request for news waits until there are any, in seconds."""

_LOOK_EVERY_S: Final = 0.2
_LARGEST_BODY: Final = 65_536
_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_HEADERS: Final = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}
_OFF: Final = """\
This is a local base of airhaul. It serves Airtable's Web API under /v0.

The console, a page that shows bases, records and requests, is off.
Start it with: airhaul serve --console
"""


def notice_route() -> BaseRoute:
    """Make the route of the root if the console is off: a text that explains the server."""

    async def notice(_: Request) -> Response:
        return PlainTextResponse(_OFF)

    return Route("/", notice)


def console_routes(
    local_base: LocalBase, host: str, until_stop: Callable[[], Awaitable[object]]
) -> list[BaseRoute]:
    """Make the routes of the page, its files, and the endpoints that it uses.

    Args:
        local_base: The local base.
        host: The host that the server listens on. If it is not this machine alone, requests to any
            name are answered.
        until_stop: Waits until the server stops.
    """

    def guarded(answer: Endpoint) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            response = _refuse(request, host) or await answer(request)
            response.headers.update(_HEADERS)
            return response

        return endpoint

    page, control = _Page(), _Control(local_base, until_stop)
    return [
        Route("/", guarded(page.index)),
        Route("/_console/web/{name:path}", guarded(page.file)),
        Route("/_console/state", guarded(control.state)),
        Route("/_console/requests/{number:int}", guarded(control.one_request)),
        Route("/_console/settings", guarded(control.change_settings), methods=["PATCH"]),
        Route("/_console/clear", guarded(control.clear), methods=["POST"]),
        Route("/_console/{rest:path}", guarded(control.not_there)),
    ]


class _Page:
    """The page and its files, which are small and so read once."""

    def __init__(self) -> None:
        self._assets = dict(_assets(files("airhaul.local_base") / "web"))

    def _asset(self, name: str) -> Response:
        content = self._assets.get(name)
        if content is None:
            return PlainTextResponse("File not found.\n", 404)
        return Response(content, media_type=_TYPES[name.rpartition(".")[2]])

    async def index(self, _: Request) -> Response:
        return self._asset("index.html")

    async def file(self, request: Request) -> Response:
        return self._asset(request.path_params["name"])


class _Control:
    """The endpoints that the page uses."""

    def __init__(self, local_base: LocalBase, until_stop: Callable[[], Awaitable[object]]) -> None:
        self._local_base = local_base
        self._until_stop = until_stop

    async def state(self, request: Request) -> Response:
        asked = request.query_params
        try:
            after = int(asked.get("after", "0"))
            wait_s = min(float(asked.get("wait_s", "0")), LONGEST_WAIT_S)
        except ValueError:
            return JSONResponse({"error": "after and wait_s must be numbers."}, 422)
        if wait_s > 0:
            with anyio.move_on_after(wait_s):
                await self._news(request, after, asked.get("revision"))
        return JSONResponse(console_state.state(self._local_base, after))

    async def _news(self, request: Request, after: int, revision: str | None) -> None:
        """Wait until there are news, the client disconnects, or the server stops."""
        async with anyio.create_task_group() as waiting:

            async def until_stopping() -> None:
                await self._until_stop()
                waiting.cancel_scope.cancel()

            waiting.start_soon(until_stopping)
            # Polling costs less than an event that every thread of the base would have to set.
            while (  # noqa: ASYNC110
                self._local_base.requests.last_number <= after
                and console_state.revision(self._local_base) == revision
                and not await request.is_disconnected()
            ):
                await anyio.sleep(_LOOK_EVERY_S)
            waiting.cancel_scope.cancel()

    async def one_request(self, request: Request) -> Response:
        found = console_state.request_whole(self._local_base, request.path_params["number"])
        if found is None:
            return JSONResponse({"error": "This request is no longer kept."}, 404)
        return JSONResponse(found)

    async def change_settings(self, request: Request) -> Response:
        try:
            console_state.change_settings(self._local_base, await _short_body(request))
        except ConfigurationError as error:
            return JSONResponse({"error": str(error)}, 422)
        return JSONResponse(console_state.settings(self._local_base))

    async def clear(self, _: Request) -> Response:
        self._local_base.requests.clear()
        return JSONResponse({})

    async def not_there(self, _: Request) -> Response:
        return JSONResponse({"error": "Not found."}, 404)


def _refuse(request: Request, host: str) -> Response | None:
    """Refuse a request that another page may have sent; None if it is allowed."""
    if not may_ask(host, request.url.hostname or ""):
        return JSONResponse(
            {"error": "The console answers to localhost only, not to the host of this request."},
            403,
        )
    if request.method not in ("GET", "HEAD"):
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            return JSONResponse({"error": "Changes must be sent as JSON."}, 415)
    return None


async def _short_body(request: Request) -> bytes:
    raw = b""
    async for part in request.stream():
        raw += part
        if len(raw) > _LARGEST_BODY:
            raise ConfigurationError("The settings are too long.")
    return raw


def _assets(folder: Traversable, prefix: str = "") -> list[tuple[str, bytes]]:
    """Read the page's files, by their path."""
    found: list[tuple[str, bytes]] = []
    for item in folder.iterdir():
        if item.is_dir():
            found += _assets(item, f"{prefix}{item.name}/")
        elif item.name.rpartition(".")[2] in _TYPES:
            found.append((f"{prefix}{item.name}", item.read_bytes()))
    return found
