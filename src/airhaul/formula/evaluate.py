"""Evaluation: a tree is compiled once into a function, which computes any number of records.

The function never raises: an error is a ``FormulaFault``, like ``#ERROR!`` in a cell.
"""

from __future__ import annotations

import difflib
import math
import operator
from collections.abc import Callable
from typing import Any, Final

from airhaul.errors import FormulaError
from airhaul.formula.functions import FUNCTIONS
from airhaul.formula.functions.function import (
    Compiled,
    Constant,
    Function,
    RecordView,
    applied,
    arguments_text,
    folded,
)
from airhaul.formula.nodes import Binary, Call, Field, Node, Number, Text, Unary, check_depth
from airhaul.formula.values import (
    EXACT,
    READY,
    FormulaFault,
    Value,
    admit,
    bounded,
    equal,
    ordered,
    to_number,
    to_text,
)

GetterFor = Callable[[str], Callable[[Any], Value]]
"""Returns for a field, named as in the formula, the function that reads it from a record."""


def compile_formula(node: Node, getter_for: GetterFor | None = None) -> Callable[[Any], Value]:
    """Compile a formula to a function.

    Args:
        node: The tree.
        getter_for: Called once for each reference to a field; the function that it returns is then
            called with each record. The default calls the record's own ``cell``.

    Returns:
        A function from a record, see ``RecordView``, to the formula's value. Parts that depend on
        neither the record nor the clock are computed now, so that 100,000 records do not parse the
        same date 100,000 times.

    Raises:
        FormulaError: A function is unknown or has too few or too many arguments, or the formula is
            nested too deep.
    """
    check_depth(node)
    return _Compiler(getter_for or _cell_of).part(node)


def _cell_of(name: str) -> Compiled:
    return lambda record: record.cell(name)


class _Compiler:
    """Compiles the parts of one formula.

    Args:
        getter_for: Returns the function that reads a field.
    """

    def __init__(self, getter_for: GetterFor) -> None:
        self._getter_for = getter_for

    def part(self, node: Node) -> Compiled:
        match node:
            case Number(value):
                return Constant(to_number(value))
            case Text(value):
                return Constant(value)
            case Field(name):
                return self._field(name)
            case Unary(_, operand):
                parts = [self.part(operand)]
                return folded(applied(_negate, parts), parts)
            case Binary(sign, left, right):
                parts = [self.part(left), self.part(right)]
                return folded(_compared(sign, parts) or applied(_OPERATORS[sign], parts), parts)
            case Call():
                return self._call(node)

    def _field(self, name: str) -> Compiled:
        getter = self._getter_for(name)

        def compiled(record: RecordView) -> Value:
            value = getter(record)
            return value if value.__class__ in READY else admit(value)

        return compiled

    def _call(self, node: Call) -> Compiled:
        function = _find(node)
        if function.of_names:
            return function.build(_names(node))
        if node.name == "OR" and (alternatives := _alternatives(node)):
            subject, texts = alternatives
            return _one_of(self.part(subject), texts)
        parts = [self.part(argument) for argument in node.arguments]
        compiled = function.build(parts)
        return compiled if function.changing else folded(compiled, parts)


def _find(node: Call) -> Function:
    function = FUNCTIONS.get(node.name)
    if function is None:
        near = difflib.get_close_matches(node.name, FUNCTIONS, n=1)
        raise FormulaError(
            f"Unknown function {node.name:.50}."
            + "".join(f" Did you mean {name}?" for name in near)
        )
    count = len(node.arguments)
    if count < function.least or (function.most is not None and count > function.most):
        raise FormulaError(
            f"{node.name} takes {arguments_text(function)} arguments, but {count} are given."
        )
    return function


def _names(node: Call) -> list[Compiled]:
    names: list[Compiled] = []
    for argument in node.arguments:
        if not isinstance(argument, Field):
            raise FormulaError(f"The arguments of {node.name} must be fields.")
        names.append(Constant(argument.name))
    return names


def _alternatives(node: Call) -> tuple[Node, list[str]] | None:
    """Return X and the texts of ``OR(X = "a", X = "b", ...)``; None for any other OR."""
    texts: list[str] = []
    subject: Node | None = None
    for argument in node.arguments:
        match argument:
            case Binary("=", left, Text(text)) if subject is None or left == subject:
                subject = left
                texts.append(text)
            case _:
                return None
    return None if subject is None else (subject, texts)


def _one_of(subject: Compiled, texts: list[str]) -> Compiled:
    """Look up a text in a set, since clients compare with hundreds of record ids."""
    members = frozenset(texts)

    def compiled(record: RecordView) -> Value:
        value = subject(record)
        if value.__class__ is str:
            return value in members
        if value.__class__ is FormulaFault:
            return value
        return any(equal(value, text) for text in texts)

    return folded(compiled, [subject])


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


_ORDERS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_OPERATORS: Final[dict[str, Callable[[Value, Value], Value]]] = {
    "+": _arithmetic(operator.add),
    "-": _arithmetic(operator.sub),
    "*": _arithmetic(operator.mul),
    "/": _arithmetic(_divide),
    "&": lambda left, right: bounded(to_text(left) + to_text(right)),
    "=": equal,
    "!=": lambda left, right: not equal(left, right),
    **{sign: _comparison(compare) for sign, compare in _ORDERS.items()},
}
# Python compares values of the same kind in the same way.
_PLAIN_COMPARISONS: Final = {**_ORDERS, "=": operator.eq, "!=": operator.ne}
_NUMBERS: Final = frozenset({int, float})


def _compared(sign: str, parts: list[Compiled]) -> Compiled | None:
    """Compile the most frequent comparison, a field with a number or text, directly."""
    match parts:
        case [first, Constant(constant)] if sign in _PLAIN_COMPARISONS:
            pass
        case _:
            return None
    kinds = _NUMBERS if constant.__class__ in _NUMBERS else frozenset({constant.__class__})
    if not kinds <= {int, float, str}:
        return None
    if isinstance(constant, int | float) and abs(constant) > EXACT:
        return None  # whole numbers of this size in cells are first rounded to doubles
    compare, general = _PLAIN_COMPARISONS[sign], _OPERATORS[sign]

    def compiled(record: RecordView) -> Value:
        value = first(record)
        if value.__class__ in kinds:
            return compare(value, constant)
        return value if value.__class__ is FormulaFault else general(value, constant)

    return compiled
