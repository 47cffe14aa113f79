"""The service's address: the form of each request to it, and the way there that the host asks for.

``HTTP_PROXY``, ``HTTPS_PROXY``, ``ALL_PROXY``, ``NO_PROXY``, ``SSL_CERT_FILE`` and
``SSL_CERT_DIR`` are honoured, and the proxies that macOS and Windows have in their settings.
"""

from __future__ import annotations

import base64
import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote, urlsplit

from pydantic import SecretStr
from pydantic_core import to_json

from airhaul._version import __version__
from airhaul.errors import ConfigurationError
from airhaul.wire.call import Call

if TYPE_CHECKING:
    import ssl

    import httpcore2

_CONNECT_TIMEOUT_S: Final = 10.0
_PORTS: Final[Mapping[str, int]] = {"http": 80, "https": 443}
_IN_PATHS: Final = "/%:@!$&'()*+,;=~"
_JSON_BODY: Final = (b"Content-Type", b"application/json")
# On this machine, compressing a reply takes longer than copying it.
_THIS_MACHINE: Final = ("localhost", "127.0.0.1", "::1")
USER_AGENT: Final = f"airhaul/{__version__}"


class Endpoint:
    """The service at an address.

    Args:
        url: The service's root, such as ``https://api.airtable.com``.
        token: The access token; it goes into a header and nowhere else.
        timeout_s: How long to wait for a reply, in seconds.

    Attributes:
        scheme: ``http`` or ``https``.
        host: The name or address of the service's host.
        port: Its port.
        port_in_url: The port as the URL has it; None if it has none.
        timeout_s: How long to wait for a reply, in seconds.
        connect_timeout_s: How long to wait for a connection, in seconds.

    Raises:
        ConfigurationError: The address cannot be used.
    """

    def __init__(self, url: str, token: SecretStr, timeout_s: float) -> None:
        try:
            parts = urlsplit(url)
            self.scheme = parts.scheme
            self.host = _ascii_host(parts.hostname or "").decode()
            self.port_in_url = parts.port
        except ValueError as error:
            raise unusable(url, error) from None
        if not self.host:
            raise unusable(url, ValueError("it has no host"))
        self.port = self.port_in_url or _PORTS[self.scheme]
        self.timeout_s = timeout_s
        self.connect_timeout_s = min(timeout_s, _CONNECT_TIMEOUT_S)
        self._path = quote(parts.path.rstrip("/"), safe=_IN_PATHS)
        at = f"[{self.host}]" if ":" in self.host else self.host
        self._headers = [
            (b"Host", (at if self.port_in_url is None else f"{at}:{self.port}").encode()),
            (b"Accept", b"*/*"),
            (b"User-Agent", USER_AGENT.encode()),
            (b"Authorization", _authorization(parts.username, parts.password, token)),
        ]
        if self.host not in _THIS_MACHINE:
            self._headers.append((b"Accept-Encoding", b"gzip"))
        self._head = _lines(self._headers)

    def target(self, call: Call) -> str:
        """Return the path and query of a call as in its request line."""
        return self._path + call.target

    def headers_and_body(self, call: Call) -> tuple[list[tuple[bytes, bytes]], bytes]:
        """Return the headers and the body of the request of a call."""
        own, body = _own_headers(call)
        return [*self._headers, *own], body

    def message(self, call: Call) -> bytes:
        """Return the request of a call as it goes over the connection.

        Args:
            call: The call.
        """
        own, body = _own_headers(call)
        line = f"{call.method} {self.target(call)} HTTP/1.1\r\n".encode("ascii")
        return b"".join((line, self._head, _lines(own), b"\r\n", body))

    def way(self) -> tuple[httpcore2.Proxy | None, ssl.SSLContext | None]:
        """Return the proxy on the way, if there is one, and how to check the certificate.

        Raises:
            ConfigurationError: A proxy or a certificate of the environment cannot be used.
        """
        try:
            return _proxy_for(self.scheme, self.host), _certificates(self.scheme)
        except (ValueError, KeyError):
            # The message would hold parts of the address, perhaps of the password in it.
            reason = "the address of a proxy cannot be used"
        except (ImportError, OSError) as error:
            reason = first_line(error)
        raise ConfigurationError(
            f"No connection can be opened, and nothing was sent: {reason}. Look at the environment "
            "variables HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR."
        )


def _own_headers(call: Call) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Return the headers that only some calls have, and the body."""
    if call.body is None:
        return ([] if call.method == "GET" else [(b"Content-Length", b"0")]), b""
    body = to_json(call.body)
    return [_JSON_BODY, (b"Content-Length", b"%d" % len(body))], body


def _lines(headers: list[tuple[bytes, bytes]]) -> bytes:
    return b"".join(b"%b: %b\r\n" % header for header in headers)


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


def _certificates(scheme: str) -> ssl.SSLContext | None:
    """Return how to check a service's certificate; None for plain HTTP.

    Raises:
        OSError: The certificates of the environment cannot be read.
    """
    if scheme != "https":
        return None
    import httpcore2

    certificates = httpcore2.default_ssl_context()
    certificates.set_alpn_protocols(["http/1.1"])
    return certificates


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
    import httpcore2

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
