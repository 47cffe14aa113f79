"""How often may be asked, and how much in a month.

Source: https://airtable.com/developers/web/api/rate-limits. How the penalty is counted is not
published; here it runs from the request that broke the limit, and requests within it do not prolong
it. Nor is what follows on too many CSV synchronisations; here they are refused, and lock nothing
out. Of the monthly quota only reports are known: data calls are refused until the month ends, while
those for metadata go on.
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
        clock: Seconds that never go back.
        requests_per_second: The limit of each base; None for none.
        penalty_s: For how long a base is locked out after breaking it, in seconds.
        retry_after: Whether refusals say how many seconds are left of that.
        monthly_quota: How many data requests are answered; None for any number.
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
        """The limit of each base; None for none. Setting it ends all penalties."""
        return self._per_base

    @requests_per_second.setter
    def requests_per_second(self, limit: int | None) -> None:
        self._per_base = limit
        self._locked_until.clear()

    @property
    def quota_left(self) -> int | None:
        """How many data requests are still answered this month; None for any number."""
        return self._left

    @quota_left.setter
    def quota_left(self, left: int | None) -> None:
        self._left = left

    @property
    def penalty_s(self) -> float:
        """For how long a base is locked out after breaking its limit, in seconds."""
        return self._penalty_s

    def locked_until(self, since: float) -> dict[str, float]:
        """When the last penalty of each base ends or ended, on the clock.

        Args:
            since: Penalties that were over by then are left out.
        """
        ends = self._locked_until.copy()
        return {whose: end for whose, end in ends.items() if end > since and is_id(whose, "app")}

    def count(self, base_id: str | None, person: str | None) -> None:
        """Count a request against its base, and against whose it is.

        Raises:
            Refusal: One of them is over its limit, or locked out.
        """
        if self._per_base is None:
            return
        now = self._clock()
        if base_id is not None:
            self._count(base_id, self._per_base, now)
        if person is not None:
            self._count(person, REQUESTS_PER_SECOND_PER_TOKEN, now)

    def count_sync(self, base_id: str) -> None:
        """Count a CSV synchronisation against its base.

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
        """Count a data request against the month.

        Raises:
            Refusal: There is none left.
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
    """Forget what was seen up to a time, and tell whether there may be one more."""
    while seen and seen[0] <= since:
        seen.popleft()
    return len(seen) < limit
