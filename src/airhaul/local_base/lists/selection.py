"""The records of a list, and their order."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from airhaul.local_base.lists.filters import Filter
from airhaul.local_base.lists.record_ids import in_all
from airhaul.local_base.lists.scan import Scan, id_of, place_of
from airhaul.local_base.lists.sorting import SortKey, sort, sort_key
from airhaul.local_base.store import Scanned
from airhaul.local_base.store.schema import Field, Table
from airhaul.local_base.transaction.context import Context


@dataclass(frozen=True, slots=True)
class Selection:
    """The filters and the order of a list.

    Args:
        filters: Only records that all of these keep are listed.
        keys: The sort keys, the most significant first.
        most: The highest number of records; None for all.
        by_id: Whether records that the keys do not order are in the order of their ids, as in a
            list without a view; in a view they are in the order of their creation.
    """

    filters: tuple[Filter, ...] = ()
    keys: tuple[SortKey, ...] = ()
    most: int | None = None
    by_id: bool = True

    @property
    def _fields(self) -> list[Field]:
        named = [field for one in self.filters for field in one.fields.values()]
        return [*named, *(field for field, _ in self.keys)]

    def places(self, context: Context, table: Table) -> array[int]:
        """Return the places of all selected records, in order.

        Args:
            context: The request.
            table: The table.
        """
        if not self.filters and not self.keys:
            return context.session.scans.places(table.id, self.most, by_id=self.by_id)
        whole = any(one.asks_times for one in self.filters)
        ids = in_all(one.ids for one in self.filters)
        scan = Scan(context, table, self._fields, whole=whole, ids=ids)
        kept: Iterable[Scanned] = scan
        for one in self.filters:
            kept = filter(one.over(scan), kept)
        if not self.keys and not self.by_id:
            return array("q", map(place_of, islice(kept, self.most)))
        return self._sorted(scan, kept)

    def _sorted(self, scan: Scan, kept: Iterable[Scanned]) -> array[int]:
        key_of = [sort_key(scan, field) for field, _ in self.keys]
        columns: list[tuple[list[Any], bool]] = [([], descending) for _, descending in self.keys]
        if self.by_id:
            key_of.append(id_of)
            columns.append(([], False))
        places = array("q")
        for scanned in kept:
            places.append(scanned[0])
            for (keys, _), key in zip(columns, key_of, strict=True):
                keys.append(key(scanned))
        order = sort(columns, len(places))
        return array("q", (places[number] for number in order[: self.most]))
