"""What happens during bulk work, passed to ``on_event`` on the caller's own thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from airhaul.bulk.results.outcomes import State
from airhaul.errors import AirhaulError, RowError
from airhaul.messages import Message
from airhaul.wire.call import Call
from airhaul.wire.shapes import RecordJson


@dataclass(frozen=True, slots=True)
class RowsChecked:
    """Rows of a file were validated. No row is sent before all are.

    Args:
        done: How many rows were read so far.
        total: How many rows there are, or None while that is not known.
    """

    done: int
    total: int | None


@dataclass(frozen=True, slots=True)
class RowsWritten:
    """Rows were written as requested, or deleted.

    Args:
        records: The records, in the order of the rows; for deletions the caller's own, or ids.
        done: How many rows are settled so far.
        total: How many rows there are, or None while that is not known.
        state: The outcome of these rows.
        seconds_left: The time left in seconds, estimated from the pace and the latest progress;
            None while there is no estimate.
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
        done: How many rows are settled so far.
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
        records: The records as JSON, each once even if the list was read again.
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

    @property
    def wait(self) -> str:
        """How long that is, in words: ``0.5 s``, ``3,600 s``."""
        return f"{self.wait_s:.3g} s" if self.wait_s < 100 else f"{self.wait_s:,.0f} s"

    @property
    def message(self) -> Message:
        """The event in a sentence."""
        stop = "" if self.error.message.endswith((".", "!", "?")) else "."
        return Message(self.error.message, f"{stop} Trying again in {self.wait}.")

    def __str__(self) -> str:
        return str(self.message)


@dataclass(frozen=True, slots=True)
class Restarted:
    """The server has forgotten a list that was partly read; it is read again from its start."""


@dataclass(frozen=True, slots=True)
class Splitting:
    """A request was refused for some of its rows, and is split to find them.

    Args:
        rows: How many rows it had.
        error: Airtable's refusal.
    """

    rows: int
    error: AirhaulError


@dataclass(frozen=True, slots=True)
class Reconciled:
    """Rows whose reply was lost were looked for.

    Args:
        found: How many of them are in the table, and count as created.
        absent: How many are not; they are sent again or given up.
        unknown: How many could not be decided.
    """

    found: int
    absent: int
    unknown: int


@dataclass(frozen=True, slots=True)
class RollingBack:
    """A row failed, and what was written is undone.

    Args:
        rows: How many rows are to be undone.
        wait_s: The seconds to wait before that, because a request whose reply was lost may still be
            at work.
    """

    rows: int
    wait_s: float = 0.0


Event = (
    RowsChecked
    | RowsWritten
    | RowRefused
    | PageRead
    | Retrying
    | Restarted
    | Splitting
    | Reconciled
    | RollingBack
)
