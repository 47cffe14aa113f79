"""Parsing the text of a formula to a tree, by a grammar."""

from __future__ import annotations

import functools
import math
import re
from typing import TYPE_CHECKING, Any, Final, cast

from airhaul.errors import FormulaError
from airhaul.formula.nodes import (
    DEEPEST,
    Binary,
    BinaryOperator,
    Call,
    Field,
    Node,
    Number,
    Text,
    Unary,
)

if TYPE_CHECKING:
    from lark import Lark, Token
    from lark.exceptions import UnexpectedInput

_GRAMMAR: Final = r"""
    ?start: comparison
    ?comparison: joined
        | comparison COMPARE joined      -> binary
    ?joined: sum
        | joined AMPERSAND sum           -> binary
    ?sum: product
        | sum (PLUS | MINUS) product     -> binary
    ?product: unary
        | product (STAR | SLASH) unary   -> binary
    ?unary: atom
        | MINUS unary                    -> unary
    ?atom: NUMBER                        -> number
        | STRING                         -> text
        | BRACED                         -> field
        | NAME                           -> bare
        | NAME "(" [comparison ("," comparison)*] ")" -> call
        | "(" comparison ")"

    COMPARE: "!=" | "<=" | ">=" | "=" | "<" | ">"
    AMPERSAND: "&"
    PLUS: "+"
    MINUS: "-"
    STAR: "*"
    SLASH: "/"
    NUMBER: /[0-9]+(\.[0-9]+)?|\.[0-9]+/
    STRING: /"(\\.|[^"\\])*"/s | /'(\\.|[^'\\])*'/s
    BRACED: /\{(\\.|[^}\\])*\}/s
    NAME: /[^\W\d]\w*/
    WHITE: /\s+/
    %ignore WHITE
"""

_LONGEST: Final = 1_000_000

_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED: Final = {"n": "\n", "r": "\r", "t": "\t"}

# The text at the position of an error, and a hint for its author.
_HINTS: Final[tuple[tuple[str, str], ...]] = (
    (r"\"(?![^\"]*\")|'(?![^']*')", "The text that begins here has no closing quote."),
    (r"\{(?![^}]*\})", "The field name that begins here has no closing brace."),
    ("[\u2018\u2019\u201c\u201d]", "Use straight quotes."),
    (r"(?<==)=", "Equality is written with one =."),
    (r"(?<=<)>", "Inequality is written !=."),
    (r"(?<=&)&|\|", "Write AND(...) and OR(...)."),
    (r"%", "Write MOD(...)."),
    (r"\^", "Write POWER(...)."),
    (r"(?<=\s)[^\W\d]", "Put a field name of several words in braces."),
    (r"\Z", "Something is missing, such as a closing bracket."),
)


def parse(text: str) -> Node:
    """Parse a formula.

    Args:
        text: The formula, as in ``filterByFormula``.

    Returns:
        The tree.

    Raises:
        FormulaError: The text is not a formula; the error has the position.
    """
    from lark.exceptions import UnexpectedInput

    if len(text) > _LONGEST:
        raise FormulaError(f"The formula has more than {_LONGEST:,} characters.")
    try:
        tree = _parser().parse(text)
        return _build(tree, 0)
    except UnexpectedInput as error:
        position = _position(error, text)
        met = repr(text[position : position + 12]) if position < len(text) else "the end"
        hints = (hint for sign, hint in _HINTS if re.compile(sign).match(text, position))
        raise FormulaError(
            f"The formula cannot be read: unexpected {met} at position {position}. "
            f"{next(hints, '')}".rstrip(),
            formula=text,
            position=position,
        ) from None


def _position(error: UnexpectedInput, text: str) -> int:
    from lark.exceptions import UnexpectedToken

    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        return len(text)
    return cast("int | None", error.pos_in_stream) or 0


@functools.cache
def _parser() -> Lark:
    # Imported here, since only parsing needs the library.
    from lark import Lark

    return Lark(_GRAMMAR, parser="lalr", maybe_placeholders=False)


def _build(tree: Any, depth: int) -> Node:
    if depth > DEEPEST:
        raise FormulaError(f"The formula is nested more than {DEEPEST} levels deep.")
    kind: str = tree.data
    parts: list[Any] = tree.children
    match kind:
        case "number":
            return _number(str(parts[0]))
        case "text":
            return Text(_unescape(str(parts[0])[1:-1]))
        case "field":
            return Field(_unescape(str(parts[0])[1:-1]))
        case "bare":
            return Field(str(parts[0]))
        case "call":
            arguments = tuple(_build(part, depth + 1) for part in parts[1:])
            return Call(str(parts[0]).upper(), arguments)
        case "unary":
            return Unary("-", _build(parts[1], depth + 1))
        case _:
            return _build_chain(tree, depth)


def _build_chain(tree: Any, depth: int) -> Node:
    """Build ``a + b + c + ...`` without recursion along the chain."""
    tails: list[tuple[Token, Any]] = []
    while tree.data == "binary":
        left, operator, right = tree.children
        tails.append((operator, right))
        tree = left
    # The resulting tree is as deep as the chain is long.
    node = _build(tree, depth + len(tails))
    for operator, right in reversed(tails):
        sign = cast("BinaryOperator", str(operator))
        node = Binary(sign, node, _build(right, depth + 1))
    return node


def _number(text: str) -> Node:
    if math.isinf(float(text)):
        raise FormulaError(f"The number {text:.20}... is larger than any float.")
    # The length bounds leading zeros, since int() limits the number of digits.
    return Number(int(text) if text.isdecimal() and len(text) <= 310 else float(text))


def _unescape(text: str) -> str:
    # A backslash before any other character means that character.
    return _ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[1]), text)
