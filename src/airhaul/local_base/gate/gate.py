"""What is looked at before a request is carried out: what goes wrong, who asks, and how often."""

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
    """A request that came to the gate.

    Args:
        at: When it came, on the gate's clock.
        fault: What happens to it, or None.
        token: With which token it goes on, or why it does not.
    """

    at: float
    fault: Fault | None
    token: Token | refusal.Refusal


class Gate:
    """Where requests pass one after the other.

    Args:
        access: Whose tokens are accepted.
        limits: How often may be asked.
        clock: Seconds that never go back.
    """

    def __init__(self, access: Access, limits: Limits, clock: Callable[[], float]) -> None:
        self._access = access
        self._limits = limits
        self._clock = clock
        self._lock = threading.Lock()

    def after_fork(self) -> None:
        """Take a new lock: in a child process, nobody is left to give the old one back."""
        self._lock = threading.Lock()

    def enter(self, request: Request, faults: Faults | None, *, trusted: bool) -> Entry:
        """Count a request when it comes, and not when those before it are answered.

        Args:
            request: The request.
            faults: What may happen to it.
            trusted: Whether it comes from this process, and needs no token.
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
