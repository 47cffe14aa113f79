"""What the compiler needs to know of a function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from airhaul.formula.values import Value


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

    def cell(self, name: str) -> Value:
        """The value of a field, by the name or id that stands in the formula; None if empty."""
        ...


Compiled = Callable[[RecordView], Value]
"""A formula, or a part of one, ready to be computed for any record."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the language.

    Args:
        apply: Computes it from values that are no errors; if ``of_record``, from the record and the
            arguments still to be computed, so that it decides which, and sees errors.
        least: The fewest arguments.
        most: The most arguments; None for any number.
        of_record: Whether it asks the record.
        changing: Whether it gives another value with time.
    """

    apply: Callable[..., Value]
    least: int
    most: int | None
    of_record: bool = False
    changing: bool = False


def plain(apply: Callable[..., Value], least: int, most: int | None = -1) -> Function:
    """A function of values that no error reaches; ``most`` equals ``least`` if not given."""
    return Function(apply, least, least if most == -1 else most)


def arguments_text(function: Function) -> str:
    """Say how many arguments a function takes."""
    if function.most is None:
        return f"at least {function.least}"
    if function.most == function.least:
        return f"{function.least}"
    return f"{function.least} to {function.most}"
