"""The formula as a tree: made by parser, ``F`` and lookups, read by printer and compiler."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

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


def walk(node: Node) -> Iterator[Node]:
    """Visit a tree's nodes, each before its parts, from left to right."""
    waiting: list[Node] = [node]
    while waiting:
        current = waiting.pop()
        yield current
        match current:
            case Call(_, arguments):
                waiting.extend(reversed(arguments))
            case Unary(_, operand):
                waiting.append(operand)
            case Binary(_, left, right):
                waiting += (right, left)
            case _:
                pass


def field_names(node: Node) -> tuple[str, ...]:
    """The fields that a formula refers to, each once, in the order they first appear."""
    return tuple(dict.fromkeys(part.name for part in walk(node) if isinstance(part, Field)))
