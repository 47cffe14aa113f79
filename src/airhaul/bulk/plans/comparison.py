"""Comparing rows with a whole table, each as soon as it comes: what to create and to change."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from airhaul.bulk.engine.events import Event
from airhaul.bulk.engine.job import Action, Arrival, Done, Pull
from airhaul.bulk.linking.link_keys import LinkKeys
from airhaul.bulk.linking.lookups import MOST_HELD, names_in
from airhaul.bulk.plans.plain_rows import PlainRows
from airhaul.bulk.plans.stored_table import StoredTable
from airhaul.bulk.rows.changes import Change, InvalidRow
from airhaul.bulk.rows.diff import same_cell
from airhaul.bulk.rows.encoders import Encoder
from airhaul.bulk.rows.links_by_name import Pair, check_links, names_to_find
from airhaul.bulk.rows.precheck import encode_one
from airhaul.bulk.rows.target import Target
from airhaul.bulk.rows.unchanged import UnchangedRows
from airhaul.errors import RowError
from airhaul.model.base import RecordBase
from airhaul.wire.limits import RECORDS_PER_PAGE

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
        plain: Finds rows that are unchanged without an encoder.
        table: The table's records.
        target: The table.
        source: The name of the file that the rows come from, for errors.
        missing: The columns of the model that the table does not have.
        links: The columns of links whose cells may hold names; None for none.
        together: How many rows are compared at a time. A generator may yield one dictionary again
            and again, so its rows are compared one by one.
    """

    def __init__(
        self,
        encoder: Encoder[M],
        plain: PlainRows,
        table: StoredTable,
        target: Target,
        source: str | None = None,
        missing: AbstractSet[str] = frozenset(),
        links: LinkKeys | None = None,
        together: int = 1,
    ) -> None:
        self._encoder = encoder
        self._plain = plain
        self._table = table
        self._stored = table.records
        self._target = target
        self._source = source
        self._missing = missing
        self._links = links
        self._together = together
        self._waiting: list[object] = []
        self._held: list[Change[M]] = []
        self._unknown: set[tuple[str, str]] = set()
        self.has_ended = False
        self.result = Compared[M](UnchangedRows(table.records))

    def next(self, now: float) -> Action:  # noqa: ARG002 - it never waits
        """Ask for rows until there are no more, or names in links have to be looked up."""
        return Done() if self.has_ended or self._is_full else Pull()

    @property
    def _is_full(self) -> bool:
        return len(self._unknown) >= RECORDS_PER_PAGE or len(self._held) >= MOST_HELD

    def take_held(self) -> list[Change[M]]:
        """Return the rows that wait until the names in their links are looked up."""
        held, self._held = self._held, []
        self._unknown.clear()
        return held

    def offer(self, row: object) -> bool:
        """Take a row, and ask for the next."""
        self._waiting.append(row)
        if len(self._waiting) >= self._together:
            self._compare_waiting()
        return self._links is None or not self._is_full

    def _compare_waiting(self) -> None:
        """Compare the rows that wait for one another."""
        rows, self._waiting = self._waiting, []
        found = self.result
        first = found.taken
        places = [None] * len(rows) if self._missing else self._plain.find(rows)
        there = [place for place in places if place is not None]
        if len(there) == len(rows) and self._table.take_all(there, first):
            found.unchanged.add_all(there)
            return
        for index, (row, place) in enumerate(zip(rows, places, strict=True), first):
            if place is not None and self._table.take_all([place], index):
                found.unchanged.add_all([place])
            else:
                self._take(index, row)

    def _take(self, index: int, row: object) -> None:
        """Take a row that is to be validated."""
        found = self.result
        change = encode_one(self._encoder, index, row)
        if isinstance(change, InvalidRow):
            found.unchanged.take(change.error.line)
            found.invalid.append(change)
            return
        found.unchanged.take(change.line)
        if self._missing:
            found.missing |= self._missing & {*change.cells, *change.for_new}
        if self._links is None:
            self.compare_row(change)
            return
        unknown = self._links.unknown(names_in(self._links, [change]))
        if not unknown:
            self.link_row(change, self._links)
            return
        self._held.append(change)
        self._unknown.update((column, name) for column in unknown for name in unknown[column])

    def link_row(self, change: Change[M], links: LinkKeys) -> None:
        """Replace the names in the links of a row, all of which were looked up, and compare it.

        Args:
            change: The row.
            links: Knows which records have the names.
        """
        try:
            links.replace(change, self._source, creates_later=True)
        except RowError as error:
            self.result.invalid.append(InvalidRow(change.index, error, change.source))
        else:
            self.compare_row(change)

    def compare_row(self, change: Change[M]) -> None:
        """Find out what a row creates or changes."""
        found = self.result
        place = self._table.find(change.key)
        if place is not None and change.record is None and self._is_stored(change, place):
            self._table.want(place)
            found.unchanged.add(change.index, place)
            return
        try:
            self._check_links(change)
        except RowError as error:
            found.invalid.append(InvalidRow(change.index, error, change.source))
            return
        if place is None:
            self._create(change)
        else:
            self._table.want(place)
            self.compare(change)

    def _check_links(self, change: Change[M]) -> None:
        by_key = () if self._links is None else self._links.columns
        check_links(
            self._target.model,
            change.cells,
            change.index,
            self._source,
            change.line,
            by_key=by_key,
            typecast=self._target.typecast,
        )

    def _is_stored(self, change: Change[M], place: int) -> bool:
        """Return whether the record of a row has its cells; names in links are not looked up."""
        differing = self._stored.cells.differing(place, change.cells)
        type_of, loosely = self._target.type_of, self._target.typecast
        return all(
            same_cell(
                type_of(column),
                change.cells[column],
                self._stored.cells.cell(place, column),
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
        """Compare what is left, and ask for no more rows."""
        self._compare_waiting()
        self.has_ended = True

    def stop(self) -> None:
        """Ask for no more rows."""
        self.has_ended = True

    def feed(self, ticket: int, arrival: Arrival, now: float) -> None:
        """Never called: it sends nothing."""
        raise AssertionError(ticket, arrival, now)

    def events(self) -> list[Event]:
        """Return nothing: nothing has been written yet."""
        return []
