"""Sends calls over HTTP, and distinguishes failures by whether the request may have arrived."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from typing import Any, Final, TypeVar

import anyio
import anyio.lowlevel
import httpx2
from pydantic import SecretStr

from airhaul._version import __version__
from airhaul.errors import (
    ConfigurationError,
    LostReplyError,
    NotSentError,
    ReplyTimeoutError,
)
from airhaul.wire.call import Call, Reply, Sent

# Servers drop idle connections, some after 5 s; one reused at that moment loses its request.
_KEEP_IDLE_S: Final = 4.0
_CONNECT_TIMEOUT_S: Final = 10.0
C = TypeVar("C", httpx2.Client, httpx2.AsyncClient)

_MAY_BE_TOKEN: Final = re.compile(r"[!-~]*")
_WRITTEN: Final = "send_request_body.complete"
USER_AGENT: Final = f"airhaul/{__version__}"


def _settings(
    endpoint_url: str, token: SecretStr, timeout_s: float, connections: int
) -> dict[str, Any]:
    # Never in a variable of its own: tools print those of a traceback.
    if not _MAY_BE_TOKEN.fullmatch(token.get_secret_value().strip()):
        raise ConfigurationError(
            "The access token holds characters that no token has, such as spaces or line breaks; "
            "copy it again."
        )
    return {
        "base_url": endpoint_url,
        "headers": {
            "Authorization": f"Bearer {token.get_secret_value().strip()}",
            "User-Agent": USER_AGENT,
        },
        "timeout": httpx2.Timeout(timeout_s, connect=min(timeout_s, _CONNECT_TIMEOUT_S)),
        "limits": httpx2.Limits(
            max_connections=None,
            max_keepalive_connections=connections,
            keepalive_expiry=_KEEP_IDLE_S,
        ),
    }


def _opened(kind: Callable[..., C], settings: dict[str, Any]) -> C:
    """Open a client of the HTTP library, which reads proxies and certificates on the way."""
    try:
        return kind(**settings)
    except (httpx2.InvalidURL, ValueError):
        # The library's message holds parts of the address, perhaps of the password in it.
        reason = "the address of a proxy cannot be used"
    except (ImportError, OSError) as error:
        reason = _first_line(error)
    raise ConfigurationError(
        f"No connection can be opened, and nothing was sent: {reason}. Look at the environment "
        "variables HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR."
    )


def _request(call: Call) -> dict[str, Any]:
    return {"method": call.method, "url": call.target, "json": call.body}


def _reply(response: httpx2.Response) -> Reply:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Reply(response.status_code, response.content, headers)


def _failure(call: Call, endpoint_url: str, error: Exception) -> Exception:
    """Make our error of a failure of the HTTP library."""
    host = httpx2.URL(endpoint_url).host or endpoint_url
    match error:
        case httpx2.ConnectError() | httpx2.ConnectTimeout() | httpx2.PoolTimeout():
            return NotSentError(
                f"{call}: no connection to {host} ({_first_line(error)}). Nothing was sent. "
                "Check the network, the proxy and the endpoint URL."
            )
        case httpx2.TimeoutException():
            return ReplyTimeoutError(f"{call}: {host} sent no reply in time.")
        case httpx2.InvalidURL() | httpx2.UnsupportedProtocol() | httpx2.LocalProtocolError():
            return ConfigurationError(
                f"{endpoint_url!r} is no usable endpoint URL ({_first_line(error)}); "
                "it looks like https://api.airtable.com."
            )
        case _:
            return LostReplyError(
                f"{call}: the connection to {host} broke before the reply was whole "
                f"({_first_line(error)})."
            )


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__


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
        self._endpoint_url = endpoint_url
        self._settings = _settings(endpoint_url, token, timeout_s, connections)
        self._client: httpx2.Client | None = None
        self._process = os.getpid()
        self._lock = threading.Lock()

    def _open(self) -> httpx2.Client:
        if self._process != os.getpid():
            # A connection that two processes write to mixes their requests up.
            self._client, self._process, self._lock = None, os.getpid(), threading.Lock()
        with self._lock:
            if self._client is None:
                self._client = _opened(httpx2.Client, self._settings)
            return self._client

    def send(self, call: Call, on_sent: Sent) -> Reply:
        """Send ``call`` and wait for the reply, whatever its status.

        Raises:
            NotSentError: No connection could be opened.
            ReplyTimeoutError: No reply came in time.
            LostReplyError: The connection broke first.
            ConfigurationError: The endpoint URL cannot be used, or the proxies of the environment.
        """
        try:
            return _reply(
                self._open().request(**_request(call), extensions={"trace": _tracer(on_sent)})
            )
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise _failure(call, self._endpoint_url, error) from None

    def close(self) -> None:
        """Close all connections."""
        client, self._client = self._client, None
        if client is not None and self._process == os.getpid():
            client.close()


def _tracer(on_sent: Sent) -> Callable[[str, dict[str, Any]], None]:
    def trace(event: str, _: dict[str, Any]) -> None:
        if event.endswith(_WRITTEN):
            on_sent()

    return trace


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
        self._endpoint_url = endpoint_url
        self._settings = _settings(endpoint_url, token, timeout_s, connections)
        self._held: anyio.lowlevel.RunVar[_Held | None] = anyio.lowlevel.RunVar(
            f"airhaul-{id(self)}", None
        )

    async def acquire(self) -> None:
        """Keep connections open from now on."""
        held = self._held.get()
        if held is None:
            held = _Held(_opened(httpx2.AsyncClient, self._settings))
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
                await held.client.aclose()

    async def send(self, call: Call, on_sent: Sent) -> Reply:
        """Send ``call`` and wait for the reply, as ``HttpTransport.send`` does."""
        await self.acquire()
        try:
            held = self._held.get()
            assert held is not None
            return _reply(
                await held.client.request(
                    **_request(call), extensions={"trace": _async_tracer(on_sent)}
                )
            )
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise _failure(call, self._endpoint_url, error) from None
        finally:
            await self.release()


class _Held:
    """A client of one event loop, and how many use it."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self.client = client
        self.leases = 0


def _async_tracer(on_sent: Sent) -> Callable[[str, dict[str, Any]], Any]:
    trace = _tracer(on_sent)

    async def atrace(event: str, info: dict[str, Any]) -> None:
        trace(event, info)

    return atrace
