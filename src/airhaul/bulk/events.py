"""What happens during bulk work, told to ``on_event`` on the caller's own thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from airhaul.errors import AirhaulError, RowError
from airhaul.wire.call import Call
from airhaul.wire.shapes import RecordJson


@dataclass(frozen=True, slots=True)
class RowsWritten:
    """A request has written its rows.

    Args:
        records: The records, in the order of the rows.
        done: How many rows are settled by now.
        total: How many rows there are, or None while that is not known.
    """

    records: Sequence[Any]
    done: int
    total: int | None


@dataclass(frozen=True, slots=True)
class RowRefused:
    """A row was not written.

    Args:
        error: The row's address and the reason.
        done: How many rows are settled by now.
        total: How many rows there are, or None while that is not known.
    """

    error: RowError
    done: int
    total: int | None


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


@dataclass(frozen=True, slots=True)
class Restarted:
    """The server has forgotten a list half read; it is read again from its start."""


Event = RowsWritten | RowRefused | PageRead | Retrying | Restarted
