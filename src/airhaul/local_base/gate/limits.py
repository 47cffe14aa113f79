"""Rate limits, and the monthly quota.

Source: https://airtable.com/developers/web/api/rate-limits. How the lockout is counted is not
published; here it starts with the request that exceeds the limit, and requests during the lockout
do not extend it. What happens after too many CSV synchronizations is not published either; here
they are refused, without a lockout. The monthly quota is known from reports only: data requests are
refused until the month ends, and metadata requests still work.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable

from airhaul.local_base.protocol import refusal
from airhaul.wire.ids import is_id
from airhaul.wire.limits import (
    REQUESTS_PER_SECOND_PER_TOKEN,
    SYNCS_PER_BASE,
    SYNCS_PERIOD_S,
)


class Limits:
    """Rate limits, and the monthly quota.

    Args:
        clock: A monotonic clock, in seconds.
        requests_per_second: The rate limit of each base; None for no limit.
        penalty_s: Seconds for which a base is locked out after its rate limit was exceeded.
        retry_after: Whether refusals name the seconds left of the lockout.
        monthly_quota: How many data requests are answered; None for no quota.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        requests_per_second: int | None,
        penalty_s: float,
        retry_after: bool,
        monthly_quota: int | None,
    ) -> None:
        self._clock = clock
        self._per_base = requests_per_second
        self._penalty_s = penalty_s
        self._retry_after = retry_after
        self._left = monthly_quota
        self._seen: defaultdict[str, deque[float]] = defaultdict(deque)
        self._locked_until: dict[str, float] = {}
        self._syncs: defaultdict[str, deque[float]] = defaultdict(deque)

    @property
    def requests_per_second(self) -> int | None:
        """The rate limit of each base; None for no limit. Setting it ends all lockouts."""
        return self._per_base

    @requests_per_second.setter
    def requests_per_second(self, limit: int | None) -> None:
        self._per_base = limit
        self._locked_until.clear()

    @property
    def quota_left(self) -> int | None:
        """How many data requests are left this month; None for no quota."""
        return self._left

    @quota_left.setter
    def quota_left(self, left: int | None) -> None:
        self._left = left

    @property
    def penalty_s(self) -> float:
        """Seconds for which a base is locked out after its rate limit was exceeded."""
        return self._penalty_s

    def locked_until(self, since: float) -> dict[str, float]:
        """Return when the last lockout of each base ends or ended, on the clock.

        Args:
            since: Lockouts that ended before this time are left out.
        """
        ends = self._locked_until.copy()
        return {whose: end for whose, end in ends.items() if end > since and is_id(whose, "app")}

    def count(self, base_id: str | None, person: str | None) -> None:
        """Count a request against the limits of its base and its person.

        Raises:
            Refusal: One of them exceeded its limit, or is locked out.
        """
        if self._per_base is None:
            return
        now = self._clock()
        if base_id is not None:
            self._count(base_id, self._per_base, now)
        if person is not None:
            self._count(person, REQUESTS_PER_SECOND_PER_TOKEN, now)

    def count_sync(self, base_id: str) -> None:
        """Count a CSV synchronization against its base.

        Raises:
            Refusal: There were too many in five minutes.
        """
        if self._per_base is None:
            return
        now = self._clock()
        if not _has_room(self._syncs[base_id], SYNCS_PER_BASE, now - SYNCS_PERIOD_S):
            raise refusal.rate_limited()
        self._syncs[base_id].append(now)

    def spend(self) -> None:
        """Count a data request against the monthly quota.

        Raises:
            Refusal: The quota is used up.
        """
        if self._left is None:
            return
        if self._left <= 0:
            raise refusal.quota_exceeded()
        self._left -= 1

    def _count(self, whose: str, limit: int, now: float) -> None:
        if now < self._locked_until.get(whose, now):
            raise self._locked(whose, now)
        seen = self._seen[whose]
        if not _has_room(seen, limit, now - 1.0):
            self._locked_until[whose] = now + self._penalty_s
            raise self._locked(whose, now)
        seen.append(now)

    def _locked(self, whose: str, now: float) -> refusal.Refusal:
        left_s = self._locked_until[whose] - now
        return refusal.rate_limited(left_s if self._retry_after else None)


def _has_room(seen: deque[float], limit: int, since: float) -> bool:
    """Drop requests up to a time, and return whether one more fits the limit."""
    while seen and seen[0] <= since:
        seen.popleft()
    return len(seen) < limit
