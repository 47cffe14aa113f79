"""A lane: the way to one base, with its pace and what is known of it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from airhaul.bulk.engine.context import JobContext, RequestBudget
from airhaul.bulk.engine.job import Arrival
from airhaul.bulk.engine.known_base import KnownBase
from airhaul.bulk.engine.pacer import Pace
from airhaul.bulk.engine.retry import Retries
from airhaul.bulk.engine.slots import Slot
from airhaul.errors import ConfigurationError, NotSentError, TransportError
from airhaul.wire.call import AsyncTransport, Call, Reply, Transport

# A request that waits longer for the pace is not sent when its run ends; others leave.
SOON_S: Final = 0.1
# What a thread may do in place of sleeping, before a request leaves.
_MOST_AWAKE_S: Final = 0.004


class ConnectionBudget:
    """The budget of one connection, over all its threads and jobs.

    Args:
        most: How many requests may be sent; None for any number.
    """

    def __init__(self, most: int | None = None) -> None:
        self.most = most
        self.made = 0
        self._lock = threading.Lock()

    def has_room(self) -> bool:
        """Whether one more request may be sent."""
        return self.most is None or self.made < self.most

    def count(self) -> None:
        """Count a request that is sent."""
        with self._lock:
            self.made += 1


class Alarm:
    """Sleeps as long as it is told to, also on a machine that wakes threads late."""

    def __init__(self) -> None:
        self._usually_late_s = 0.0

    def sleep(self, seconds: float) -> None:
        """Sleep.

        Args:
            seconds: How long. The last of them are spent awake if threads are woken late.
        """
        ends_at = time.monotonic() + seconds
        early_s = min(self._usually_late_s, _MOST_AWAKE_S)
        if seconds <= early_s + _MOST_AWAKE_S:
            time.sleep(seconds)
            return
        time.sleep(seconds - early_s)
        late_s = time.monotonic() - (ends_at - early_s)
        self._usually_late_s += (late_s - self._usually_late_s) / 4
        while time.monotonic() < ends_at:
            pass


_ALARM: Final = Alarm()


@dataclass(frozen=True, slots=True)
class Lane:
    """The way to one base.

    Args:
        pace: Its pace.
        known_base: What is known of it.
        budget: How many requests its connection may send.
        transport: Sends calls, blocking.
        async_transport: Sends calls, awaited.
        concurrency: How many calls a bulk job may have in flight.
        retries: How often jobs try.
    """

    pace: Pace
    known_base: KnownBase
    budget: RequestBudget
    transport: Transport
    async_transport: AsyncTransport
    concurrency: int
    retries: Retries

    @property
    def context(self) -> JobContext:
        """What its jobs share."""
        return JobContext(
            self.pace, time.monotonic, self.known_base, self.retries, self.concurrency, self.budget
        )

    @property
    def alarm(self) -> Alarm:
        """Wakes its threads."""
        return _ALARM

    def leaves_in(self, slot: Slot) -> float:
        """How long to wait with a request before asking again, in seconds; at 0 it leaves."""
        now = time.monotonic()
        return max(0.0, self.pace.leave(slot, now) - now)


def has_succeeded(arrival: Arrival) -> bool:
    """Whether a request was carried out, according to its reply.

    Args:
        arrival: The reply, or the reason why there is none.
    """
    return isinstance(arrival, Reply) and arrival.status == HTTPStatus.OK


def ended_before_leaving(call: Call) -> NotSentError:
    """Make the arrival of a call whose run ended while its request waited for the pace.

    Args:
        call: The call.
    """
    return NotSentError(f"{call} was not sent: the run ended before.")


def not_carried(error: BaseException) -> TransportError:
    """Make the arrival of a call that failed in a way no transport reports.

    Args:
        error: What was raised. Where the configuration is wrong, nothing was sent.
    """
    if isinstance(error, ConfigurationError):
        return NotSentError(str(error))
    return TransportError(f"the request failed: {error!r}")
