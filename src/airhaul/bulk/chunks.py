"""What a bulk call has on its way: chunks of rows, and readings about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from airhaul.bulk.changes import Change, Kind
from airhaul.bulk.work import Sending
from airhaul.errors import AirhaulError
from airhaul.model.base import RecordBase
from airhaul.wire.shapes import RecordJson

M = TypeVar("M", bound=RecordBase)


@dataclass(slots=True, eq=False)
class Chunk(Generic[M]):
    """Up to ten rows of one kind: one request.

    Args:
        kind: What is done with them.
        changes: The rows.
        tries: How often they were sent, this time included, where that is counted: for creates.
        intent: The number of its intent in the journal; 0 if there is none.
        was_sent: Whether another process may have carried it out already.
        since: The earliest time that it can have been for the service then, if that is known.
    """

    kind: Kind
    changes: list[Change[M]]
    tries: int = 1
    intent: int = 0
    was_sent: bool = False
    since: datetime | None = None


@dataclass(slots=True, eq=False)
class Reading(Generic[M]):
    """Reading the records that some rows are about, page by page.

    Args:
        changes: The rows.
        records: What was read by now.
        offset: Where the list goes on.
        restarts: How often it was begun anew.
    """

    changes: list[Change[M]]
    records: list[RecordJson] = field(default_factory=list[RecordJson])
    offset: str | None = None
    restarts: int = 0

    def restart(self) -> None:
        """Begin anew, because the list's iterator is gone."""
        self.restarts += 1
        self.records, self.offset = [], None


class Looking(Reading[M]):
    """Looking at what is there before it is changed."""


@dataclass(slots=True, eq=False, kw_only=True)
class Checking(Reading[M]):
    """Looking what became of rows whose request was lost, and cannot simply be sent again.

    Args:
        kind: What was to be done with them.
        error: Why it cannot.
        sending: The request.
        at: When to look, in seconds: it may still be at work before.
    """

    kind: Kind
    error: AirhaulError
    sending: Sending
    at: float


@dataclass(slots=True, eq=False)
class Searching:
    """A page of the search for lost creates.

    Args:
        is_look: Whether it looks for records; otherwise it asks for the service's time only.
    """

    is_look: bool
