"""How a job and its driver talk: the driver asks what to do next, and feeds the job with replies.

driver                                   job
  next(now)  ------------------------->
             <------------------------- Pull | Send | Wait | Done
  offer(row) / end_of_rows()  -------->  after Pull; more rows while offer says so
  feed(ticket, arrival, now)  -------->  when a reply has come
  stop()  ----------------------------->  take no more rows, let what is in flight land
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar

from airhaul.bulk.engine.events import Event
from airhaul.bulk.engine.slots import Slot
from airhaul.errors import TransportError
from airhaul.wire.call import Call, Reply


@dataclass(frozen=True, slots=True)
class Pull:
    """Offer the next row and those that are wanted after it, or report that there are no more."""


@dataclass(frozen=True, slots=True)
class Send:
    """Send a call now, and feed what arrives under this ticket.

    Args:
        ticket: Identifies this sending.
        call: What to send.
        slot: Its place in the pace; the driver reports when the request was written.
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
    """Everything is settled; ``result`` can be read."""


Action = Pull | Send | Wait | Done
Arrival = Reply | TransportError
"""What a call brings: a reply of any status, or the reason why there is none."""

T_co = TypeVar("T_co", covariant=True)


class Job(Protocol[T_co]):
    """What decides on requests, and leaves sending and waiting to a driver."""

    def next(self, now: float) -> Action:
        """Decide what to do next; ``now`` is in seconds on a monotonic clock."""
        ...

    def offer(self, row: object) -> bool:
        """Take a row that was pulled.

        Returns:
            Whether the next row is wanted right away: nothing is to be sent, and nothing has
            happened that is to be reported first.
        """
        ...

    def end_of_rows(self) -> None:
        """Note that there are no more rows."""
        ...

    def feed(self, ticket: int, arrival: Arrival, now: float) -> None:
        """Take the reply of a call, or the reason why there is none."""
        ...

    def stop(self) -> None:
        """Take no more rows and send nothing new."""
        ...

    def events(self) -> list[Event]:
        """Return what happened since the last call, in order."""
        ...

    @property
    def result(self) -> T_co:
        """The result; partial while the job is not done."""
        ...
