"""Array functions, for lookups, links and multiple selects."""

from __future__ import annotations

from airhaul.formula.functions.function import Function, plain
from airhaul.formula.values import Value, bounded, flatten, to_text


def _join(values: Value, separator: Value = ", ") -> Value:
    return bounded(to_text(separator).join(map(to_text, flatten([values]))))


def _compact(values: Value) -> Value:
    return [value for value in flatten([values]) if value is not None and value != ""]


def _unique(values: Value) -> Value:
    return list(dict.fromkeys(flatten([values])))


FUNCTIONS: dict[str, Function] = {
    "ARRAYJOIN": plain(_join, 1, 2),
    "ARRAYCOMPACT": plain(_compact, 1),
    "ARRAYFLATTEN": plain(lambda *values: flatten(values), 1, None),
    "ARRAYUNIQUE": plain(_unique, 1),
}
