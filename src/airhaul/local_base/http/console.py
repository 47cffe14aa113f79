"""The console: a page at the server's root, and the endpoint that it is controlled by.

It asks for no password. So it is off unless asked for, and guarded against other pages in the same
browser: it answers only to names of this machine (a foreign name that leads here is refused), and
what changes anything has to be sent as JSON, which no page of another origin can do.

Imported when an application is made: it needs the packages for serving.
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
from airhaul.local_base.http.loopback import is_loopback

Endpoint = Callable[[Request], Awaitable[Response]]

LONGEST_WAIT_S: Final = 25.0
"""How long a question for news is kept waiting when there are none, in seconds."""

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
This is a local base of airhaul. It speaks Airtable's Web API under /v0.

Its console, a page that shows bases, records and requests, is off.
Start it with: airhaul serve --console
"""


def notice_route() -> BaseRoute:
    """The root of a server whose console is off: a text that says what this is."""

    async def notice(_: Request) -> Response:
        return PlainTextResponse(_OFF)

    return Route("/", notice)


def console_routes(
    local_base: LocalBase, host: str, until_stop: Callable[[], Awaitable[object]]
) -> list[BaseRoute]:
    """The page, its files, and the control endpoint.

    Args:
        local_base: The local base.
        host: Where the server was asked to listen. If that is beyond this machine, any name is
            answered.
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
    """The page and its files; few and small, so they are read once."""

    def __init__(self) -> None:
        self._assets = dict(_assets(files("airhaul.local_base") / "web"))

    def _asset(self, name: str) -> Response:
        content = self._assets.get(name)
        if content is None:
            return PlainTextResponse("There is no such file.\n", 404)
        return Response(content, media_type=_TYPES[name.rpartition(".")[2]])

    async def index(self, _: Request) -> Response:
        return self._asset("index.html")

    async def file(self, request: Request) -> Response:
        return self._asset(request.path_params["name"])


class _Control:
    """What the page asks of the server, and has it do."""

    def __init__(self, local_base: LocalBase, until_stop: Callable[[], Awaitable[object]]) -> None:
        self._local_base = local_base
        self._until_stop = until_stop

    async def state(self, request: Request) -> Response:
        asked = request.query_params
        try:
            after = int(asked.get("after", "0"))
            wait_s = min(float(asked.get("wait_s", "0")), LONGEST_WAIT_S)
        except ValueError:
            return JSONResponse({"error": "after and wait_s are numbers."}, 422)
        if wait_s > 0:
            with anyio.move_on_after(wait_s):
                await self._news(request, after, asked.get("revision"))
        return JSONResponse(console_state.state(self._local_base, after))

    async def _news(self, request: Request, after: int, revision: str | None) -> None:
        """Wait until there is news, nobody is there to hear it, or the server stops."""
        async with anyio.create_task_group() as waiting:

            async def until_stopping() -> None:
                await self._until_stop()
                waiting.cancel_scope.cancel()

            waiting.start_soon(until_stopping)
            # Looking costs less than a bell that every thread of the local_base would have to ring.
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
            return JSONResponse({"error": "This request is not remembered any more."}, 404)
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
        return JSONResponse({"error": "There is no such thing here."}, 404)


def _refuse(request: Request, host: str) -> Response | None:
    """Refuse what another page may have sent, or None."""
    name = request.url.hostname or ""
    if is_loopback(host) and not is_loopback(name) and name != host:
        return JSONResponse(
            {"error": "The console answers to localhost only, not to the name of this request."},
            403,
        )
    if request.method not in ("GET", "HEAD"):
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            return JSONResponse({"error": "What changes anything is sent as JSON."}, 415)
    return None


async def _short_body(request: Request) -> bytes:
    raw = b""
    async for part in request.stream():
        raw += part
        if len(raw) > _LARGEST_BODY:
            raise ConfigurationError("That is too long for settings.")
    return raw


def _assets(folder: Traversable, prefix: str = "") -> list[tuple[str, bytes]]:
    """The page's files by their path."""
    found: list[tuple[str, bytes]] = []
    for item in folder.iterdir():
        if item.is_dir():
            found += _assets(item, f"{prefix}{item.name}/")
        elif item.name.rpartition(".")[2] in _TYPES:
            found.append((f"{prefix}{item.name}", item.read_bytes()))
    return found
