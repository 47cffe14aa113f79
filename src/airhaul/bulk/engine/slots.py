"""The slots of requests: a block of bytes, which the processes of a host may share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from struct import Struct
from typing import Final, NamedTuple

PLACES: Final = 256
OLD_IN_A_ROW: Final = 16

BOOKED: Final = 0
DEPARTED: Final = 1
WRITTEN: Final = 2
ANSWERED: Final = 3


class Header(NamedTuple):
    """What all slots share.

    Args:
        booked: How many slots were ever booked.
        paused_until: Nothing leaves before this time.
        spent_s: The time spent on late replies, less what was earned.
        rate: The lowest rate that is asked for.
        rate_until: How long it holds.
        rate_by: Who asked for it.
    """

    booked: int
    paused_until: float
    spent_s: float
    rate: float
    rate_until: float
    rate_by: int


class Place(NamedTuple):
    """A slot as it is shared.

    Args:
        number: Its number, from 1.
        state: How far its request has come.
        is_cold: Whether it comes after a rest.
        at: When it may leave; after that, when it left, as far as is known.
        expected: When its reply is expected at the earliest; 0 if nothing is known.
    """

    number: int
    state: int
    is_cold: bool
    at: float
    expected: float


_HEADER: Final = Struct("<qddddq")
_PLACE: Final = Struct("<qb?dd")


class Slots:
    """The latest slots under one limit.

    ``block`` is what is shared between processes; blank bytes are the slots of a base that nobody
    has used.
    """

    SIZE: Final = _HEADER.size + PLACES * _PLACE.size

    def __init__(self) -> None:
        self.block = bytearray(self.SIZE)

    @property
    def header(self) -> Header:
        """What all slots share."""
        return Header(*_HEADER.unpack_from(self.block))

    @header.setter
    def header(self, header: Header) -> None:
        _HEADER.pack_into(self.block, 0, *header)

    def place(self, number: int) -> Place | None:
        """Find a slot; None if it is long gone."""
        found = Place(*_PLACE.unpack_from(self.block, self._offset(number)))
        return found if found.number == number > 0 else None

    def since(self, time: float) -> list[Place]:
        """Return the slots that are later than a time.

        They are booked in about the order of their times, so that most need not be looked at.
        """
        found: list[Place] = []
        number, old = self.header.booked, 0
        while old < OLD_IN_A_ROW and (place := self.place(number)) is not None:
            if place.at > time:
                found.append(place)
                old = 0
            else:
                old += 1
            number -= 1
        return found

    def put(self, place: Place) -> None:
        """Keep a slot, in place of one that is long gone."""
        _PLACE.pack_into(self.block, self._offset(place.number), *place)

    @staticmethod
    def _offset(number: int) -> int:
        return _HEADER.size + number % PLACES * _PLACE.size


class Link(NamedTuple):
    """The place of a slot under one limit: so many requests in a period."""

    slots: Slots
    number: int
    requests: int
    period_s: float


@dataclass(slots=True, eq=False, weakref_slot=True)
class Slot:
    """The slot of one request.

    Args:
        kind: Requests of the same kind take about the same time.
        at: When it may leave; after that, when it left, as far as is known.
        links: Its place under each limit; none if there is no limit, or no place yet.
        is_booked: Whether it has its places.
        expected: When its reply is expected at the earliest; 0 if nothing is known.
        written_at: When it was written to its connection, if that was noted.
    """

    kind: str = ""
    at: float = -math.inf
    links: tuple[Link, ...] = ()
    is_booked: bool = False
    expected: float = 0.0
    written_at: float | None = None
