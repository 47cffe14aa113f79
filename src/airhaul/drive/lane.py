"""A lane: the way to one base, with its pace and what is known of it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from airhaul.bulk.engine.context import JobContext, RequestBudget
from airhaul.bulk.engine.known_base import KnownBase
from airhaul.bulk.engine.retry import Retries
from airhaul.drive.pace import SharedPace
from airhaul.errors import ConfigurationError, NotSentError, TransportError
from airhaul.wire.call import AsyncTransport, Transport


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

    pace: SharedPace
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


def not_carried(error: BaseException) -> TransportError:
    """Make the arrival of a call that failed in a way no transport reports.

    Args:
        error: What was raised. Where the configuration is wrong, nothing was sent.
    """
    if isinstance(error, ConfigurationError):
        return NotSentError(str(error))
    return TransportError(f"the request failed: {error!r}")
