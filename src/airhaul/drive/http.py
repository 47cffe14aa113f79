"""Sends calls over HTTP, and distinguishes failures by whether the request may have arrived."""

from __future__ import annotations

import os
import re
import threading
import zlib
from typing import Final
from urllib.parse import urlsplit

import anyio
import anyio.lowlevel
import httpcore2
from pydantic import SecretStr

from airhaul.drive.endpoint import Endpoint, first_line, reply_of, unusable
from airhaul.errors import (
    ConfigurationError,
    LostReplyError,
    NotSentError,
    ReplyTimeoutError,
)
from airhaul.wire.call import Call, Reply, Sent

_MAY_BE_TOKEN: Final = re.compile(r"[!-~]*")
_FAILURES: Final = (
    httpcore2.NetworkError,
    httpcore2.TimeoutException,
    httpcore2.ProtocolError,
    httpcore2.ProxyError,
    httpcore2.UnsupportedProtocol,
    zlib.error,
)


def _check_token(token: SecretStr) -> None:
    # Never in a variable of its own: tools print those of a traceback.
    if not _MAY_BE_TOKEN.fullmatch(token.get_secret_value().strip()):
        raise ConfigurationError(
            "The access token holds characters that no token has, such as spaces or line breaks; "
            "copy it again."
        )


def _failure(call: Call, endpoint_url: str, error: Exception) -> Exception:
    """Make our error of a failure of the HTTP library."""
    host = urlsplit(endpoint_url).hostname or endpoint_url
    match error:
        case httpcore2.ConnectError() | httpcore2.ConnectTimeout() | httpcore2.PoolTimeout():
            return NotSentError(
                f"{call}: no connection to {host} ({first_line(error)}). Nothing was sent. "
                "Check the network, the proxy and the endpoint URL."
            )
        case httpcore2.TimeoutException():
            return ReplyTimeoutError(f"{call}: {host} sent no reply in time.")
        case httpcore2.UnsupportedProtocol() | httpcore2.LocalProtocolError():
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
        self._opened: tuple[Endpoint, httpcore2.ConnectionPool] | None = None
        self._process = os.getpid()
        self._lock = threading.Lock()

    def _open(self) -> tuple[Endpoint, httpcore2.ConnectionPool]:
        if self._process != os.getpid():
            # A connection that two processes write to mixes their requests up.
            self._opened, self._process, self._lock = None, os.getpid(), threading.Lock()
        with self._lock:
            if self._opened is None:
                endpoint = Endpoint(self._endpoint_url, self._token, self._timeout_s)
                pool = httpcore2.ConnectionPool(**endpoint.pool(self._connections))
                self._opened = endpoint, pool
            return self._opened

    def send(self, call: Call, on_sent: Sent) -> Reply:
        """Send ``call`` and wait for the reply, whatever its status.

        Raises:
            NotSentError: No connection could be opened.
            ReplyTimeoutError: No reply came in time.
            LostReplyError: The connection broke first.
            ConfigurationError: The endpoint URL cannot be used, or the proxies of the environment.
        """
        endpoint, pool = self._open()
        try:
            response = pool.handle_request(endpoint.request(call, on_sent))
            try:
                response.read()
            finally:
                response.close()
            return reply_of(response)
        except _FAILURES as error:
            raise _failure(call, self._endpoint_url, error) from None

    def close(self) -> None:
        """Close all connections."""
        opened, self._opened = self._opened, None
        if opened is not None and self._process == os.getpid():
            opened[1].close()


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
        self._held: anyio.lowlevel.RunVar[_Held | None] = anyio.lowlevel.RunVar(
            f"airhaul-{id(self)}", None
        )

    async def acquire(self) -> None:
        """Keep connections open from now on."""
        held = self._held.get()
        if held is None:
            endpoint = Endpoint(self._endpoint_url, self._token, self._timeout_s)
            pool = httpcore2.AsyncConnectionPool(**endpoint.pool(self._connections))
            held = _Held(endpoint, pool)
            self._held.set(held)
        held.leases += 1

    async def release(self) -> None:
        """Release a lease; the last one closes the connections."""
        held = self._held.get()
        assert held is not None, "released more often than acquired"
        held.leases -= 1
        if held.leases == 0:
            self._held.set(None)
            with anyio.CancelScope(shield=True):
                await held.pool.aclose()

    async def send(self, call: Call, on_sent: Sent) -> Reply:
        """Send ``call`` and wait for the reply, as ``HttpTransport.send`` does."""
        await self.acquire()
        try:
            held = self._held.get()
            assert held is not None
            response = await held.pool.handle_async_request(held.endpoint.request(call, on_sent))
            try:
                await response.aread()
            finally:
                await response.aclose()
            return reply_of(response)
        except _FAILURES as error:
            raise _failure(call, self._endpoint_url, error) from None
        finally:
            await self.release()


class _Held:
    """The connections of one event loop, and how many use them."""

    def __init__(self, endpoint: Endpoint, pool: httpcore2.AsyncConnectionPool) -> None:
        self.endpoint = endpoint
        self.pool = pool
        self.leases = 0
