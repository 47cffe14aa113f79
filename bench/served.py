"""A server of a local base in a process of its own, that can be asked, and killed."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlsplit

_HEADERS: Final = {"Authorization": "Bearer pat.x", "Content-Type": "application/json"}
_SERVE: Final = "import sys; from airhaul.cli.app import main; sys.exit(main())"


class Served:
    """``airhaul serve`` on a file.

    Args:
        file: The base's file.
    """

    def __init__(self, file: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SERVE, "serve", "--local", str(file), "--port", "0"],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None, "opened as a pipe"
        said = self._process.stdout.readline().split()
        if not said:
            raise RuntimeError(f"the server of {file} did not start; see above")
        self.base_id = said[3]
        self.port = urlsplit(said[-1]).port or 0

    def kill(self) -> None:
        """End it as nothing can be prepared for: by SIGKILL."""
        self._end(signal.SIGKILL)

    def _end(self, by: signal.Signals) -> None:
        self._process.send_signal(by)
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def __enter__(self) -> Self:
        """Use it until the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let it stop."""
        self._end(signal.SIGTERM)


class Client:
    """One connection to a server, without any client's own cost.

    Args:
        port: The server's port.
    """

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._connection.connect()
        # Head and body leave in two packets, and the second would wait for an answer to the first.
        self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        """Ask, and give the status and the answer.

        Args:
            method: The HTTP method.
            path: The path with its query.
            body: The JSON to send; None for none.
        """
        text = None if body is None else json.dumps(body)
        self._connection.request(method, path, text, _HEADERS)
        reply = self._connection.getresponse()
        return reply.status, json.loads(reply.read())

    def close(self) -> None:
        """Close it."""
        self._connection.close()
