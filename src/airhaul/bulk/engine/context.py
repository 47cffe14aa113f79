"""What all jobs of one base share: its pace, what is known of it, how often to try, the budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from airhaul.bulk.engine.events import Event
from airhaul.bulk.engine.known_base import KnownBase
from airhaul.bulk.engine.pacer import Pace
from airhaul.bulk.engine.retry import Retries


class RequestBudget(Protocol):
    """Counts requests, against a ceiling if there is one."""

    def has_room(self) -> bool:
        """Whether one more request may be sent."""
        ...

    def count(self) -> None:
        """Count a request that is sent."""
        ...

    @property
    def most(self) -> int | None:
        """The ceiling."""
        ...


class JobBudget:
    """The budget of one job, within that of its connection.

    Args:
        most: How many requests the job may send; None for any number.
        connection: A budget that the same requests also count against.
        made: How many were sent before the job, which count against its own ceiling only.
    """

    def __init__(
        self, most: int | None = None, connection: RequestBudget | None = None, made: int = 0
    ) -> None:
        self._own_most = most
        self._connection = connection
        self.made = made

    def has_room(self) -> bool:
        """Whether one more request may be sent."""
        own = self._own_most is None or self.made < self._own_most
        return own and (self._connection is None or self._connection.has_room())

    def count(self) -> None:
        """Count a request that is sent."""
        self.made += 1
        if self._connection is not None:
            self._connection.count()

    @property
    def most(self) -> int | None:
        """The ceiling that is reached first."""
        if self._own_most is not None and self.made >= self._own_most:
            return self._own_most
        return self._own_most if self._connection is None else self._connection.most


class WithoutCeiling:
    """A budget that counts against another one, and always has room: for what has to be undone.

    Args:
        counted: The other one; None if nobody counts.
    """

    def __init__(self, counted: RequestBudget | None) -> None:
        self._counted = counted

    def has_room(self) -> bool:
        """Whether one more request may be sent."""
        return True

    def count(self) -> None:
        """Count a request that is sent."""
        if self._counted is not None:
            self._counted.count()

    @property
    def most(self) -> int | None:
        """No ceiling."""
        return None


@dataclass(frozen=True, slots=True)
class JobContext:
    """What all jobs of one base share.

    Args:
        pace: When requests may leave.
        clock: The time, in seconds, on a clock that never goes back.
        known_base: What is known of the base.
        retries: How often to try.
        concurrency: How many requests of one job may be in flight, at least 1.
        budget: How many requests may be sent, over all jobs; None for any number.
        on_event: Called with the events of jobs that only read: their retries.
    """

    pace: Pace
    clock: Callable[[], float]
    known_base: KnownBase = field(default_factory=KnownBase)
    retries: Retries = field(default_factory=Retries)
    concurrency: int = 1
    budget: RequestBudget | None = None
    on_event: Callable[[Event], object] | None = None
