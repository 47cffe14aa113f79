"""Formulas written in Python: ``F("Age") > 17``, ``fn("LEN", F("Name")) < 3``."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final

from airhaul.errors import FormulaError
from airhaul.formula.nodes import Binary, BinaryOperator, Call, Field, Node, Number, Text, Unary
from airhaul.formula.printer import print_formula

BLANK: Final = Call("BLANK")


def literal(value: object) -> Node:
    """Convert a Python value to a formula.

    Args:
        value: None, a bool, a number, text, a date (a naive time is UTC), or an expression.

    Raises:
        FormulaError: The value cannot be written as a formula.
    """
    match value:
        case Expression():
            return value.node
        case None:
            return BLANK
        case bool():
            return Call("TRUE" if value else "FALSE")
        case Enum():
            return literal(value.value)
        case int() | float() | Decimal():
            return _number(value)
        case str():
            return Text(value)
        case datetime():
            moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
            text = moment.replace(tzinfo=None).isoformat(timespec="milliseconds")
            return Call("DATETIME_PARSE", (Text(f"{text}Z"),))
        case date():
            return Call("DATETIME_PARSE", (Text(value.isoformat()),))
        case _:
            raise FormulaError(f"{value!r:.80} cannot be written as a formula.")


def _number(value: float | Decimal) -> Node:
    try:
        size = abs(float(value))
    except (OverflowError, ValueError):
        size = math.inf  # a whole number too large for a float, or a signaling NaN of Decimal
    if not math.isfinite(size):
        raise FormulaError(f"{value!s:.80} cannot be written as a formula.")
    magnitude = abs(value) if isinstance(value, int) else size
    return Number(magnitude) if value >= 0 else Unary("-", Number(magnitude))


class Expression:
    """A formula under construction; operators build larger ones.

    ``&``, ``|`` and ``~`` are AND, OR and NOT, since Python's ``and``, ``or`` and ``not`` cannot be
    overloaded.

    Args:
        node: The formula's tree.
    """

    __hash__ = None  # type: ignore[assignment] # == makes a formula, so it cannot find a key

    def __init__(self, node: Node) -> None:
        self.node = node

    def _with(self, operator: BinaryOperator, other: object) -> Expression:
        return Expression(Binary(operator, self.node, literal(other)))

    def _after(self, other: object, operator: BinaryOperator) -> Expression:
        return Expression(Binary(operator, literal(other), self.node))

    def __eq__(self, other: object) -> Expression:  # type: ignore[override]
        return self._with("=", other)

    def __ne__(self, other: object) -> Expression:  # type: ignore[override]
        return self._with("!=", other)

    def __lt__(self, other: object) -> Expression:
        return self._with("<", other)

    def __le__(self, other: object) -> Expression:
        return self._with("<=", other)

    def __gt__(self, other: object) -> Expression:
        return self._with(">", other)

    def __ge__(self, other: object) -> Expression:
        return self._with(">=", other)

    def __add__(self, other: object) -> Expression:
        return self._with("+", other)

    def __radd__(self, other: object) -> Expression:
        return self._after(other, "+")

    def __sub__(self, other: object) -> Expression:
        return self._with("-", other)

    def __rsub__(self, other: object) -> Expression:
        return self._after(other, "-")

    def __mul__(self, other: object) -> Expression:
        return self._with("*", other)

    def __rmul__(self, other: object) -> Expression:
        return self._after(other, "*")

    def __truediv__(self, other: object) -> Expression:
        return self._with("/", other)

    def __rtruediv__(self, other: object) -> Expression:
        return self._after(other, "/")

    def __neg__(self) -> Expression:
        return Expression(Unary("-", self.node))

    def __and__(self, other: Expression) -> Expression:
        if not isinstance(other, Expression):
            return NotImplemented
        return Expression(all_of([self.node, other.node]))

    def __or__(self, other: Expression) -> Expression:
        if not isinstance(other, Expression):
            return NotImplemented
        return Expression(any_of([self.node, other.node]))

    def __invert__(self) -> Expression:
        return Expression(Call("NOT", (self.node,)))

    def __bool__(self) -> bool:
        raise TypeError(
            "A formula has no truth value in Python: write & for and, | for or, ~ for not, "
            "and two comparisons for a chained one."
        )

    def __str__(self) -> str:
        return print_formula(self.node)

    def __repr__(self) -> str:
        return f"<Expression {self}>"


def F(name: str) -> Expression:  # noqa: N802 - the usual name, as in Django and other libraries
    """Refer to a field in a formula, by its name or id in Airtable.

    Args:
        name: The field's name, as in ``"Full Name"``; braces and the like need no escaping.
    """
    return Expression(Field(name))


def fn(name: str, *arguments: Any) -> Expression:
    """Call any of Airtable's functions, even one that is unknown here.

    Args:
        name: The function, as in ``"LEN"``.
        *arguments: Expressions or Python values.

    Raises:
        FormulaError: The name is not an identifier, or an argument cannot be written as a formula.
    """
    if not (name.isascii() and name.isidentifier()):
        raise FormulaError(f"{name!r:.80} cannot be the name of a function.")
    return Expression(Call(name.upper(), tuple(literal(argument) for argument in arguments)))


def all_of(nodes: list[Node]) -> Node:
    """Join conditions by AND, without nesting one AND in another."""
    return _join("AND", "TRUE", nodes)


def any_of(nodes: list[Node]) -> Node:
    """Join conditions by OR, without nesting one OR in another."""
    return _join("OR", "FALSE", nodes)


def _join(function: str, empty: str, nodes: list[Node]) -> Node:
    flat: list[Node] = []
    for node in nodes:
        same = isinstance(node, Call) and node.name == function
        flat.extend(node.arguments if same and isinstance(node, Call) else (node,))
    if not flat:
        return Call(empty)
    return flat[0] if len(flat) == 1 else Call(function, tuple(flat))
