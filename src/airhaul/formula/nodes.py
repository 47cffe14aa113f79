"""The formula as a tree: built by the parser, ``F`` and lookups, read by printer and compiler."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from airhaul.errors import FormulaError

UnaryOperator = Literal["-"]
BinaryOperator = Literal["*", "/", "+", "-", "&", "=", "!=", "<", "<=", ">", ">="]


@dataclass(frozen=True, slots=True)
class Number:
    """A number that is not negative; negative ones are ``Unary("-", ...)``."""

    value: int | float


@dataclass(frozen=True, slots=True)
class Text:
    """A text literal."""

    value: str


@dataclass(frozen=True, slots=True)
class Field:
    """A reference to a field, by name or id."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function; ``name`` is in capitals."""

    name: str
    arguments: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Unary:
    """A sign in front of an operand."""

    operator: UnaryOperator
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands with an operator between them."""

    operator: BinaryOperator
    left: Node
    right: Node


Node = Number | Text | Field | Call | Unary | Binary


# Airtable's own limit is not published; this one stays below Python's recursion limit.
DEEPEST: Final = 200


def _parts(node: Node) -> tuple[Node, ...]:
    match node:
        case Call(_, arguments):
            return arguments
        case Unary(_, operand):
            return (operand,)
        case Binary(_, left, right):
            return (left, right)
        case _:
            return ()


def field_names(node: Node) -> tuple[str, ...]:
    """Return the fields that a formula refers to, each once, in the order of appearance."""
    names: dict[str, None] = {}
    waiting: list[Node] = [node]
    while waiting:
        current = waiting.pop()
        if isinstance(current, Field):
            names[current.name] = None
        waiting.extend(reversed(_parts(current)))
    return tuple(names)


def with_fields(node: Node, rename: Callable[[str], str]) -> Node:
    """Replace the references in a formula: names by ids, or ids by names.

    Args:
        node: The tree.
        rename: Returns the replacement of a reference.
    """
    match node:
        case Field(name):
            return Field(rename(name))
        case Call(name, arguments):
            return Call(name, tuple(with_fields(argument, rename) for argument in arguments))
        case Unary(operator, operand):
            return Unary(operator, with_fields(operand, rename))
        case Binary(operator, left, right):
            return Binary(operator, with_fields(left, rename), with_fields(right, rename))
        case _:
            return node


def check_depth(node: Node) -> None:
    """Refuse a tree that is too deep to be printed, compiled or parsed.

    Raises:
        FormulaError: The tree is nested more than ``DEEPEST`` levels deep.
    """
    waiting: list[tuple[Node, int]] = [(node, 0)]
    while waiting:
        current, depth = waiting.pop()
        if depth > DEEPEST:
            raise FormulaError(f"The formula is nested more than {DEEPEST} levels deep.")
        waiting.extend((part, depth + 1) for part in _parts(current))
