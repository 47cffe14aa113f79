"""The part of Airtable's formula language that filters of known records use.

``OR({Email} = "a@example.org", AND(RECORD_ID() = "rec...", NOT(IS_BEFORE(CREATED_TIME(), ...))))``
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

_TOKEN: Final = re.compile(
    r"""\s*(?:
        (?P<number>\d+(?:\.\d+)?)
      | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | \{(?P<field>(?:[^}\\]|\\.)*)\}
      | (?P<name>\w+)
      | (?P<sign><=|>=|!=|[=<>(),&])
    )""",
    re.VERBOSE,
)
Record = Mapping[str, Any]
Formula = Callable[[Record], Any]


class FormulaError(Exception):
    """A formula that is wrong, or that uses what is not known here."""


def read_formula(text: str) -> Formula:
    """Read a formula.

    Args:
        text: The formula.

    Returns:
        A function from a record in the form of the API to the formula's value.

    Raises:
        FormulaError: It cannot be read.
    """
    reader = _Reader(text)
    formula = reader.comparison()
    if reader.token is not None:
        raise FormulaError(f"more than one formula in {text!r}")
    return formula


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0
        self.token: tuple[str, str] | None = None
        self._advance()

    def _advance(self) -> tuple[str, str]:
        """Go to the next token, and return the one before."""
        before = self.token
        if not self._text[self._place :].strip():
            self.token = None
        else:
            match = _TOKEN.match(self._text, self._place)
            if match is None or match.lastgroup is None:
                raise FormulaError(f"cannot read {self._text[self._place :]!r}")
            self._place = match.end()
            self.token = match.lastgroup, match[match.lastgroup]
        return before or ("end", "")

    def _take(self, sign: str) -> None:
        if self._advance() != ("sign", sign):
            raise FormulaError(f"expected {sign} in {self._text!r}")

    def comparison(self) -> Formula:
        left = self._value()
        while self.token is not None and self.token[1] in _COMPARISONS:
            compare = _COMPARISONS[self._advance()[1]]
            left = _compared(compare, left, self._value())
        return left

    def _value(self) -> Formula:
        kind, text = self._advance()
        match kind:
            case "number":
                return lambda _: float(text)
            case "text":
                plain = re.sub(r"\\(.)", _unescaped, text[1:-1])
                return lambda _: plain
            case "field":
                name = re.sub(r"\\(.)", r"\1", text)
                return lambda record: record["fields"].get(name)
            case "name":
                return self._call(text.upper())
            case _ if text == "(":
                inner = self.comparison()
                self._take(")")
                return inner
            case _:
                raise FormulaError(f"unexpected {text!r} in {self._text!r}")

    def _call(self, name: str) -> Formula:
        if name not in _FUNCTIONS:
            raise FormulaError(f"no function {name}")
        self._take("(")
        arguments: list[Formula] = []
        while self.token != ("sign", ")"):
            if arguments:
                self._take(",")
            arguments.append(self.comparison())
        self._take(")")
        function = _FUNCTIONS[name]
        return lambda record: function(record, *[argument(record) for argument in arguments])


def _unescaped(match: re.Match[str]) -> str:
    return {"n": "\n", "r": "\r", "t": "\t"}.get(match[1], match[1])


def _compared(compare: Callable[[Any, Any], bool], left: Formula, right: Formula) -> Formula:
    return lambda record: compare(left(record), right(record))


def is_empty(cell: Any) -> bool:
    """Whether a cell is empty; one that holds 0 is not."""
    return cell is None or cell is False or cell in ("", [])


def _equal(left: Any, right: Any) -> bool:
    if is_empty(left) or is_empty(right):
        return is_empty(left) and is_empty(right)
    if isinstance(left, str) != isinstance(right, str):
        return False
    return bool(left == right)


def _both(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    # An empty cell counts as zero next to a number.
    return lambda left, right: compare(left or 0, right or 0)


_COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": _equal,
    "!=": lambda left, right: not _equal(left, right),
    "<": _both(lambda left, right: left < right),
    ">": _both(lambda left, right: left > right),
    "<=": _both(lambda left, right: left <= right),
    ">=": _both(lambda left, right: left >= right),
}


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


_FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "AND": lambda _, *tests: all(tests),
    "OR": lambda _, *tests: any(tests),
    "NOT": lambda _, test: not test,
    "TRUE": lambda _: True,
    "FALSE": lambda _: False,
    "BLANK": lambda _: None,
    "RECORD_ID": lambda record: record["id"],
    "CREATED_TIME": lambda record: _time(record["createdTime"]),
    "FIND": lambda _, part, text: text.find(part) + 1,
    "RIGHT": lambda _, text, count: text[-int(count) :],
    "DATETIME_PARSE": lambda _, text: _time(text),
    "IS_BEFORE": lambda _, left, right: left < right,
    "IS_AFTER": lambda _, left, right: left > right,
}
