"""The pace of many hosts, in Redis: one script decides, on the clock of the Redis server.

A thread of its own talks to Redis, so that neither a job nor an event loop waits for it: who asks
gets the answer that has come, or is told to ask again in a moment.
"""

from __future__ import annotations

import json
import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import resources
from queue import SimpleQueue
from typing import Any, Final
from weakref import WeakKeyDictionary

from airhaul.bulk.engine import durations, pacer, slots
from airhaul.bulk.engine.durations import Durations
from airhaul.bulk.engine.pacer import Window, earned_s
from airhaul.bulk.engine.slots import Slot
from airhaul.drive.http.endpoint import first_line
from airhaul.drive.pace.host import digest_of
from airhaul.drive.pace.shared import SharedPace
from airhaul.errors import ConfigurationError, NotSentError

_LOGGER: Final = logging.getLogger("airhaul")
_ASK_AGAIN_S: Final = 0.002
_TIMEOUT_S: Final = 2.0
# Redis that is down is not asked again before.
_DOWN_S: Final = 1.0
_UNKNOWN_S: Final = 1.05
# Redis forgets a base that was not used for an hour.
_REMEMBERED_S: Final = 3_000.0
_CONSTANTS: Final = {
    "margin": pacer.MARGIN,
    "cold_s": pacer.COLD_S,
    "gap_s": pacer.GAP_S,
    "in_order_s": pacer.IN_ORDER_S,
    "used_within_s": pacer.USED_WITHIN_S,
    "written_within_s": pacer.WRITTEN_WITHIN_S,
    "look_again_s": pacer.LOOK_AGAIN_S,
    "covered_s": durations.COVERED_S,
    "most_late_s": durations.MOST_LATE_S,
    "spent_most_s": pacer.SPENT_MOST_S,
    "about_now_s": pacer.ABOUT_NOW_S,
    "unknown_s": durations.UNKNOWN_S,
    "places": slots.PLACES,
    "old_in_a_row": slots.OLD_IN_A_ROW,
    "most_requests": pacer.MOST_REQUESTS,
    "rate_holds_s": pacer.RATE_HOLDS_S,
}

Answer = tuple[bool, float, list[dict[str, float]]]
"""Whether a request may be handed over or leave, when, and the links of its slot."""


def key_of(*whose: str) -> str:
    """Name the key of a limit; it tells neither the base nor the token.

    Args:
        *whose: What identifies it.
    """
    # One hash tag, so that a cluster keeps them together for the script.
    return "{airhaul}:pace:" + digest_of(*whose)


class RedisServer:
    """A Redis server, and the thread that talks to it.

    Args:
        url: Its URL, such as ``redis://cache:6379/0``; it may have a password.

    Raises:
        ConfigurationError: The package ``redis`` is not installed, or the URL is none of a server.
    """

    def __init__(self, url: str) -> None:
        try:
            import redis
        except ImportError:
            raise ConfigurationError(
                "A pace in Redis needs the package redis: pip install 'airhaul[redis]'"
            ) from None
        try:
            self._client = redis.Redis.from_url(
                url, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S
            )
        except ValueError as error:
            raise ConfigurationError(f"The URL of the pace cannot be used: {error}") from None
        script = resources.files("airhaul.drive.pace").joinpath("pace.lua").read_text("utf-8")
        self._script = self._client.register_script(script)
        self._orders: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._down_until = 0.0
        self._failure = ""
        self.took_s = 0.0
        """How long Redis takes to answer, in seconds."""

    def order(
        self,
        keys: Sequence[str],
        ask: Callable[[], dict[str, Any]],
        then: Callable[[Any, float], None],
        otherwise: Callable[[str], None],
    ) -> None:
        """Run the script in the thread.

        Args:
            keys: The keys of the limits.
            ask: Gives what is asked, just before it is sent.
            then: Takes the answer, and when it came on this host's clock.
            otherwise: Takes the reason why there is none.
        """
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="airhaul-pace", daemon=True)
                self._thread.start()
        self._orders.put(lambda: self._run(keys, ask, then, otherwise))

    def _work(self) -> None:
        while True:
            self._orders.get()()

    def _run(
        self,
        keys: Sequence[str],
        ask: Callable[[], dict[str, Any]],
        then: Callable[[Any, float], None],
        otherwise: Callable[[str], None],
    ) -> None:
        if time.monotonic() < self._down_until:
            otherwise(self._failure)
            return
        asked_at = time.monotonic()
        try:
            answer = self._script(keys, [json.dumps({**ask(), "constants": _CONSTANTS})])
        except Exception as error:  # noqa: BLE001 - without an answer, who asked would wait forever
            self._down_until = time.monotonic() + _DOWN_S
            self._failure = first_line(error)
            otherwise(self._failure)
            return
        answered_at = time.monotonic()
        self.took_s += (answered_at - asked_at - self.took_s) / 4
        # It was given earlier; who leaves too late breaks no limit.
        then(answer, answered_at)


