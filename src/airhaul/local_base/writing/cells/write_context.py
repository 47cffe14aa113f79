"""The context in which the values of a request are checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

from airhaul.local_base.store import StoredRecord
from airhaul.local_base.store.schema import Field, Table
from airhaul.local_base.transaction.context import Context


@dataclass(slots=True)
class WriteContext:
    """The settings of a write, and the choices that it adds.

    Args:
        context: The request.
        table: The table to write to.
        typecast: Whether to convert text, and to add missing choices and linked records.
        create: Creates a record in another table from values by field id.
        creates: Whether the values are those of a new record.
        grown: Fields with new choices, by id, to be stored with the records.
    """

    context: Context
    table: Table
    typecast: bool
    create: Callable[[Table, dict[str, Any]], StoredRecord]
    creates: bool = False
    grown: dict[str, Field] = dataclass_field(default_factory=dict[str, Field])


Check = Callable[[Field, Any, WriteContext], Any]
"""Converts a value of a request to a cell; ``""``, ``[]``, False and None mean empty."""
