"""Searching for the rows of creates whose reply was lost.

Airtable has no idempotency keys, so a lost create must not be sent again before it is known that
its rows are not in the table. The search reads the records created since, and compares all of their
cells. Airtable carries a request out completely or not at all, so either all of its rows are in the
table or none is; any other finding is reported as unknown, and so is a record that has the cells of
a row and others: somebody may have added to ours, or it is not ours.

To be as certain as possible, the search begins at a time of the service's own clock. Since
``createdTime`` has whole seconds, equal records of the two seconds before make a finding unknown.
Records that other requests of this process are known to have created, or other rows of the call,
are excluded. Nothing else of the same call is in flight during a search.

An upsert is repeated without a search; ``Creations`` finds which records it has created, in the
answer to the last try.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any, Final, Generic, Literal, TypeVar

from airhaul.bulk.engine.known_base import KnownBase
from airhaul.bulk.engine.page_chain import PageChain
from airhaul.bulk.engine.work import Attempt
from airhaul.bulk.rows.changes import Change
from airhaul.bulk.rows.diff import canonical, is_empty, same_cell
from airhaul.bulk.rows.links_by_name import names_in
from airhaul.bulk.rows.target import Target
from airhaul.errors import AirhaulError
from airhaul.formula import Node
from airhaul.formula.build import literal
from airhaul.formula.nodes import Call as FormulaCall
from airhaul.model.base import RecordBase
from airhaul.wire.call import Call
from airhaul.wire.shapes import RecordJson

M = TypeVar("M", bound=RecordBase)

# Records and replies may get their times from the clocks of two machines.
_SLACK: Final = timedelta(seconds=2)
# Of so many lost creates, each set is compared with the records; there are 2 ** 8 of them.
_MOST_COMPARED: Final = 8


@dataclass(slots=True)
class Lost(Generic[M]):
    """A create whose reply was lost.

    Args:
        changes: Its rows.
        error: Why there was no reply.
        sent_at: When it was sent, in seconds on the job's clock.
        tries: How often it was sent so far.
        since: The earliest time of the service's clock at which it can have been sent, if another
            process has sent it.
    """

    changes: list[Change[M]]
    error: AirhaulError
    sent_at: float
    tries: int
    since: datetime | None = None

    def earliest(self, known_base: KnownBase) -> datetime:
        """Return the earliest time of the service's clock at which it can have been sent."""
        return self.since or known_base.clock.earliest(self.sent_at)


Fate = Literal["there", "absent", "unknown"]


@dataclass(slots=True)
class Finding(Generic[M]):
    """The result of the search for a lost create.

    Args:
        lost: The create.
        fate: Whether its rows are all there, all absent, or this is unknown.
        records: The records of its rows, in their order, if they are there.
        why: Why it is unknown, as the beginning of a sentence.
    """

    lost: Lost[M]
    fate: Fate
    records: list[RecordJson] = field(default_factory=list[RecordJson])
    why: str = ""


