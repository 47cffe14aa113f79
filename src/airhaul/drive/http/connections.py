"""Connections straight to the service, kept open between requests, blocking.

What may go wrong is an ``OSError``: a ``NotConnectedError`` before anything was sent, a
``TimeoutError`` if the service takes too long, anything else if the connection breaks.
"""

from __future__ import annotations

import select
import socket
import threading
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

from airhaul.drive.http.exchange import IncomingReply, NotConnectedError
from airhaul.wire.call import Call, Reply, Sent

if TYPE_CHECKING:
    import ssl

    from airhaul.drive.http.endpoint import Endpoint

# Servers drop idle connections, some after 5 s; one reused at that moment loses its request.
KEEP_IDLE_S: Final = 4.0
READ_BYTES: Final = 1 << 16

C = TypeVar("C")


class HasFileNumber(Protocol):
    """A socket, of whichever library."""

    def fileno(self) -> int:
        """The number by which the system knows it; negative if it is closed."""
        ...


class Idle(Generic[C]):
    """Connections that nobody uses; the one used last is taken first.

    Args:
        most: How many to keep.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: deque[tuple[C, float]] = deque()
        self._lock = threading.Lock()

    def take(self) -> C | None:
        """Take the connection that was used last, or None."""
        with self._lock:
            return self._held.pop()[0] if self._held else None

    def put(self, connection: C) -> list[C]:
        """Keep a connection, and return those that are to be closed."""
        now = time.monotonic()
        with self._lock:
            self._held.append((connection, now + KEEP_IDLE_S))
            closing: list[C] = []
            while self._held and (len(self._held) > self._most or self._held[0][1] < now):
                closing.append(self._held.popleft()[0])
            return closing

    def expired(self) -> list[C]:
        """Return the connections that have been idle for too long, and are to be closed."""
        now = time.monotonic()
        closing: list[C] = []
        with self._lock:
            while self._held and self._held[0][1] < now:
                closing.append(self._held.popleft()[0])
        return closing

    def take_all(self) -> list[C]:
        """Return all connections; they are to be closed, and so are those still in use then."""
        with self._lock:
            self._most = 0
            closing = [connection for connection, _ in self._held]
            self._held.clear()
        return closing


def has_ended(connection: HasFileNumber) -> bool:
    """Whether an idle connection was ended: what it has to read, nobody has asked for."""
    number = connection.fileno()
    if number < 0:
        return True
    if not hasattr(select, "poll"):
        return bool(select.select([number], [], [], 0)[0])
    poll = select.poll()
    poll.register(number, select.POLLIN)
    return bool(poll.poll(0))


class Connections:
    """Blocking connections; safe to use from several threads.

    Args:
        endpoint: The service.
        certificates: How to check the service's certificate; None for plain HTTP.
        keep: How many connections to keep open.
    """

    def __init__(self, endpoint: Endpoint, certificates: ssl.SSLContext | None, keep: int) -> None:
        self._endpoint = endpoint
        self._certificates = certificates
        self._idle = Idle[socket.socket](keep)

    def exchange(self, call: Call, on_sent: Sent) -> Reply:
        """Send a call and wait for the reply.

        Raises:
            OSError: There is no reply; see above.
            zlib.error: The body is not compressed as its header says.
        """
        connection = self._take() or self._connect()
        try:
            with suppress(BrokenPipeError, ConnectionResetError):
                # Never in a variable: it holds the token. It may be refused before it is whole.
                connection.sendall(self._endpoint.message(call))
            on_sent()
            incoming = IncomingReply()
            while not incoming.feed(connection.recv(READ_BYTES)):
                pass
        except BaseException:
            connection.close()
            raise
        self._close(self._idle.put(connection) if incoming.keeps_open else [connection])
        return incoming.reply

    def _take(self) -> socket.socket | None:
        self._close(self._idle.expired())
        while (connection := self._idle.take()) is not None:
            if not has_ended(connection):
                return connection
            connection.close()
        return None

    def _connect(self) -> socket.socket:
        endpoint = self._endpoint
        connection: socket.socket | None = None
        try:
            connection = socket.create_connection(
                (endpoint.host, endpoint.port), endpoint.connect_timeout_s
            )
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._certificates is not None:
                connection = self._certificates.wrap_socket(
                    connection, server_hostname=endpoint.host
                )
        except (OSError, UnicodeError) as error:
            if connection is not None:
                connection.close()
            raise NotConnectedError(str(error)) from error
        connection.settimeout(endpoint.timeout_s)
        return connection

    @staticmethod
    def _close(connections: list[socket.socket]) -> None:
        for connection in connections:
            connection.close()

    def close(self) -> None:
        """Close all connections that are not in use."""
        self._close(self._idle.take_all())
