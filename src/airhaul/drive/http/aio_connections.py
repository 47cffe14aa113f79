"""Connections straight to the service, kept open between requests, awaited."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import anyio
from anyio.abc import ByteStream, SocketAttribute
from anyio.streams.tls import TLSStream

from airhaul.drive.http.connections import READ_BYTES, Idle, has_ended
from airhaul.drive.http.exchange import BrokenReplyError, IncomingReply, NotConnectedError
from airhaul.wire.call import Call, Reply, Sent

if TYPE_CHECKING:
    import ssl

    from airhaul.drive.http.endpoint import Endpoint


class AsyncConnections:
    """Awaited connections, of one event loop; arguments as of ``Connections``."""

    def __init__(self, endpoint: Endpoint, certificates: ssl.SSLContext | None, keep: int) -> None:
        self._endpoint = endpoint
        self._certificates = certificates
        self._idle = Idle[ByteStream](keep)

    async def exchange(self, call: Call, on_sent: Sent) -> Reply:
        """Send a call and wait for the reply, as ``Connections.exchange`` does."""
        timeout_s = self._endpoint.timeout_s
        connection = await self._take() or await self._connect()
        try:
            with suppress(anyio.BrokenResourceError), anyio.fail_after(timeout_s):
                # Never in a variable: it holds the token. It may be refused before it is whole.
                await connection.send(self._endpoint.message(call))
            on_sent()
            incoming = IncomingReply()
            is_whole = False
            while not is_whole:
                with anyio.fail_after(timeout_s):
                    is_whole = incoming.feed(await _receive(connection))
        except BaseException:
            await _close([connection])
            raise
        await _close(self._idle.put(connection) if incoming.keeps_open else [connection])
        return incoming.reply

    async def _take(self) -> ByteStream | None:
        await _close(self._idle.expired())
        while (connection := self._idle.take()) is not None:
            raw = connection.extra(SocketAttribute.raw_socket)  # noqa: S610 - this is no Django
            if not has_ended(raw):
                return connection
            await _close([connection])
        return None

    async def _connect(self) -> ByteStream:
        endpoint = self._endpoint
        connection: ByteStream | None = None
        try:
            with anyio.fail_after(endpoint.connect_timeout_s):
                connection = await anyio.connect_tcp(endpoint.host, endpoint.port)
                if self._certificates is not None:
                    connection = await TLSStream.wrap(
                        connection,
                        hostname=endpoint.host,
                        ssl_context=self._certificates,
                        standard_compatible=False,
                    )
        except (OSError, UnicodeError, anyio.BrokenResourceError, anyio.EndOfStream) as error:
            if connection is not None:
                await _close([connection])
            reason = "it timed out" if isinstance(error, TimeoutError) else str(error)
            raise NotConnectedError(reason) from error
        return connection

    async def close(self) -> None:
        """Close all connections that are not in use."""
        await _close(self._idle.take_all())


async def _receive(connection: ByteStream) -> bytes:
    """Receive some bytes; none at the connection's end."""
    try:
        return await connection.receive(READ_BYTES)
    except anyio.EndOfStream:
        return b""
    except (anyio.BrokenResourceError, anyio.ClosedResourceError) as error:
        raise BrokenReplyError(str(error) or "it was reset") from error


async def _close(connections: Sequence[ByteStream]) -> None:
    if connections:
        with anyio.CancelScope(shield=True):
            for connection in connections:
                await anyio.aclose_forcefully(connection)
