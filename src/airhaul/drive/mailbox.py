"""A mailbox: what other threads, or a signal handler, leave for the thread that drives a job."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """A queue that one thread reads.

    ``queue.SimpleQueue`` is one, too, but its ``get`` may wait forever: when it wakes for an item
    that it has handed over before, and its time has passed meanwhile. ``queue.Queue`` cannot be
    used by a signal handler.
    """

    def __init__(self) -> None:
        self._items = deque[T]()
        self._news = threading.Lock()
        self._news.acquire()

    def put(self, item: T) -> None:
        """Leave an item, and wake the reader."""
        self._items.append(item)
        with suppress(RuntimeError):  # the reader is woken already
            self._news.release()

    def get(self, timeout_s: float | None) -> T | None:
        """Take the oldest item, or wait for one.

        Args:
            timeout_s: How long to wait, in seconds; None for as long as it takes.

        Returns:
            The item. None if there is none yet, also if the time has not passed: ask again then.
        """
        if not self._items:
            self._news.acquire(timeout=-1 if timeout_s is None else timeout_s)
        return self._items.popleft() if self._items else None
