"""Applying a plan: checking that the table has not changed since, and writing."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from airhaul.bulk.engine.context import JobContext
from airhaul.bulk.engine.flow import Flow
from airhaul.bulk.linking.linked_creates import Linking
from airhaul.bulk.linking.lookups import look_up, names_in
from airhaul.bulk.plans.plan import Planned
from airhaul.bulk.plans.planner import Planner
from airhaul.bulk.plans.sync import DeleteGuard
from airhaul.bulk.reads.division import Parallel
from airhaul.bulk.reads.table_reader import TableReader
from airhaul.bulk.results.result import NOTHING_SPENT, BulkResult, Spent
from airhaul.bulk.rows.changes import Change
from airhaul.bulk.rows.diff import same_stored
from airhaul.bulk.rows.keys import Key
from airhaul.bulk.rows.precheck import OnRefusal
from airhaul.bulk.writing.assemble import BulkWrite, RowInput
from airhaul.bulk.writing.bulk_write import Listener, bulk_write
from airhaul.bulk.writing.prefetch import PrefetchById
from airhaul.errors import StalePlanError
from airhaul.model.base import RecordBase
from airhaul.model.columns import columns_of
from airhaul.wire.shapes import RecordJson

M = TypeVar("M", bound=RecordBase)

_MOST_NAMED: Final = 5


def write_plan(
    context: JobContext,
    plan: Planned[M],
    write: BulkWrite[M],
    listener: Listener,
    *,
    spent: Spent = NOTHING_SPENT,
) -> Flow[BulkResult[M]]:
    """Make the writes of a plan.

    Args:
        context: What all jobs of the base share.
        plan: The plan.
        write: The options of the write.
        listener: Receives the events.
        spent: What was sent before, to make the plan or to check it.

    Raises:
        BulkError: Rows failed, and the policy is not to continue.
    """
    asked = replace(
        write,
        verb=plan.verb,
        undoes=None if plan.undoes is None else plan.undoes.run,
        target=replace(plan.target, typecast=write.target.typecast),
        needs_types=any(change.traits.takes_all_cells for change in plan.changes),
    )
    rows = RowInput[M].of_changes(plan.rows, is_stream=plan.is_stream)
    if plan.links is None:
        return (yield from bulk_write(context, asked, rows, listener, spent=spent))
    linking = Linking(context, asked, plan.links)
    changes = yield from linking.with_created(plan.changes)
    rows = replace(rows, rows=plan.rows_with(changes), spent=linking.spent)
    flow = bulk_write(context, linking.write, rows, listener, spent=spent)
    return (yield from linking.with_rollback(flow))


def sync_table(
    context: JobContext,
    planner: Planner[M],
    rows: Iterable[object] | AsyncIterable[object],
    key: Key,
    guard: DeleteGuard,
    write: BulkWrite[M],
    listener: Listener,
    on_refusal: OnRefusal,
    *,
    parallel: Parallel = 1,
) -> Flow[BulkResult[M]]:
    """Make a table equal to some rows: plan it, and make the writes of the plan.

    Args:
        context: What all jobs of the base share.
        planner: Plans for the table.
        rows: The rows.
        key: What identifies them.
        guard: What may be deleted.
        write: The options of the write.
        listener: Receives the events.
        on_refusal: Called with each row that is not valid, where nothing is written.
        parallel: How many page chains read the table.

    Raises:
        DuplicateKeyError: Several records of the table have the same key.
        DeletionRefusedError: More would be deleted than may be.
        BulkError: Rows are not valid, or not every row was written.
    """
    plan = yield from planner.sync(rows, key, guard, parallel=parallel)
    plan.refuse_if_not_allowed(write.policy, on_refusal)
    return (yield from write_plan(context, plan, write, listener, spent=plan.spent))


def check_plan(context: JobContext, plan: Planned[Any]) -> Flow[Spent]:
    """Check that the table has not changed since a plan was made: a request per hundred records.

    Args:
        context: What all jobs of the base share.
        plan: The plan.

    Returns:
        The requests and seconds that it took.

    Raises:
        StalePlanError: A record of the plan has changed.
    """
    target, key = plan.target, plan.target.key
    reader = TableReader.of(context, target)
    touched = [
        change for change in plan.changes if change.kind != "keep" and not change.traits.may_create
    ]
    found = yield from reader.find(touched, PrefetchById().formula)
    writable = [column.column for column in columns_of(target.model).writable]
    changed = [
        change.record_id or ""
        for change in touched
        if _has_changed(change, found.get(change.record_id or ""), writable)
    ]
    if key is not None:
        new = [change for change in plan.changes if change.traits.may_create]
        wanted = {change.key for change in new}
        found = yield from reader.find(
            new, lambda some: key.formula_for(change.cells for change in some)
        )
        changed += [
            record["id"] for record in found.values() if key.value_in(record["fields"]) in wanted
        ]
    if changed:
        raise _stale(changed)
    if plan.links is not None and plan.new_linked:
        # What somebody has created since is linked, and not created once more.
        plan.links.forget_missing()
        yield from look_up(reader, plan.links, names_in(plan.links, plan.changes))
    return reader.spent


def _has_changed(change: Change[Any], record: RecordJson | None, writable: Sequence[str]) -> bool:
    if record is None:
        return True
    before = change.before or {}
    # A deletion affects all cells; computed ones may change by themselves.
    columns = writable if change.traits.takes_all_cells else change.cells
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
