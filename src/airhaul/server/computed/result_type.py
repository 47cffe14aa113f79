"""What kind of value a formula results in.

Known from answers that others have recorded: ``AND`` results in a check box. Decided: so do the
other logical functions, while comparisons, and functions that ask something, result in 1 and 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from airhaul.formula import Node, parse
from airhaul.formula.nodes import Binary, Call, Field, Number, Text, Unary

NUMBER: Final = "number"
TEXT: Final = "text"
DATE: Final = "date"
ARRAY: Final = "array"
CHECKBOX: Final = "checkbox"

_TEXTS: Final = frozenset(
    [
        "ARRAYJOIN",
        "CONCATENATE",
        "DATESTR",
        "DATETIME_FORMAT",
        "ENCODE_URL_COMPONENT",
        "FROMNOW",
        "LEFT",
        "LOWER",
        "MID",
        "RECORD_ID",
        "REGEX_EXTRACT",
        "REGEX_REPLACE",
        "REPLACE",
        "REPT",
        "RIGHT",
        "SUBSTITUTE",
        "T",
        "TIMESTR",
        "TONOW",
        "TRIM",
        "UPPER",
    ]
)
_DATES: Final = frozenset(
    [
        "CREATED_TIME",
        "DATEADD",
        "DATETIME_PARSE",
        "LAST_MODIFIED_TIME",
        "NOW",
        "SET_LOCALE",
        "SET_TIMEZONE",
        "TODAY",
        "WORKDAY",
    ]
)
_LOGICAL: Final = frozenset({"AND", "OR", "XOR", "NOT", "TRUE", "FALSE"})
_ARRAYS: Final = frozenset(["ARRAYCOMPACT", "ARRAYFLATTEN", "ARRAYSLICE", "ARRAYUNIQUE"])


def result_type(text: str, fields: Mapping[str, str]) -> str:
    """Tell the kind of a formula's result.

    Args:
        text: The formula, which can be read.
        fields: The kinds of the fields that it names.
    """
    return _kind(parse(text), fields) or TEXT


def _kind(node: Node, fields: Mapping[str, str]) -> str | None:
    match node:
        case Number() | Unary():
            return NUMBER
        case Text(value):
            return TEXT if value else None
        case Field(name):
            return fields[name]
        case Binary(operator):
            return TEXT if operator == "&" else NUMBER
        case Call("IF", arguments):
            return _common([_kind(one, fields) for one in arguments[1:]])
        case Call("SWITCH", arguments):
            results = [*arguments[2::2], *(arguments[-1:] if len(arguments) % 2 == 0 else ())]
            return _common([_kind(one, fields) for one in results])
        case Call("MIN" | "MAX", arguments):
            kind = _common([_kind(one, fields) for one in arguments])
            return NUMBER if kind == CHECKBOX else kind
        case Call("BLANK" | "ERROR"):
            return None
        case Call(name):
            if name in _TEXTS:
                return TEXT
            if name in _DATES:
                return DATE
            if name in _LOGICAL:
                return CHECKBOX
            return ARRAY if name in _ARRAYS else NUMBER


def _common(kinds: list[str | None]) -> str | None:
    found = {kind for kind in kinds if kind is not None}
    if found == {NUMBER, CHECKBOX}:
        return NUMBER
    return found.pop() if len(found) == 1 else (TEXT if found else None)
