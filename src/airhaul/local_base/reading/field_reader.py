"""How one field of a record is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from airhaul.formula.cell import to_cell
from airhaul.formula.values import FormulaFault, Value
from airhaul.local_base.store import StoredRecord


@dataclass(frozen=True, slots=True)
class Reader:
    """How one field is read, of any record of its table.

    Args:
        cell: Gives the JSON of a cell; None if it is empty.
        value: Gives what the field yields inside a formula; None if it is empty.
    """

    cell: Callable[[StoredRecord], Any]
    value: Callable[[StoredRecord], Value]


def of_fault(fault: FormulaFault) -> Reader:
    """Read the same error from every record."""
    return Reader(lambda _: to_cell(fault), lambda _: fault)
