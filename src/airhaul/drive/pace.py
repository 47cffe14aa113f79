"""The paces of this process: one for each base and one for each token.

Airtable counts requests by base and by token, whoever sends them. So all threads, jobs, connections
and faces of the process share them.
"""

from __future__ import annotations

import hashlib
import math
import os
import threading
from collections import defaultdict
from weakref import WeakKeyDictionary

from pydantic import SecretStr

from airhaul.bulk.engine.known_base import KnownBase
from airhaul.bulk.engine.pacer import Pacer, Slot, Window
from airhaul.wire.limits import REQUESTS_PER_SECOND_PER_BASE, REQUESTS_PER_SECOND_PER_TOKEN


class SharedPace:
    """A pace that several threads may use at the same time.

    Args:
        base: The pace of the base.
        lock: Held while it is used; the same for all that share a window.
        token: The limit of the access token, if there is one.
        rates: What the open connections ask for, if they may differ.
    """

    def __init__(
        self,
        base: Pacer,
        lock: threading.Lock,
        token: Window | None = None,
        rates: _Rates | None = None,
    ) -> None:
        self._base = base
        self._lock = lock
        self._token = () if token is None else (token,)
        self._rates = rates

    @property
    def requests_per_second(self) -> float | None:
        """The most requests that may leave in the long run, or None for any number."""
        with self._lock:
            return self._base.requests_per_second_with(*self._limits())

    def book(self, now: float) -> Slot:
        """Take the next free slot."""
        with self._lock:
            return self._base.book(now, *self._limits())

    def _limits(self) -> tuple[Window, ...]:
        """The limits besides that of the base, which is brought up to date."""
        # Looked at for each request: a connection may be gone without having been closed.
        if self._rates is not None and self._rates.apply():
            return ()
        return self._token

    def opens_at(self, slot: Slot) -> float:
        """When a request with this slot may leave, as far as is known now."""
        with self._lock:
            return self._base.opens_at(slot)

    def depart(self, slot: Slot, now: float) -> None:
        """Note that a request is sent now."""
        with self._lock:
            self._base.depart(slot, now)

    def returned(self, slot: Slot, now: float) -> None:
        """Note that a request was answered with success."""
        with self._lock:
            self._base.returned(slot, now)

    def left(self, slot: Slot, at: float) -> None:
        """Note when a request was written to its connection."""
        with self._lock:
            self._base.left(slot, at)

    def pause(self, until: float) -> None:
        """Let nothing leave before a time."""
        with self._lock:
            self._base.pause(until)


class _Rates:
    """The rates that connections ask for one base; the lowest holds.

    Args:
        window: The limit of the base.
        known_base: What is known of the base: whether its service has a limit at all.
    """

    def __init__(self, window: Window, known_base: KnownBase) -> None:
        self._window = window
        self._known_base = known_base
        self._by_connection: WeakKeyDictionary[object, float] = WeakKeyDictionary()

    def ask(self, connection: object, requests_per_second: float | None) -> None:
        rate = math.inf if requests_per_second is None else requests_per_second
        self._by_connection[connection] = rate

    def withdraw(self, connection: object) -> None:
        self._by_connection.pop(connection, None)

    def apply(self) -> bool:
        """Keep to the lowest rate, to the latest one while no connection is open.

        Returns:
            Whether there is no limit. Who has asked for Airtable's has not asked for one of a
            service that has none.
        """
        lowest = min(self._by_connection.values(), default=None)
        if lowest == REQUESTS_PER_SECOND_PER_BASE and not self._known_base.has_rate_limit:
            lowest = math.inf
        if lowest is not None:
            self._window.set_rate(lowest)
        return self._window.is_open


class _Base:
    """What this process keeps for one base."""

    def __init__(self) -> None:
        window = Window(REQUESTS_PER_SECOND_PER_BASE)
        self.pacer = Pacer([window])
        self.known_base = KnownBase()
        self.rates = _Rates(window, self.known_base)


class _Paces:
    """All paces of this process, by service and base, and by service and token."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.bases: defaultdict[tuple[str, str], _Base] = defaultdict(_Base)
        self.tokens: defaultdict[tuple[str, str], Window] = defaultdict(
            lambda: Window(REQUESTS_PER_SECOND_PER_TOKEN)
        )


_paces = _Paces()


def _forget_after_fork() -> None:
    # A lock held by another thread at the fork would never be released in the child.
    global _paces  # noqa: PLW0603 - one registry for each process
    _paces = _Paces()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)


def pace_of(
    endpoint: str,
    base_id: str,
    token: SecretStr,
    *,
    connection: object,
    requests_per_second: float | None,
) -> SharedPace:
    """Find the pace of a base, and ask for a rate on behalf of a connection.

    Args:
        endpoint: The service's URL.
        base_id: The base, or ``""`` for endpoints that belong to none.
        token: The access token; only a digest of it is kept.
        connection: Who asks, until ``withdraw_rates`` or until it is garbage.
        requests_per_second: The rate that it asks for; None for no limit. The base keeps to the
            lowest one.

    Returns:
        The pace that everybody in this process keeps to.
    """
    paces = _paces
    digest = hashlib.sha256(token.get_secret_value().encode()).hexdigest()
    with paces.lock:
        base = paces.bases[endpoint, base_id]
        base.rates.ask(connection, requests_per_second)
        return SharedPace(base.pacer, paces.lock, paces.tokens[endpoint, digest], base.rates)


def withdraw_rates(connection: object) -> None:
    """Stop counting the rates that a connection has asked for; it is closed.

    Args:
        connection: As given to ``pace_of``.
    """
    paces = _paces
    with paces.lock:
        for base in paces.bases.values():
            base.rates.withdraw(connection)


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
        return paces.bases[endpoint, base_id].known_base


def local_pace(requests_per_second: float | None) -> SharedPace:
    """Make the pace of a local base in this process.

    Args:
        requests_per_second: Its limit; None for none.
    """
    windows = [] if requests_per_second is None else [Window(requests_per_second)]
    return SharedPace(Pacer(windows), threading.Lock())
