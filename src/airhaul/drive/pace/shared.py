"""A pace that several threads may use, and processes if there is a host."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Final

from airhaul.bulk.engine.pacer import Pacer, Window
from airhaul.bulk.engine.slots import Slot
from airhaul.drive.pace.host import Host, HostSlots

# Another process looks at the slots just now, for some microseconds.
_ASK_AGAIN_S: Final = 0.001
_PATIENCE_S: Final = 0.02


class SharedPace:
    """A pace that several threads may use at the same time, and processes if there is a host.

    Args:
        windows: The limits of every request; that of the base is the first.
        lock: Held while it is used; the same for all that share a window.
        apply_rates: Brings the rates of the windows up to date; looked at for each request, because
            a connection may be gone without having been closed.
        host: Where the processes of this host share these slots; None if they do not.
        asked_by: A number that tells this process from the others.
    """

    def __init__(
        self,
        windows: Sequence[Window],
        lock: threading.Lock,
        apply_rates: Callable[[], None] | None = None,
        host: Host | None = None,
        asked_by: int = 0,
    ) -> None:
        self._pacer = Pacer(windows, asked_by)
        self._lock = lock
        self._apply_rates = apply_rates or _do_nothing
        self._host = host
        self._slots = [each.slots for each in windows if isinstance(each.slots, HostSlots)]
        self._changes: list[Callable[[], None]] = []

    @property
    def requests_per_second(self) -> float | None:
        """The most requests that may leave in the long run, or None for any number."""
        with self._lock:
            self._apply_rates()
            return self._pacer.requests_per_second

    def hand_over(self, slot: Slot, now: float) -> float:
        """Hand over a request that is about to leave; else learn when to ask again."""
        return self._ask(self._pacer.hand_over, slot, now)

    def leave(self, slot: Slot, now: float) -> float:
        """Leave, if a request that was handed over may; else learn when to ask again."""
        return self._ask(self._pacer.leave, slot, now)

    def _ask(self, ask: Callable[[Slot, float], float], slot: Slot, now: float) -> float:
        with self._lock:
            try:
                return ask(slot, now) if self._begin() else now + _ASK_AGAIN_S
            finally:
                self._end()

    def written(self, slot: Slot, at: float) -> None:
        """Note when a request was written to its connection."""
        self._change(lambda: self._pacer.written(slot, at))

    def answered(self, slot: Slot, now: float, *, with_success: bool) -> None:
        """Note that a request was answered, or that no answer will come."""
        self._change(lambda: self._pacer.answered(slot, now, with_success=with_success))

    def pause(self, until: float) -> None:
        """Let nothing leave before a time."""
        self._change(lambda: self._pacer.pause(until))

    def _change(self, change: Callable[[], None]) -> None:
        """Change something now, or before the next request if another process takes too long."""
        with self._lock:
            self._changes.append(change)
            try:
                self._begin(_PATIENCE_S)
            finally:
                self._end()

    def _begin(self, patience_s: float = 0.0) -> bool:
        """Begin to use the slots, if no other process does so just now."""
        self._apply_rates()
        host = None if self._pacer.is_open else self._host
        if host is not None and not host.take(self._slots, patience_s):
            return False
        changes, self._changes = self._changes, []
        for change in changes:
            change()
        return True

    def _end(self) -> None:
        """Leave the slots to the other processes, if they were taken."""
        if self._host is not None:
            self._host.give_back(self._slots)


def _do_nothing() -> None:
    """Nobody asks for another rate."""
