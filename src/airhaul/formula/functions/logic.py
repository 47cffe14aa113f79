"""Logical functions; each returns 1 or 0 as a bool.

``AND``, ``OR`` and ``XOR`` use the items of lists, as rollups need; an empty list is false. An
error in any argument is the result, even if the other arguments alone would decide: errors
propagate through all functions except ``ISERROR``; ``IF`` and ``SWITCH`` compute only the branch
they take.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from airhaul.formula.functions.function import Compiled, Function, RecordView, plain
from airhaul.formula.values import FAULT, FormulaFault, Value, equal, flatten, truth


def _if(arguments: Sequence[Compiled]) -> Compiled:
    condition, then = arguments[:2]
    otherwise = arguments[2] if len(arguments) == 3 else None

    def compiled(record: RecordView) -> Value:
        value = condition(record)
        if value.__class__ is FormulaFault:
            return value
        if truth(value):
            return then(record)
        return otherwise(record) if otherwise else None

    return compiled


def _switch(arguments: Sequence[Compiled]) -> Compiled:
    subject, *rest = arguments
    cases = list(zip(rest[::2], rest[1::2], strict=False))
    default = rest[-1] if len(rest) % 2 else None

    def compiled(record: RecordView) -> Value:
        value = subject(record)
        if value.__class__ is FormulaFault:
            return value
        for pattern, result in cases:
            met = pattern(record)
            if met.__class__ is FormulaFault:
                return met
            if equal(value, met):
                return result(record)
        return default(record) if default else None

    return compiled


def _is_error(arguments: Sequence[Compiled]) -> Compiled:
    argument = arguments[0]
    return lambda record: argument(record).__class__ is FormulaFault


def _truths(values: Iterable[Value]) -> list[bool]:
    """Convert values to bools; a list counts as its items, or as false if it is empty."""
    return [
        truth(item)
        for value in values
        for item in ((flatten(value) or [None]) if isinstance(value, list) else [value])
    ]


def _joining(
    decide: Callable[[Iterable[bool]], bool],
) -> Callable[[Sequence[Compiled]], Compiled]:
    """Make AND or OR; in the usual case without a list, no intermediate values are collected."""

    def build(parts: Sequence[Compiled]) -> Compiled:
        def compiled(record: RecordView) -> Value:
            truths: list[bool] = []
            for part in parts:
                value = part(record)
                if value is True or value is False:
                    truths.append(value)
                elif value.__class__ is FormulaFault:
                    return value
                elif value.__class__ is list:
                    truths += _truths([value])
                else:
                    truths.append(truth(value))
            return decide(truths)

        return compiled

    return build


def _xor(*values: Value) -> Value:
    return sum(_truths(values)) % 2 == 1


FUNCTIONS: dict[str, Function] = {
    "AND": Function(_joining(all), 1, None),
    "OR": Function(_joining(any), 1, None),
    "XOR": plain(_xor, 1, None),
    "NOT": plain(lambda value: not truth(value), 1),
    "IF": Function(_if, 2, 3),
    "SWITCH": Function(_switch, 3, None),
    "TRUE": plain(lambda: True, 0),
    "FALSE": plain(lambda: False, 0),
    "BLANK": plain(lambda: None, 0),
    "ERROR": plain(lambda *_: FAULT, 0, 1),
    "ISERROR": Function(_is_error, 1, 1),
}
