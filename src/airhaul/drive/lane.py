"""A lane: the way to one base, with its pace, shared by all that this process sends there.

Airtable counts requests by base and by token, whoever sends them. So the pace is kept in one place
for each base and each token, over all threads, jobs and faces of the process.
"""

from __future__ import annotations

import hashlib
import os
import threading
from dataclasses import dataclass

from airhaul.bulk.engine.known_base import KnownBase
from airhaul.bulk.engine.pacer import Pacer, Slot, Window
from airhaul.errors import ConfigurationError, NotSentError, TransportError
from airhaul.wire.call import AsyncTransport, Transport
from airhaul.wire.limits import REQUESTS_PER_SECOND_PER_TOKEN


class SharedPace:
    """A pace that several threads may use at once.

    Args:
        pacer: The pace.
        lock: Held while it is asked; the same for all pacers that share a window.
    """

    def __init__(self, pacer: Pacer, lock: threading.Lock) -> None:
        self._pacer = pacer
        self._lock = lock

    @property
    def requests_per_second(self) -> float | None:
        """The most requests that may leave in the long run, or None for any number."""
        return self._pacer.requests_per_second

    def book(self, now: float) -> Slot:
        """Take the next free slot."""
        with self._lock:
            return self._pacer.book(now)

    def opens_at(self, slot: Slot) -> float:
        """When a request with this slot may leave, as far as is known now."""
        with self._lock:
            return self._pacer.opens_at(slot)

    def depart(self, slot: Slot, now: float) -> None:
        """Learn that a request is sent now."""
        with self._lock:
            self._pacer.depart(slot, now)

    def returned(self, slot: Slot, now: float) -> None:
        """Learn that a request was answered with success."""
        with self._lock:
            self._pacer.returned(slot, now)

    def left(self, slot: Slot, at: float) -> None:
        """Learn when a request was really written to its connection."""
        with self._lock:
            self._pacer.left(slot, at)

    def pause(self, until: float) -> None:
        """Let nothing leave before a time."""
        with self._lock:
            self._pacer.pause(until)


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
        transport: Carries calls, blocking.
        async_transport: Carries calls, awaited.
        concurrency: How many calls a bulk job may have in flight.
    """

    pace: SharedPace
    known_base: KnownBase
    budget: ConnectionBudget
    transport: Transport
    async_transport: AsyncTransport
    concurrency: int


class _Paces:
    """All paces of this process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.by_base: dict[tuple[str, str, int], SharedPace] = {}
        self.known_base: dict[tuple[str, str], KnownBase] = {}
        self.by_token: dict[tuple[str, str], Window] = {}


_paces = _Paces()


def _forget_after_fork() -> None:
    # A lock held by another thread at the fork would never be released in the child.
    global _paces  # noqa: PLW0603 - one registry for each process
    _paces = _Paces()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)


def pace_of(endpoint: str, base_id: str, token: str, requests_per_second: int) -> SharedPace:
    """Find the pace that all jobs of this process keep to for one base.

    Args:
        endpoint: The service's URL.
        base_id: The base, or ``""`` for endpoints that belong to none.
        token: The access token; only a digest of it is kept.
        requests_per_second: The limit of the base.

    Returns:
        The same object for the same base.
    """
    paces = _paces
    digest = hashlib.sha256(token.encode()).hexdigest()
    with paces.lock:
        token_window = paces.by_token.setdefault(
            (endpoint, digest), Window(REQUESTS_PER_SECOND_PER_TOKEN)
        )
        key = (endpoint, base_id, requests_per_second)
        if key not in paces.by_base:
            pacer = Pacer([Window(requests_per_second), token_window])
            paces.by_base[key] = SharedPace(pacer, paces.lock)
        return paces.by_base[key]


def known_base_of(endpoint: str, base_id: str) -> KnownBase:
    """Find what this process knows of one base.

    Args:
        endpoint: The service's URL.
        base_id: The base, or ``""`` for endpoints that belong to none.

    Returns:
        The same object for the same base.
    """
    paces = _paces
    with paces.lock:
        return paces.known_base.setdefault((endpoint, base_id), KnownBase())


def not_carried(error: BaseException) -> TransportError:
    """What a job is told where carrying a call failed in a way that no transport tells.

    Args:
        error: What was raised. Where the configuration is wrong, nothing was sent.
    """
    if isinstance(error, ConfigurationError):
        return NotSentError(str(error))
    return TransportError(f"the request failed: {error!r}")


def unlimited_pace() -> SharedPace:
    """Make a pace without a limit, for a local base in this process."""
    return SharedPace(Pacer([]), threading.Lock())
