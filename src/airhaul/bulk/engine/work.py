"""``Work``: what there is to send; the engine decides when, and feeds it with the results."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from airhaul.bulk.engine.events import Event
from airhaul.errors import AirhaulError
from airhaul.wire.call import Call

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Attempt:
    """The history of a call until it was settled.

    Args:
        number: Which request of the job settled it, counted from 1.
        first_at: When it was sent for the first time, in seconds on the job's clock.
        now: When it was settled, on the same clock.
        was_lost: Whether an earlier try may have been carried out although its reply was lost.
        since: The earliest time that the service's clock can have shown at the first try, where
            another process made that try.
        took_s: How long the service took to answer, from when the request was written, in seconds.
    """

    number: int
    first_at: float
    now: float
    was_lost: bool = False
    since: datetime | None = None
    took_s: float = 0.0


class Work(Protocol[T_co]):
    """What there is to send."""

    @property
    def wants_row(self) -> bool:
        """Whether it could use one more row now."""
        ...

    @property
    def stopping(self) -> bool:
        """Whether nothing new may be sent; what was sent and lost is still tried again."""
        ...

    def is_new(self, tag: Any) -> bool:
        """Whether a call does something new.

        A call that finds out or undoes what was done is not dropped when the work is stopped, and
        not held back by a ceiling: without it the outcome of its rows would stay unknown.
        """
        ...

    def offer(self, row: object) -> bool:
        """Take a row, and return whether the next one is wanted right away; as of ``Job.offer``."""
        ...

    def end_of_rows(self) -> None:
        """Note that there are no more rows."""
        ...

    def next_call(self, now: float) -> tuple[Any, Call] | None:
        """Return a call that can be sent now, with a tag that identifies it, or None."""
        ...

    def wakes_at(self) -> float | None:
        """When it will have a call even if nothing comes in before; None for never."""
        ...

    def accept(self, tag: Any, value: Any, attempt: Attempt) -> None:
        """Take the answer of a call that was carried out."""
        ...

    def refuse(self, tag: Any, error: AirhaulError, attempt: Attempt) -> None:
        """Take the error of a call that was not carried out."""
        ...

    def lose(self, tag: Any, error: AirhaulError, attempt: Attempt) -> None:
        """Take the error of a call that may or may not have been carried out."""
        ...

    def abandon(self, tag: Any) -> None:
        """Drop a call that was not sent, because the job was stopped."""
        ...

    def stop(self) -> None:
        """Take no more rows, and send nothing new."""
        ...

    def events(self) -> list[Event]:
        """Return what happened since the last call."""
        ...

    @property
    def result(self) -> T_co:
        """The result so far."""
        ...


class ReadOnlyWork:
    """The part of ``Work`` that is the same for all work that takes no rows and changes nothing."""

    wants_row = False

    def __init__(self) -> None:
        self._stopped = False

    @property
    def stopping(self) -> bool:
        """Whether it was stopped."""
        return self._stopped

    def is_new(self, tag: object) -> bool:  # noqa: ARG002 - all its calls are alike
        """Each of its calls can be dropped."""
        return True

    def offer(self, row: object) -> bool:
        """Never called: it wants no rows."""
        raise AssertionError(row)

    def end_of_rows(self) -> None:
        """There are none anyway."""

    def wakes_at(self) -> float | None:
        """It never waits for a time."""
        return None

    def abandon(self, tag: object) -> None:
        """Nothing is lost by it."""

    def stop(self) -> None:
        """Send nothing new."""
        self._stopped = True
