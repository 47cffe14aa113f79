"""The rows of a bulk call as they come in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

from airhaul.bulk.changes import Change, Refused
from airhaul.bulk.outcomes import Outcomes
from airhaul.bulk.rows import Encoder
from airhaul.errors import RowError
from airhaul.model.base import RecordBase

M = TypeVar("M", bound=RecordBase)


class Intake(Generic[M]):
    """Numbers rows, opens an outcome for each, and makes changes of them.

    Args:
        encoder: Makes changes of rows.
        outcomes: Where what becomes of each row is kept.
    """

    def __init__(self, encoder: Encoder[M], outcomes: Outcomes[M]) -> None:
        self._encoder = encoder
        self._outcomes = outcomes
        self._taken = 0
        self._recovered: set[int] = set()
        self.has_ended = False

    def take(self, row: object) -> Change[M] | Refused | None:
        """Take a row.

        Args:
            row: The row as it was given, or what a look at all rows has made of it.

        Returns:
            What is to be done; None for a row that another process has dealt with.
        """
        index = row.index if isinstance(row, Change | Refused) else self._taken
        self._taken = max(self._taken, index + 1)
        self._outcomes.open(index)
        try:
            change = self._encoder.encode(index, row)
        except RowError as error:
            if self._outcomes.is_settled(index):
                return None
            self._outcomes.open(index, error.line)
            return Refused(index, error, row.source if isinstance(row, Refused) else row)
        self._outcomes.open(index, change.line)
        is_known = self._outcomes.is_settled(index) or index in self._recovered
        return None if is_known else change

    def recover(self, changes: Iterable[Change[M]]) -> None:
        """Learn of rows that another process was about to send; they are not taken again."""
        for change in changes:
            self._outcomes.open(change.index, change.line)
            self._recovered.add(change.index)
