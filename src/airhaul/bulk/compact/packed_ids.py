"""Record IDs by place, in seventeen bytes each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final

_LENGTH: Final = 17
_NONE: Final = b" " * _LENGTH


class PackedIds:
    """Record IDs by place; some places have none.

    IDs are 17 ASCII characters in every answer seen, but that is not documented: others are kept
    next to them as they are.
    """

    def __init__(self) -> None:
        self._packed = bytearray()
        self._odd: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self._packed) // _LENGTH

    def grow(self, places: int = 1) -> None:
        """Add places without an ID."""
        self._packed += _NONE * places

    def extend(self, ids: Sequence[str]) -> None:
        """Add places with these IDs."""
        packed = _encode("".join(ids))
        if len(packed) == _LENGTH * len(ids) and set(map(len, ids)) <= {_LENGTH}:
            self._packed += packed
            return
        first = len(self)
        self.grow(len(ids))
        for place, id_ in enumerate(ids, first):
            self[place] = id_

    def copy(self, first: int, other: PackedIds, places: Sequence[int]) -> None:
        """Set the IDs of neighbouring places to those that others have.

        Args:
            first: The first place to set.
            other: Where the IDs are.
            places: Their places there, each with an ID.
        """
        if self._odd or other._odd:
            for place, there in enumerate(places, first):
                self[place] = other[there] or ""
            return
        starts = [there * _LENGTH for there in places]
        packed = b"".join([other._packed[start : start + _LENGTH] for start in starts])
        self._packed[first * _LENGTH : (first + len(places)) * _LENGTH] = packed

    def __setitem__(self, place: int, id_: str) -> None:
        packed = _encode(id_)
        if len(packed) != _LENGTH:
            self._odd[place] = id_
            packed = _NONE
        else:
            self._odd.pop(place, None)
        start = place * _LENGTH
        self._packed[start : start + _LENGTH] = packed

    def __getitem__(self, place: int) -> str | None:
        if place in self._odd:
            return self._odd[place]
        packed = bytes(self._packed[place * _LENGTH : (place + 1) * _LENGTH])
        return None if packed == _NONE else packed.decode("utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str | None]:
        return map(self.__getitem__, range(len(self)))

    def among(self, ids: Collection[str]) -> set[str]:
        """Return those of some IDs that a place has."""
        wanted = {_encode(id_): id_ for id_ in ids}
        starts = range(0, len(self._packed), _LENGTH)
        slices = (bytes(self._packed[start : start + _LENGTH]) for start in starts)
        found = {wanted[packed] for packed in slices if packed in wanted}
        return found | {id_ for id_ in self._odd.values() if id_ in ids}


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
