"""From a tree to a value: compiled once into functions, then computed for any number of records.

Computing never raises: what goes wrong is a ``FormulaFault``, as ``#ERROR!`` is in a cell.
"""

from __future__ import annotations

import difflib
import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast

from airhaul.errors import FormulaError
from airhaul.formula.functions import FUNCTIONS
from airhaul.formula.functions.function import Compiled, Function, RecordView, arguments_text
from airhaul.formula.nodes import Binary, Call, Field, Node, Number, Text, Unary, check_depth
from airhaul.formula.values import (
    FormulaFault,
    Value,
    bounded,
    equal,
    ordered,
    to_number,
    to_text,
)


@dataclass(frozen=True, slots=True)
class _Constant:
    """A part that is the same for every record, computed while compiling."""

    value: Value

    def __call__(self, _: RecordView) -> Value:
        return self.value


def compile_formula(node: Node) -> Compiled:
    """Make a function of a formula.

    Args:
        node: The tree.

    Returns:
        A function from a record to the formula's value. What depends on no record and no clock is
        computed now, so that 100,000 records do not read one date 100,000 times.

    Raises:
        FormulaError: A function is not known, or has too few or too many arguments, or the formula
            is nested too deep.
    """
    check_depth(node)
    return _compile(node)


def _compile(node: Node) -> Compiled:
    match node:
        case Number(value):
            return _Constant(to_number(value))
        case Text(value):
            return _Constant(value)
        case Field(name):
            return lambda record: record.cell(name)
        case Unary(_, operand):
            return _applied(_negate, [_compile(operand)])
        case Binary(sign, left, right):
            return _applied(_OPERATORS[sign], [_compile(left), _compile(right)])
        case Call():
            return _call(node)


def _call(node: Call) -> Compiled:
    function = _find(node)
    arguments = [_compile(argument) for argument in node.arguments]
    apply = function.apply
    if function.of_record:
        return lambda record: apply(record, *arguments)
    return _applied(apply, arguments, changing=function.changing)


def _find(node: Call) -> Function:
    function = FUNCTIONS.get(node.name)
    if function is None:
        near = difflib.get_close_matches(node.name, FUNCTIONS, n=1)
        raise FormulaError(
            f"Unknown function {node.name:.50}." + "".join(f" Is {name} meant?" for name in near)
        )
    count = len(node.arguments)
    if count < function.least or (function.most is not None and count > function.most):
        raise FormulaError(
            f"{node.name} takes {arguments_text(function)} arguments, and {count} are given."
        )
    return function


def _applied(
    apply: Callable[..., Value], parts: list[Compiled], *, changing: bool = False
) -> Compiled:
    """Compute with the values of parts; the first error among them is the result."""

    def one(record: RecordView) -> Value:
        value = first(record)
        return value if value.__class__ is FormulaFault else apply(value)

    def two(record: RecordView) -> Value:
        left, right = first(record), second(record)
        if left.__class__ is FormulaFault:
            return left
        return right if right.__class__ is FormulaFault else apply(left, right)

    def many(record: RecordView) -> Value:
        values = [part(record) for part in parts]
        for value in values:
            if value.__class__ is FormulaFault:
                return value
        return apply(*values)

    match parts:
        case [first]:
            compiled: Compiled = one
        case [first, second]:
            compiled = two
        case _:
            compiled = many
    if changing or not all(isinstance(part, _Constant) for part in parts):
        return compiled
    # A constant asks nothing of the record.
    return _Constant(compiled(cast("RecordView", None)))


def _negate(value: Value) -> Value:
    return -to_number(value)


def _arithmetic(compute: Callable[[Any, Any], Any]) -> Callable[[Value, Value], Value]:
    return lambda left, right: compute(to_number(left), to_number(right))


def _divide(left: float, right: float) -> float:
    # Division by zero is a value, not an error.
    if right == 0:
        return math.nan if left == 0 or math.isnan(left) else math.copysign(math.inf, left)
    whole = isinstance(left, int) and isinstance(right, int) and left % right == 0
    return left // right if whole else left / right


def _comparison(compare: Callable[[Any, Any], bool]) -> Callable[[Value, Value], Value]:
    return lambda left, right: ordered(left, right, compare)


_OPERATORS: Final[dict[str, Callable[[Value, Value], Value]]] = {
    "+": _arithmetic(operator.add),
    "-": _arithmetic(operator.sub),
    "*": _arithmetic(operator.mul),
    "/": _arithmetic(_divide),
    "&": lambda left, right: bounded(to_text(left) + to_text(right)),
    "=": equal,
    "!=": lambda left, right: not equal(left, right),
    "<": _comparison(operator.lt),
    "<=": _comparison(operator.le),
    ">": _comparison(operator.gt),
    ">=": _comparison(operator.ge),
}
