"""How long requests take, and how late they were by the times at which their replies came."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import Final, NamedTuple

from airhaul.bulk.engine.slots import Slot

# A late reply means that the request came late or that the service was slow. What the margin
# covers does not count.
COVERED_S: Final = 0.005
MOST_LATE_S: Final = 0.5
# Only the latest: large and small requests take different times.
_COMPARED: Final = 30
_ENOUGH: Final = 10
# Replies that take longer come when the sixth request may have left.
_TOO_LONG_TO_COMPARE_S: Final = 0.45
# Requests that are older make room for others already, even at low rates.
_STILL_COUNTS_S: Final = 3.0
# As long as nothing is known, as at the beginning, this long.
UNKNOWN_S: Final = 0.1
_MOST: Final = 0.9
_USUALLY_LATE_MOST_S: Final = 0.03


class _Answered(NamedTuple):
    """A request whose reply has come.

    Args:
        slot: Its slot.
        at: When the reply came.
        took_s: How long it took.
        late_s: How late it counts as having come.
    """

    slot: Slot
    at: float
    took_s: float
    late_s: float


class Durations:
    """How long requests take, by their kind: the latest ones."""

    def __init__(self) -> None:
        self._answered: defaultdict[str, deque[_Answered]] = defaultdict(
            lambda: deque(maxlen=_COMPARED)
        )
        self._late_s: deque[float] = deque(maxlen=_COMPARED)
        self._first: _Answered | None = None

    @property
    def usually_late_s(self) -> float:
        """How late most of the latest requests were at the most."""
        if not self._late_s:
            return 0.0
        late_s = sorted(self._late_s)[int(_MOST * len(self._late_s))]
        return min(late_s, _USUALLY_LATE_MOST_S)

    def least_s(self, kind: str) -> float | None:
        """The least that a request of a kind took; None as long as few are known."""
        answered = self._answered.get(kind, ())
        return min(each.took_s for each in answered) if len(answered) >= _ENOUGH else None

    def late(self, slot: Slot, now: float) -> list[tuple[Slot, float]]:
        """Compare a request whose reply has come with others of its kind.

        Args:
            slot: Its slot; others are compared with it from now on.
            now: When the reply came.

        Returns:
            How late it was, beyond what the margin covers, in seconds. Then earlier requests, and
            by how much they were later than had been known.
        """
        took_s = now - slot.at
        answered = self._answered[slot.kind]
        if self._first is None:
            # It opens a connection and may wake the service. The next replies show how late it was,
            # unless they come when others have left.
            late_s = UNKNOWN_S if took_s > _TOO_LONG_TO_COMPARE_S else 0.0
            self._first = _Answered(slot, now, took_s, late_s)
            answered.append(self._first)
            return [(slot, late_s)]
        least_s = min([took_s, *(each.took_s for each in answered)])
        expected = min(slot.at + least_s, slot.expected or now)
        late_s = max(0.0, now - expected - COVERED_S)
        self._late_s.append(late_s)
        found = [(slot, late_s)]
        for place, each in enumerate(answered):
            # No reply had been as fast as this one.
            more_s = each.took_s - least_s - COVERED_S - each.late_s
            if more_s > 0.0 and each.at > now - _STILL_COUNTS_S and each.slot != self._first.slot:
                found.append((each.slot, more_s))
                answered[place] = each._replace(late_s=each.late_s + more_s)
        answered.append(_Answered(slot, now, took_s, late_s))
        more_s = self._first_later_by_s()
        if more_s > 0.0 and self._first.at > now - _STILL_COUNTS_S:
            found.append((self._first.slot, more_s))
            self._first = self._first._replace(late_s=self._first.late_s + more_s)
        return found

    def _first_later_by_s(self) -> float:
        """How much later the first request was than is known, by what others of any kind take."""
        assert self._first is not None
        least_s = min(each.took_s for kind in self._answered.values() for each in kind)
        late_s = min(self._first.took_s - least_s - COVERED_S, MOST_LATE_S)
        return late_s - self._first.late_s
