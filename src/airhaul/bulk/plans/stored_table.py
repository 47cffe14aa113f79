"""A whole table by key: its records kept small, and which of them the rows of an input have."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from airhaul.bulk.compact.stored_records import StoredRecords
from airhaul.bulk.rows.keys import Key, same_key
from airhaul.errors import DuplicateKeyError
from airhaul.wire.shapes import Cells, RecordJson

_MOST_NAMED: Final = 5


class StoredTable:
    """The records of a table by key; also the check that no two rows of an input have one key.

    Args:
        key: The key.
        columns: The columns that rows may write.

    Attributes:
        records: The records.
        without_key: How many of them have no key, because a part of it is blank.
    """

    def __init__(self, key: Key, columns: Iterable[str]) -> None:
        self.records = StoredRecords(columns)
        self.without_key = 0
        self._key = key
        self._places: dict[Any, int] = {}
        self._doubles: dict[Any, list[int]] = {}
        # By place: the row that has the key, plus 1, or 0; and whether a valid row has it.
        self._row_at = array("I")
        self._is_wanted = bytearray()
        self._new: dict[Any, int] = {}

    def add_records(self, records: Sequence[RecordJson]) -> None:
        """Add records of the table."""
        parts = self._key.parts_in([record["fields"] for record in records])
        for place, value in enumerate(_small_values(parts), len(self.records)):
            if value is None:
                self.without_key += 1
                continue
            first = self._places.setdefault(value, place)
            if first != place:
                self._doubles.setdefault(value, [first]).append(place)
        self.records.add(records)
        self._row_at.extend([0] * len(records))
        self._is_wanted += bytes(len(records))

    def refuse_doubles(self) -> None:
        """Check that each key is that of one record.

        Raises:
            DuplicateKeyError: Several records have one key.
        """
        if not self._doubles:
            return
        groups = [list(map(self.records.record, places)) for places in self._doubles.values()]
        named = [
            f"{self._key.shown(group[0]['fields'])}: {', '.join(record['id'] for record in group)}"
            for group in groups[:_MOST_NAMED]
        ]
        if len(groups) > _MOST_NAMED:
            named.append(f"and {len(groups) - _MOST_NAMED} more keys")
        raise DuplicateKeyError(
            "Several records of the table have the same key, so it does not identify a record. "
            "Nothing was written.\n  " + "\n  ".join(named),
            record_ids=tuple(record["id"] for group in groups for record in group),
        )

    def add(self, value: tuple[Any, ...], index: int, cells: Cells) -> None:
        """Take the key of a row; arguments and errors as of ``Seen.add``."""
        small = _small(value)
        place = self._places.get(small)
        if place is None:
            first = self._new.setdefault(small, index)
        elif self._row_at[place]:
            first = self._row_at[place] - 1
        else:
            first = index
            self._row_at[place] = index + 1
        if first != index:
            raise same_key(self._key, first, cells)

    def take_all(self, places: Sequence[int], first: int) -> bool:
        """Take neighbouring rows that leave records unchanged.

        Args:
            places: The places of their records.
            first: The place of the first row in the input.

        Returns:
            Whether they were taken; none is if another row has the key of one of them.
        """
        row_at, is_wanted = self._row_at, self._is_wanted
        if any(map(row_at.__getitem__, places)) or len(set(places)) < len(places):
            return False
        for row, place in enumerate(places, first + 1):
            row_at[place] = row
            is_wanted[place] = True
        return True

    def find(self, value: tuple[Any, ...]) -> int | None:
        """Return the place of the record with a key, or None."""
        return self._places.get(_small(value))

    def find_all(self, parts: Sequence[Sequence[Any]]) -> list[int | None]:
        """Return the places of the records with some keys.

        Args:
            parts: The keys, part by part: a sequence for each column of the key.

        Returns:
            A place for each key, or None.
        """
        return list(map(self._places.get, _small_values(parts)))

    def want(self, place: int) -> None:
        """Note that a valid row has the key of a record."""
        self._is_wanted[place] = True

    def unwanted(self) -> list[int]:
        """Return the places of the records whose keys no valid row has."""
        return [place for place in self._places.values() if not self._is_wanted[place]]

    def keys(self) -> Iterator[tuple[Any, ...]]:
        """Return the keys of the records."""
        is_one = len(self._key.columns) == 1
        return ((small,) if is_one else small for small in self._places)


def _small_values(parts: Sequence[Sequence[Any]]) -> Iterable[Any]:
    """Return the keys that consist of some parts as they are kept; None where a part is blank."""
    if len(parts) == 1:
        return parts[0]
    return (None if None in value else value for value in zip(*parts, strict=True))


def _small(value: tuple[Any, ...]) -> Any:
    """Return a key as it is kept: a tuple of one part would cost more than most parts."""
    return value[0] if len(value) == 1 else value
