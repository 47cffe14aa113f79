"""The pace: how many requests may leave in a second, told without a clock of its own.

A slot is booked for each request. A request leaves when its slot has come, and the slot is stamped
again with the moment at which the request was really written: opening a connection takes time that
the service does not see, and would otherwise push requests together at its end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

# Requests travel unevenly; two per cent keep a sixth from arriving within the second.
_MARGIN: Final = 1.02


@dataclass(slots=True, eq=False)
class Slot:
    """The place of one request in the pace.

    Args:
        at: When it may leave, and later when it left; seconds on the caller's clock.
    """

    at: float


class Pace(Protocol):
    """What a job asks about time; shared by all jobs of a base."""

    def book(self, now: float) -> Slot:
        """Take the next free slot."""
        ...

    def opens_at(self, slot: Slot) -> float:
        """When a request with this slot may leave, pauses included."""
        ...

    def pause(self, until: float) -> None:
        """Let nothing leave before a time."""
        ...


class Window:
    """At most so many requests in any period.

    Args:
        requests: How many.
        period_s: In how many seconds.
    """

    def __init__(self, requests: int, period_s: float = 1.0) -> None:
        self._slots: deque[Slot] = deque(maxlen=requests)
        self._requests = requests
        self._period_s = period_s * _MARGIN

    def free_at(self, now: float) -> float:
        """The earliest time at which one more request fits."""
        if len(self._slots) < self._requests:
            return now
        return max(now, self._slots[0].at + self._period_s)

    def add(self, slot: Slot) -> None:
        """Count a request."""
        self._slots.append(slot)


class Pacer:
    """The pace of one base and one token; not safe to share between threads by itself.

    Args:
        windows: The limits that hold at once; a window may be shared with other pacers.
    """

    def __init__(self, windows: Sequence[Window]) -> None:
        self._windows = tuple(windows)
        self._paused_until = float("-inf")

    def book(self, now: float) -> Slot:
        """Take the next free slot.

        Args:
            now: The time, in seconds.

        Returns:
            A slot at ``now`` or later.
        """
        earliest = max(now, self._paused_until)
        slot = Slot(max((window.free_at(earliest) for window in self._windows), default=earliest))
        for window in self._windows:
            window.add(slot)
        return slot

    def opens_at(self, slot: Slot) -> float:
        """When a request with this slot may leave, pauses included."""
        return max(slot.at, self._paused_until)

    def left(self, slot: Slot, at: float) -> None:
        """Stamp a slot with the moment at which its request was written."""
        slot.at = max(slot.at, at)

    def pause(self, until: float) -> None:
        """Let nothing leave before a time, and keep the pace from there on.

        Args:
            until: In seconds, on the clock of ``now``.
        """
        self._paused_until = max(self._paused_until, until)
