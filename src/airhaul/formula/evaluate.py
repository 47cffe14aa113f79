"""From a tree to a value: compiled once into functions, then computed for any number of records.

Computing never raises: what goes wrong is a ``FormulaFault``, as ``#ERROR!`` is in a cell.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any, Final

from airhaul.errors import FormulaError
from airhaul.formula.functions import FUNCTIONS
from airhaul.formula.functions.function import Compiled, RecordView, arguments_text
from airhaul.formula.nodes import Binary, Call, Field, Node, Number, Text, Unary
from airhaul.formula.values import FormulaFault, Value, equal, ordered, to_number, to_text


def compile_formula(node: Node) -> Compiled:
    """Make a function of a formula.

    Args:
        node: The tree.

    Returns:
        A function from a record to the formula's value.

    Raises:
        FormulaError: A function is not known, or has too few or too many arguments.
    """
    match node:
        case Number(value) | Text(value):
            return lambda _: value
        case Field(name):
            return lambda record: record.cell(name)
        case Unary(_, operand):
            return _negate(compile_formula(operand))
        case Binary(sign, left, right):
            return _combine(_OPERATORS[sign], compile_formula(left), compile_formula(right))
        case Call():
            return _call(node)


def _call(node: Call) -> Compiled:
    function = FUNCTIONS.get(node.name)
    if function is None:
        raise FormulaError(f"Unknown function {node.name}.")
    count = len(node.arguments)
    if count < function.least or (function.most is not None and count > function.most):
        raise FormulaError(
            f"{node.name} takes {arguments_text(function)} arguments, and {count} are given."
        )
    arguments = [compile_formula(argument) for argument in node.arguments]
    apply = function.apply
    if function.lazy:
        return lambda record: apply(record, *arguments)
    if function.of_record:
        return lambda record: apply(record, *(argument(record) for argument in arguments))

    def call(record: RecordView) -> Value:
        values = [argument(record) for argument in arguments]
        for value in values:
            if value.__class__ is FormulaFault:
                return value
        return apply(*values)

    return call


def _negate(operand: Compiled) -> Compiled:
    def negate(record: RecordView) -> Value:
        number = to_number(operand(record))
        return number if isinstance(number, FormulaFault) else -number

    return negate


def _combine(apply: Callable[[Any, Any], Value], left: Compiled, right: Compiled) -> Compiled:
    def combine(record: RecordView) -> Value:
        first, second = left(record), right(record)
        if first.__class__ is FormulaFault:
            return first
        if second.__class__ is FormulaFault:
            return second
        return apply(first, second)

    return combine


def _arithmetic(compute: Callable[[Any, Any], Any]) -> Callable[[Value, Value], Value]:
    def apply(left: Value, right: Value) -> Value:
        try:
            return compute(to_number(left), to_number(right))
        except OverflowError:
            return math.inf

    return apply


def _divide(left: float, right: float) -> float:
    # Division by zero is a value, not an error.
    if right == 0:
        return math.nan if left == 0 or math.isnan(left) else math.copysign(math.inf, left)
    quotient = left / right
    whole = isinstance(left, int) and isinstance(right, int) and left % right == 0
    return left // right if whole else quotient


def _comparison(compare: Callable[[Any, Any], bool]) -> Callable[[Value, Value], Value]:
    return lambda left, right: ordered(left, right, compare)


def _join(left: Value, right: Value) -> Value:
    return f"{to_text(left)}{to_text(right)}"


_OPERATORS: Final[dict[str, Callable[[Value, Value], Value]]] = {
    "+": _arithmetic(operator.add),
    "-": _arithmetic(operator.sub),
    "*": _arithmetic(operator.mul),
    "/": _arithmetic(_divide),
    "&": _join,
    "=": equal,
    "!=": lambda left, right: not equal(left, right),
    "<": _comparison(operator.lt),
    "<=": _comparison(operator.le),
    ">": _comparison(operator.gt),
    ">=": _comparison(operator.ge),
}
