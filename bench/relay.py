"""A relay before the server that loses replies: what a broken link does to a client.

The server's own faults answer with something, if only a status line. Here the request is carried
out, its reply arrives at the relay, and the client's connection is closed without a byte of it.
"""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field
from random import Random
from typing import Final, Self
from urllib.parse import urlsplit

_HOST: Final = "127.0.0.1"
_PIECE: Final = 65_536


@dataclass
class Losses:
    """Which replies are lost: the same ones in each run.

    Args:
        method: Those to requests of this method.
        probability: How many of them, from 0 to 1.
        times: And at most so many.
    """

    method: str
    probability: float
    times: int
    _random: Random = field(default_factory=lambda: Random(1))  # noqa: S311 - it is to repeat

    def next(self, method: str) -> bool:
        """Decide about a reply to a request of a method."""
        if method != self.method or not self.times or self._random.random() >= self.probability:
            return False
        self.times -= 1
        return True


class Relay:
    """A relay to a server, in a thread of its own.

    Args:
        url: The server.
        losses: Which replies are lost.
    """

    def __init__(self, url: str, losses: Losses) -> None:
        self._port = urlsplit(url).port
        self._losses = losses
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.url = ""

    def __enter__(self) -> Self:
        """Start."""
        self._thread.start()
        start = asyncio.start_server(self._carry, _HOST, 0)
        server = asyncio.run_coroutine_threadsafe(start, self._loop).result()
        self.url = f"http://{_HOST}:{server.sockets[0].getsockname()[1]}"
        return self

    def __exit__(self, *_: object) -> None:
        """Stop; what is still open goes with the process."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(_HOST, self._port)
        waiting = ""  # the method of the request that waits for its reply

        async def requests() -> None:
            nonlocal waiting
            while piece := await reader.read(_PIECE):
                waiting = waiting or piece.split(b" ", 1)[0].decode("ascii")
                far_writer.write(piece)
            far_writer.close()

        sending = asyncio.ensure_future(requests())
        while piece := await far_reader.read(_PIECE):
            if waiting and self._losses.next(waiting):
                break
            waiting = ""
            writer.write(piece)
        sending.cancel()
        writer.close()
        far_writer.close()