class Search(Generic[M]):
    """One search for some lost creates: reads the records created since the first of them.

    Args:
        target: The table.
        lost: The creates; no other create of the call is in flight.
        known_base: The service's clock, and the records known to be of other requests.
        filled: Cells that the service has filled itself in another record of the call.
    """

    def __init__(
        self,
        target: Target,
        lost: Sequence[Lost[M]],
        known_base: KnownBase,
        filled: Mapping[str, Any],
    ) -> None:
        self.target = target
        self.lost = list(lost)
        self._known_base = known_base
        self._filled = filled
        self.has_all_pages = False
        self._chain = PageChain()
        self._found: dict[str, RecordJson] = {}

    def next_call(self) -> Call:
        """Return the request for the next page, or first one whose reply has the service's time."""
        if not self._known_base.clock.is_known:
            return self.target.read_one()
        since = literal((self._since() - _SLACK).replace(tzinfo=UTC))
        created = FormulaCall("CREATED_TIME")
        not_before: Node = FormulaCall("NOT", (FormulaCall("IS_BEFORE", (created, since)),))
        return self.target.read(not_before, offset=self._chain.offset)

    def _since(self) -> datetime:
        return min(lost.earliest(self._known_base) for lost in self.lost)

    def accept(self, records: Iterable[RecordJson], offset: str | None) -> bool:
        """Take a page.

        Args:
            records: Its records.
            offset: Where the next page begins; None after the last one.

        Returns:
            Whether all pages were read.
        """
        self._found |= {record["id"]: record for record in records}
        self.has_all_pages = not self._chain.advance(offset)
        return self.has_all_pages

    def drop(self, ours: Callable[[Collection[str]], set[str]]) -> None:
        """Leave out the records that are known to be of other requests.

        Args:
            ours: Returns those of some record ids that other rows of the call have.
        """
        known = self._known_base.created_lately()
        if self._found:
            known |= ours(self._found.keys())
        self._found = {id_: record for id_, record in self._found.items() if id_ not in known}

    @property
    def needs_types(self) -> bool:
        """Whether a record can only be judged with the types of the table's columns."""
        pool = _Pool(self.target, self._found.values(), self._filled)
        return any(pool.may_be_filled(lost.changes) for lost in self.lost)

    def restart_after(self, error: AirhaulError) -> bool:
        """Read the list again from its start if Airtable has forgotten it.

        Args:
            error: Why a page was refused.

        Returns:
            Whether the search continues; otherwise it has failed.
        """
        if not self._chain.can_restart(error):
            return False
        self._chain.restart()
        self._found.clear()
        return True

    @property
    def knows_time(self) -> bool:
        """Whether the next request searches for records, and does not only ask for the time."""
        return self._known_base.clock.is_known

    def findings(self) -> list[Finding[M]]:
        """Compare the records that were found with the rows that were sent."""
        pool = _Pool(self.target, self._found.values(), self._filled)
        findings = {id(finding.lost): finding for finding in self._explain(pool)}
        # The largest first: a single row of one create may equal one of another's.
        for lost in sorted(self.lost, key=lambda lost: -len(lost.changes)):
            if id(lost) not in findings:
                findings[id(lost)] = self._judge(lost, pool)
        # Those that were not found completely are compared with the remaining records.
        for finding in findings.values():
            if finding.fate == "absent":
                self._search_for_parts(finding, pool)
        return [findings[id(lost)] for lost in self.lost]

    def _explain(self, pool: _Pool) -> list[Finding[M]]:
        """Find those creates that together explain most of the records.

        One of several with equal rows may seem to be there, made of the records of the others.
        """
        if not 1 < len(self.lost) <= _MOST_COMPARED:
            return []
        sets = [
            some for count in range(len(self.lost)) for some in combinations(self.lost, count + 1)
        ]
        sets.sort(key=lambda some: -sum(len(lost.changes) for lost in some))
        for some in sets:
            before = pool.left
            found = [
                Finding(lost, "there", records)
                for lost in some
                if (records := pool.take_all(lost.changes, lost.earliest(self._known_base)))
            ]
            if len(found) == len(some):
                return found
            pool.left = before
        return []

    def _judge(self, lost: Lost[M], pool: _Pool) -> Finding[M]:
        since = lost.earliest(self._known_base)
        found = pool.take_all(lost.changes, since)
        if found is not None:
            return Finding(lost, "there", found)
        if pool.take_all(lost.changes, since, exactly=False) is not None:
            return Finding(lost, "unknown", why="The table has its rows, with more cells than sent")
        if pool.take_all(lost.changes, since - _SLACK, exactly=False) is not None:
            return Finding(
                lost, "unknown", why="Equal rows were created in the two seconds before it was sent"
            )
        return Finding(lost, "absent")

    def _search_for_parts(self, finding: Finding[M], pool: _Pool) -> None:
        since = finding.lost.earliest(self._known_base)
        there = pool.take_some(finding.lost.changes, since)
        if there:
            finding.fate = "unknown"
            finding.why = f"Only {there} of its {len(finding.lost.changes)} rows are in the table"


