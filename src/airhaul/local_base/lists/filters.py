"""Filtering records by a formula."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from airhaul.errors import FormulaError
from airhaul.formula import Node, field_names, parse
from airhaul.formula.evaluate import compile_formula
from airhaul.formula.functions.function import Compiled
from airhaul.formula.values import is_kept
from airhaul.local_base.lists.record_ids import Ids, ids_allowed
from airhaul.local_base.lists.scan import Scan
from airhaul.local_base.protocol import refusal
from airhaul.local_base.reading.cell_reader import CellReader
from airhaul.local_base.reading.record_view import RecordInFormula, compute_for
from airhaul.local_base.store import Scanned, StoredRecord
from airhaul.local_base.store.schema import Field, Table

_LONGEST_KEPT: Final = 16_000


class _View:
    """The current record of a scan as a formula sees it; one object serves all records in turn."""

    __slots__ = ("now", "scanned")

    scanned: Scanned

    def __init__(self, now: datetime) -> None:
        self.now = now

    @property
    def record_id(self) -> str:
        """The record's id."""
        id_: str = self.scanned[1]
        return id_

    @property
    def created_time(self) -> datetime:
        """When the record was created."""
        return datetime.fromisoformat(self.scanned[2])

    def last_modified_time(self, fields: Sequence[str]) -> datetime | None:
        """Fail: a formula that needs this reads whole records."""
        raise AssertionError(fields)


@dataclass(frozen=True, slots=True)
class Filter:
    """A formula that decides which records are kept.

    Args:
        fields: The fields in the formula, by the name that the formula uses.
        node: The formula.
        compute: The formula, compiled for whole records.
        asks_times: Whether it depends on when records were changed.
        ids: The ids of the records that it can keep; None for any.
    """

    fields: dict[str, Field]
    node: Node
    compute: Compiled
    asks_times: bool
    ids: Ids | None

    def over(self, scan: Scan) -> Callable[[Scanned], bool]:
        """Make a predicate for the records of a scan."""
        if scan.is_whole:
            holds = self.of_records(scan.cells, scan.table)
            return lambda scanned: holds(scanned[3])
        view = _View(scan.cells.now)
        # Reads each field's cell directly, since there may be very many records.
        compute = compile_formula(self.node, lambda name: scan.in_view(self.fields[name]))

        def keeps(scanned: Scanned) -> bool:
            view.scanned = scanned
            return is_kept(compute(view))

        return keeps

    def of_records(self, cells: CellReader, table: Table) -> Callable[[StoredRecord], bool]:
        """Make a predicate for whole records.

        Args:
            cells: Reads their cells.
            table: The records' table.
        """
        getters = {
            name: cells.of_field(table.id, field).value for name, field in self.fields.items()
        }
        return lambda record: is_kept(
            compute_for(self.compute, RecordInFormula(cells, table, getters, record))
        )


def make_filter(table: Table, text: str) -> Filter:
    """Parse a formula as a filter.

    Args:
        table: The table, for its fields.
        text: The formula.

    Raises:
        Refusal: The formula is invalid, or names a field that does not exist.
    """
    try:
        # A list is read page by page, and each request repeats the formula.
        node = _parse_again(text) if len(text) <= _LONGEST_KEPT else parse(text)
        fields = {name: table.find_in_formula(name) for name in field_names(node)}
        unknown = [name.lower() for name, field in fields.items() if field is None]
        if unknown:
            raise refusal.invalid_formula(f"Unknown field names: {', '.join(unknown)}")
        compute = compile_formula(node)
    except FormulaError:
        raise refusal.invalid_formula("Invalid formula. Please check your formula text.") from None
    known = {name: field for name, field in fields.items() if field is not None}
    asks_times = "LAST_MODIFIED_TIME" in text.upper()
    return Filter(known, node, compute, asks_times, ids_allowed(node))


@functools.lru_cache(maxsize=64)
def _parse_again(text: str) -> Node:
    return parse(text)
