"""The local base over HTTP, as an ASGI application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

import anyio

from airhaul.errors import MissingExtraError
from airhaul.local_base.attachments.urls import PREFIX
from airhaul.local_base.base import LocalBase
from airhaul.local_base.http.cross_origin import allow_cross_origin

if TYPE_CHECKING:
    from starlette.applications import Starlette

NEEDS_EXTRA: Final = "Serving over HTTP needs two more packages: pip install 'airhaul[serve]'"


def create_app(
    local_base: LocalBase,
    until_stop: Callable[[], Awaitable[object]] = anyio.sleep_forever,
    *,
    host: str | None = None,
    console: bool = False,
) -> Starlette:
    """Create the ASGI application, to be served with ``AbortableConnection``.

    Other servers work too, except for faults that close a connection: see ``abort_connection``.

    Args:
        local_base: The local base; the caller closes it.
        until_stop: Waits until the server stops, which ends the wait for replies that are withheld.
        host: The host that the server listens on. If only this machine can reach it, and any token
            is accepted, requests to names of other hosts are refused; None to answer to any name.
        console: Whether to serve the console, which needs ``host``.

    Raises:
        MissingExtraError: The packages for serving are not installed.
    """
    try:
        from starlette.applications import Starlette
        from starlette.routing import Route

        from airhaul.local_base.http.api import ApiEndpoint
        from airhaul.local_base.http.console import console_routes, notice_route
    except ImportError as error:
        raise MissingExtraError(NEEDS_EXTRA) from error

    api = ApiEndpoint(local_base, until_stop, host if local_base.takes_any_token else None)
    if console and host is not None:
        front = console_routes(local_base, host, until_stop)
    else:
        front = [notice_route()]
    return Starlette(
        routes=[
            *front,
            Route(PREFIX + "{path:path}", api.file),
            Route(
                "/{path:path}", allow_cross_origin(api, everywhere=not local_base.takes_any_token)
            ),
        ]
    )
