"""An awaitable transport made of a blocking one, for the local base under an event loop."""

from __future__ import annotations

from airhaul.wire.call import Call, Reply, Sent, Transport


class InThread:
    """Sends each call on a worker thread, so that the event loop keeps running.

    Args:
        transport: The blocking transport; whoever made it closes it.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def send(self, call: Call, on_sent: Sent) -> Reply:
        """Send ``call`` on a worker thread and wait for the reply."""
        import anyio.to_thread  # only programs that await need it

        return await anyio.to_thread.run_sync(self._transport.send, call, on_sent)
