"""The pace: how many requests may leave in a second; the caller provides the time.

A slot is booked for each request; the sixth of a base waits for the first, the seventh for the
second, and so on. What counts is when the service sees a request. That is later than when it was
sent, by a time that varies: connections are opened, threads are woken. So the time of a slot is
corrected when the request is written and when its reply comes, and the slots that wait for it move
with it.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

# How far the clocks of both sides may drift apart within a second.
_MARGIN: Final = 1.015
# The first requests after a rest take longer on their way than those that follow them.
_COLD_S: Final = 0.08
# A late reply means that the request came late or that the service was slow. At most this much is
# attributed to the former, and what the margin covers anyway does not count.
_MOST_LATE_S: Final = 0.05
_COVERED_S: Final = 0.012
_COMPARED: Final = 10
# Requests that leave together delay one another on their way, and arrive less evenly.
_GAP_S: Final = 0.03


@dataclass(slots=True, eq=False)
class Slot:
    """The place of one request in the pace.

    Args:
        at: When it may leave; after that, when it left, as far as is known.
        waits_for: The slots that must be a period old before it, with that period in seconds.
        cold: Whether it comes after a rest, with none or only old ones to wait for.
        departed: Whether its request was sent.
    """

    at: float
    waits_for: tuple[tuple[Slot, float], ...] = ()
    cold: bool = False
    departed: bool = False


class Pace(Protocol):
    """When a job may send; shared by all jobs of a base."""

    @property
    def requests_per_second(self) -> float | None:
        """The most requests that may leave in the long run, or None for any number."""
        ...

    def book(self, now: float) -> Slot:
        """Take the next free slot."""
        ...

    def opens_at(self, slot: Slot) -> float:
        """When a request with this slot may leave, as far as is known now."""
        ...

    def depart(self, slot: Slot, now: float) -> None:
        """Note that a request is sent now."""
        ...

    def returned(self, slot: Slot, now: float) -> None:
        """Note that a request was answered with success."""
        ...

    def pause(self, until: float) -> None:
        """Let nothing leave before a time."""
        ...


class Window:
    """At most so many requests in any period: a second, or a little more for a fraction.

    Args:
        rate: How many in a second: 5 are five in any second, 2.5 three in any 1.2 seconds, and 0.5
            one in any two seconds; infinity for no limit.
    """

    def __init__(self, rate: float) -> None:
        self._slots: deque[Slot] = deque(maxlen=1)
        self._requests, self._period_s = 1, 0.0
        self.set_rate(rate)

    @property
    def is_open(self) -> bool:
        """Whether there is no limit."""
        return math.isinf(self._rate)

    @property
    def requests_per_second(self) -> float:
        """The most requests that may leave in the long run."""
        return self._rate / _MARGIN

    def set_rate(self, rate: float) -> None:
        """Allow another number of requests from the next one on; as of the class."""
        self._rate = rate
        if self.is_open:
            return
        self._requests = math.ceil(rate)
        self._period_s = self._requests / rate * _MARGIN
        if self._requests > (self._slots.maxlen or 0):
            # Never fewer than before: a number that falls and rises again must not forget any.
            self._slots = deque(self._slots, maxlen=self._requests)

    def predecessor(self) -> tuple[Slot, float] | None:
        """The slot that the next one has to wait for, with the period; None while there is room."""
        if self.is_open or len(self._slots) < self._requests:
            return None
        first = self._slots[-self._requests]
        return first, self._period_s + (_COLD_S if first.cold else 0.0)

    def add(self, slot: Slot) -> None:
        """Count a request."""
        self._slots.append(slot)


class Pacer:
    """The pace of one base; not safe to share between threads by itself.

    Args:
        windows: The limits of every request.
    """

    def __init__(self, windows: Sequence[Window]) -> None:
        self._windows = tuple(windows)
        self._paused_until = -math.inf
        self._latest: Slot | None = None
        # Only the latest: reads and writes, large and small requests take different times.
        self._took_s: deque[float] = deque(maxlen=_COMPARED)

    @property
    def requests_per_second(self) -> float | None:
        """The most requests that may leave in the long run, or None for any number."""
        return self.requests_per_second_with()

    def requests_per_second_with(self, *more: Window) -> float | None:
        """The same under further limits, as of ``book``."""
        windows = (*self._windows, *more)
        lowest = min((window.requests_per_second for window in windows), default=math.inf)
        return None if math.isinf(lowest) else lowest

    def book(self, now: float, *more: Window) -> Slot:
        """Take the next free slot.

        Args:
            now: The time, in seconds.
            *more: Further limits for this request, such as that of its token.

        Returns:
            A slot at ``now`` or later.
        """
        windows = (*self._windows, *more)
        found = [window.predecessor() for window in windows]
        slot = Slot(now, tuple(pair for pair in found if pair is not None))
        slot.cold = all(before.at < now - 2 * period_s for before, period_s in slot.waits_for)
        if self._latest is not None and not all(window.is_open for window in windows):
            slot.waits_for += ((self._latest, _GAP_S),)
        self.opens_at(slot)
        for window in windows:
            window.add(slot)
        self._latest = slot
        return slot

    def opens_at(self, slot: Slot) -> float:
        """When a request with this slot may leave, as far as is known now.

        The time is kept in the slot, for the slots that wait for it. Each caller asks again when
        its time has come, so only a slot's own few predecessors have to be looked at.

        Args:
            slot: A slot whose request has not left.

        Returns:
            The time, in seconds; it can move to later as more becomes known.
        """
        for before, period_s in slot.waits_for:
            at = before.at if before.departed else max(before.at, self._paused_until)
            slot.at = max(slot.at, at + period_s)
        slot.at = max(slot.at, self._paused_until)
        return slot.at

    def depart(self, slot: Slot, now: float) -> None:
        """Note that a request is sent now."""
        slot.at = max(slot.at, now)
        slot.departed = True
        slot.waits_for = ()  # no longer needed, and the chain would never be freed

    def left(self, slot: Slot, at: float) -> None:
        """Note when a request was written to its connection."""
        slot.at = max(slot.at, at)

    def returned(self, slot: Slot, now: float) -> None:
        """Note that a request was answered with success.

        Args:
            slot: Its slot.
            now: When the reply came.
        """
        took_s = now - slot.at
        self._took_s.append(took_s)
        late_s = min(took_s - min(self._took_s), _MOST_LATE_S)
        slot.at += max(0.0, late_s - _COVERED_S)

    def pause(self, until: float) -> None:
        """Let nothing leave before a time, and keep the pace from there on.

        Args:
            until: In seconds, on the clock of ``now``.
        """
        self._paused_until = max(self._paused_until, until)
