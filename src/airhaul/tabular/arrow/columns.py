"""Columns of Arrow data made of cells: by the library where all cells fit, else one by one."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

from airhaul.fields.arrow import TEXTS, ArrowType, Kind, arrow_value
from airhaul.tabular.arrow.library import arrow_type

_NONE: Final = type(None)
_MICROSECONDS: Final = 1_000_000


class ArrowColumn:
    """Makes the arrays of a column.

    Args:
        type_: The type of its values.
        arrow: The library.
        choices: The choices that are known, in their order.
    """

    def __init__(self, type_: ArrowType, arrow: Any, choices: Collection[str] = ()) -> None:
        self.type: Any = arrow_type(type_, arrow)
        self._type = type_
        self._arrow = arrow
        self._compute: Any = importlib.import_module("pyarrow.compute")
        self._choices = [*choices]
        self._of_all = self._quick().get(type_.kind)

    def nulls(self, count: int) -> Any:
        """Make an array of nulls."""
        return self._arrow.nulls(count, self.type)

    def array(self, cells: Sequence[Any]) -> tuple[Any, list[int]]:
        """Make an array of cells.

        Args:
            cells: JSON; None for empty cells.

        Returns:
            The array, and the places of cells that do not fit; these are null.
        """
        if self._of_all is not None:
            try:
                made = self._of_all(cells, set(map(type, cells)))
            except (ValueError, TypeError, OverflowError, self._arrow.ArrowException):
                made = None  # some cell does not fit
            if made is not None:
                return made, []
        values: list[Any] = []
        bad: list[int] = []
        for place, cell in enumerate(cells):
            try:
                values.append(arrow_value(cell, self._type))
            except ValueError:
                bad.append(place)
                values.append(None)
        if self._type.kind == "checkbox":
            values = [value is True for value in values]
        if self._type.kind == "choice":
            return self._of_choices(values, set()), bad
        return self._arrow.array(values, self.type), bad

    def _quick(self) -> dict[Kind, Callable[[Sequence[Any], set[type]], Any]]:
        """What makes an array of cells that all fit; it returns None, or raises, if one does not.

        The library alone would take a text for a list, a boolean for a number, and 1.5 for 1.
        """
        return {
            "text": self._of_texts,
            "choice": self._of_choices,
            "integer": self._of_integers,
            "number": self._of_numbers,
            "checkbox": self._of_ticks,
            "day": self._of_times,
            "moment": self._of_times,
            "duration": self._of_durations,
            **({"list": self._of_lists} if self._type == TEXTS else {}),
        }

    def _of_texts(self, cells: Sequence[Any], _: set[type]) -> Any:
        return self._arrow.array(cells, self._arrow.string())

    def _of_choices(self, cells: Sequence[Any], _: set[type]) -> Any:
        texts = self._arrow.array(cells, self._arrow.string())
        known = self._arrow.array(self._choices, self._arrow.string())
        places = self._compute.index_in(texts, value_set=known)
        if places.null_count > texts.null_count:
            found = self._compute.unique(texts.drop_null()).to_pylist()
            self._choices += [choice for choice in found if choice not in self._choices]
            known = self._arrow.array(self._choices, self._arrow.string())
            places = self._compute.index_in(texts, value_set=known)
        return self._arrow.DictionaryArray.from_arrays(places, known)

    def _of_integers(self, cells: Sequence[Any], types: set[type]) -> Any:
        if types <= {int, _NONE}:
            return self._arrow.array(cells, self.type)
        doubles = self._of_numbers(cells, types)
        return None if doubles is None else doubles.cast(self.type)

    def _of_numbers(self, cells: Sequence[Any], types: set[type]) -> Any:
        if not types <= {int, float, _NONE}:
            return None
        return self._arrow.array(cells, self._arrow.float64())

    def _of_ticks(self, cells: Sequence[Any], types: set[type]) -> Any:
        if not types <= {bool, _NONE}:
            return None
        return self._arrow.array([cell is True for cell in cells], self.type)

    def _of_times(self, cells: Sequence[Any], types: set[type]) -> Any:
        return self._of_texts(cells, types).cast(self.type)

    def _of_durations(self, cells: Sequence[Any], types: set[type]) -> Any:
        seconds = self._of_numbers(cells, types)
        if seconds is None:
            return None
        micros = self._compute.round(self._compute.multiply(seconds, _MICROSECONDS))
        return micros.cast(self._arrow.int64()).cast(self.type)

    def _of_lists(self, cells: Sequence[Any], types: set[type]) -> Any:
        return self._arrow.array(cells, self.type) if types <= {list, _NONE} else None
