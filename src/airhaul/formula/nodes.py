"""The formula as a tree: made by parser, ``F`` and lookups, read by printer and compiler."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from airhaul.errors import FormulaError

UnaryOperator = Literal["-"]
BinaryOperator = Literal["*", "/", "+", "-", "&", "=", "!=", "<", "<=", ">", ">="]


@dataclass(frozen=True, slots=True)
class Number:
    """A number; never negative, which is ``Unary("-", ...)``."""

    value: int | float


@dataclass(frozen=True, slots=True)
class Text:
    """A text."""

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


# Airtable's own bound is not published; this one keeps any formula away from Python's stack limit.
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
    """The fields that a formula refers to, each once, in the order they first appear."""
    names: dict[str, None] = {}
    waiting: list[Node] = [node]
    while waiting:
        current = waiting.pop()
        if isinstance(current, Field):
            names[current.name] = None
        waiting.extend(reversed(_parts(current)))
    return tuple(names)


def with_fields(node: Node, rename: Callable[[str], str]) -> Node:
    """The same formula with other references: names become ids, or ids names.

    Args:
        node: The tree.
        rename: Gives for each reference what stands in its place.
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
    """Refuse a tree that is too deep to be printed, compiled or read.

    Raises:
        FormulaError: It is nested more than ``DEEPEST`` levels deep.
    """
    waiting: list[tuple[Node, int]] = [(node, 0)]
    while waiting:
        current, depth = waiting.pop()
        if depth > DEEPEST:
            raise FormulaError(f"The formula is nested more than {DEEPEST} levels deep.")
        waiting.extend((part, depth + 1) for part in _parts(current))
