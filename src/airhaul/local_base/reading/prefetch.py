"""Prefetching: what cells refer to by id, fetched for a whole batch of records in one query."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Generic, TypeVar

from airhaul.local_base.store import StoredRecord

T = TypeVar("T")


class ReadBatch:
    """The records that are about to be read, by table and id."""

    def __init__(self) -> None:
        self._tables: dict[str, dict[str, StoredRecord]] = {}

    def add(self, records: Iterable[StoredRecord]) -> None:
        """Add records that are about to be read."""
        for record in records:
            self._tables.setdefault(record.table_id, {})[record.id] = record

    def around(self, record: StoredRecord) -> Iterable[StoredRecord]:
        """Return the records that are read together with a record, itself included."""
        table = self._tables.get(record.table_id, {})
        return table.values() if record.id in table else (record,)

    def clear(self) -> None:
        """Remove all records."""
        self._tables.clear()


class Prefetcher(Generic[T]):
    """Resolves the ids in a cell, and fetches those of the whole batch with them.

    Args:
        batch: The records that are about to be read.
        fetch: Finds things by their ids.
    """

    def __init__(self, batch: ReadBatch, fetch: Callable[[Sequence[str]], Mapping[str, T]]) -> None:
        self._batch = batch
        self._fetch = fetch
        self._known: dict[str, T | None] = {}

    def named_in(self, record: StoredRecord, field_id: str) -> list[T]:
        """Return what a record's cell names, in the cell's order, without what was deleted."""
        ids: list[str] = record.cells.get(field_id, [])
        known = self._known
        if not all(one in known for one in ids):
            near = (other.cells.get(field_id, ()) for other in self._batch.around(record))
            wanted = dict.fromkeys(chain(ids, *near))
            missing = [one for one in wanted if one not in known]
            found = self._fetch(missing)
            known.update((one, found.get(one)) for one in missing)
        return [thing for one in ids if (thing := known[one]) is not None]

    def __len__(self) -> int:
        """Return how many ids are remembered."""
        return len(self._known)

    def clear(self) -> None:
        """Forget everything."""
        self._known.clear()
