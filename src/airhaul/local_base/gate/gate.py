"""The checks before a request is carried out: faults, the token, and rate limits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from airhaul.local_base.gate.faults import Fault, Faults
from airhaul.local_base.gate.limits import Limits
from airhaul.local_base.gate.tokens import FULL_ACCESS, Access, Token
from airhaul.local_base.protocol import refusal
from airhaul.local_base.protocol.request import Request


@dataclass(frozen=True, slots=True)
class Entry:
    """The result of the checks of one request.

    Args:
        at: When it arrived, on the gate's clock.
        fault: The fault that happens to it, or None.
        token: Its token, or why it is refused.
    """

    at: float
    fault: Fault | None
    token: Token | refusal.Refusal


class Gate:
    """Checks requests one after the other.

    Args:
        access: The accepted tokens.
        limits: The rate limits and the quota.
        clock: A monotonic clock, in seconds.
    """

    def __init__(self, access: Access, limits: Limits, clock: Callable[[], float]) -> None:
        self._access = access
        self._limits = limits
        self._clock = clock
        self._lock = threading.Lock()

    def after_fork(self) -> None:
        """Create a new lock: in a child process, no thread is left to release the old one."""
        self._lock = threading.Lock()

    def enter(self, request: Request, faults: Faults | None, *, trusted: bool) -> Entry:
        """Check and count a request when it arrives, even if earlier ones are still in progress.

        Args:
            request: The request.
            faults: The faults that may happen to it.
            trusted: Whether it comes from this process and needs no token.
        """
        with self._lock:
            at = self._clock()
            fault = None if faults is None else faults.next_for(request)
            try:
                return Entry(at, fault, self._admit(request, trusted=trusted))
            except refusal.Refusal as refused:
                return Entry(at, fault, refused)

    def _admit(self, request: Request, *, trusted: bool) -> Token:
        token = FULL_ACCESS if trusted else self._access.find(request.token)
        if token is None:
            raise refusal.unauthenticated()
        person = None if token is FULL_ACCESS else self._access.counted_as(token)
        self._limits.count(request.base_id, person)
        if request.csv is not None and request.base_id is not None:
            self._limits.count_sync(request.base_id)
        if request.is_data:
            self._limits.spend()
        return token
