"""Formulas as they are kept: by the ids of fields, so that a field may get another name."""

from __future__ import annotations

from collections.abc import Callable

from airhaul.formula import Node, parse, print_formula
from airhaul.formula.nodes import Binary, Call, Field, Unary


def renamed(text: str, rename: Callable[[str], str]) -> str:
    """Print a formula with other names for its fields.

    Args:
        text: The formula.
        rename: Gives a field's new name, or its id.

    Raises:
        FormulaError: It cannot be read.
    """
    return print_formula(_renamed(parse(text), rename))


def _renamed(node: Node, rename: Callable[[str], str]) -> Node:
    match node:
        case Field(name):
            return Field(rename(name))
        case Call(name, arguments):
            return Call(name, tuple(_renamed(argument, rename) for argument in arguments))
        case Unary(operator, operand):
            return Unary(operator, _renamed(operand, rename))
        case Binary(operator, left, right):
            return Binary(operator, _renamed(left, rename), _renamed(right, rename))
        case _:
            return node
