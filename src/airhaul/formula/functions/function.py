"""What the compiler needs to know about a function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, cast

from airhaul.formula.values import FormulaFault, Value


class RecordView(Protocol):
    """The record that a formula is computed for."""

    @property
    def record_id(self) -> str:
        """Its id."""
        ...

    @property
    def created_time(self) -> datetime:
        """When it was created, in UTC."""
        ...

    @property
    def now(self) -> datetime:
        """The current time in UTC; the same for all records of one request."""
        ...

    def last_modified_time(self, fields: Sequence[str]) -> datetime | None:
        """Return when one of the fields was last changed, in UTC; None if never.

        Args:
            fields: Their names or ids as in the formula; empty for any field that is not computed.
        """
        ...

    def cell(self, name: str) -> Value:
        """Return the value of a field, by its name or id in the formula; None if it is empty."""
        ...


Compiled = Callable[[RecordView], Value]
"""A compiled formula, or a part of one."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A part that is the same for every record, computed while compiling."""

    value: Value

    def __call__(self, _: RecordView) -> Value:
        """Return the value."""
        return self.value


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the language.

    Args:
        build: Makes the compiled call from the compiled arguments.
        least: The lowest number of arguments.
        most: The highest number of arguments; None for any number.
        changing: Whether the result also depends on the record or the clock.
        of_names: Whether its arguments are fields instead of their values; it gets constants with
            the names.
    """

    build: Callable[[Sequence[Compiled]], Compiled]
    least: int
    most: int | None
    changing: bool = False
    of_names: bool = False


def plain(apply: Callable[..., Value], least: int, most: int | None = -1) -> Function:
    """Make a function of values that never sees errors; ``most`` defaults to ``least``."""
    return Function(
        lambda arguments: applied(apply, arguments), least, least if most == -1 else most
    )


def applied(apply: Callable[..., Value], parts: Sequence[Compiled]) -> Compiled:
    """Apply a function to the values of parts; the first error among them is the result."""

    def one(record: RecordView) -> Value:
        value = first(record)
        return value if value.__class__ is FormulaFault else apply(value)

    def two(record: RecordView) -> Value:
        left, right = first(record), second(record)
        if left.__class__ is FormulaFault:
            return left
        return right if right.__class__ is FormulaFault else apply(left, right)

    def many(record: RecordView) -> Value:
        values = [part(record) for part in parts]
        for value in values:
            if value.__class__ is FormulaFault:
                return value
        return apply(*values)

    match parts:
        case [first]:
            return one
        case [Constant(FormulaFault() as fault), _] | [_, Constant(FormulaFault() as fault)]:
            return Constant(fault)
        case [Constant(left), second]:
            return _with_left(apply, left, second)
        case [first, Constant(right)]:
            return _with_right(apply, first, right)
        case [first, second]:
            return two
        case _:
            return many


def _with_left(apply: Callable[..., Value], left: Value, part: Compiled) -> Compiled:
    def compiled(record: RecordView) -> Value:
        value = part(record)
        return value if value.__class__ is FormulaFault else apply(left, value)

    return compiled


def _with_right(apply: Callable[..., Value], part: Compiled, right: Value) -> Compiled:
    def compiled(record: RecordView) -> Value:
        value = part(record)
        return value if value.__class__ is FormulaFault else apply(value, right)

    return compiled


def folded(compiled: Compiled, parts: Sequence[Compiled]) -> Compiled:
    """Compute a part now if it depends on constants alone."""
    if all(isinstance(part, Constant) for part in parts):
        # A constant does not use the record.
        return Constant(compiled(cast("RecordView", None)))
    return compiled


def arguments_text(function: Function) -> str:
    """Return how many arguments a function takes, in words."""
    if function.most is None:
        return f"at least {function.least}"
    if function.most == function.least:
        return f"{function.least}"
    return f"{function.least} to {function.most}"
