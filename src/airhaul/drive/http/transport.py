"""Sends calls over HTTP, and distinguishes failures by whether the request may have arrived."""

from __future__ import annotations

import os
import re
import threading
import zlib
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from airhaul.drive.http.connections import Connections
from airhaul.drive.http.endpoint import Endpoint, first_line, unusable
from airhaul.drive.http.exchange import NotConnectedError, UnusableAddressError
from airhaul.errors import (
    ConfigurationError,
    LostReplyError,
    NotSentError,
    ReplyTimeoutError,
)
from airhaul.wire.call import Call, Reply, Sent

if TYPE_CHECKING:
    import anyio.lowlevel

    from airhaul.drive.http.aio_connections import AsyncConnections
    from airhaul.drive.http.proxied import AsyncProxiedConnections, ProxiedConnections

_MAY_BE_TOKEN: Final = re.compile(r"[!-~]*")
_FAILURES: Final = (OSError, UnusableAddressError, zlib.error)


def _check_token(token: SecretStr) -> None:
    # Never in a variable of its own: tools print those of a traceback.
    if not _MAY_BE_TOKEN.fullmatch(token.get_secret_value().strip()):
        raise ConfigurationError(
            "The access token holds characters that no token has, such as spaces or line breaks; "
            "copy it again."
        )


def _failure(call: Call, endpoint_url: str, error: Exception) -> Exception:
    """Make our error of a failed exchange."""
    host = urlsplit(endpoint_url).hostname or endpoint_url
    match error:
        case NotConnectedError():
            return NotSentError(
                f"{call}: no connection to {host} ({first_line(error)}). Nothing was sent. "
                "Check the network, the proxy and the endpoint URL."
            )
        case TimeoutError():
            return ReplyTimeoutError(f"{call}: {host} sent no reply in time.")
        case UnusableAddressError():
            return unusable(endpoint_url, error)
        case _:
            return LostReplyError(
                f"{call}: the connection to {host} broke before the reply was whole "
                f"({first_line(error)})."
            )


class HttpTransport:
    """Sends calls over HTTP, blocking; safe to use from several threads and after a fork.

    Args:
        endpoint_url: The service's root, such as ``https://api.airtable.com``.
        token: The access token; it goes into a header and nowhere else.
        timeout_s: How long to wait for a reply, in seconds.
        connections: How many connections to keep open.
    """

    def __init__(
        self, endpoint_url: str, token: SecretStr, *, timeout_s: float, connections: int
    ) -> None:
        _check_token(token)
        self._endpoint_url = endpoint_url
        self._token = token
        self._timeout_s = timeout_s
        self._connections = connections
        self._opened: Connections | ProxiedConnections | None = None
        self._process = os.getpid()
        self._lock = threading.Lock()

    def _open(self) -> Connections | ProxiedConnections:
        if self._process != os.getpid():
            # A connection that two processes write to mixes their requests up.
            self._opened, self._process, self._lock = None, os.getpid(), threading.Lock()
        with self._lock:
            if self._opened is None:
                endpoint = Endpoint(self._endpoint_url, self._token, self._timeout_s)
                proxy, certificates = endpoint.way()
                if proxy is None:
                    self._opened = Connections(endpoint, certificates, self._connections)
                else:
                    from airhaul.drive.http.proxied import ProxiedConnections

                    self._opened = ProxiedConnections(
                        endpoint, proxy, certificates, self._connections
                    )
            return self._opened

    def send(self, call: Call, on_sent: Sent) -> Reply:
        """Send ``call`` and wait for the reply, whatever its status.

        Raises:
            NotSentError: No connection could be opened.
            ReplyTimeoutError: No reply came in time.
            LostReplyError: The connection broke first.
            ConfigurationError: The endpoint URL cannot be used, or the proxies of the environment.
        """
        connections = self._open()
        try:
            return connections.exchange(call, on_sent)
        except _FAILURES as error:
            raise _failure(call, self._endpoint_url, error) from None

    def close(self) -> None:
        """Close all connections."""
        opened, self._opened = self._opened, None
        if opened is not None and self._process == os.getpid():
            opened.close()


class AsyncHttpTransport:
    """Sends calls over HTTP, awaited, under any event loop.

    Connections belong to the event loop that opened them. They are kept while at least one lease is
    held under that loop, and closed with the last.

    Args:
        endpoint_url: The service's root.
        token: The access token.
        timeout_s: How long to wait for a reply, in seconds.
        connections: How many connections to keep open.
    """

    def __init__(
        self, endpoint_url: str, token: SecretStr, *, timeout_s: float, connections: int
    ) -> None:
        _check_token(token)
        self._endpoint_url = endpoint_url
        self._token = token
        self._timeout_s = timeout_s
        self._connections = connections
        self._of_loop: anyio.lowlevel.RunVar[_Held | None] | None = None

    @property
    def _held(self) -> anyio.lowlevel.RunVar[_Held | None]:
        if self._of_loop is None:
            import anyio.lowlevel  # only programs that await need it

            self._of_loop = anyio.lowlevel.RunVar(f"airhaul-{id(self)}", None)
        return self._of_loop

    async def acquire(self) -> None:
        """Keep connections open from now on."""
        held = self._held.get()
        if held is None:
            held = _Held(self._open())
            self._held.set(held)
        held.leases += 1

    def _open(self) -> AsyncConnections | AsyncProxiedConnections:
        endpoint = Endpoint(self._endpoint_url, self._token, self._timeout_s)
        proxy, certificates = endpoint.way()
        if proxy is None:
            from airhaul.drive.http.aio_connections import AsyncConnections

            return AsyncConnections(endpoint, certificates, self._connections)
        from airhaul.drive.http.proxied import AsyncProxiedConnections

        return AsyncProxiedConnections(endpoint, proxy, certificates, self._connections)

    async def release(self) -> None:
        """Release a lease; the last one closes the connections."""
        held = self._held.get()
        assert held is not None, "released more often than acquired"
        held.leases -= 1
        if held.leases == 0:
            self._held.set(None)
            await held.connections.close()

    async def send(self, call: Call, on_sent: Sent) -> Reply:
        """Send ``call`` and wait for the reply, as ``HttpTransport.send`` does."""
        await self.acquire()
        try:
            held = self._held.get()
            assert held is not None
            return await held.connections.exchange(call, on_sent)
        except _FAILURES as error:
            raise _failure(call, self._endpoint_url, error) from None
        finally:
            await self.release()


class _Held:
    """The connections of one event loop, and how many use them."""

    def __init__(self, connections: AsyncConnections | AsyncProxiedConnections) -> None:
        self.connections = connections
        self.leases = 0
