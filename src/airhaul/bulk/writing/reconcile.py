"""Looking for rows whose create was sent and whose reply was lost.

There is no idempotency key, so a lost create may not be sent again before it is known that its rows
are not there. What was created since is read back, and compared by content. A request is carried
out whole or not at all, so its rows are all there, or none is; anything else cannot be explained,
and is said to be unknown.

What makes it certain as far as it can be: the service's own clock tells since when to look;
``createdTime`` has whole seconds, so records of the second before are looked at too, and believed
only for saying "unknown"; records that this process knows to be others' are left out; nothing else
of the same call is on its way meanwhile.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Generic, Literal, TypeVar

from airhaul.bulk.engine.known_base import KnownBase
from airhaul.bulk.engine.page_chain import PageChain
from airhaul.bulk.rows.changes import Change
from airhaul.bulk.rows.diff import canonical, is_empty, same_cell
from airhaul.bulk.rows.target import Target
from airhaul.errors import AirhaulError
from airhaul.formula import Node
from airhaul.formula.build import literal
from airhaul.formula.nodes import Call as FormulaCall
from airhaul.model.base import RecordBase
from airhaul.wire.call import Call
from airhaul.wire.shapes import RecordJson

M = TypeVar("M", bound=RecordBase)

# The clock that stamps records and the one that stamps replies may be of two machines.
_SLACK: Final = timedelta(seconds=2)


@dataclass(slots=True)
class Lost(Generic[M]):
    """A create whose reply was lost.

    Args:
        changes: Its rows.
        error: What happened to the reply.
        sent_at: When it was sent, in seconds on our clock.
        tries: How often it was sent by now.
        since: The earliest time that it can have been for the service then, where another process
            has sent it.
    """

    changes: list[Change[M]]
    error: AirhaulError
    sent_at: float
    tries: int
    since: datetime | None = None

    def earliest(self, known_base: KnownBase) -> datetime:
        """The earliest time that it can have been for the service when it was sent."""
        return self.since or known_base.clock.earliest(self.sent_at)


Fate = Literal["there", "absent", "unknown"]


@dataclass(slots=True)
class Finding(Generic[M]):
    """What came out about a lost create.

    Args:
        lost: The create.
        fate: Its rows are all there, none is, or it cannot be told.
        records: The records that its rows have become, in their order, if they are there.
        why: Why it cannot be told.
    """

    lost: Lost[M]
    fate: Fate
    records: list[RecordJson] = field(default_factory=list[RecordJson])
    why: str = ""


class Search(Generic[M]):
    """One reading of what was created since the first of some lost creates.

    Args:
        target: The table.
        lost: The creates, none of whose kind is on its way.
        known_base: The service's clock, and the records that are known to be others'.
    """

    def __init__(self, target: Target, lost: Sequence[Lost[M]], known_base: KnownBase) -> None:
        self._target = target
        self.lost = list(lost)
        self._known_base = known_base
        self._chain = PageChain()
        self._found: dict[str, RecordJson] = {}

    def next_call(self) -> Call:
        """The request for the next page, or first one that tells the service's time."""
        if not self._known_base.clock.is_known:
            return self._target.read_one()
        since = literal((self._since() - _SLACK).replace(tzinfo=UTC))
        created = FormulaCall("CREATED_TIME")
        not_before: Node = FormulaCall("NOT", (FormulaCall("IS_BEFORE", (created, since)),))
        return self._target.read(not_before, offset=self._chain.offset)

    def _since(self) -> datetime:
        return min(lost.earliest(self._known_base) for lost in self.lost)

    def accept(self, records: Iterable[RecordJson], offset: str | None) -> bool:
        """Take a page.

        Args:
            records: Its records.
            offset: Where the list goes on, or None at its end.

        Returns:
            Whether all is read.
        """
        self._found |= {record["id"]: record for record in records}
        return not self._chain.advance(offset)

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
        """Whether the next request looks for records, and does not ask for the time."""
        return self._known_base.clock.is_known

    def findings(self) -> list[Finding[M]]:
        """Compare what was found with what was sent."""
        mine = self._known_base.created_lately()
        candidates = [record for id_, record in self._found.items() if id_ not in mine]
        pool = _Pool(self._target, candidates)
        findings: dict[int, Finding[M]] = {}
        # The largest first: a single row of one create may equal one of another's.
        for lost in sorted(self.lost, key=lambda lost: -len(lost.changes)):
            findings[id(lost)] = self._judge(lost, pool)
        # Those that were not found whole are compared with what the others left.
        for finding in findings.values():
            if finding.fate == "absent":
                self._look_for_parts(finding, pool)
        return [findings[id(lost)] for lost in self.lost]

    def _judge(self, lost: Lost[M], pool: _Pool) -> Finding[M]:
        since = lost.earliest(self._known_base)
        found = pool.take_all(lost.changes, since)
        if found is not None:
            return Finding(lost, "there", found)
        if pool.take_all(lost.changes, since - _SLACK) is not None:
            return Finding(
                lost, "unknown", why="Equal rows were created in the two seconds before it was sent"
            )
        return Finding(lost, "absent")

    def _look_for_parts(self, finding: Finding[M], pool: _Pool) -> None:
        since = finding.lost.earliest(self._known_base)
        there = pool.take_some(finding.lost.changes, since)
        if there:
            finding.fate = "unknown"
            finding.why = f"Only {there} of its {len(finding.lost.changes)} rows are in the table"


