"""Fetching attachments that were written by URL, if that is allowed.

Fetching URLs on request can be misused to probe the network that the base runs in (SSRF). So
nothing is fetched unless the base is opened with that option, and then only from public addresses,
or also from this machine. The address is checked after the name is resolved, and again after each
redirect, and the connection goes to the checked address.

Source: https://airtable.com/developers/web/api/field-model (three redirects at most). Not
published, and decided: a file may have 50 MB and must arrive within 30 seconds; a file that cannot
be fetched stays as it was written, a URL and a name.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import sqlite3
import ssl
import time
from dataclasses import dataclass
from functools import partial
from typing import Final
from urllib.parse import quote, urljoin, urlsplit

from airhaul.local_base.attachments import Reach
from airhaul.local_base.attachments.files import media_type
from airhaul.local_base.attachments.image_size import image_size
from airhaul.local_base.store import Store
from airhaul.local_base.store.background import Background

_LARGEST: Final = 50 * 1024 * 1024
_TIMEOUT_S: Final = 10.0
_WHOLE_S: Final = 30.0
_REDIRECTS: Final = 3
_PIECE: Final = 1 << 16


class FetchError(Exception):
    """A URL whose content could not be fetched."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """The content of a URL."""

    content: bytes
    type: str | None


class AttachmentFetcher:
    """Fetches attachments in the background.

    Args:
        store: Stores the attachments.
        background: Runs the fetches.
        reach: From where files may come.
    """

    def __init__(self, store: Store, background: Background, reach: Reach) -> None:
        self._store = store
        self._background = background
        self._reach: Reach = reach

    def fetch(self, attachment_ids: tuple[str, ...]) -> None:
        """Schedule the fetch of attachments, each once."""
        for attachment_id in attachment_ids:
            self._background.later(0.0, attachment_id, partial(self._fetch, attachment_id))

    def _fetch(self, attachment_id: str) -> None:
        try:
            with self._store.session(write=False) as session:
                attachment = session.attachments.one(attachment_id)
            if attachment is None or attachment.url is None:
                return
            fetched = fetch(attachment.url, self._reach)
            width, height = image_size(fetched.content) or (None, None)
            with self._store.session(write=True) as session:
                session.attachments.keep(
                    attachment_id, fetched.content, fetched.type, width, height
                )
        except FetchError:
            return  # it stays a URL
        except sqlite3.ProgrammingError:
            return  # the base was closed in the meantime


def fetch(url: str, reach: Reach) -> Fetched:
    """Fetch a URL.

    Args:
        url: The URL.
        reach: From where files may come.

    Raises:
        FetchError: The address is not allowed or does not answer, or the file is too large or slow.
    """
    deadline = time.monotonic() + _WHOLE_S
    for _ in range(_REDIRECTS + 1):
        try:
            found = _get(url, reach, deadline)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise FetchError(f"{url}: {error}") from error
        if isinstance(found, Fetched):
            return found
        url = found
    raise FetchError(f"{url}: too many redirects")


def _get(url: str, reach: Reach, deadline: float) -> Fetched | str:
    """Request a URL once; return its content, or the URL of a redirect."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise FetchError(f"{url}: not an HTTP URL")
    is_safe = parts.scheme == "https"
    port = parts.port or (443 if is_safe else 80)
    address = _allowed_address(parts.hostname, port, reach)
    connection = http.client.HTTPConnection(parts.hostname, port, timeout=_TIMEOUT_S)
    connection.sock = socket.create_connection((address, port), timeout=_TIMEOUT_S)
    try:
        if is_safe:
            context = ssl.create_default_context()
            connection.sock = context.wrap_socket(connection.sock, server_hostname=parts.hostname)
        path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
        query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
        connection.request("GET", f"{path}?{query}" if query else path)
        response = connection.getresponse()
        if response.status in (301, 302, 303, 307, 308):
            return urljoin(url, response.headers.get("location", ""))
        if response.status != 200:
            raise FetchError(f"{url}: status {response.status}")
        return Fetched(_body(url, response, deadline), _type(response))
    finally:
        connection.close()


def _allowed_address(host: str, port: int, reach: Reach) -> str:
    """Resolve a host; every one of its addresses must be allowed."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(sockaddr[0]) for *_, sockaddr in found]
    for address in addresses:
        there = ipaddress.ip_address(address.partition("%")[0])
        there = getattr(there, "ipv4_mapped", None) or there
        is_public = there.is_global and not there.is_multicast
        if not is_public and not (reach == "loopback" and there.is_loopback):
            raise FetchError(f"{host} is at {address}, which is not public")
    return addresses[0]


def _body(url: str, response: http.client.HTTPResponse, deadline: float) -> bytes:
    parts: list[bytes] = []
    size = 0
    while piece := response.read1(_PIECE):
        size += len(piece)
        if size > _LARGEST or time.monotonic() > deadline:
            raise FetchError(f"{url}: too large, or too slow")
        parts.append(piece)
    return b"".join(parts)


def _type(response: http.client.HTTPResponse) -> str | None:
    return media_type(response.headers.get("content-type"))
