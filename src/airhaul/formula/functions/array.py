"""Array functions, for lookups, links, multiple selects and rollups; one value is a list of one.

Not published, and decided: ``ARRAYSLICE`` counts from 1, includes its last position, and counts
negative positions from the end.
"""

from __future__ import annotations

import math

from airhaul.formula.functions.function import Function, plain
from airhaul.formula.values import FAULT, Value, bounded, flatten, to_number, to_text


def _join(values: Value, separator: Value = ", ") -> Value:
    return bounded(to_text(separator).join(map(to_text, flatten([values]))))


def _compact(values: Value) -> Value:
    return [value for value in flatten([values]) if value is not None and value != ""]


def _unique(values: Value) -> Value:
    return list(dict.fromkeys(flatten([values])))


def _slice(values: Value, start: Value, end: Value = -1) -> Value:
    first, last = to_number(start), to_number(end)
    if not math.isfinite(first) or not math.isfinite(last) or first == 0 or last == 0:
        return FAULT
    items = flatten([values])
    return items[_place(first, len(items)) : _place(last, len(items)) + 1]


def _place(position: float, count: int) -> int:
    """Convert a position to an index from 0; -1 if it is before the first."""
    return int(position) - 1 if position > 0 else max(-1, count + int(position))


FUNCTIONS: dict[str, Function] = {
    "ARRAYJOIN": plain(_join, 1, 2),
    "ARRAYCOMPACT": plain(_compact, 1),
    "ARRAYFLATTEN": plain(lambda *values: flatten(values), 1, None),
    "ARRAYSLICE": plain(_slice, 2, 3),
    "ARRAYUNIQUE": plain(_unique, 1),
}
