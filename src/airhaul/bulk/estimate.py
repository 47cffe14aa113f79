"""How much time is left, from what was done lately and from the pace that may not be passed."""

from __future__ import annotations

from collections import deque
from typing import Final

_LATELY_S: Final = 30.0


class Estimate:
    """Tells how much time is left.

    Args:
        total: How many rows there are, or None while that is not known.
        rows_per_second: What the pace allows at most, or None for any number.
    """

    def __init__(self, total: int | None, rows_per_second: float | None) -> None:
        self._total = total
        self._most = rows_per_second
        self._lately: deque[tuple[float, int]] = deque()

    def note(self, done: int, now: float) -> None:
        """Learn how many rows are settled by now."""
        self._lately.append((now, done))
        while len(self._lately) > 2 and self._lately[1][0] <= now - _LATELY_S:
            self._lately.popleft()

    def seconds_left(self) -> float | None:
        """The time left, in seconds; None while it cannot be told."""
        if self._total is None or not self._lately:
            return None
        (began, done_then), (now, done) = self._lately[0], self._lately[-1]
        seen = (done - done_then) / (now - began) if now > began and done > done_then else None
        rates = [rate for rate in (seen, self._most) if rate is not None]
        if not rates:
            return None
        return max(0, self._total - done) / min(rates)
