"""The service's clock, inferred from the ``Date`` headers of its replies.

A ``Date`` has whole seconds and was written at some time between the sending of a request and the
arrival of its reply. So each reply gives a lower and an upper bound of how far the service's clock
is ahead of ours, and many replies narrow them down.
"""

from __future__ import annotations

import math
from collections import deque
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

_GRAIN_S: Final = 1.0
# More than the rounding error of floats; without it a second could begin too early.
_ROUNDING_S: Final = 1e-6
# Clocks drift and are set; only the latest replies count.
_REMEMBERED: Final = 50


class ServerClock:
    """The service's clock, as far as its replies reveal it."""

    def __init__(self) -> None:
        self._bounds: deque[tuple[float, float]] = deque(maxlen=_REMEMBERED)

    def observe(self, sent_at: float, came_at: float, date: str | None) -> None:
        """Take the time of a reply.

        Args:
            sent_at: When its request was sent, in seconds on our clock.
            came_at: When it came.
            date: Its ``Date`` header; one that is missing or malformed is ignored.
        """
        if date is None:
            return
        try:
            date_time = parsedate_to_datetime(date)
        except ValueError:
            return
        seconds = date_time.replace(tzinfo=date_time.tzinfo or UTC).timestamp()
        # A reply from a cache has a time before the request's. It cannot be distinguished from a
        # clock that is behind, and at worst makes a search wider.
        self._bounds.append((seconds - came_at, seconds + _GRAIN_S - sent_at))

    @property
    def is_known(self) -> bool:
        """Whether any reply had a time."""
        return bool(self._bounds)

    def earliest(self, at: float) -> datetime:
        """The earliest time that the service's clock can have shown at a moment of ours.

        Args:
            at: In seconds on our clock.

        Returns:
            The time, cut to whole seconds as ``createdTime`` is.
        """
        assert self._bounds, "no reply had a time yet"
        bounds = self._bounds.copy()
        ahead = max(low for low, _ in bounds)
        if ahead > min(high for _, high in bounds):
            # The replies contradict one another: a clock was set. The widest guess is safe.
            ahead = min(low for low, _ in bounds)
        whole = math.floor(at + ahead - _ROUNDING_S)
        return datetime.fromtimestamp(0, UTC) + timedelta(seconds=whole)
