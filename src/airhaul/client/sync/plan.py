# Generated from client/aio/plan.py by tools/sync_face.py: change that one instead.
"""``Plan``: a plan of writes, which can be applied."""

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
from airhaul.model.base import RecordBase
from airhaul.model.columns import columns_of
from airhaul.wire.shapes import RecordJson

M = TypeVar("M", bound=RecordBase)

_MOST_NAMED: Final = 5


@dataclass(repr=False)
class Plan(Planned[M]):
    """A plan of writes, with what differs in each record; nothing has been written yet.

    Print it, show it in a notebook, look at ``differences``; ``apply()`` makes the writes.

    Args:
        goal: The table to write to.
        verb: The verb that the plan was made for, for the journal.
        undoes: The run that the plan undoes, if it undoes one.
        key: The fields that identify a record, if the verb has a key.
        typecast: Whether Airtable may convert text.
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
        """Make the writes of the plan.

        ``typecast`` is that of the plan unless it is given here.

        Args:
            check: Whether to check first that the records of the plan have not changed since it was
                made, and that no record has a key of those to be created; one request for each 100
                records.
            **options: ``WriteOptions``, all optional:
                on_error: When a row cannot be written, ``"stop"`` (the default) sends nothing more
                    and raises; ``"continue"`` writes every other row and reports the failures in
                    the result; ``"rollback"`` undoes what this call has written and raises.
                progress: ``True`` for a progress bar, or a callable for (done, total, record) of
                    each row written; total is None while it is not known.
                on_event: Called with each event of the call, in the caller's thread.
                typecast: Let Airtable convert text to the type of its field, and add missing
                    choices to select fields.
                concurrency: The most requests in flight; as configured for the connection if None.
                max_requests: The most requests to send; the rows that remain are not written. No
                    limit if None.
                rejects: A CSV, TSV or JSON Lines file for the rows that are rejected, with the
                    reasons; it can be corrected and imported.
                journal: Whether to record the call in a journal, so that it can be resumed after a
                    crash, or undone: True, False, or the journal's file; as configured for the
                    connection if None.
                keep_rows: Whether to copy the rows of an iterable to the journal before the first
                    request, so that the call can be resumed without them.

        Returns:
            The outcome of each row, unchanged ones included.

        Raises:
            StalePlanError: A record of the plan has changed since the plan was made; nothing was
                written.
            DeletionRefusedError: More records would be deleted than ``max_deletes`` and
                ``allow_empty`` allow; nothing was written.
            BulkError: Not every row was written; ``result`` has the outcome of each row.
            BulkInterrupted: Ctrl-C was pressed; raised once the requests in flight were answered.
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
        """Refuse a plan that cannot be applied as it is.

        Args:
            writing: The options of the call.

        Raises:
            BulkError: Rows are not valid, and ``on_error`` is not ``"continue"``.
            DeletionRefusedError: The plan deletes more records than allowed.
        """
        if self.refused and writing.on_error != "continue":
            with closing(Rejects(writing.rejects, self._table.model, self.source)) as rejects:
                for row in self.refused:
                    rejects.add(row.source, row.error)
            raise nothing_sent(outcomes_of(self.changes, self.refused))
        if self.refusal is not None:
            raise DeletionRefusedError(f"Nothing was written: {self.refusal}")

    def write(self, writing: Writing, *, spent: Spent = NOTHING_SPENT) -> BulkResult[M]:
        """Make the writes without a check, for verbs that have just made the plan.

        Args:
            writing: The options of the call.
            spent: The requests and the time that the plan took.

        Returns:
            The outcome of each row.
        """
        self._is_applied = True
        bulk = Bulk(self._table, writing, self.verb, key=self.key, source=self.source)
        bulk.undoes = self.undoes
        if bulk.keeps_what_was_there and any(change.kind == "delete" for change in self.changes):
            bulk.learn_types()
        # In the order of the rows: a file of rejects has the columns of its first row.
        rows = in_order(self.changes, self.refused)
        return bulk.run(Ready[M](), rows, total=len(rows), spent=spent)

    @property
    def _table(self) -> Bound[M]:
        assert self.goal is not None, "a plan is made by a table"
        return self.goal

    # --- checking that the table has not changed since

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
    # A deletion loses every cell. Computed cells are left out: they may change by themselves.
    columns = writable if change.kind == "delete" else change.cells
    return not all(
        same_stored(before.get(column), record["fields"].get(column)) for column in columns
    )


def _stale(changed: Sequence[str]) -> StalePlanError:
    named = ", ".join(changed[:_MOST_NAMED])
    more = f" and {len(changed) - _MOST_NAMED} more" if len(changed) > _MOST_NAMED else ""
    return StalePlanError(
        f"The table has changed since the plan was made, in {named}{more}. Nothing was written. "
        "Make the plan again, or call apply(check=False) to write it all the same.",
        record_ids=tuple(changed),
    )
