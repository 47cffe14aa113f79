"""The pace: how many requests may leave in a second; the caller provides the time.

A slot is booked for each request. It opens when there is room: when the fifth of the latest
requests of a base is a period old.

What counts is when the service sees a request. That is later than when it was sent, by a time that
varies: connections are opened, threads are woken, replies wait for one another. So a slot is
corrected when its request is written, and when its reply comes, and whoever leaves next looks at
all of them once more.

The slots are a block of bytes, which the processes of a host may share. A process can be stopped or
killed at any moment. So nobody waits for a slot that is not used: a request that does not leave in
time has lost its slot, and books another one.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, Protocol

from airhaul.bulk.engine.durations import COVERED_S, MOST_LATE_S, UNKNOWN_S, Durations
from airhaul.bulk.engine.slots import (
    ANSWERED,
    BOOKED,
    DEPARTED,
    PLACES,
    WRITTEN,
    Link,
    Place,
    Slot,
    Slots,
)

# How far the clocks of both sides may drift apart within a second, and the usual unevenness of
# the way.
MARGIN: Final = 1.008
# The first requests after a rest take longer on their way than those that follow them.
COLD_S: Final = 0.03
# Requests that leave together delay one another on their way, and overtake one another: records
# are to be created in the order of their rows, as far as several requests at a time can be.
GAP_S: Final = 0.005
# On a busy machine, threads are woken in any order: each waits until the request before its own is
# written, but no longer than this after that was to leave.
IN_ORDER_S: Final = 0.02
# A slot is lost if its request has not left by then.
USED_WITHIN_S: Final = 0.25
# A request that left and was not written after this time belongs to a process that is gone.
WRITTEN_WITHIN_S: Final = 1.0
LOOK_AGAIN_S: Final = 0.002
# A request is handed over so long before it leaves, because threads may be woken late.
AHEAD_S: Final = 0.02

# A service whose replies take now longer, now shorter must not slow the pace by more than 1%. So
# each request adds to what may be spent on waiting for late ones; and more if it was late itself,
# because this machine is busy then.
SPENT_MOST_S: Final = 2.5
_EARNED_S: Final = 0.01
_EARNED_PER_LATE: Final = 2.0
_EARNED_MOST_S: Final = 0.1
# A reply that usually comes about now is waited for. One that comes later cannot be: its request
# counts as late as most of the latest ones were.
ABOUT_NOW_S: Final = 0.02
MOST_REQUESTS: Final = 100
# How long a rate that somebody else asked for holds after the last request.
RATE_HOLDS_S: Final = 2.0


class Pace(Protocol):
    """When a job may send; shared by all jobs of a base."""

    @property
    def requests_per_second(self) -> float | None:
        """The most requests that may leave in the long run, or None for any number."""
        ...

    def hand_over(self, slot: Slot, now: float) -> float:
        """Hand over a request that is about to leave; else learn when to ask again."""
        ...

    def leave(self, slot: Slot, now: float) -> float:
        """Leave, if a request that was handed over may; else learn when to ask again."""
        ...

    def written(self, slot: Slot, at: float) -> None:
        """Note when a request was written to its connection."""
        ...

    def answered(self, slot: Slot, now: float, *, with_success: bool) -> None:
        """Note that a request was answered, or that no answer will come."""
        ...

    def pause(self, until: float) -> None:
        """Let nothing leave before a time."""
        ...


class Window:
    """At most so many requests in any period: a second, or a little more for a fraction.

    Args:
        rate: How many in a second: 5 are five in any second, 2.5 three in any 1.2 seconds, and 0.5
            one in any two seconds; infinity for no limit.
        slots: Where its slots are kept.
    """

    def __init__(self, rate: float, slots: Slots | None = None) -> None:
        self.rate = rate
        self.slots = slots or Slots()

    @property
    def is_open(self) -> bool:
        """Whether there is no limit."""
        return math.isinf(self.rate)

    def full_until(self) -> float:
        """Until when all places are taken by requests that have not left; at best in the past."""
        header = self.slots.header
        first_needed = self.slots.place(header.booked + 1 - PLACES + MOST_REQUESTS)
        return -math.inf if first_needed is None else first_needed.at

    def next_link(self, now: float, asked_by: int) -> Link:
        """Find the place of the next slot.

        Args:
            now: The time.
            asked_by: Who asks; their latest rate counts.
        """
        slots, header, rate = self.slots, self.slots.header, self.rate
        of_others = now < header.rate_until and header.rate_by != asked_by
        if of_others and header.rate < rate:
            rate = header.rate
        else:
            slots.header = header._replace(rate=rate, rate_by=asked_by)
        # Many in a second are as many in parts of it.
        requests = min(math.ceil(rate), MOST_REQUESTS)
        return Link(slots, header.booked + 1, requests, requests / rate * MARGIN)


def earned_s(late_s: float) -> float:
    """What a request adds to the time that may be spent on late replies.

    Args:
        late_s: How late it was written itself.
    """
    return _EARNED_S + min(_EARNED_PER_LATE * late_s, _EARNED_MOST_S)


class _Late(NamedTuple):
    """How late requests may have come whose replies have not: at most, and usually."""

    most_s: float
    usually_s: float


class Pacer:
    """The pace of one base; not safe to share between threads by itself.

    Args:
        windows: The limits of every request; that of the base is the first.
        asked_by: A number for whoever keeps this pace, of all who share the slots.
    """

    def __init__(self, windows: Sequence[Window], asked_by: int = 0) -> None:
        self._windows = tuple(windows)
        self._asked_by = asked_by
        self._durations = Durations()

    @property
    def is_open(self) -> bool:
        """Whether there is no limit: that of the base counts."""
        return not self._windows or self._windows[0].is_open

    @property
    def requests_per_second(self) -> float | None:
        """The most requests that may leave in the long run, or None for any number."""
        return None if self.is_open else min(window.rate for window in self._windows) / MARGIN

    def _book(self, slot: Slot, now: float) -> None:
        """Book places, or leave the slot without any while too many requests wait."""
        slot.at, slot.links, slot.is_booked = now, (), False
        if self.is_open:
            slot.is_booked = True
            return
        full_until = max(window.full_until() for window in self._windows)
        if full_until > now:
            slot.at = full_until
            return
        slot.links = tuple(window.next_link(now, self._asked_by) for window in self._windows)
        slot.is_booked = True
        is_cold = all(_is_cold(link, now) for link in slot.links)
        for link in slot.links:
            # Ctrl-C can come in between: without its latest place, none would be found.
            link.slots.put(Place(link.number, BOOKED, is_cold, now, 0.0))
            link.slots.header = link.slots.header._replace(booked=link.number)
        self._move(slot, BOOKED, self._opens_at(slot, now))
        for link in slot.links:
            header = link.slots.header
            if header.rate_by == self._asked_by:
                link.slots.header = header._replace(rate_until=slot.at + RATE_HOLDS_S)

    def _opens_at(self, slot: Slot, now: float, *, is_leaving: bool = False) -> float:
        """When a request with this slot may leave, as far as is known now."""
        paused_until = self._windows[0].slots.header.paused_until if self._windows else -math.inf
        if not slot.links:
            return max(slot.at, paused_until)
        late = _Late(self._most_late_s, self._durations.usually_late_s) if is_leaving else None
        at = max(_has_room_at(link, now, late) for link in slot.links)
        base = slot.links[0]
        just_before = base.slots.place(base.number - 1)
        if just_before is not None and just_before.state != ANSWERED:
            at = max(at, just_before.at + GAP_S)
            if is_leaving and just_before.state != WRITTEN:
                at = max(at, min(just_before.at + IN_ORDER_S, now + LOOK_AGAIN_S))
        return max(slot.at, at, paused_until)

    @property
    def _most_late_s(self) -> float:
        """How late a request may count as having come."""
        left_s = SPENT_MOST_S - self._windows[0].slots.header.spent_s
        return max(0.0, min(MOST_LATE_S, left_s))

    def hand_over(self, slot: Slot, now: float) -> float:
        """Hand over a request that is about to leave; else learn when to ask again.

        Args:
            slot: A slot whose request has not left.
            now: The time, in seconds.

        Returns:
            ``now`` or earlier if the request is to be sent, as soon as ``leave`` lets it; else
            when to ask again.
        """
        self._keep(slot, now)
        at = self._opens_at(slot, now)
        if not slot.is_booked:
            return at
        self._move(slot, BOOKED, at)
        return min(now, at) if at <= now + AHEAD_S else at - AHEAD_S

    def leave(self, slot: Slot, now: float) -> float:
        """Leave, if a request that was handed over may; else learn when to ask again.

        Args:
            slot: The slot of the request, which can have lost it: the process was stopped.
            now: The time, in seconds.

        Returns:
            ``now`` or earlier if the request leaves now; else when to ask again.
        """
        self._keep(slot, now)
        at = self._opens_at(slot, now, is_leaving=True)
        self._move(slot, BOOKED if at > now else DEPARTED, max(at, now))
        return at

    def _keep(self, slot: Slot, now: float) -> None:
        """Book a slot for a request that has none, or has lost its own."""
        if not slot.is_booked or _was_lost(slot, now):
            self._book(slot, now)

    def written(self, slot: Slot, at: float) -> None:
        """Note when a request was written to its connection."""
        slot.written_at = at
        if not slot.links:
            return
        at = max(slot.at, at)
        self._earn(earned_s(at - slot.at))
        least_s = self._durations.least_s(slot.kind)
        slot.expected = 0.0 if least_s is None else at + least_s
        self._move(slot, WRITTEN, at)

    def _earn(self, seconds: float) -> None:
        """Add to what may be spent on late replies."""
        base = self._windows[0].slots
        spent_s = max(0.0, base.header.spent_s - seconds)
        base.header = base.header._replace(spent_s=spent_s)

    def answered(self, slot: Slot, now: float, *, with_success: bool) -> None:
        """Note that a request was answered, or that no answer will come.

        Args:
            slot: Its slot.
            now: When the reply came.
            with_success: Whether it was carried out. Refusals come earlier than other replies, and
                tell nothing about these.
        """
        if not slot.links:
            return
        found = self._durations.late(slot, now) if with_success else [(slot, 0.0)]
        for each, late_s in found:
            counted_s = min(late_s, self._most_late_s)
            self._earn(-counted_s)
            self._move(each, ANSWERED, each.at + counted_s)

    @staticmethod
    def _move(slot: Slot, state: int, at: float) -> None:
        """Note when a slot is, and how far its request has come."""
        slot.at = at
        for link in slot.links:
            place = link.slots.place(link.number)
            if place is not None:
                link.slots.put(place._replace(state=state, at=at, expected=slot.expected))

    def pause(self, until: float) -> None:
        """Let nothing leave before a time, and keep the pace from there on.

        Args:
            until: In seconds, on the clock of ``now``.
        """
        if self._windows:
            base = self._windows[0].slots
            until = max(base.header.paused_until, until)
            base.header = base.header._replace(paused_until=until)


def _is_cold(link: Link, now: float) -> bool:
    """Whether a slot is one of the first after a rest: as many as may leave at once."""
    latest = link.slots.since(now - 2 * link.period_s)
    return len(latest) < link.requests and all(place.is_cold for place in latest)


def _was_lost(slot: Slot, now: float) -> bool:
    """Whether a request comes too late for its slot: those after it may leave without it."""
    places = [link.slots.place(link.number) for link in slot.links]
    return any(place is None or now > place.at + USED_WITHIN_S for place in places)


def _has_room_at(link: Link, now: float, late: _Late | None) -> float:
    """When a limit has room for a slot, as far as is known now.

    Args:
        link: The slot under this limit.
        now: The time.
        late: How late others may have come, if the request is about to leave; None if it is not.
    """
    latest = link.slots.since(now - 2 * link.period_s)
    before = [place for place in latest if _counts(place, link, now)]
    opens_at = _fifth_latest(link, (place.at + COLD_S * place.is_cold for place in before))
    if late is None or opens_at > now:
        return opens_at
    # What is in doubt may be seen right now; it will not be in doubt for long.
    times = (_seen_at(place, link, now, late) for place in before)
    return min(_fifth_latest(link, times), now + LOOK_AGAIN_S)


def _fifth_latest(link: Link, times: Iterable[float]) -> float:
    """When the fifth of the latest requests, or as many as the limit allows, is a period old."""
    latest = heapq.nlargest(link.requests, times)
    return latest[-1] + link.period_s if len(latest) == link.requests else -math.inf


def _counts(place: Place, link: Link, now: float) -> bool:
    """Whether a slot counts before another one: it was used, or is booked and not lost."""
    if place.state == BOOKED:
        return place.number < link.number and now <= place.at + USED_WITHIN_S
    return place.number != link.number


def _seen_at(place: Place, link: Link, now: float, late: _Late) -> float:
    """When the service saw a request, at the latest; infinity as long as that is in doubt."""
    old_at = place.at + link.period_s
    if place.state == DEPARTED and now < old_at + WRITTEN_WITHIN_S:
        return math.inf
    if place.state == WRITTEN and place.expected == 0.0 and now < old_at + UNKNOWN_S:
        return math.inf
    if place.state == WRITTEN and 0.0 < place.expected <= old_at + ABOUT_NOW_S:
        # Its reply will tell how late it was.
        is_late_by_s = now - place.expected - COVERED_S
        return math.inf if is_late_by_s < late.most_s else place.at + late.most_s
    late_s = late.usually_s if place.state == WRITTEN else 0.0
    return place.at + max(late_s, COLD_S * place.is_cold)
