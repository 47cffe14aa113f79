"""Serving a local base over HTTP: until Ctrl-C, or from a thread of a test."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Self

from airhaul.errors import ConfigurationError, MissingExtraError
from airhaul.local_base.base import LocalBase
from airhaul.local_base.http.asgi import NEEDS_EXTRA, create_app

if TYPE_CHECKING:
    import uvicorn

LOOPBACK: Final = "127.0.0.1"
_START_TIMEOUT_S: Final = 30.0
_TICK_S: Final = 0.02


def run(
    local_base: LocalBase,
    *,
    host: str = LOOPBACK,
    port: int = 0,
    console: bool = False,
    on_ready: Callable[[str], object],
) -> None:
    """Serve until the process is asked to stop by SIGINT or SIGTERM.

    Args:
        local_base: The local base.
        host: The host to listen on.
        port: The port; 0 for any free one.
        console: Whether to serve the console at the root, to everyone who can reach it.
        on_ready: Called with the URL when the server accepts requests.

    Raises:
        ConfigurationError: The port is taken, or the host is not an address of this machine.
        MissingExtraError: The packages for serving are not installed.
    """

    def ready(url: str) -> None:
        # Loaded modules stay in memory: exclude them from garbage collection during requests.
        gc.collect()
        gc.freeze()
        on_ready(url)

    _make_server(local_base, host, port, console, ready).run()


def _make_server(
    local_base: LocalBase, host: str, port: int, console: bool, on_ready: Callable[[str], object]
) -> uvicorn.Server:
    try:
        import uvicorn

        from airhaul.local_base.http.abort import AbortableConnection
    except ImportError as error:
        raise MissingExtraError(NEEDS_EXTRA) from error

    stopping = asyncio.Event()

    class Server(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            try:
                await super().startup(sockets)
            except SystemExit:
                # Raised by uvicorn, after logging it, if the port is taken.
                raise ConfigurationError(
                    f"Cannot listen on {host}:{port}; is another program using the port? "
                    "Choose another port, or 0 for any free one."
                ) from None
            if self.started:
                address = self.servers[0].sockets[0].getsockname()
                shown = f"[{address[0]}]" if ":" in address[0] else address[0]
                on_ready(f"http://{shown}:{address[1]}")

        async def main_loop(self) -> None:
            # As uvicorn's own, which looks ten times a second: long for a test that stops a base.
            while not await self.on_tick(0):  # noqa: ASYNC110 - signals set no event
                await asyncio.sleep(_TICK_S)

        async def shutdown(self, sockets: Any = None) -> None:
            stopping.set()  # it waits for replies in flight, and some are held for long
            if self.server_state.connections or self.server_state.tasks:
                await super().shutdown(sockets)
                return
            for server in self.servers:  # nobody is left to wait for
                server.close()

    config = uvicorn.Config(
        create_app(local_base, stopping.wait, host=host, console=console),
        host=host,
        port=port,
        http=AbortableConnection,
        log_level="critical",
        access_log=False,
        date_header=False,  # the local base sets the date from its own clock
        lifespan="off",
        timeout_graceful_shutdown=3,
    )
    return Server(config)


class LocalServer:
    """A local base served from a thread of this process, for tests and notebooks.

    Args:
        local_base: The local base; the caller closes it.
        host: The host to listen on.
        port: The port; 0 for any free one.
        console: Whether to serve the console at the root, to everyone who can reach it.
    """

    def __init__(
        self, local_base: LocalBase, *, host: str = LOOPBACK, port: int = 0, console: bool = False
    ) -> None:
        self.local_base = local_base
        self._ready = threading.Event()
        self._url = ""
        self._server = _make_server(local_base, host, port, console, self._announce)
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="airhaul-server", daemon=True)

    def _announce(self, url: str) -> None:
        self._url = url
        self._ready.set()

    def _run(self) -> None:
        try:
            self._server.run()
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that started it
            self._failure = error
        finally:
            self._ready.set()

    @property
    def url(self) -> str:
        """The URL of the server, as in ``http://127.0.0.1:8642``."""
        return self._url

    def __enter__(self) -> Self:
        """Start the server, and wait until it accepts requests.

        Raises:
            ConfigurationError: The port is taken, or the host is not an address of this machine.
        """
        self._thread.start()
        self._ready.wait(_START_TIMEOUT_S)
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the server after the requests in progress."""
        self._server.should_exit = True
        self._thread.join()
