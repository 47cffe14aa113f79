"""What time it is for the service, told by the ``Date`` headers of its replies.

A ``Date`` has whole seconds and was written somewhere between the sending of a request and the
coming of its reply. So each reply gives a lowest and a highest value for how far the service's
clock is ahead of ours, and many replies narrow them down.
"""

from __future__ import annotations

import math
from collections import deque
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

_GRAIN_S: Final = 1.0
# More than what the rounding of floats can come to; without it a second could begin too early.
_ROUNDING_S: Final = 1e-6
# Clocks drift and are set; only what the latest replies say is believed.
_REMEMBERED: Final = 50


class ServerClock:
    """The service's clock, as far as its replies tell it."""

    def __init__(self) -> None:
        self._bounds: deque[tuple[float, float]] = deque(maxlen=_REMEMBERED)

    def observe(self, sent_at: float, came_at: float, date: str | None) -> None:
        """Learn from a reply.

        Args:
            sent_at: When its request was sent, in seconds on our clock.
            came_at: When it came.
            date: Its ``Date`` header; nothing is learnt from one that is missing or malformed.
        """
        if date is None:
            return
        try:
            told = parsedate_to_datetime(date)
        except ValueError:
            return
        seconds = told.replace(tzinfo=told.tzinfo or UTC).timestamp()
        # A reply served from a cache tells an older time than the request's; it cannot be told
        # apart from a clock that is behind, and at worst widens what is looked through.
        self._bounds.append((seconds - came_at, seconds + _GRAIN_S - sent_at))

    @property
    def is_known(self) -> bool:
        """Whether any reply has told the time."""
        return bool(self._bounds)

    def earliest(self, at: float) -> datetime:
        """The earliest time that it can have been for the service at a moment of ours.

        Args:
            at: In seconds on our clock.

        Returns:
            The time, cut to whole seconds as ``createdTime`` is.
        """
        assert self._bounds, "no reply has told the time yet"
        bounds = self._bounds.copy()
        ahead = max(low for low, _ in bounds)
        if ahead > min(high for _, high in bounds):
            # The replies contradict one another: a clock was set. The widest guess is safe.
            ahead = min(low for low, _ in bounds)
        whole = math.floor(at + ahead - _ROUNDING_S)
        return datetime.fromtimestamp(0, UTC) + timedelta(seconds=whole)
