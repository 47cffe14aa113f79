"""What cells refer to by id, looked up for many records at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Generic, TypeVar

from airhaul.local_base.store import StoredRecord

T = TypeVar("T")


class Pool:
    """The records that are about to be read, by table and id."""

    def __init__(self) -> None:
        self._tables: dict[str, dict[str, StoredRecord]] = {}

    def add(self, records: Iterable[StoredRecord]) -> None:
        """Expect records to be read."""
        for record in records:
            self._tables.setdefault(record.table_id, {})[record.id] = record

    def beside(self, record: StoredRecord) -> Iterable[StoredRecord]:
        """The records that are read together with one."""
        table = self._tables.get(record.table_id, {})
        return table.values() if record.id in table else (record,)

    def clear(self) -> None:
        """Expect nothing any more."""
        self._tables.clear()


class LookAhead(Generic[T]):
    """Things that cells name by ids: asked for one cell, fetched for the whole pool.

    Args:
        pool: The records that are about to be read.
        fetch: Finds things by their ids.
    """

    def __init__(self, pool: Pool, fetch: Callable[[Sequence[str]], Mapping[str, T]]) -> None:
        self._pool = pool
        self._fetch = fetch
        self._known: dict[str, T | None] = {}

    def named_in(self, record: StoredRecord, field_id: str) -> list[T]:
        """What a record's cell names, in its order; what is gone is left out."""
        ids: list[str] = record.cells.get(field_id, [])
        known = self._known
        if not all(one in known for one in ids):
            near = (other.cells.get(field_id, ()) for other in self._pool.beside(record))
            wanted = dict.fromkeys(chain(ids, *near))
            missing = [one for one in wanted if one not in known]
            found = self._fetch(missing)
            known.update((one, found.get(one)) for one in missing)
        return [thing for one in ids if (thing := known[one]) is not None]

    def __len__(self) -> int:
        """How many things are remembered."""
        return len(self._known)

    def clear(self) -> None:
        """Forget all."""
        self._known.clear()
