"""The log of the latest requests and their replies."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import deque
from dataclasses import dataclass, replace
from itertools import takewhile
from operator import attrgetter
from typing import Any, Final

from airhaul.local_base.gate.answers import Answer, NoReply, TruncatedReply
from airhaul.local_base.protocol.request import Request

_REMEMBERED: Final = 10_000
_REPLIES_REMEMBERED: Final = 300
_LONGEST_REPLY: Final = 65_536
_BODY_BYTES: Final = 16_000_000
_number = attrgetter("number")


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """A request and how it was answered. It contains no token.

    Args:
        method: The HTTP method.
        path: The path, percent-encoded.
        query: Name and value pairs, decoded.
        body: The JSON body; None without one, or if it is no longer kept.
        status: The reply's status; 0 without a reply.
        at: When it arrived, on the local base's clock.
        fault: The kind of fault that happened to it, or None.
        seconds: How long the reply took, including the latency that is set.
        base_id: The base in its path, or None.
        client: The client's ``User-Agent``, or None.
        number: Its number among all requests ever logged, from 1, in the order of the replies.
        json_bytes: The size of the JSON body as received, in bytes.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    body: Any
    status: int
    at: float
    fault: str | None = None
    seconds: float = 0.0
    base_id: str | None = None
    client: str | None = None
    number: int = 0
    json_bytes: int = 0


class RequestLog(deque[LoggedRequest]):
    """The last 10,000 requests, the oldest first, and the bodies of the last 300 replies.

    The latest 16 MB of request bodies are kept, and the last one whatever its size; bodies of
    replies are cut after 65,536 bytes. Clearing the log does not restart the numbers.
    """

    def __init__(self) -> None:
        super().__init__(maxlen=_REMEMBERED)
        self._lock = threading.Lock()
        self._last = 0
        self._replies: deque[tuple[int, bytes]] = deque(maxlen=_REPLIES_REMEMBERED)
        self._bodies: deque[tuple[int, int]] = (
            deque()
        )  # numbers and sizes of the bodies that are kept
        self._bytes = 0

    def after_fork(self) -> None:
        """Create a new lock: in a child process, no thread is left to release the old one."""
        self._lock = threading.Lock()

    def clear(self) -> None:
        """Remove all requests."""
        with self._lock:
            super().clear()

    @property
    def last_number(self) -> int:
        """The number of the latest request; 0 before the first."""
        return self._last

    def note(
        self, request: Request, answer: Answer, *, at: float, fault: str | None, seconds: float
    ) -> None:
        """Number a request and log it.

        Args:
            request: The request.
            answer: Its answer.
            at: When it arrived, on the local base's clock.
            fault: The kind of fault that happened to it, or None.
            seconds: How long the reply took.
        """
        sent = answer.reply if isinstance(answer, TruncatedReply) else answer
        status, reply = (0, b"") if isinstance(sent, NoReply) else (sent.status, sent.body)
        with self._lock:
            number = self._last + 1
            self._replies.append((number, reply[:_LONGEST_REPLY]))
            logged = LoggedRequest(
                request.method,
                request.path,
                request.query,
                request.body,
                status,
                at,
                fault,
                seconds,
                request.base_id,
                request.client,
                number,
                request.json_bytes,
            )
            self.append(logged)
            self._forget_bodies(logged)
            self._last = number  # last, so that whoever reads it finds the request

    def _forget_bodies(self, latest: LoggedRequest) -> None:
        self._bodies.append((latest.number, latest.json_bytes))
        self._bytes += latest.json_bytes
        while len(self._bodies) > 1 and (
            self._bytes > _BODY_BYTES or len(self._bodies) > _REMEMBERED
        ):
            number, size = self._bodies.popleft()
            self._bytes -= size
            place = bisect_left(self, number, key=_number)
            if self[place].number == number and self[place].body is not None:
                self[place] = replace(self[place], body=None)

    def since(self, number: int) -> list[LoggedRequest]:
        """Return the requests after a number, the latest first."""
        latest = reversed(self.copy_now())
        return list(takewhile(lambda request: request.number > number, latest))

    def copy_now(self) -> list[LoggedRequest]:
        """Return a copy of the log, safe while other threads add to it."""
        with self._lock:
            return list(self)

    def find(self, number: int) -> tuple[LoggedRequest, bytes | None] | None:
        """Find a request by its number.

        Args:
            number: The number.

        Returns:
            The request and the body of its reply, which is None if it is no longer kept; None if
            the request is no longer kept.
        """
        with self._lock:
            found = next((request for request in self if request.number == number), None)
            return None if found is None else (found, dict(self._replies).get(number))
