"""Printing a tree as the text of a formula, with every name and value escaped.

Source for escapes: https://support.airtable.com/docs/formula-field-reference and other clients'
tests against the service (backslash before quotes and before ``}`` in names).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from airhaul.formula.nodes import Binary, Call, Field, Node, Number, Text, Unary, check_depth

# The precedence of operators; comparisons have the lowest. Not published for & against +.
BINDING: Final[dict[str, int]] = {
    "=": 1, "!=": 1, "<": 1, "<=": 1, ">": 1, ">=": 1,
    "&": 2,
    "+": 3, "-": 3,
    "*": 4, "/": 4,
}  # fmt: skip
_UNARY: Final = 5

_TEXT_ESCAPES: Final = str.maketrans(
    {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
)
_NAME_ESCAPES: Final = str.maketrans({"\\": "\\\\", "}": "\\}"})


def print_formula(node: Node) -> str:
    """Print a formula so that parsing it gives the same tree.

    Args:
        node: The tree.

    Returns:
        The text, with parentheses only where they are needed.

    Raises:
        FormulaError: The tree is too deep to be parsed again.
    """
    check_depth(node)
    return _print(node, 0)


def _print(node: Node, binding: int) -> str:
    match node:
        case Number(value):
            return _print_number(value)
        case Text(value):
            return f'"{value.translate(_TEXT_ESCAPES)}"'
        case Field(name):
            return f"{{{name.translate(_NAME_ESCAPES)}}}"
        case Call(name, arguments):
            return f"{name}({', '.join(_print(argument, 0) for argument in arguments)})"
        case Unary(operator, operand):
            return f"{operator}{_print(operand, _UNARY)}"
        case Binary(operator, left, right):
            own = BINDING[operator]
            # Operators of the same precedence associate to the left.
            text = f"{_print(left, own)} {operator} {_print(right, own + 1)}"
            return f"({text})" if own < binding else text


def _print_number(value: float) -> str:
    # Airtable's formulas have no exponents.
    text = repr(value)
    if "e" not in text:
        return text
    plain = format(Decimal(text), "f")
    return plain if "." in plain else f"{plain}.0"
