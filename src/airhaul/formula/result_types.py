"""The result type of a formula, inferred from its tree and the types of the fields it names.

Airtable prints it as ``options.result`` of a formula field. Known from answers that other clients
have recorded: ``AND`` results in a check box, and numbers have precision 0. Decided: the other
logical functions behave like ``AND``, while comparisons, and functions such as ``IS_SAME``, result
in 1 and 0; dates have the local format, times a 12-hour clock in the viewer's zone; lists are text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from airhaul.fields import ResultKind, card_of
from airhaul.formula.dates.arithmetic import find_unit
from airhaul.formula.nodes import Binary, Call, Field, Node, Number, Text, Unary


@dataclass(frozen=True, slots=True)
class ResultType:
    """The type of a value.

    Args:
        kind: The kind; ``date`` is a day without time.
        is_list: Whether it is a list of such values.
    """

    kind: ResultKind
    is_list: bool = False

    def as_field(self) -> dict[str, Any]:
        """Return the type and options of a field with this type, as in ``options.result``."""
        match "text" if self.is_list else self.kind:
            case "number":
                return {"type": "number", "options": {"precision": 0}}
            case "checkbox":
                return {"type": "checkbox", "options": {"icon": "check", "color": "greenBright"}}
            case "date":
                return {"type": "date", "options": {"dateFormat": _LOCAL}}
            case "dateTime":
                options = {"dateFormat": _LOCAL, "timeFormat": _CLOCK, "timeZone": "client"}
                return {"type": "dateTime", "options": options}
            case "text":
                return {"type": "singleLineText"}


_LOCAL: Final = {"name": "local", "format": "l"}
_CLOCK: Final = {"name": "12hour", "format": "h:mma"}

NUMBER: Final = ResultType("number")
CHECKBOX: Final = ResultType("checkbox")
TEXT: Final = ResultType("text")
DATE: Final = ResultType("date")
MOMENT: Final = ResultType("dateTime")


def type_of_field(type: str, options: Mapping[str, Any] | None = None) -> ResultType:
    """Return the type of a field inside a formula.

    Args:
        type: The field's type, as in ``singleLineText``.
        options: Its options, as the metadata API prints them, with the result of computed fields.
    """
    options = options or {}
    result = options.get("result")
    if result:
        found = type_of_field(result["type"], result.get("options"))
        return replace(found, is_list=True) if type == "multipleLookupValues" else found
    card = card_of(type)
    return ResultType(card.result, card.is_list)


_LOGICAL: Final = frozenset({"AND", "FALSE", "NOT", "OR", "TRUE", "XOR"})
_NUMBERS: Final = frozenset({
    "ABS", "AVERAGE", "CEILING", "COUNT", "COUNTA", "COUNTALL", "DATETIME_DIFF", "DAY", "EVEN",
    "EXP", "FIND", "FLOOR", "HOUR", "INT", "ISERROR", "IS_AFTER", "IS_BEFORE", "IS_SAME", "LEN",
    "LOG", "MINUTE", "MOD", "MONTH", "ODD", "POWER", "REGEX_MATCH", "ROUND", "ROUNDDOWN", "ROUNDUP",
    "SEARCH", "SECOND", "SQRT", "SUM", "VALUE", "WEEKDAY", "WEEKNUM", "WORKDAY_DIFF", "YEAR",
})  # fmt: skip
_MOMENTS: Final = frozenset({"CREATED_TIME", "DATETIME_PARSE", "LAST_MODIFIED_TIME", "NOW"})
_SHIFTED: Final = frozenset({"DATEADD", "SET_LOCALE", "SET_TIMEZONE", "WORKDAY"})
_LISTS: Final = frozenset({"ARRAYCOMPACT", "ARRAYFLATTEN", "ARRAYSLICE", "ARRAYUNIQUE"})
_DAYS_AND_MORE: Final = frozenset({"days", "weeks", "months", "quarters", "years"})


def result_type(node: Node, type_of: Callable[[str], ResultType]) -> ResultType:
    """Infer the result type of a formula.

    Args:
        node: The tree.
        type_of: Returns the type of a field, by the name or id in the formula.

    Returns:
        The result type; text if branches have different kinds, or no value at all.
    """
    return _infer(node, type_of) or TEXT


def _infer(node: Node, type_of: Callable[[str], ResultType]) -> ResultType | None:
    """Infer the type of a part; None if it is always blank or an error."""
    match node:
        case Number() | Unary():
            return NUMBER
        case Text(value):
            return TEXT if value else None
        case Field(name):
            return type_of(name)
        case Binary(operator):
            return TEXT if operator == "&" else NUMBER
        case Call("BLANK" | "ERROR", _):
            return None
        case Call("IF", (_, *branches)):
            return _merged(_infer(branch, type_of) for branch in branches)
        case Call("SWITCH", (_, *rest)):
            results = [*rest[1::2], *(rest[-1:] if len(rest) % 2 else [])]
            return _merged(_infer(result, type_of) for result in results)
        case Call(name, arguments):
            return _of_call(name, arguments, [_infer(each, type_of) for each in arguments])


def _of_call(name: str, arguments: tuple[Node, ...], types: list[ResultType | None]) -> ResultType:
    if name in _LOGICAL:
        return CHECKBOX
    if name in _NUMBERS:
        return NUMBER
    if name in _MOMENTS:
        return MOMENT
    if name == "TODAY":
        return DATE
    if name in ("MAX", "MIN"):
        merged = _merged(types)
        dates = merged is not None and merged.kind in ("date", "dateTime")
        return replace(merged, is_list=False) if merged and dates else NUMBER
    if name in _SHIFTED:
        return _shifted(name, arguments, types)
    if name in _LISTS:
        return replace(_merged(types) or TEXT, is_list=True)
    return TEXT


def _shifted(name: str, arguments: tuple[Node, ...], types: list[ResultType | None]) -> ResultType:
    """Infer the type of a shifted date: days keep a date a date, hours add a time."""
    if types[:1] != [DATE]:
        return MOMENT
    if name == "DATEADD":
        match arguments:
            case (_, _, Text(unit)) if find_unit(unit) in _DAYS_AND_MORE:
                return DATE
            case _:
                return MOMENT
    return MOMENT if name == "SET_TIMEZONE" else DATE


def _merged(types: Iterable[ResultType | None]) -> ResultType | None:
    """Return the common type of several types."""
    known = [type for type in types if type is not None]
    if not known:
        return None
    kinds = {type.kind for type in known}
    is_list = any(type.is_list for type in known)
    if kinds == {"date", "dateTime"}:
        return replace(MOMENT, is_list=is_list)
    if kinds == {"number", "checkbox"}:
        return replace(NUMBER, is_list=is_list)
    return ResultType(known[0].kind if len(kinds) == 1 else "text", is_list)
