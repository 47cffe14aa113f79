"""Lists that are read page by page: the ids of what is still to come, kept for some minutes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from airhaul.server import refusal
from airhaul.wire.ids import is_id, new_id

# The service says "some minutes"; the number is not published.
_LIFE_S: Final = 300.0
_MOST: Final = 10_000


@dataclass(slots=True)
class Selected:
    """What a list consists of, and how far it was handed out.

    Args:
        table_id: The table.
        record_ids: The ids of all its records, in order.
        iterator_id: The first half of its offsets; empty until there is one.
        places: For each offset that was handed out, by its second half, the place it stands for.
        used: When it was last used.
    """

    table_id: str
    record_ids: list[str]
    iterator_id: str = ""
    places: dict[str, int] = field(default_factory=dict[str, int])
    used: float = 0.0


class Iterators:
    """The lists that are being read.

    Args:
        clock: Seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._open: dict[str, Selected] = {}

    def offset(self, selected: Selected, place: int) -> str:
        """Keep a list, and say the offset that continues with it at a place."""
        record_id = selected.record_ids[place]
        with self._lock:
            self._drop_old()
            if not selected.iterator_id:
                selected.iterator_id = new_id("itr")
                self._open[selected.iterator_id] = selected
            selected.used = self._clock()
            selected.places[record_id] = place
        return f"{selected.iterator_id}/{record_id}"

    def resume(self, offset: str, table_id: str) -> tuple[Selected, int]:
        """Find a list, and the place in it that an offset stands for.

        An offset can be used again, as after a lost reply.

        Raises:
            Refusal: The offset is malformed, forgotten, or of another table.
        """
        iterator_id, _, record_id = offset.partition("/")
        if not is_id(iterator_id, "itr") or not is_id(record_id, "rec"):
            raise refusal.invalid_request()
        with self._lock:
            self._drop_old()
            found = self._open.get(iterator_id)
            if found is None or found.table_id != table_id or record_id not in found.places:
                raise refusal.iterator_gone()
            found.used = self._clock()
            return found, found.places[record_id]

    def lose(self, offset: str) -> None:
        """Lose the list that an offset continues."""
        self._open.pop(offset.partition("/")[0], None)

    def forget(self) -> None:
        """Lose all of them, as the service does when it restarts."""
        self._open.clear()

    def _drop_old(self) -> None:
        oldest = self._clock() - _LIFE_S
        for iterator_id in [key for key, kept in self._open.items() if kept.used < oldest]:
            del self._open[iterator_id]
        while len(self._open) >= _MOST:
            del self._open[next(iter(self._open))]
