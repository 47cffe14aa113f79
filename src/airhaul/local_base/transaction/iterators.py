"""Lists that are read page by page: the places of their records, kept for some minutes.

Not published, and decided: the first page fixes which records a list has and their order; a later
page shows their current cells, and leaves out records that were deleted. An offset can be used
again, for example after a lost reply. A list is kept for five minutes after its last use; if all
lists together take more than about 40 MB, the least recently used ones are dropped.
"""

from __future__ import annotations

import threading
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from airhaul.local_base.protocol import refusal
from airhaul.wire.ids import is_id, new_id

# The service says "some minutes"; the number is not published.
_LIFE_S: Final = 300.0
# In units of one place, which takes eight bytes.
_MOST_KEPT: Final = 5_000_000
_WEIGHT_OF_LIST: Final = 100
_WEIGHT_OF_OFFSET: Final = 20


@dataclass(slots=True)
class ListSnapshot:
    """The records of a list as its first page found them, and the offsets given to the client.

    Args:
        table_id: The table.
        places: The places of all its records in the file, in order.
        iterator_id: The first half of its offsets; empty before the first offset.
        starts: The index in ``places`` at which each offset starts, by the offset's second half.
        used: When it was last used.
    """

    table_id: str
    places: array[int]
    iterator_id: str = ""
    starts: dict[str, int] = field(default_factory=dict[str, int])
    used: float = 0.0

    @property
    def weight(self) -> int:
        """The memory it takes, in units of one place."""
        return len(self.places) + _WEIGHT_OF_OFFSET * len(self.starts) + _WEIGHT_OF_LIST


class Iterators:
    """The lists that are being read.

    Args:
        clock: A monotonic clock, in seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        # In the order of their last use.
        self._open: dict[str, ListSnapshot] = {}
        self._weight = 0

    def offset(self, snapshot: ListSnapshot, start: int, record_id: str) -> str:
        """Keep a list, and return the offset of its next page.

        Args:
            snapshot: The list.
            start: The index at which the next page starts.
            record_id: The record at this index.
        """
        with self._lock:
            self._drop(snapshot.iterator_id)
            snapshot.iterator_id = snapshot.iterator_id or new_id("itr")
            snapshot.starts[record_id] = start
            self._keep(snapshot)
            self._drop_old()
        return f"{snapshot.iterator_id}/{record_id}"

    def resume(self, offset: str, table_id: str) -> tuple[ListSnapshot, int]:
        """Find the list of an offset, and the index at which the offset starts.

        Raises:
            Refusal: The offset is malformed, forgotten, or belongs to another table.
        """
        iterator_id, _, record_id = offset.partition("/")
        if not is_id(iterator_id, "itr") or not is_id(record_id, "rec"):
            raise refusal.invalid_request()
        with self._lock:
            self._drop_old()
            found = self._open.get(iterator_id)
            if found is None or found.table_id != table_id or record_id not in found.starts:
                raise refusal.iterator_gone()
            self._drop(iterator_id)
            self._keep(found)
            return found, found.starts[record_id]

    def lose(self, offset: str) -> None:
        """Drop the list that an offset belongs to."""
        with self._lock:
            self._drop(offset.partition("/")[0])

    def forget(self) -> None:
        """Drop all lists, as Airtable does when it restarts."""
        with self._lock:
            self._open.clear()
            self._weight = 0

    def _keep(self, snapshot: ListSnapshot) -> None:
        snapshot.used = self._clock()
        self._open[snapshot.iterator_id] = snapshot
        self._weight += snapshot.weight

    def _drop(self, iterator_id: str) -> None:
        dropped = self._open.pop(iterator_id, None)
        if dropped is not None:
            self._weight -= dropped.weight

    def _drop_old(self) -> None:
        oldest = self._clock() - _LIFE_S
        while self._open:
            first = next(iter(self._open.values()))
            too_much = self._weight > _MOST_KEPT and len(self._open) > 1
            if first.used >= oldest and not too_much:
                return
            self._drop(first.iterator_id)
