"""Lists that are read page by page: the ids of what is still to come, kept for some minutes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from airhaul.server import refusal
from airhaul.wire.ids import is_id, new_id

# The service says "some minutes"; the number is not published.
_LIFE_S: Final = 300.0
_MOST: Final = 10_000


@dataclass(slots=True)
class _Iterator:
    table_id: str
    record_ids: list[str]
    used: float


class Iterators:
    """The lists that are being read.

    Args:
        clock: Seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._open: dict[str, _Iterator] = {}

    def keep(self, table_id: str, record_ids: list[str]) -> str:
        """Keep what is still to come, and say the offset that continues with it."""
        self._drop_old()
        iterator_id = new_id("itr")
        self._open[iterator_id] = _Iterator(table_id, record_ids, self._clock())
        return f"{iterator_id}/{record_ids[0]}"

    def resume(self, offset: str, table_id: str) -> list[str]:
        """Find what is still to come.

        An offset can be used again, as after a lost reply.

        Raises:
            Refusal: The offset is malformed, forgotten, or of another table.
        """
        iterator_id, _, record_id = offset.partition("/")
        if not is_id(iterator_id, "itr") or not is_id(record_id, "rec"):
            raise refusal.invalid_request()
        self._drop_old()
        found = self._open.get(iterator_id)
        if found is None or found.table_id != table_id:
            raise refusal.iterator_gone()
        found.used = self._clock()
        return found.record_ids

    def forget(self) -> None:
        """Lose all of them, as the service does when it restarts."""
        self._open.clear()

    def _drop_old(self) -> None:
        oldest = self._clock() - _LIFE_S
        for iterator_id in [key for key, kept in self._open.items() if kept.used < oldest]:
            del self._open[iterator_id]
        while len(self._open) >= _MOST:
            del self._open[next(iter(self._open))]
