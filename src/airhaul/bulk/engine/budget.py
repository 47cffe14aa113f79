"""How many requests may still be sent."""

from __future__ import annotations

from typing import Protocol


class RequestBudget(Protocol):
    """Counts requests, against a ceiling if there is one."""

    def has_room(self) -> bool:
        """Whether one more request may be sent."""
        ...

    def count(self) -> None:
        """Count a request that is sent."""
        ...

    @property
    def most(self) -> int | None:
        """The ceiling."""
        ...


class JobBudget:
    """The budget of one job, within that of its connection.

    Args:
        most: How many requests the job may send; None for any number.
        connection: A budget that the same requests also count against.
    """

    def __init__(self, most: int | None = None, connection: RequestBudget | None = None) -> None:
        self._own_most = most
        self._connection = connection
        self.made = 0

    def has_room(self) -> bool:
        """Whether one more request may be sent."""
        own = self._own_most is None or self.made < self._own_most
        return own and (self._connection is None or self._connection.has_room())

    def count(self) -> None:
        """Count a request that is sent."""
        self.made += 1
        if self._connection is not None:
            self._connection.count()

    @property
    def most(self) -> int | None:
        """The ceiling that is reached first."""
        if self._own_most is not None and self.made >= self._own_most:
            return self._own_most
        return self._own_most if self._connection is None else self._connection.most
