"""Background tasks: work that follows a request, on a few threads."""

from __future__ import annotations

import heapq
import itertools
import os
import threading
import time
from collections.abc import Callable
from typing import Final

_THREADS: Final = 4
_PATIENCE_S: Final = 1.0

Task = Callable[[], object]


class Background:
    """Runs tasks when they are due; threads are started when the first tasks are scheduled.

    A forked child process starts with no tasks: its parent runs those scheduled before the fork.
    """

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._condition = threading.Condition()
        self._planned: list[tuple[float, int, str, Task]] = []
        self._keys: set[str] = set()
        self._order = itertools.count()
        self._threads: list[threading.Thread] = []
        self._is_open = True

    def later(self, delay_s: float, key: str, task: Task) -> None:
        """Schedule a task; it does not run if ``close`` is called first.

        Args:
            delay_s: The delay in seconds.
            key: The subject of the task; while a task with this key waits, others are ignored.
            task: The function to call.
        """
        if self._process != os.getpid():
            self._begin()
        with self._condition:
            if not self._is_open or key in self._keys:
                return
            self._keys.add(key)
            due = time.monotonic() + delay_s
            heapq.heappush(self._planned, (due, next(self._order), key, task))
            self._condition.notify()
            if len(self._threads) < _THREADS:
                thread = threading.Thread(target=self._run, name="airhaul-background", daemon=True)
                self._threads.append(thread)
                thread.start()

    def _run(self) -> None:
        while (task := self._next()) is not None:
            task()

    def _next(self) -> Task | None:
        with self._condition:
            while self._is_open:
                left = self._planned[0][0] - time.monotonic() if self._planned else None
                if left is not None and left <= 0:
                    *_, key, task = heapq.heappop(self._planned)
                    self._keys.remove(key)
                    return task
                self._condition.wait(left)
            return None

    def close(self) -> None:
        """Start no more tasks, and wait briefly for those in progress."""
        if self._process != os.getpid():
            return
        with self._condition:
            self._is_open = False
            self._condition.notify_all()
        deadline = time.monotonic() + _PATIENCE_S
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
