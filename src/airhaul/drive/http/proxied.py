"""Connections through a proxy, kept open between requests: blocking, and awaited.

Everything that proxies need is httpcore's. What may go wrong is an ``OSError``, as of
``connections``, or an ``UnusableAddressError``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import httpcore2

from airhaul.drive.http.connections import KEEP_IDLE_S
from airhaul.drive.http.endpoint import Endpoint
from airhaul.drive.http.exchange import (
    BrokenReplyError,
    NotConnectedError,
    UnusableAddressError,
    reply_of,
)
from airhaul.wire.call import Call, Reply, Sent

if TYPE_CHECKING:
    import ssl

_NOT_CONNECTED: Final = (
    httpcore2.ConnectError,
    httpcore2.ConnectTimeout,
    httpcore2.PoolTimeout,
    UnicodeError,  # the proxy's name is none
)
# While the proxy is asked for a connection, too.
_NOT_ANSWERED: Final = (
    httpcore2.ProxyError,
    httpcore2.ReadError,
    httpcore2.ReadTimeout,
    httpcore2.RemoteProtocolError,
)


class _Requests:
    """Makes requests of calls."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        waits = dict.fromkeys(("read", "write", "pool"), endpoint.timeout_s)
        self._extensions = {"timeout": {**waits, "connect": endpoint.connect_timeout_s}}

    def make(self, call: Call, on_sent: Sent) -> httpcore2.Request:
        endpoint = self._endpoint
        url = httpcore2.URL(
            scheme=endpoint.scheme,
            host=endpoint.host,
            port=endpoint.port_in_url,
            target=endpoint.target(call),
        )
        headers, body = endpoint.headers_and_body(call)
        return httpcore2.Request(
            call.method,
            url,
            headers=headers,
            content=_Body(body, on_sent),
            extensions=self._extensions,
        )


class _Body:
    """The body of a request; whoever has written it to the connection asks for more."""

    def __init__(self, content: bytes, on_sent: Sent) -> None:
        self._content = content
        self._on_sent = on_sent

    def __iter__(self) -> Iterator[bytes]:
        if self._content:
            yield self._content
        self._on_sent()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self:
            yield part


@contextmanager
def _as_our_failures(on_sent: Sent) -> Generator[Sent]:
    was_sent = False

    def note_sent() -> None:
        nonlocal was_sent
        was_sent = True
        on_sent()

    try:
        yield note_sent
    except _NOT_ANSWERED as error:
        if not was_sent:
            reason = f"the proxy does not open one: {str(error) or type(error).__name__}"
            raise NotConnectedError(reason) from error
        if isinstance(error, httpcore2.TimeoutException):
            raise TimeoutError(str(error)) from error
        raise BrokenReplyError(str(error)) from error
    except _NOT_CONNECTED as error:
        raise NotConnectedError(str(error)) from error
    except httpcore2.TimeoutException as error:
        raise TimeoutError(str(error)) from error
    except (httpcore2.UnsupportedProtocol, httpcore2.LocalProtocolError) as error:
        raise UnusableAddressError(str(error)) from error
    except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
        raise BrokenReplyError(str(error)) from error


def _reply(response: httpcore2.Response) -> Reply:
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
    }
    return reply_of(response.status, response.content, headers)


def _settings(
    proxy: httpcore2.Proxy, certificates: ssl.SSLContext | None, keep: int
) -> dict[str, Any]:
    return {
        "proxy": proxy,
        "ssl_context": certificates,
        "max_connections": None,
        "max_keepalive_connections": keep,
        "keepalive_expiry": KEEP_IDLE_S,
    }


class ProxiedConnections:
    """Blocking connections; safe to use from several threads.

    Args:
        endpoint: The service.
        proxy: The proxy.
        certificates: How to check the service's certificate; None for plain HTTP.
        keep: How many connections to keep open.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        proxy: httpcore2.Proxy,
        certificates: ssl.SSLContext | None,
        keep: int,
    ) -> None:
        self._requests = _Requests(endpoint)
        self._pool = httpcore2.ConnectionPool(**_settings(proxy, certificates, keep))

    def exchange(self, call: Call, on_sent: Sent) -> Reply:
        """Send a call and wait for the reply.

        Raises:
            OSError: There is no reply; see above.
            UnusableAddressError: No request can be sent there.
            zlib.error: The body is not compressed as its header says.
        """
        with _as_our_failures(on_sent) as note_sent:
            response = self._pool.handle_request(self._requests.make(call, note_sent))
            try:
                response.read()
            finally:
                response.close()
        return _reply(response)

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


class AsyncProxiedConnections:
    """Awaited connections, of one event loop; arguments as of ``ProxiedConnections``."""

    def __init__(
        self,
        endpoint: Endpoint,
        proxy: httpcore2.Proxy,
        certificates: ssl.SSLContext | None,
        keep: int,
    ) -> None:
        self._requests = _Requests(endpoint)
        self._pool = httpcore2.AsyncConnectionPool(**_settings(proxy, certificates, keep))

    async def exchange(self, call: Call, on_sent: Sent) -> Reply:
        """Send a call and wait for the reply, as ``ProxiedConnections.exchange`` does."""
        with _as_our_failures(on_sent) as note_sent:
            response = await self._pool.handle_async_request(self._requests.make(call, note_sent))
            try:
                await response.aread()
            finally:
                await response.aclose()
        return _reply(response)

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.aclose()
