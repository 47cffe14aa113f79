"""Flows: several jobs one after the other, decided without waiting.

A flow is a generator. It yields each job as a ``Step``, and is sent the job's result, or thrown
what has broken the job off. What a job needs is decided in between, from what the jobs before it
have found. Whoever runs the flow waits: the blocking driver, the anyio driver, the simulator.

flow                                     driver
  yield Step(job, rows)  ------------->    runs the job to its end
                         <-------------    its result, or the error
  return what it came to
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Generator, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from airhaul.bulk.engine.events import Event
from airhaul.bulk.engine.job import Job

T = TypeVar("T")

OnEvent = Callable[[Event], object]


@dataclass(frozen=True, slots=True)
class Step(Generic[T]):
    """One job of a flow.

    Args:
        job: The job.
        rows: What it pulls.
        concurrency: How many of its requests may be in flight.
        on_event: Called with its events.
    """

    job: Job[T]
    rows: Iterable[object] | AsyncIterable[object] = ()
    concurrency: int = 1
    on_event: OnEvent | None = None


Flow = Generator[Step[Any], Any, T]
"""A generator of steps that returns what the flow came to."""
