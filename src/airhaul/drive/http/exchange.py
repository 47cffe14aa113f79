"""A reply of HTTP/1.1, put together from bytes as they come; nothing here waits."""

from __future__ import annotations

import zlib
from typing import Final

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from airhaul.wire.call import Reply

_GZIP: Final = 16 + zlib.MAX_WBITS
_FIRST_FINAL_STATUS: Final = 200
_LENGTHS: Final = ("content-length", "transfer-encoding")


class NotConnectedError(OSError):
    """No connection could be opened, so nothing was sent."""


class UnusableAddressError(ValueError):
    """No request can be sent to such an address."""


class BrokenReplyError(OSError):
    """The connection ended before the reply was whole, or what came is no reply of HTTP."""


class IncomingReply:
    """A reply on its way; the parser calls the methods whose names begin with ``on_``.

    Attributes:
        keeps_open: Whether the connection can be used for another request, once it is whole.
    """

    def __init__(self) -> None:
        self.keeps_open = False
        self._parser = HttpResponseParser(self)
        self._status = 0
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._has_begun_body = False
        self._is_whole = False

    def feed(self, data: bytes) -> bool:
        """Take bytes from the connection.

        Args:
            data: What was received; empty at the connection's end.

        Returns:
            Whether the reply is whole.

        Raises:
            BrokenReplyError: It will never be.
        """
        if not data:
            self._end()
            return True
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            if not self._is_whole:
                raise BrokenReplyError(f"it is no HTTP: {error}") from None
            self.keeps_open = False  # something follows that nobody asked for
        return self._is_whole

    def _end(self) -> None:
        """Take the end of the connection, which is that of a body without a length, too."""
        if not self._has_begun_body:
            raise BrokenReplyError("the server disconnected without a reply")
        if any(name in self._headers for name in _LENGTHS):
            raise BrokenReplyError("the server disconnected before the end of the body")

    @property
    def reply(self) -> Reply:
        """The whole reply, decompressed.

        Raises:
            zlib.error: The body is not compressed as its header says.
        """
        return reply_of(self._status, b"".join(self._body), self._headers)

    def on_message_begin(self) -> None:
        """Note that another reply follows, which belongs to no request."""
        if self._is_whole:
            self.keeps_open = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        if not self._is_whole:
            self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Take the status; one below 200 is not the reply, but precedes it."""
        if not self._is_whole:
            self._status = self._parser.get_status_code()
            self._has_begun_body = self._status >= _FIRST_FINAL_STATUS

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        if not self._is_whole:
            self._body.append(body)

    def on_message_complete(self) -> None:
        """Note that the reply is whole."""
        if self._is_whole:
            return
        if not self._has_begun_body:
            self._headers = {}
            return
        self._is_whole = True
        # Only until the parser begins with the next reply.
        self.keeps_open = self._parser.should_keep_alive()


def reply_of(status: int, body: bytes, headers: dict[str, str]) -> Reply:
    """Make a reply.

    Args:
        status: The HTTP status.
        body: The body as it was sent.
        headers: The headers by name, in lower case.

    Raises:
        zlib.error: The body is not compressed as its header says.
    """
    if body and headers.get("content-encoding") == "gzip":
        body = zlib.decompress(body, _GZIP)
    return Reply(status, body, headers)
