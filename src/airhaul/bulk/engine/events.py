"""What happens during bulk work, told to ``on_event`` on the caller's own thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from airhaul.bulk.results.outcomes import State
from airhaul.errors import AirhaulError, RowError
from airhaul.wire.call import Call
from airhaul.wire.shapes import RecordJson


@dataclass(frozen=True, slots=True)
class RowsWritten:
    """Rows are in the table as they were asked for, or gone from it.

    Args:
        records: The records, in the order of the rows; for deletions the caller's own, or ids.
        done: How many rows are settled by now.
        total: How many rows there are, or None while that is not known.
        state: What became of these rows.
        seconds_left: The time left, told from the pace and what was done lately, in seconds; None
            while it cannot be told.
    """

    records: Sequence[Any]
    done: int
    total: int | None
    state: State = "created"
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class RowRefused:
    """A row was not written.

    Args:
        error: The row's address and the reason.
        done: How many rows are settled by now.
        total: How many rows there are, or None while that is not known.
        row: The row as it was given.
    """

    error: RowError
    done: int
    total: int | None
    row: Any = None


@dataclass(frozen=True, slots=True)
class PageRead:
    """A page of records has come.

    Args:
        records: The records as JSON, without any that a restarted list has brought twice.
    """

    records: Sequence[RecordJson]


@dataclass(frozen=True, slots=True)
class Retrying:
    """A call is sent again.

    Args:
        call: The call.
        error: Why.
        wait_s: The seconds to wait before it.
    """

    call: Call
    error: AirhaulError
    wait_s: float

    def __str__(self) -> str:
        return f"{self.error} Trying again in {self.wait_s:.3g} s."


@dataclass(frozen=True, slots=True)
class Restarted:
    """The server has forgotten a list half read; it is read again from its start."""


@dataclass(frozen=True, slots=True)
class Splitting:
    """A request was refused for some of its rows, and is taken apart to find them.

    Args:
        rows: How many rows it had.
        error: What Airtable said.
    """

    rows: int
    error: AirhaulError


@dataclass(frozen=True, slots=True)
class Reconciled:
    """Rows whose reply was lost were looked for.

    Args:
        found: How many of them are in the table, and count as created.
        absent: How many are not, and are sent again, or left.
        unknown: Of how many it cannot be told.
    """

    found: int
    absent: int
    unknown: int


@dataclass(frozen=True, slots=True)
class RollingBack:
    """Something failed, and what was written is taken back.

    Args:
        rows: How many rows are to be taken back.
    """

    rows: int


Event = (
    RowsWritten
    | RowRefused
    | PageRead
    | Retrying
    | Restarted
    | Splitting
    | Reconciled
    | RollingBack
)