@dataclass(slots=True)
class _Booking:
    """What is known of the slot of one request.

    Args:
        links: Its place under each limit, as the script gave it; none without a slot.
        is_asking: Whether an answer is on its way.
        answered: What the answer is to; "" if there is none.
        is_granted: Whether the request may be handed over, or leave.
        at: When it leaves, or when to ask again.
        failure: Why there was no answer.
        is_alone: Whether the pace of this process alone decides.
    """

    links: list[dict[str, float]] | None = None
    is_asking: bool = False
    answered: str = ""
    is_granted: bool = False
    at: float = 0.0
    failure: str = ""
    is_alone: bool = False


class RedisPace:
    """The pace of a base in Redis.

    Args:
        server: The Redis server.
        keys: The keys of the limits: that of the base, that of the token.
        windows: The same limits, with the rates that this process asks for.
        lock: Held while a window is used.
        apply_rates: Brings the rates up to date.
        asked_by: A number that tells this process from others.
        share: The share of the limits to use while Redis is down; None to send nothing then.
    """

    def __init__(
        self,
        server: RedisServer,
        keys: Sequence[str],
        windows: Sequence[Window],
        lock: threading.Lock,
        apply_rates: Callable[[], None],
        asked_by: int,
        share: float | None,
    ) -> None:
        self._server = server
        self._keys = keys
        self._windows = windows
        self._apply_rates = apply_rates
        self._asked_by = asked_by
        # Without a limit there is nothing to ask Redis, but after a 429 everything waits.
        self._unlimited = SharedPace(windows, lock)
        self._alone: SharedPace | None = None
        if share is not None:
            shares = [Window(window.rate * share) for window in windows]
            apply_shares = partial(self._apply_shares, shares, share)
            self._alone = SharedPace(shares, threading.Lock(), apply_shares)
        self._durations = Durations()
        self._bookings: WeakKeyDictionary[Slot, _Booking] = WeakKeyDictionary()
        self._was_alone = False
        self._newest = [0 for _ in keys]
        self._newest_at = -math.inf

    def _apply_shares(self, shares: Sequence[Window], share: float) -> None:
        self._apply_rates()
        for own, window in zip(shares, self._windows, strict=True):
            own.rate = window.rate * share

    @property
    def requests_per_second(self) -> float | None:
        """The most requests that may leave in the long run, or None for any number."""
        self._apply_rates()
        if self._windows[0].is_open:
            return None
        return min(window.rate for window in self._windows) / pacer.MARGIN

    def hand_over(self, slot: Slot, now: float) -> float:
        """Hand over a request that is about to leave; else learn when to ask again."""
        self._apply_rates()
        if self._windows[0].is_open:
            return self._unlimited.hand_over(slot, now)
        booking = self._bookings.setdefault(slot, _Booking())
        if booking.is_alone and self._alone is not None:
            return self._alone.hand_over(slot, now)
        # Who sends it learns that there is no pace, and reports it.
        return now if booking.failure else self._ask("hand_over", slot, booking, now)

    def leave(self, slot: Slot, now: float) -> float:
        """Leave, if a request that was handed over may; else learn when to ask again.

        Raises:
            NotSentError: Redis cannot be reached.
        """
        booking = self._bookings.get(slot)
        if booking is None:
            return self._unlimited.leave(slot, now)
        if booking.is_alone and self._alone is not None:
            return self._alone.leave(slot, now)
        if booking.failure:
            failure, booking.failure = booking.failure, ""
            raise NotSentError(
                f"The pace that is shared in Redis cannot be reached ({failure}). Nothing was "
                "sent, because other programs may be using the rate limit. Check the server, or "
                "set pace_loss to the share of the limit to use without it."
            )
        return self._ask("leave", slot, booking, now)

    def _ask(self, what: str, slot: Slot, booking: _Booking, now: float) -> float:
        """Ask Redis, or use its answer."""
        if booking.is_asking:
            return now + _ASK_AGAIN_S
        if booking.answered == what:
            if booking.is_granted and (what == "hand_over" or now >= booking.at):
                booking.answered = ""
                slot.at = booking.at
                return now
            if now < booking.at:
                return booking.at
        booking.is_asking = True
        ask = {
            "what": what,
            "links": booking.links,
            "by": str(self._asked_by),
            "rates": [window.rate for window in self._windows],
            "newest": self._newest
            if now < self._newest_at + _REMEMBERED_S
            else [0] * len(self._newest),
            "ahead_s": pacer.AHEAD_S + 2 * self._server.took_s,
            "usually_late_s": self._durations.usually_late_s,
        }
        self._server.order(
            self._keys,
            lambda: ask,
            partial(self._note_answer, booking, what),
            partial(self._note_failure, booking),
        )
        return now + _ASK_AGAIN_S

    def _note_answer(self, booking: _Booking, what: str, answer: Any, came_at: float) -> None:
        if self._was_alone:
            # Redis knows nothing of what was sent without it in the last second.
            self._was_alone = False
            self.pause(came_at + _UNKNOWN_S)
            booking.is_asking = False
            return
        is_granted, in_s, links = answer
        booking.links = [
            {"number": number, "requests": requests, "period_s": float(period_s)}
            for number, requests, period_s in links
        ]
        if links:
            newest = (number for number, *_ in links)
            self._newest = [max(pair) for pair in zip(self._newest, newest, strict=True)]
            self._newest_at = came_at
        booking.at = came_at + float(in_s)
        booking.is_granted, booking.answered = bool(is_granted), what
        booking.is_asking = False

    def _note_failure(self, booking: _Booking, reason: str) -> None:
        booking.links = None
        if self._alone is None:
            booking.failure = reason
        else:
            booking.is_alone = True
            if not self._was_alone:
                _LOGGER.warning(
                    "The pace that is shared in Redis cannot be reached (%s); until it can, this "
                    "process uses its share of the rate limit.",
                    reason,
                )
                # What was sent in the last second still counts.
                self._alone.pause(time.monotonic() + _UNKNOWN_S)
            self._was_alone = True
        booking.is_asking = False

    def written(self, slot: Slot, at: float) -> None:
        """Note when a request was written to its connection."""
        slot.written_at = at
        booking = self._bookings.get(slot)
        if booking is None:
            return
        if booking.is_alone and self._alone is not None:
            self._alone.written(slot, at)
            return
        late_s, slot.at = max(0.0, at - slot.at), max(slot.at, at)
        least_s = self._durations.least_s(slot.kind)
        slot.expected = 0.0 if least_s is None else slot.at + least_s
        self._tell(
            lambda: {
                "what": "written",
                "links": booking.links,
                "ago_s": time.monotonic() - slot.at,
                "takes_s": least_s or 0.0,
                "earned_s": earned_s(late_s),
            }
        )

    def answered(self, slot: Slot, now: float, *, with_success: bool) -> None:
        """Note that a request was answered, or that no answer will come."""
        booking = self._bookings.get(slot)
        if booking is None:
            return
        if booking.is_alone and self._alone is not None:
            self._alone.answered(slot, now, with_success=with_success)
        elif booking.links:
            found = self._durations.late(slot, now) if with_success else [(slot, 0.0)]
            for each, late_s in found:
                if links := self._bookings[each].links:
                    self._tell(partial(dict, what="answered", links=links, late_s=late_s))

    def pause(self, until: float) -> None:
        """Let nothing leave before a time."""
        self._unlimited.pause(until)
        if self._alone is not None:
            self._alone.pause(until)
        self._tell(lambda: {"what": "pause", "for_s": until - time.monotonic()})

    def _tell(self, ask: Callable[[], dict[str, Any]]) -> None:
        """Report something that has no answer; nobody can help if it is lost."""
        self._server.order(self._keys, ask, _ignore, _ignore)


def _ignore(*_: object) -> None:
    """Nothing depends on it."""
