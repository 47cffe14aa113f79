"""Array functions, for lookups, links and multiple selects."""

from __future__ import annotations

from airhaul.formula.functions.function import Function, plain
from airhaul.formula.values import FormulaFault, Value, flatten, to_text


def _join(values: Value, separator: Value = ", ") -> Value:
    texts = [to_text(value) for value in flatten([values])]
    parted = to_text(separator)
    if isinstance(parted, FormulaFault):
        return parted
    faults = [text for text in texts if isinstance(text, FormulaFault)]
    return faults[0] if faults else parted.join(map(str, texts))


def _compact(values: Value) -> Value:
    return [value for value in flatten([values]) if value is not None and value != ""]


def _unique(values: Value) -> Value:
    unique: list[Value] = []
    for value in flatten([values]):
        if value not in unique:
            unique.append(value)
    return unique


FUNCTIONS: dict[str, Function] = {
    "ARRAYJOIN": plain(_join, 1, 2),
    "ARRAYCOMPACT": plain(_compact, 1),
    "ARRAYFLATTEN": plain(lambda *values: flatten(values), 1, None),
    "ARRAYUNIQUE": plain(_unique, 1),
}
