"""The paces that this process keeps to: one for each base and one for each token.

Airtable counts requests by base and by token, whoever sends them. So all threads, jobs, connections
and faces of the process share them, and so do the processes of a host.
"""

from __future__ import annotations

import gc
import hashlib
import math
import os
import secrets
import threading
from collections import defaultdict
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit
from weakref import WeakKeyDictionary

from pydantic import SecretStr

from airhaul.bulk.engine.known_base import KnownBase
from airhaul.bulk.engine.pacer import Pace, Window
from airhaul.bulk.engine.slots import Slots
from airhaul.drive.pace.host import Host, HostSlots
from airhaul.drive.pace.shared import SharedPace
from airhaul.errors import ConfigurationError
from airhaul.wire.limits import REQUESTS_PER_SECOND_PER_BASE, REQUESTS_PER_SECOND_PER_TOKEN

if TYPE_CHECKING:
    from airhaul.drive.pace.redis import RedisServer


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

    def is_asked_by_another(self, connection: object) -> bool:
        return any(each is not connection for each in self._by_connection)

    def withdraw(self, connection: object) -> None:
        self._by_connection.pop(connection, None)

    def apply(self) -> None:
        """Keep to the lowest rate, to the latest one while no connection is open.

        There is no limit if the service says so. Who has asked for Airtable's has not asked for one
        of a service that has none.
        """
        lowest = min(self._by_connection.values(), default=None)
        if lowest == REQUESTS_PER_SECOND_PER_BASE and not self._known_base.has_rate_limit:
            lowest = math.inf
        if lowest is not None:
            self._window.rate = lowest


class _Paces:
    """All paces of this process, by who shares them: a host, this process alone, or a Redis."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.asked_by = secrets.randbits(62)
        self.host: Host | None = None
        self.redis: dict[str, RedisServer] = {}
        self.known_bases: defaultdict[tuple[str, str], KnownBase] = defaultdict(KnownBase)
        self.windows: dict[tuple[str, ...], Window] = {}
        self.rates: dict[Window, _Rates] = {}
        self.paces: dict[tuple[object, ...], Pace] = {}

    def window(self, scope: str, whose: tuple[str, ...], rate: float) -> Window:
        """Find the limit of a base or token."""
        key = (scope, *whose)
        if key not in self.windows:
            slots = HostSlots(*whose) if scope == "host" else Slots()
            self.windows[key] = Window(rate, slots)
        return self.windows[key]

    def other_scope(self, scope: str, base: tuple[str, ...], connection: object) -> str | None:
        """Find with whom another open connection shares the limit of a base, if not with the same.

        The limits would not know of each other, and add up.
        """
        for other in {"host", "process", *self.redis} - {scope}:
            window = self.windows.get((other, *base))
            if window is not None and self.rates[window].is_asked_by_another(connection):
                return other
        return None

    def make(
        self, scope: str, base: tuple[str, ...], token: tuple[str, ...], loss: float | None
    ) -> Pace:
        """Make the pace of a base and a token."""
        windows = [
            self.window(scope, base, REQUESTS_PER_SECOND_PER_BASE),
            self.window(scope, token, REQUESTS_PER_SECOND_PER_TOKEN),
        ]
        rates = self.rates[windows[0]]
        if scope == "process":
            return SharedPace(windows, self.lock, rates.apply)
        if scope == "host":
            self.host = self.host or Host.of_user()
            return SharedPace(windows, self.lock, rates.apply, self.host, self.asked_by)
        from airhaul.drive.pace.redis import RedisPace, RedisServer, key_of

        if scope not in self.redis:
            self.redis[scope] = RedisServer(scope)
        keys = [key_of(*base), key_of(*token)]
        server = self.redis[scope]
        return RedisPace(server, keys, windows, self.lock, rates.apply, self.asked_by, loss)


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
    shared: str,
    loss: float | None,
    connection: object,
    requests_per_second: float | None,
) -> Pace:
    """Find the pace of a base, and ask for a rate on behalf of a connection.

    Args:
        endpoint: The service's URL.
        base_id: The base, or ``""`` for endpoints that belong to none.
        token: The access token; only a digest of it is kept.
        shared: By whom: ``"host"``, ``"process"``, or all that use the Redis of this URL.
        loss: The share of the limit to use while that Redis is down; None to send nothing then.
        connection: Who asks, until ``withdraw_rates`` or until it is garbage.
        requests_per_second: The rate that it asks for; None for no limit. The base keeps to the
            lowest one.

    Returns:
        The pace that everybody in this process keeps to.

    Raises:
        ConfigurationError: The URL is none of a Redis, or its package is not installed; or another
            open connection of this process shares the limit of the base with somebody else.
    """
    paces = _paces
    digest = hashlib.sha256(token.get_secret_value().encode()).hexdigest()
    base, whole = ("base", endpoint, base_id), ("token", endpoint, digest)
    with paces.lock:
        is_other = paces.other_scope(shared, base, connection) is not None
    if is_other:
        gc.collect()  # a connection that is garbage, and was not closed, counts no more
    with paces.lock:
        other = paces.other_scope(shared, base, connection)
        if other is not None and base_id:
            raise ConfigurationError(
                f"Another open connection of this process uses the base {base_id} with pace="
                f"{_named(other)!r}, and this one has pace={_named(shared)!r}. Each would keep to "
                "a limit of its own, and together they would exceed it. Use the same pace for "
                "both, or close the other one."
            )
        window = paces.window(shared, base, REQUESTS_PER_SECOND_PER_BASE)
        if window not in paces.rates:
            paces.rates[window] = _Rates(window, paces.known_bases[endpoint, base_id])
        paces.rates[window].ask(connection, requests_per_second)
        key = (shared, base, whole, loss)
        if key not in paces.paces:
            paces.paces[key] = paces.make(shared, base, whole, loss)
        return paces.paces[key]


def _named(scope: str) -> str:
    """Name who shares a pace, without the user and password of a URL."""
    url = urlsplit(scope)
    return urlunsplit((url.scheme, url.netloc.rpartition("@")[2], url.path, "", ""))


def withdraw_rates(connection: object) -> None:
    """Stop counting the rates that a connection has asked for; it is closed.

    Args:
        connection: As given to ``pace_of``.
    """
    paces = _paces
    with paces.lock:
        for rates in paces.rates.values():
            rates.withdraw(connection)


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
        return paces.known_bases[endpoint, base_id]


def local_pace(requests_per_second: float | None) -> SharedPace:
    """Make the pace of a local base in this process.

    Args:
        requests_per_second: Its limit; None for none.
    """
    windows = [] if requests_per_second is None else [Window(requests_per_second)]
    return SharedPace(windows, threading.Lock())
