"""Logical functions; each gives 1 or 0 as a bool."""

from __future__ import annotations

from airhaul.formula.functions.function import Compiled, Function, RecordView, plain
from airhaul.formula.values import FAULT, FormulaFault, Value, equal, flatten, truth


def _if(record: RecordView, *arguments: Compiled) -> Value:
    condition = arguments[0](record)
    if isinstance(condition, FormulaFault):
        return condition
    if truth(condition):
        return arguments[1](record)
    return arguments[2](record) if len(arguments) == 3 else None


def _switch(record: RecordView, *arguments: Compiled) -> Value:
    subject = arguments[0](record)
    rest = arguments[1:]
    if isinstance(subject, FormulaFault):
        return subject
    for place in range(0, len(rest) - 1, 2):
        pattern = rest[place](record)
        if isinstance(pattern, FormulaFault):
            return pattern
        if equal(subject, pattern):
            return rest[place + 1](record)
    return rest[-1](record) if len(rest) % 2 else None


def _is_error(record: RecordView, argument: Compiled) -> Value:
    return isinstance(argument(record), FormulaFault)


def _xor(*values: Value) -> Value:
    return sum(map(truth, flatten(values))) % 2 == 1


FUNCTIONS: dict[str, Function] = {
    "AND": plain(lambda *values: all(map(truth, values)), 1, None),
    "OR": plain(lambda *values: any(map(truth, values)), 1, None),
    "XOR": plain(_xor, 1, None),
    "NOT": plain(lambda value: not truth(value), 1),
    "IF": Function(_if, 2, 3, of_record=True),
    "SWITCH": Function(_switch, 3, None, of_record=True),
    "TRUE": plain(lambda: True, 0),
    "FALSE": plain(lambda: False, 0),
    "BLANK": plain(lambda: None, 0),
    "ERROR": plain(lambda *_: FAULT, 0, 1),
    "ISERROR": Function(_is_error, 1, 1, of_record=True),
}
