# Generated from client/aio/plan.py by tools/sync_face.py: change that one instead.
"""``Plan``: the writes that would be made, and making them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar, Unpack

from airhaul.bulk.plans.plan import Planned
from airhaul.bulk.results.result import NOTHING_SPENT, BulkResult, Spent
from airhaul.bulk.rows.changes import Change
from airhaul.bulk.rows.diff import same_stored
from airhaul.bulk.rows.encoders import Ready
from airhaul.bulk.rows.keys import Key
from airhaul.bulk.rows.precheck import in_order, nothing_sent, outcomes_of
from airhaul.bulk.writing.prefetch import PrefetchById
from airhaul.client.options import WriteOptions, Writing
from airhaul.client.rejects import Rejects
from airhaul.client.sync.bound import Bound
from airhaul.client.sync.bulk import Bulk
from airhaul.client.sync.scan import Scan
from airhaul.errors import ConfigurationError, DeletionRefusedError, StalePlanError
from airhaul.messages import Message
from airhaul.model.base import RecordBase
from airhaul.model.columns import columns_of
from airhaul.wire.shapes import RecordJson

M = TypeVar("M", bound=RecordBase)

_MOST_NAMED: Final = 5


@dataclass(repr=False)
class Plan(Planned[M]):
    """The writes that would be made, with what differs in each record; nothing is sent.

    Print it, show it in a notebook, look at ``differences``; ``apply()`` makes the writes.

    Args:
        goal: The table to write to.
        verb: The verb whose writes these are, for the journal.
        undoes: The run that they take back, if they do.
        key: What rows are told by, where they are.
        typecast: Whether Airtable may convert text, as it was planned.
        source: The file that the rows come from, if they come from one.
    """

    goal: Bound[M] | None = None
    verb: str = "apply"
    undoes: str | None = None
    key: Key | None = None
    typecast: bool = False
    source: Path | None = None
    _is_applied: bool = field(default=False, init=False)

    def apply(self, *, check: bool = True, **options: Unpack[WriteOptions]) -> BulkResult[M]:
        """Make the writes.

        Args:
            check: Whether to look first if a record that the plan touches has changed since, and
                if there are records with the keys of those to be created; one request for every
                hundred records.
            **options: ``on_error``, ``progress``, ``on_event``, ..., each as ``WriteOptions`` says.

        Returns:
            What became of each row, unchanged ones included.

        Raises:
            StalePlanError: The table has changed in a record of the plan; nothing was written.
            DeletionRefusedError: The plan deletes more than it may; nothing was written.
            BulkError: Rows are not valid, or not every row was written.
            ConfigurationError: The plan was applied before.
        """
        if self._is_applied:
            raise ConfigurationError("This plan was applied before; make a new one.")
        options.setdefault("typecast", self.typecast)
        writing = Writing.of(options)
        self.refuse_if_it_must_not_be(writing)
        scan = Scan(self._table)
        if check:
            self._check(scan)
        return self.write(writing, spent=scan.spent)

    def refuse_if_it_must_not_be(self, writing: Writing) -> None:
        """Raise where the plan may not be applied as it is; errors as of ``apply``."""
        if self.refused and writing.on_error != "continue":
            with closing(Rejects(writing.rejects, self._table.model, self.source)) as rejects:
                for row in self.refused:
                    rejects.add(row.source, row.error)
            raise nothing_sent(outcomes_of(self.changes, self.refused))
        if self.refusal is not None:
            raise DeletionRefusedError(Message("Nothing was written: ", self.refusal))

    def write(self, writing: Writing, *, spent: Spent = NOTHING_SPENT) -> BulkResult[M]:
        """Make the writes without another look; for verbs that have just made the plan."""
        self._is_applied = True
        bulk = Bulk(self._table, writing, self.verb, key=self.key, source=self.source)
        bulk.undoes = self.undoes
        if bulk.keeps_what_was_there and any(change.kind == "delete" for change in self.changes):
            bulk.learn_types()
        # In the order of the rows: the columns of a file of rejects are those of its first row.
        rows = in_order(self.changes, self.refused)
        return bulk.run(Ready[M](), rows, total=len(rows), spent=spent)

    @property
    def _table(self) -> Bound[M]:
        assert self.goal is not None, "a plan is made by a table"
        return self.goal

    # --- whether the table is still as it was

    def _check(self, scan: Scan) -> None:
        changed: list[str] = []
        writable = [column.column for column in columns_of(self._table.model).writable]
        by_id = [change for change in self.changes if change.kind in ("update", "delete")]
        found = scan.find(by_id, PrefetchById().formula)
        changed += [
            change.record_id or ""
            for change in by_id
            if _has_changed(change, found.get(change.record_id or ""), writable)
        ]
        key = self.key
        if key is not None:
            new = [change for change in self.changes if change.kind in ("create", "upsert")]
            wanted = {change.key for change in new}
            found = scan.find(new, lambda some: key.formula_for(change.cells for change in some))
            changed += [
                record["id"]
                for record in found.values()
                if key.value_in(record["fields"]) in wanted
            ]
        if changed:
            raise _stale(changed)


def _has_changed(change: Change[M], record: RecordJson | None, writable: Sequence[str]) -> bool:
    if record is None:
        return True
    before = change.before or {}
    # What is deleted goes with all its cells; those that are computed may change by themselves.
    columns = writable if change.kind == "delete" else change.cells
    return not all(
        same_stored(before.get(column), record["fields"].get(column)) for column in columns
    )


def _stale(changed: Sequence[str]) -> StalePlanError:
    named = ", ".join(changed[:_MOST_NAMED])
    more = f" and {len(changed) - _MOST_NAMED} more" if len(changed) > _MOST_NAMED else ""
    return StalePlanError(
        f"The table has changed since the plan was made, in {named}{more}. Nothing was written. "
        "Make the plan again, or write it without this check: apply(check=False).",
        record_ids=tuple(changed),
    )
