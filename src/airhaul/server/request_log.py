"""What came, and how it was answered; the latest of it."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any, Final

_REMEMBERED: Final = 10_000
_REPLIES_REMEMBERED: Final = 300
_LONGEST_REPLY: Final = 65_536


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """A request that came, and how it was answered. No token is in it.

    Args:
        method: The HTTP method.
        path: The path, percent-encoded.
        query: Name and value pairs, decoded.
        body: The JSON body, or None.
        status: The reply's status; 0 if none went out.
        at: When it came, on the emulator's clock.
        fault: The kind of fault that happened to it, or None.
        seconds: How long the reply took, with the latency that it is held back for.
        base_id: The base that its path names, or None.
        client: Who asked, in the words of its ``User-Agent``, or None.
        number: Its place among all that were ever logged, from 1, in the order of the replies.
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


class RequestLog(deque[LoggedRequest]):
    """The last 10,000 requests, the oldest first, and the bodies of the last 300 replies.

    Longer bodies are cut after 65,536 bytes. Clearing it does not begin the numbers again.
    """

    def __init__(self) -> None:
        super().__init__(maxlen=_REMEMBERED)
        self._lock = threading.Lock()
        self._last = 0
        self._replies: deque[tuple[int, bytes]] = deque(maxlen=_REPLIES_REMEMBERED)

    def after_fork(self) -> None:
        """Take a new lock: in a child process, nobody is left to give the old one back."""
        self._lock = threading.Lock()

    @property
    def last_number(self) -> int:
        """The number of the latest request; 0 before the first."""
        return self._last

    def note(self, request: LoggedRequest, reply: bytes) -> None:
        """Give a request its number, and remember it.

        Args:
            request: The request.
            reply: The body of what was answered.
        """
        with self._lock:
            number = self._last + 1
            self._replies.append((number, reply[:_LONGEST_REPLY]))
            self.append(replace(request, number=number))
            self._last = number  # at the end, so that whoever sees it finds the request

    def since(self, number: int) -> list[LoggedRequest]:
        """The requests after a number, the latest first."""
        latest = reversed(self.copy_now())
        return list(takewhile(lambda request: request.number > number, latest))

    def copy_now(self) -> list[LoggedRequest]:
        """All of them at this moment, while others may come."""
        with self._lock:
            return list(self)

    def find(self, number: int) -> tuple[LoggedRequest, bytes | None] | None:
        """Look a request up.

        Args:
            number: Its number.

        Returns:
            The request, with the body of its reply or None where that is forgotten; None if the
            request is forgotten too.
        """
        with self._lock:
            found = next((request for request in self if request.number == number), None)
            return None if found is None else (found, dict(self._replies).get(number))
