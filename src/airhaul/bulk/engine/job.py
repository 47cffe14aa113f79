"""How a job and its driver talk: the job is asked what to do next, and is told what came of it.

driver                                   job
  next(now)  ------------------------->
             <------------------------- Pull | Send | Wait | Done
  offer(row) / end_of_rows()  -------->  after Pull
  feed(ticket, arrival, now)  -------->  when a reply has come
  stop()  ----------------------------->  take no more rows, let what is in flight land
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar

from airhaul.bulk.engine.events import Event
from airhaul.bulk.engine.pacer import Slot
from airhaul.errors import TransportError
from airhaul.wire.call import Call, Reply


@dataclass(frozen=True, slots=True)
class Pull:
    """Hand over the next row, or say that there are no more."""


@dataclass(frozen=True, slots=True)
class Send:
    """Send a call now, and feed its outcome under this ticket.

    Args:
        ticket: Names this sending.
        call: What to send.
        slot: Its place in the pace; the driver reports when the request really left.
    """

    ticket: int
    call: Call
    slot: Slot


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before a reply comes, or before a time.

    Args:
        until: On the clock of ``now``, in seconds; None to wait for a reply only.
    """

    until: float | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """All is settled; ``result`` can be read."""


Action = Pull | Send | Wait | Done
Arrival = Reply | TransportError
"""What came of a call: a reply of any status, or the reason why there is none."""

T_co = TypeVar("T_co", covariant=True)


class Job(Protocol[T_co]):
    """A piece of work, decided but not done."""

    def next(self, now: float) -> Action:
        """Say what to do next; ``now`` is in seconds on a clock that never goes back."""
        ...

    def offer(self, row: object) -> None:
        """Take a row that was pulled."""
        ...

    def end_of_rows(self) -> None:
        """Learn that there are no more rows."""
        ...

    def feed(self, ticket: int, arrival: Arrival, now: float) -> None:
        """Learn what came of a call."""
        ...

    def stop(self) -> None:
        """Take no more rows and send nothing new."""
        ...

    def events(self) -> list[Event]:
        """Hand over what happened since the last time, in order."""
        ...

    @property
    def result(self) -> T_co:
        """What the job has come to; partial while it is not done."""
        ...
