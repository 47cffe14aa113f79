"""The API over HTTP, and what goes wrong on the way."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Literal, Self, get_args
from urllib.parse import parse_qsl, urlsplit

from plain_airtable.api import Api, Asked
from plain_airtable.table import Refusal, Table

Mishap = Literal[
    "close-before",
    "close-after",
    "truncated",
    "500-before",
    "500-after",
    "503-before",
    "503-after",
    "429",
    "timeout-late",
]
"""What happens to a request: ``-before`` it is carried out, or ``-after``; ``timeout-late`` is
carried out when its client has given up."""

MISHAPS: Final[tuple[Mishap, ...]] = get_args(Mishap)
_LATE_S: Final = 0.45
_RETRY_AFTER_S: Final = 0.05
_BUSY: Final = {"errors": [{"error": "RATE_LIMIT_REACHED", "message": "Rate limit exceeded."}]}
_FAILED: Final = {"error": {"type": "SERVER_ERROR", "message": "Something went wrong."}}
_RETRIABLE: Final = {"error": {"type": "RETRIABLE_ERROR", "message": "It is safe to retry."}}

Plan = Callable[[Asked], Mishap | None]
"""Decides what happens to each request, one after the other."""


@dataclass(frozen=True)
class Served:
    """A request that was served.

    Args:
        at: When it was carried out.
        asked: The request.
        mishap: What happened to it.
        answer: The JSON of its answer, whether or not that arrived; None if it was refused, or was
            not carried out.
    """

    at: datetime
    asked: Asked
    mishap: Mishap | None
    answer: Any


class Server(ThreadingHTTPServer):
    """A server of one table, in threads of this process.

    Args:
        name: The name of the table.
        fields: Its fields, as the metadata API describes them.
    """

    daemon_threads = True

    def __init__(self, name: str, fields: Sequence[dict[str, Any]]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.api = Api(Table(name, fields))
        self.served: list[Served] = []
        self.happened = Counter[Mishap]()
        self.plan: Plan = lambda _: None
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self._lock = threading.Lock()
        self._at_work = 0

    def __enter__(self) -> Self:
        """Serve until the end of the block."""
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving."""
        self.shutdown()
        self.server_close()

    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that have gone."""

    def decide(self, asked: Asked) -> Mishap | None:
        """Decide what happens to a request that has arrived, and count it as being at work."""
        with self._lock:
            mishap = self.plan(asked)
            if mishap is not None:
                self.happened[mishap] += 1
            self._at_work += 1
            return mishap

    def carry_out(self, asked: Asked, mishap: Mishap | None) -> tuple[int, Any]:
        """Carry a request out, unless something happens before, and return status and answer."""
        with self._lock:
            answer: Any = None
            status, body = 200, None
            if mishap != "429" and not (mishap or "").endswith("-before"):
                try:
                    body = answer = self.api.answer(asked)
                except Refusal as refusal:
                    status, body = refusal.status, refusal.body
            self.served.append(Served(datetime.now(UTC), asked, mishap, answer))
            return status, body

    def end(self) -> None:
        """Count a request as done."""
        with self._lock:
            self._at_work -= 1

    def settle(self) -> None:
        """Wait until no request is at work any more."""
        while self._at_work:
            time.sleep(0.005)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _handle(self) -> None:
        asked = self._asked()
        mishap = self.server.decide(asked)
        try:
            if mishap == "timeout-late":
                time.sleep(_LATE_S)
            status, body = self.server.carry_out(asked, mishap)
        finally:
            self.server.end()
        match mishap:
            case "close-before" | "close-after" | "timeout-late":
                self.close_connection = True
            case "truncated":
                self._send(status, body, most=0.5)
                self.close_connection = True
            case "500-before" | "500-after":
                self._send(500, _FAILED)
            case "503-before" | "503-after":
                self._send(503, _RETRIABLE)
            case "429":
                self._send(429, _BUSY, ("Retry-After", str(_RETRY_AFTER_S)))
            case None:
                self._send(status, body)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _handle  # noqa: N815 - http.server's names

    def _asked(self) -> Asked:
        length = int(self.headers.get("Content-Length") or 0)
        text = self.rfile.read(length)
        parts = urlsplit(self.path)
        kind, _, token = (self.headers.get("Authorization") or "").partition(" ")
        return Asked(
            self.command,
            parts.path,
            tuple(parse_qsl(parts.query, keep_blank_values=True)),
            json.loads(text) if text else None,
            token if kind == "Bearer" else None,
        )

    def _send(self, status: int, body: Any, *headers: tuple[str, str], most: float = 1.0) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        for name, value in (
            ("Content-Type", "application/json; charset=utf-8"),
            ("Content-Length", str(len(text))),
            *headers,
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text[: int(len(text) * most)])

    def log_message(self, *_: object) -> None:
        """Print nothing."""
