"""What is known while the cells of a request are checked."""

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
    """How values are taken, and what has to be made for them.

    Args:
        context: The request.
        table: The table that is written to.
        typecast: Whether text may be converted, and choices and linked records added.
        create: Creates a record in another table, of values by field id.
        grown: Fields whose choices have grown, by id; to be stored with the records.
    """

    context: Context
    table: Table
    typecast: bool
    create: Callable[[Table, dict[str, Any]], StoredRecord]
    grown: dict[str, Field] = dataclass_field(default_factory=dict[str, Field])


Check = Callable[[Field, Any, WriteContext], Any]
"""Turns a value that was sent into a cell; ``""``, ``[]``, False and None stand for empty."""
