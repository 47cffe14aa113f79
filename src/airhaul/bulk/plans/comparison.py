"""Comparing rows with a whole table, each as soon as it comes: what to create and to change."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from airhaul.bulk.engine.events import Event
from airhaul.bulk.engine.job import Action, Arrival, Done, Pull
from airhaul.bulk.plans.stored_table import StoredTable
from airhaul.bulk.rows.changes import Change, InvalidRow
from airhaul.bulk.rows.diff import same_cell
from airhaul.bulk.rows.encoders import Encoder
from airhaul.bulk.rows.links_by_name import Pair, names_to_find, refuse_names
from airhaul.bulk.rows.precheck import encode_one
from airhaul.bulk.rows.target import Target
from airhaul.bulk.rows.unchanged import UnchangedRows
from airhaul.errors import RowError
from airhaul.model.base import RecordBase

M = TypeVar("M", bound=RecordBase)


@dataclass(slots=True)
class Compared(Generic[M]):
    """What comparing rows with a table has come to.

    Args:
        unchanged: The rows whose records are as they should be.
        changes: The rows that create or change a record.
        by_name: The rows with names in links, which have to be looked up before these can be
            compared.
        invalid: The rows that are not valid.
        missing: The columns that the rows have and the table does not.
    """

    unchanged: UnchangedRows
    changes: list[Change[M]] = field(default_factory=list[Change[M]])
    by_name: list[Change[M]] = field(default_factory=list[Change[M]])
    invalid: list[InvalidRow] = field(default_factory=list[InvalidRow])
    missing: set[str] = field(default_factory=set[str])

    @property
    def taken(self) -> int:
        """How many rows there were."""
        return self.unchanged.taken


class CompareRows(Generic[M]):
    """A job that takes rows and compares each with its record; it sends nothing.

    Of a row that is unchanged it keeps only where its record is.

    Args:
        encoder: Makes changes of rows, and finds their keys.
        table: The table's records.
        target: The table.
        source: The name of the file that the rows come from, for errors.
        missing: The columns of the model that the table does not have.
    """

    def __init__(
        self,
        encoder: Encoder[M],
        table: StoredTable,
        target: Target,
        source: str | None = None,
        missing: AbstractSet[str] = frozenset(),
    ) -> None:
        self._encoder = encoder
        self._table = table
        self._stored = table.records
        self._target = target
        self._source = source
        self._missing = missing
        self._has_ended = False
        self.result = Compared[M](UnchangedRows(table.records))

    def next(self, now: float) -> Action:  # noqa: ARG002 - it never waits
        """Ask for rows until there are no more."""
        return Done() if self._has_ended else Pull()

    def offer(self, row: object) -> bool:
        """Take a row, and ask for the next."""
        found = self.result
        index = found.taken
        change = encode_one(self._encoder, index, row)
        if isinstance(change, InvalidRow):
            found.unchanged.take(change.error.line)
            found.invalid.append(change)
            return True
        found.unchanged.take(change.line)
        if self._missing:
            found.missing |= self._missing & {*change.cells, *change.for_new}
        place = self._table.find(change.key)
        if place is not None and change.record is None and self._is_stored(change, place):
            self._table.want(place)
            found.unchanged.add(index, place)
            return True
        try:
            if not self._target.typecast:
                refuse_names(self._target.model, change.cells, index, self._source, change.line)
        except RowError as error:
            found.invalid.append(InvalidRow(index, error, row))
            return True
        if place is None:
            self._create(change)
        else:
            self._table.want(place)
            self.compare(change)
        return True

    def _is_stored(self, change: Change[M], place: int) -> bool:
        """Return whether the record of a row has its cells; names in links are not looked up."""
        differing = self._stored.differing(place, change.cells)
        type_of, loosely = self._target.type_of, self._target.typecast
        return all(
            same_cell(
                type_of(column),
                change.cells[column],
                self._stored.cell(place, column),
                loosely=loosely,
            )
            for column in differing
        )

    def _create(self, change: Change[M]) -> None:
        """Make a row a new record, unless it lacks what one needs."""
        refusal = change.refusal_to_create
        if refusal is not None:
            error = refusal.placed(change.index, source=self._source, line=change.line)
            self.result.invalid.append(InvalidRow(change.index, error, change.source))
            return
        change.kind = "create"
        change.cells = self._target.in_order({**change.cells, **change.for_new})
        change.before = {}
        self.result.changes.append(change)

    def compare(self, change: Change[M], *, knows_names: bool = False) -> None:
        """Reduce a row to what differs from its record.

        Args:
            change: The row.
            knows_names: Whether the names in its links were looked up.
        """
        pair = self.pair(change)
        if not knows_names and self._target.typecast and names_to_find(self._target, [pair]):
            self.result.by_name.append(change)
            return
        self._target.compare(change, pair[1])
        if change.kind == "keep" and change.record is None:
            place = self._table.find(change.key)
            assert place is not None, "it has a record"
            self.result.unchanged.add(change.index, place)
        else:
            self.result.changes.append(change)

    def pair(self, change: Change[M]) -> Pair:
        """Return a row with its record."""
        place = self._table.find(change.key)
        assert place is not None, "it has a record"
        return change, self._stored.record(place)

    def end_of_rows(self) -> None:
        """Ask for no more rows."""
        self._has_ended = True

    def stop(self) -> None:
        """Ask for no more rows."""
        self._has_ended = True

    def feed(self, ticket: int, arrival: Arrival, now: float) -> None:
        """Never called: it sends nothing."""
        raise AssertionError(ticket, arrival, now)

    def events(self) -> list[Event]:
        """Return nothing: nothing has been written yet."""
        return []
