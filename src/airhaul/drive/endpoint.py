"""The service's address: the form of each request to it, and the way there that the host asks for.

``HTTP_PROXY``, ``HTTPS_PROXY``, ``ALL_PROXY``, ``NO_PROXY``, ``SSL_CERT_FILE`` and
``SSL_CERT_DIR`` are honoured, and the proxies that macOS and Windows have in their settings.
"""

from __future__ import annotations

import base64
import importlib
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

import httpcore2
from pydantic import SecretStr
from pydantic_core import to_json

from airhaul._version import __version__
from airhaul.errors import ConfigurationError
from airhaul.wire.call import Call, Reply, Sent

# Servers drop idle connections, some after 5 s; one reused at that moment loses its request.
_KEEP_IDLE_S: Final = 4.0
_CONNECT_TIMEOUT_S: Final = 10.0
_IN_PATHS: Final = "/%:@!$&'()*+,;=~"
_GZIP: Final = 16 + zlib.MAX_WBITS
_JSON_BODY: Final = (b"Content-Type", b"application/json")
USER_AGENT: Final = f"airhaul/{__version__}"


class Endpoint:
    """The service at an address.

    Args:
        url: The service's root, such as ``https://api.airtable.com``.
        token: The access token; it goes into a header and nowhere else.
        timeout_s: How long to wait for a reply, in seconds.

    Raises:
        ConfigurationError: The address cannot be used.
    """

    def __init__(self, url: str, token: SecretStr, timeout_s: float) -> None:
        try:
            parts = urlsplit(url)
            self._scheme = parts.scheme
            self._host = _ascii_host(parts.hostname or "")
            self._port = parts.port
        except ValueError as error:
            raise unusable(url, error) from None
        if not self._host:
            raise unusable(url, ValueError("it has no host"))
        self._path = quote(parts.path.rstrip("/"), safe=_IN_PATHS)
        host = b"[%b]" % self._host if b":" in self._host else self._host
        at = host if self._port is None else b"%b:%d" % (host, self._port)
        self._headers = [
            (b"Host", at),
            (b"Accept", b"*/*"),
            (b"Accept-Encoding", b"gzip"),
            (b"User-Agent", USER_AGENT.encode()),
            (b"Authorization", _authorization(parts.username, parts.password, token)),
        ]
        wait = {"read": timeout_s, "write": timeout_s, "pool": timeout_s}
        self._extensions = {"timeout": {**wait, "connect": min(timeout_s, _CONNECT_TIMEOUT_S)}}

    def request(self, call: Call, on_sent: Sent) -> httpcore2.Request:
        """Make the request of a call.

        Args:
            call: The call.
            on_sent: Called when the request is written to its connection.
        """
        body = b"" if call.body is None else to_json(call.body)
        headers = self._headers
        if call.body is not None:
            headers = [*headers, _JSON_BODY, (b"Content-Length", b"%d" % len(body))]
        elif call.method != "GET":
            headers = [*headers, (b"Content-Length", b"0")]
        url = httpcore2.URL(
            scheme=self._scheme, host=self._host, port=self._port, target=self._path + call.target
        )
        content = _Body(body, on_sent)
        return httpcore2.Request(
            call.method, url, headers=headers, content=content, extensions=self._extensions
        )

    def pool(self, connections: int) -> dict[str, Any]:
        """Return the settings of a pool of connections.

        Args:
            connections: How many of them to keep open.

        Raises:
            ConfigurationError: A proxy or a certificate of the environment cannot be used.
        """
        try:
            proxy = _proxy_for(self._scheme, self._host.decode())
            is_secret = self._scheme == "https"
            certificates = httpcore2.default_ssl_context() if is_secret else None
        except (ValueError, KeyError):
            # The message would hold parts of the address, perhaps of the password in it.
            reason = "the address of a proxy cannot be used"
        except (ImportError, OSError) as error:
            reason = first_line(error)
        else:
            return {
                "proxy": proxy,
                "ssl_context": certificates,
                "max_connections": None,
                "max_keepalive_connections": connections,
                "keepalive_expiry": _KEEP_IDLE_S,
            }
        raise ConfigurationError(
            f"No connection can be opened, and nothing was sent: {reason}. Look at the environment "
            "variables HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR."
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


def reply_of(response: httpcore2.Response) -> Reply:
    """Make a reply of a response whose body has been read.

    Raises:
        zlib.error: The body is not compressed as its header says.
    """
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
    }
    body = response.content
    if body and headers.get("content-encoding") == "gzip":
        body = zlib.decompress(body, _GZIP)
    return Reply(response.status, body, headers)


def unusable(url: str, error: Exception) -> ConfigurationError:
    """Make the error of an address that cannot be used."""
    return ConfigurationError(
        f"{url!r} is no usable endpoint URL ({first_line(error)}); "
        "it looks like https://api.airtable.com."
    )


def first_line(error: Exception) -> str:
    """Return the first line of what an error says, or its kind if it says nothing."""
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__


def _ascii_host(host: str) -> bytes:
    return host.encode("ascii") if host.isascii() else host.encode("idna")


def _authorization(user: str | None, password: str | None, token: SecretStr) -> bytes:
    """Return the header that lets requests in; a user in the address is for what is in front."""
    if user is None and password is None:
        return f"Bearer {token.get_secret_value().strip()}".encode()
    pair = f"{unquote(user or '')}:{unquote(password or '')}"
    return b"Basic " + base64.b64encode(pair.encode())


def _proxy_for(scheme: str, host: str) -> httpcore2.Proxy | None:
    """Find the proxy for a host.

    Raises:
        ValueError: Its address cannot be used.
        ImportError: What it needs is not installed.
    """
    from urllib.request import getproxies, proxy_bypass

    found = getproxies()
    address = found.get(scheme) or found.get("all")
    if not address or proxy_bypass(host):
        return None
    parts = urlsplit(address if "://" in address else f"http://{address}")
    if parts.scheme in ("socks5", "socks5h"):
        importlib.import_module("socksio")
    elif parts.scheme not in ("http", "https"):
        raise ValueError(parts.scheme)
    url = httpcore2.URL(
        scheme=parts.scheme, host=_ascii_host(parts.hostname or ""), port=parts.port, target="/"
    )
    if parts.username is None and parts.password is None:
        return httpcore2.Proxy(url)
    pair = (unquote(part or "").encode() for part in (parts.username, parts.password))
    return httpcore2.Proxy(url, auth=(next(pair), next(pair)))