class _Pool:
    """A pool of records that lost creates may have made, each to be taken once.

    Of equal records the oldest is taken first: it fits fewer of the creates than a later one.

    Attributes:
        left: The records that were not taken, by id, the oldest first.
    """

    def __init__(
        self, target: Target, records: Iterable[RecordJson], filled: Mapping[str, Any]
    ) -> None:
        self._target = target
        self._filled = filled
        records = sorted(records, key=_created)
        self.left: dict[str, RecordJson] = {record["id"]: record for record in records}
        self._by_value: dict[tuple[str, Any], dict[str, None]] = defaultdict(dict)
        for record in records:
            for column, cell in record["fields"].items():
                if self._knows(column):
                    self._by_value[column, self._form(column, cell)][record["id"]] = None

    def _knows(self, column: str) -> bool:
        from airhaul.model.columns import columns_of

        return column in columns_of(self._target.model).by_column

    def _form(self, column: str, cell: Any) -> Any:
        return canonical(self._target.type_of(column), cell)

    def may_be_filled(self, changes: Sequence[Change[Any]]) -> bool:
        """Return whether a record has the cells of a row, and others of an unknown type."""
        if self._target.types is not None:
            return False
        return any(
            not self._knows(column)
            for change in changes
            for record in self._near(change)
            if self._fits(change, record)
            for column in self._added(change, record)
        )

    def take_all(
        self, changes: Sequence[Change[Any]], since: datetime, *, exactly: bool = True
    ) -> list[RecordJson] | None:
        """Take a record for each of some rows, or none at all.

        Args:
            changes: The rows.
            since: The earliest time at which the records were created.
            exactly: Whether to take only records without further cells.
        """
        taken: dict[str, RecordJson] = {}
        # The rows with most cells first: one with fewer cells fits more records.
        order = sorted(changes, key=lambda change: -len(change.cells))
        for change in order:
            record = self._find(change, since, taken, exactly=exactly)
            if record is None:
                return None
            taken[record["id"]] = record
        by_index = {
            change.index: record for change, record in zip(order, taken.values(), strict=True)
        }
        self._remove(taken)
        return [by_index[change.index] for change in changes]

    def take_some(self, changes: Sequence[Change[Any]], since: datetime) -> int:
        """Take records for as many of some rows as possible, and return for how many."""
        taken: dict[str, RecordJson] = {}
        for change in changes:
            record = self._find(change, since, taken, exactly=False)
            if record is not None:
                taken[record["id"]] = record
        self._remove(taken)
        return len(taken)

    def _remove(self, taken: Collection[str]) -> None:
        self.left = {id_: record for id_, record in self.left.items() if id_ not in taken}

    def _find(
        self,
        change: Change[Any],
        since: datetime,
        taken: dict[str, RecordJson],
        *,
        exactly: bool,
    ) -> RecordJson | None:
        fitting = (
            record
            for record in self._near(change)
            if record["id"] not in taken
            and _created(record) >= since
            and self._fits(change, record)
        )
        if exactly:
            fitting = (record for record in fitting if not self._added(change, record))
        return next(iter(fitting), None)

    def _added(self, change: Change[Any], record: RecordJson) -> list[str]:
        """Return the columns of a record that were not sent, and that Airtable does not fill."""
        return [
            column
            for column, cell in record["fields"].items()
            if column not in change.cells
            and not is_empty(cell)
            and not (column in self._filled and self._filled[column] == cell)
            and not self._is_computed(column)
        ]

    def _is_computed(self, column: str) -> bool:
        if self._target.types is None and not self._knows(column):
            return False
        return not self._target.can_write(column)

    def _near(self, change: Change[Any]) -> Iterable[RecordJson]:
        """Return the records that have the rarest of a row's values."""
        if self._target.typecast:
            return list(self.left.values())  # what was sent may have been converted
        found: dict[str, None] | None = None
        for column, cell in change.cells.items():
            if is_empty(cell) or isinstance(cell, dict | list):
                continue
            with_it = self._by_value.get((column, self._form(column, cell)), {})
            if found is None or len(with_it) < len(found):
                found = with_it
        ids = self.left if found is None else [id_ for id_ in found if id_ in self.left]
        return [self.left[id_] for id_ in ids]

    def _fits(self, change: Change[Any], record: RecordJson) -> bool:
        stored = record["fields"]
        return all(
            self._may_be(column, cell, stored.get(column)) for column, cell in change.cells.items()
        )

    def _may_be(self, column: str, cell: Any, stored: Any) -> bool:
        type_, loosely = self._target.type_of(column), self._target.typecast
        if loosely and type_ == "multipleRecordLinks" and names_in(cell):
            return bool(stored)  # which records have these names is not known here
        return same_cell(type_, cell, stored, loosely=loosely)


def _created(record: RecordJson) -> datetime:
    return datetime.fromisoformat(record["createdTime"])


@dataclass(frozen=True, slots=True)
class Creations:
    """Which records a request has created.

    Args:
        created: The records that it has created, by their ids.
        doubtful: Records that it or somebody else has created at about the same time.
        may_be_cleared: Whether a better knowledge of the service's clock may end the doubt.
    """

    created: set[str]
    doubtful: set[str] = field(default_factory=set[str])
    may_be_cleared: bool = False

    @classmethod
    def of(
        cls,
        target: Target,
        changes: Sequence[Change[Any]],
        raws: Sequence[RecordJson],
        answer: Mapping[str, Any],
        attempt: Attempt,
        known_base: KnownBase,
    ) -> Creations:
        """Find the records that a request has created, which may have been sent before.

        A request that is sent again finds the records that its first try has created, and the
        answer calls them updated. They are identified by their time of creation and their cells.

        Args:
            target: The table.
            changes: The rows of the request.
            raws: Their records.
            answer: The answer; that of an upsert names the records that it has created.
            attempt: The request.
            known_base: The service's clock, and the records that are known to be older.
        """
        created = set[str](answer.get("createdRecords") or ())
        if not (attempt.was_lost and known_base.clock.is_known):
            return cls(created)
        since = attempt.since or known_base.clock.earliest(attempt.first_at)
        surely = attempt.since or known_base.clock.latest(attempt.first_at)
        older = known_base.created_lately() | created
        new = [
            (change, raw, _created(raw))
            for change, raw in zip(changes, raws, strict=True)
            if change.record_id is None and raw["id"] not in older
        ]
        # A request creates all of its records at one time: older ones are somebody else's.
        at = max([since, *(time for _, _, time in new)])
        of_that_time = [(change, raw) for change, raw, time in new if time == at]
        is_clear = at >= surely or len(of_that_time) > 1
        fitting = [pair for pair in of_that_time if not _has_more(target, *pair)]
        ours = {raw["id"] for change, raw in fitting if is_clear or change.before is not None}
        may_be_ours = {raw["id"] for _, raw, time in new if time >= since}
        return cls(created | ours, may_be_ours - ours, len(ours) < len(fitting))


def _has_more(target: Target, change: Change[Any], raw: RecordJson) -> bool:
    """Return whether a record has cells that a record created by the change would not have."""
    return any(
        column not in change.cells and target.can_write(column) and not is_empty(cell)
        for column, cell in raw["fields"].items()
    )
