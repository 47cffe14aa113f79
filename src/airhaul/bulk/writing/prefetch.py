"""Looking records up before they are changed: whether they exist, and their cells."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, Generic, Protocol, TypeVar

from airhaul.bulk.reads.linked_names import LinkedNames
from airhaul.bulk.rows.changes import Change
from airhaul.bulk.rows.keys import Key
from airhaul.bulk.rows.links_by_name import Pair
from airhaul.bulk.rows.target import Target, with_ids
from airhaul.bulk.writing.chunks import (
    CheckLookup,
    ClockLookup,
    Lookup,
    NamesLookup,
    PrefetchLookup,
    SchemaLookup,
)
from airhaul.errors import AirhaulError, RowError
from airhaul.formula import Node
from airhaul.model.base import RecordBase
from airhaul.wire import endpoints
from airhaul.wire.call import Call
from airhaul.wire.limits import RECORDS_PER_PAGE
from airhaul.wire.replies import list_in, records_in
from airhaul.wire.shapes import RecordJson

M = TypeVar("M", bound=RecordBase)


class Prefetch(Protocol):
    """What to read of the records of some changes, before they are written."""

    @property
    def reduces_all(self) -> bool:
        """Whether every change is reduced to the cells that differ."""
        ...

    def is_needed(self, change: Change[Any]) -> bool:
        """Return whether a change has to wait for it."""
        ...

    def formula(self, changes: Sequence[Change[Any]]) -> Node:
        """Return the formula that finds the records."""
        ...

    def fields(self, changes: Sequence[Change[Any]]) -> Iterable[str] | None:
        """Return the columns to read; None for all."""
        ...

    def compared(self, changes: Sequence[Change[Any]], records: Sequence[RecordJson]) -> list[Pair]:
        """Return the changes that are compared with what was read, with their records."""
        ...

    def apply(
        self, target: Target, changes: Sequence[Change[Any]], records: Sequence[RecordJson]
    ) -> dict[int, RowError]:
        """Apply what was read to the changes.

        Args:
            target: The table.
            changes: The changes.
            records: What was read.

        Returns:
            The rows that cannot be written, by index, with the reason.
        """
        ...


class PrefetchById:
    """A prefetch by id of the previous cells of records, so that they can be restored."""

    reduces_all = False

    def is_needed(self, change: Change[Any]) -> bool:
        """Return whether a change has an id and its previous cells are not known."""
        return change.record_id is not None and change.before is None

    def formula(self, changes: Sequence[Change[Any]]) -> Node:
        """Return the formula that finds the records by id."""
        return with_ids(change.record_id for change in changes if change.record_id is not None)

    def fields(self, changes: Sequence[Change[Any]]) -> Iterable[str] | None:
        """Return the columns that are written; all columns if a record is deleted or replaced."""
        if any(change.traits.takes_all_cells for change in changes):
            return None
        return _columns_of(changes)

    def compared(self, changes: Sequence[Change[Any]], records: Sequence[RecordJson]) -> list[Pair]:
        """Return none: what was read is only kept."""
        del changes, records
        return []

    def apply(
        self, target: Target, changes: Sequence[Change[Any]], records: Sequence[RecordJson]
    ) -> dict[int, RowError]:
        """Keep the cells of the records; Airtable refuses a change of a missing record."""
        found = {record["id"]: record for record in records}
        for change in changes:
            record = found.get(change.record_id or "")
            if record is not None:
                target.see(change, record)
            else:
                change.is_absent = True
        return {}


class PrefetchByKey:
    """A prefetch by key of the records of rows, and what differs in them.

    Args:
        key: The key.
        always: Whether to look up every row, and not only those that need it.
    """

    def __init__(self, key: Key, *, always: bool) -> None:
        self._key = key
        self.reduces_all = always or not key.can_be_merged_on

    def is_needed(self, change: Change[Any]) -> bool:
        """Return whether it matters if the record exists.

        A new one gets defaults that an existing one must not get, or it needs fields that the row
        does not have.
        """
        matters = self.reduces_all or bool(change.for_new) or bool(change.missing)
        return change.kind == "upsert" and matters

    def formula(self, changes: Sequence[Change[Any]]) -> Node:
        """Return the formula that finds the records by key."""
        return self._key.formula_for(change.cells for change in changes)

    def fields(self, changes: Sequence[Change[Any]]) -> Iterable[str] | None:
        """Return None for all columns: an unchanged row is returned as a whole record."""
        del changes
        return None

    def compared(self, changes: Sequence[Change[Any]], records: Sequence[RecordJson]) -> list[Pair]:
        """Return the rows whose records exist, with their records."""
        by_key = {self._key.value_in(record["fields"]): record for record in records}
        return [(change, by_key[change.key]) for change in changes if change.key in by_key]

    def apply(
        self, target: Target, changes: Sequence[Change[Any]], records: Sequence[RecordJson]
    ) -> dict[int, RowError]:
        """Separate new records from existing ones, and keep only what differs."""
        found: defaultdict[Any, list[RecordJson]] = defaultdict(list)
        for record in records:
            found[self._key.value_in(record["fields"])].append(record)
        refused: dict[int, RowError] = {}
        for change in changes:
            there = found[change.key]
            if len(there) > 1:
                ids = ", ".join(record["id"] for record in there)
                refused[change.index] = RowError(
                    f"several records have the same key, {self._key.shown(change.cells)}: {ids}"
                )
            elif there:
                target.compare(change, there[0])
            elif change.refusal_to_create is not None:
                refused[change.index] = change.refusal_to_create
            else:
                self._create(target, change)
        return refused

    def _create(self, target: Target, change: Change[Any]) -> None:
        change.cells = target.in_order({**change.cells, **change.for_new})
        change.before = {}
        if not self._key.can_be_merged_on:
            change.kind = "create"


def is_waited_for(lookup: object) -> bool:
    """Return whether nothing new is sent until a lookup is answered."""
    return isinstance(lookup, CheckLookup | SchemaLookup)


def _columns_of(changes: Iterable[Change[Any]]) -> list[str] | None:
    return list(dict.fromkeys(column for change in changes for column in change.cells)) or None


class Lookups(Generic[M]):
    """The lookups of a bulk call: a hundred rows at a time, page by page.

    Args:
        target: The table.
        prefetch: What to read of records before they are changed; None for nothing.
    """

    def __init__(self, target: Target, prefetch: Prefetch | None) -> None:
        self._target = target
        self._prefetch = prefetch
        self._unread: list[Change[M]] = []
        self._waiting: deque[Lookup[M]] = deque()
        self._has_no_names = False

    @cached_property
    def _names(self) -> LinkedNames:
        return LinkedNames(self._target)

    def is_needed_for(self, change: Change[M]) -> bool:
        """Return whether a row has to be looked up before it is written."""
        return (
            self._prefetch is not None
            and change.kind != "keep"
            and self._prefetch.is_needed(change)
        )

    def add(self, change: Change[M]) -> None:
        """Add a row that has to be looked up."""
        self._unread.append(change)

    @property
    def is_full(self) -> bool:
        """Whether there are enough rows for one lookup."""
        return len(self._unread) >= RECORDS_PER_PAGE

    def start_prefetch(self) -> None:
        """Queue a lookup of the rows that were added, if there are any."""
        if self._unread:
            self._waiting.append(PrefetchLookup(self._unread))
            self._unread = []

    def check(self, checking: CheckLookup[M]) -> None:
        """Queue the lookup of rows whose request was lost."""
        self._waiting.append(checking)

    def read_schema(self) -> None:
        """Queue a lookup of the schema."""
        self._waiting.append(SchemaLookup([]))

    def drop_prefetches(self) -> None:
        """Drop all lookups except those of rows whose request was lost."""
        self._waiting = deque(one for one in self._waiting if isinstance(one, CheckLookup))

    @property
    def is_checking(self) -> bool:
        """Whether a lookup is queued that other rows wait for."""
        # Called for each row, and mostly there is none.
        return bool(self._waiting) and any(map(is_waited_for, self._waiting))

    def next_check_at(self) -> float | None:
        """Return when the next rows may be looked up whose request was lost, or None."""
        return min((one.at for one in self._waiting if isinstance(one, CheckLookup)), default=None)

    def next_call(self, now: float) -> tuple[Lookup[M], Call] | None:
        """Return the next request that may be sent, or None."""
        for lookup in self._waiting:
            if not isinstance(lookup, CheckLookup) or lookup.at <= now:
                self._waiting.remove(lookup)
                return lookup, self._call(lookup)
        return None

    def _call(self, lookup: Lookup[M]) -> Call:
        if isinstance(lookup, NamesLookup):
            query, offset = lookup.query, lookup.chain.offset
            return endpoints.list_records(
                self._target.base_id, query.table_id, query.parameters, offset
            )
        if isinstance(lookup, SchemaLookup):
            return endpoints.base_schema(self._target.base_id)
        if isinstance(lookup, ClockLookup):
            return self._target.read_one()
        if isinstance(lookup, CheckLookup):
            formula, fields = self._target.find(lookup.changes), None
        else:
            assert self._prefetch is not None, "only a prefetch makes rows wait"
            formula = self._prefetch.formula(lookup.changes)
            fields = self._prefetch.fields(lookup.changes)
        return self._target.read(formula, fields, lookup.chain.offset)

    def accept(self, lookup: Lookup[M], value: Any) -> bool:
        """Take a page.

        Args:
            lookup: The lookup.
            value: The answer's JSON.

        Returns:
            Whether it was the last one.

        Raises:
            BadReplyError: It is not an answer of Airtable's.
        """
        if isinstance(lookup, SchemaLookup):
            lookup.tables = list_in(value, "tables")
            if lookup.before is None:
                return True
            self._names.learn_schema(lookup.tables)
            return self._knows_names_of(lookup.before)
        lookup.records += records_in(value)
        if lookup.chain.advance(value.get("offset")):
            self._waiting.append(lookup)
            return False
        if isinstance(lookup, NamesLookup):
            self._names.learn(lookup.query, lookup.records)
            return self._knows_names_of(lookup.before)
        return not isinstance(lookup, PrefetchLookup) or self._knows_names_of(lookup)

    def _knows_names_of(self, lookup: PrefetchLookup[M]) -> bool:
        """Replace the names in the links of rows by ids; False if they have to be looked up."""
        assert self._prefetch is not None, "only a prefetch makes rows wait"
        pairs = self._prefetch.compared(lookup.changes, lookup.records)
        if self._has_no_names or not self._names.are_needed(pairs):
            return True
        if not self._names.knows_schema:
            self._waiting.append(SchemaLookup([], before=lookup))
            return False
        queries = self._names.queries(pairs)
        if queries:
            self._waiting.append(NamesLookup(lookup.changes, before=lookup, query=queries[0]))
            return False
        self._names.apply(pairs)
        return True

    def give_up_names(self) -> None:
        """Compare links by name no more: they cannot be looked up, and are written again."""
        self._has_no_names = True

    def apply(self, lookup: Lookup[M]) -> dict[int, RowError]:
        """Apply what a lookup has read to its rows.

        Returns:
            The rows that cannot be written, by index, with the reason.
        """
        assert self._prefetch is not None, "only a prefetch makes rows wait"
        return self._prefetch.apply(self._target, lookup.changes, lookup.records)

    def refuse(self, lookup: Lookup[M], error: AirhaulError) -> bool:
        """Handle a page that was refused.

        Returns:
            Whether the lookup has failed; otherwise it starts again.
        """
        if lookup.chain.can_restart(error):
            lookup.restart()
            self._waiting.append(lookup)
            return False
        return True
