"""What all jobs of one base share: its pace, what is known of it, how often to try."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from airhaul.bulk.engine.budget import JobBudget, RequestBudget
from airhaul.bulk.engine.engine import Engine
from airhaul.bulk.engine.events import Event
from airhaul.bulk.engine.known_base import KnownBase
from airhaul.bulk.engine.pacer import Pace
from airhaul.bulk.engine.retry import Retries
from airhaul.bulk.engine.work import Work

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class JobContext:
    """What all jobs of one base share.

    Args:
        pace: When requests may leave.
        known: What is known of the base.
        retries: How often to try.
        concurrency: How many requests may be in flight at once.
        clock: The time, in seconds, on a clock that never goes back.
        budget: How many requests may be sent, over all jobs; None for any number.
        on_event: Called with the events of jobs that only read: their retries.
    """

    pace: Pace
    known: KnownBase
    retries: Retries
    concurrency: int
    clock: Callable[[], float]
    budget: RequestBudget | None = None
    on_event: Callable[[Event], object] | None = None

    def begin(
        self,
        work: Work[T],
        *,
        concurrency: int | None = None,
        max_requests: int | None = None,
        known: KnownBase | None = None,
    ) -> Engine[T]:
        """Make a job of some work.

        Args:
            work: What to send.
            concurrency: How many of its requests may be in flight; as in the context if None.
            max_requests: How many requests it may send; None for any number.
            known: What is known of the base, where that is not what the other jobs know.
        """
        return Engine(
            work,
            self.pace,
            concurrency=concurrency or self.concurrency,
            retries=self.retries,
            known_base=known or self.known,
            budget=JobBudget(max_requests, self.budget),
        )
