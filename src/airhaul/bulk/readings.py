"""Reading the records that rows are about: before they are changed, and after a lost reply."""

from __future__ import annotations

from collections import deque
from typing import Any, Final, Generic, TypeVar

from airhaul.bulk.changes import Change
from airhaul.bulk.chunks import Checking, Looking, Reading
from airhaul.bulk.look import Look
from airhaul.bulk.target import Target
from airhaul.errors import AirhaulError, IteratorExpiredError, RowError
from airhaul.model.base import RecordBase
from airhaul.wire.call import Call
from airhaul.wire.limits import RECORDS_PER_PAGE
from airhaul.wire.replies import records_in

M = TypeVar("M", bound=RecordBase)

_MOST_RESTARTS: Final = 5


class Readings(Generic[M]):
    """What is to be read, a hundred rows at a time, page by page.

    Args:
        target: The table.
        look: What has to be known of records before they are changed, if anything.
    """

    def __init__(self, target: Target, look: Look | None) -> None:
        self._target = target
        self._look = look
        self._gathered: list[Change[M]] = []
        self._waiting: deque[Reading[M]] = deque()

    def is_needed(self, change: Change[M]) -> bool:
        """Whether a row has to wait for a look."""
        return self._look is not None and change.kind != "keep" and self._look.is_needed(change)

    def gather(self, change: Change[M]) -> None:
        """Take a row that has to wait for a look."""
        self._gathered.append(change)

    @property
    def is_full(self) -> bool:
        """Whether there are as many rows as one look is for."""
        return len(self._gathered) >= RECORDS_PER_PAGE

    def begin_look(self) -> None:
        """Let the rows that were gathered be looked at, if there are any."""
        if self._gathered:
            self._waiting.append(Looking(self._gathered))
            self._gathered = []

    def check(self, checking: Checking[M]) -> None:
        """Take rows whose request was lost."""
        self._waiting.append(checking)

    def give_up_looks(self) -> None:
        """Keep only what finds out what was done."""
        self._waiting = deque(one for one in self._waiting if isinstance(one, Checking))

    @property
    def is_checking(self) -> bool:
        """Whether rows wait whose request was lost."""
        # Asked for each row, when there is mostly none.
        return bool(self._waiting) and any(isinstance(one, Checking) for one in self._waiting)

    def checks_at(self) -> float | None:
        """When the next of them may be looked for; None if there are none."""
        return min((one.at for one in self._waiting if isinstance(one, Checking)), default=None)

    def next_call(self, now: float) -> tuple[Reading[M], Call] | None:
        """Hand over the next request that may be sent, or None."""
        for reading in self._waiting:
            if not isinstance(reading, Checking) or reading.at <= now:
                self._waiting.remove(reading)
                return reading, self._call(reading)
        return None

    def _call(self, reading: Reading[M]) -> Call:
        if isinstance(reading, Checking):
            formula, fields = self._target.find(reading.changes), None
        else:
            assert self._look is not None, "only a look makes rows wait"
            formula = self._look.formula(reading.changes)
            fields = self._look.fields(reading.changes)
        return self._target.read(formula, fields, reading.offset)

    def accept(self, reading: Reading[M], value: Any) -> bool:
        """Take a page.

        Args:
            reading: What was read.
            value: The answer's JSON.

        Returns:
            Whether it was the last one.

        Raises:
            BadReplyError: It is no answer of Airtable.
        """
        reading.records += records_in(value)
        reading.offset = value.get("offset")
        if reading.offset is not None:
            self._waiting.append(reading)
        return reading.offset is None

    def take(self, reading: Reading[M]) -> dict[int, RowError]:
        """Put what a look has read into its rows.

        Returns:
            The rows that cannot be written, by index, with the reason.
        """
        assert self._look is not None, "only a look makes rows wait"
        return self._look.take(reading.changes, reading.records)

    def refuse(self, reading: Reading[M], error: AirhaulError) -> bool:
        """Learn that a page was refused.

        Returns:
            Whether that is the end of it; otherwise it begins anew.
        """
        if isinstance(error, IteratorExpiredError) and reading.restarts < _MOST_RESTARTS:
            reading.restart()
            self._waiting.append(reading)
            return False
        return True
