"""The few values because of which a column of numbers or dates is text."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

NearType = Literal["number", "date", "dateTime"]

_TYPES: Final[tuple[NearType, ...]] = get_args(NearType)
_MOST_EXAMPLES: Final = 3
_VALUES_PER_MISFIT: Final = 10


@dataclass(frozen=True, slots=True)
class Misfits:
    """The values that do not fit the type of nearly all others.

    Args:
        type: The type that the others fit.
        count: How many do not.
        examples: A few of these that fit no type at all, each once, in the order of the file.
    """

    type: NearType
    count: int
    examples: tuple[str, ...]


@dataclass(slots=True)
class MisfitCounter:
    """Counts the values of a column that fit each type."""

    fitting: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_TYPES, 0))
    others: dict[str, None] = field(default_factory=dict[str, None])
    has_codes: bool = False

    def add(self, text: str, fits: Collection[str]) -> None:
        """Count a value.

        A column with codes such as ``00123`` and ``12a`` has no numbers, although most look so.

        Args:
            text: The value.
            fits: The types that it fits.
        """
        if fits:
            for type_ in fits:
                if type_ in self.fitting:
                    self.fitting[type_] += 1
            return
        if len(self.others) < _MOST_EXAMPLES:
            self.others[text.strip()] = None
        if text.isalnum() and not text.isalpha():
            self.has_codes = True

    def conclude(self, filled: int) -> Misfits | None:
        """Return the misfits of the type that nearly all values fit; None if there is none.

        Args:
            filled: How many values the column has.
        """
        near = max(_TYPES, key=self.fitting.__getitem__)
        count = filled - self.fitting[near]
        if not 0 < count * _VALUES_PER_MISFIT <= filled or not self.others:
            return None
        if near == "number" and self.has_codes:
            return None
        return Misfits(near, count, tuple(self.others))