class _Pool:
    """Records that may be those of lost creates, each to be taken once."""

    def __init__(self, target: Target, records: Sequence[RecordJson]) -> None:
        self._target = target
        self._left: dict[str, RecordJson] = {record["id"]: record for record in records}
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

    def take_all(self, changes: Sequence[Change[Any]], since: datetime) -> list[RecordJson] | None:
        """Take a record for each of some rows, or none at all."""
        taken: dict[str, RecordJson] = {}
        # The fullest rows first: an emptier one fits more records.
        for change in sorted(changes, key=lambda change: -len(change.cells)):
            record = self._find(change, since, taken)
            if record is None:
                return None
            taken[record["id"]] = record
        order = sorted(changes, key=lambda change: -len(change.cells))
        by_index = {
            change.index: record for change, record in zip(order, taken.values(), strict=True)
        }
        for record_id in taken:
            del self._left[record_id]
        return [by_index[change.index] for change in changes]

    def take_some(self, changes: Sequence[Change[Any]], since: datetime) -> int:
        """Take records for as many of some rows as there are, and say for how many."""
        taken: dict[str, RecordJson] = {}
        for change in changes:
            record = self._find(change, since, taken)
            if record is not None:
                taken[record["id"]] = record
        for record_id in taken:
            del self._left[record_id]
        return len(taken)

    def _find(
        self, change: Change[Any], since: datetime, taken: dict[str, RecordJson]
    ) -> RecordJson | None:
        fitting = [
            record
            for record in self._near(change)
            if record["id"] not in taken
            and _created(record) >= since
            and self._fits(change, record)
        ]
        if not fitting:
            return None
        # One with nothing besides what was sent comes before one that has more.
        return min(fitting, key=lambda record: len(record["fields"]))

    def _near(self, change: Change[Any]) -> Iterable[RecordJson]:
        """The records that hold the rarest of a row's values."""
        if self._target.typecast:
            return list(self._left.values())  # what was sent may have been converted
        found: dict[str, None] | None = None
        for column, cell in change.cells.items():
            if is_empty(cell) or isinstance(cell, dict | list):
                continue
            with_it = self._by_value.get((column, self._form(column, cell)), {})
            if found is None or len(with_it) < len(found):
                found = with_it
        ids = self._left if found is None else [id_ for id_ in found if id_ in self._left]
        return [self._left[id_] for id_ in ids]

    def _fits(self, change: Change[Any], record: RecordJson) -> bool:
        loosely = self._target.typecast
        return all(
            same_cell(
                self._target.type_of(column), cell, record["fields"].get(column), loosely=loosely
            )
            for column, cell in change.cells.items()
        )


def _created(record: RecordJson) -> datetime:
    return datetime.fromisoformat(record["createdTime"])
