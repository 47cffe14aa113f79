"""Undoing a run, and resuming one, as flows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar, cast

from airhaul.bulk.engine.context import JobContext
from airhaul.bulk.engine.flow import Flow
from airhaul.bulk.journal.effects import written_by
from airhaul.bulk.journal.file import Journal
from airhaul.bulk.journal.recovery import kept_rows
from airhaul.bulk.journal.recreated import UNDOING, recreated_by, undos_of, undos_since
from airhaul.bulk.journal.runs import Run
from airhaul.bulk.linking.linked_creates import is_rolled_back
from airhaul.bulk.plans.apply import write_plan
from airhaul.bulk.plans.plan import Planned, Undoes
from airhaul.bulk.reads.linked_names import look_up_links
from airhaul.bulk.reads.table_reader import TableReader, table_in
from airhaul.bulk.results.policy import Policy
from airhaul.bulk.results.result import NOTHING_SPENT, BulkResult, Spent
from airhaul.bulk.rows.changes import Change
from airhaul.bulk.rows.encoders import Ready, UpdateEncoder
from airhaul.bulk.rows.inverse import RESTORED, links_refused, links_to_set
from airhaul.bulk.rows.target import Target, with_ids
from airhaul.bulk.undoing.runs import refuse_if_being_undone, runs_for_links
from airhaul.bulk.undoing.undo import UndoPlanner
from airhaul.bulk.writing.assemble import BulkWrite, RowInput
from airhaul.bulk.writing.bulk_write import Listener, NoListener, bulk_write, prepare
from airhaul.errors import BulkError
from airhaul.messages import counted
from airhaul.model.base import RecordBase
from airhaul.model.columns import columns_of
from airhaul.model.read import Reader
from airhaul.model.schema import model_of_table

M = TypeVar("M", bound=RecordBase)


def plan_undo(
    context: JobContext, journal: Journal, run: Run, *, force: bool
) -> Flow[Planned[RecordBase]]:
    """Plan what undoes a run: reads the schema, and the records that the run has written.

    Args:
        context: What all jobs of the base share.
        journal: The journal.
        run: The run.
        force: Whether to overwrite what was changed since.
    """
    asked = run.asked
    by_id = asked.field_ids
    reader = TableReader(context, asked.base_id, asked.table, by_field_id=by_id)
    tables = yield from reader.tables()
    table = table_in(tables, asked.table, asked.base_id)
    model = model_of_table(table, by_id=by_id)
    target = Target(asked.base_id, asked.table, model).described_by(table)
    written, undos = written_by(journal, run), undos_of(journal, run)
    recreated = recreated_by(journal, undos_since(journal, run))
    ids = [id_ for record in written for id_ in recreated.lineage(record.record_id)]
    planner = UndoPlanner(target, asked.typecast, force, recreated)
    current = yield from reader.find(ids, with_ids)
    if asked.typecast:
        found = [(row, recreated.living(row.record_id, current)) for row in written]
        there = [(row, record) for row, record in found if record is not None]
        yield from look_up_links(reader, replace(target, typecast=True), there, tables)
    planner.add(written, current)
    return Planned(
        target,
        planner.changes,
        label_columns=tuple(columns_of(model).by_column)[:1],
        refused=planner.conflicts,
        notes=tuple(_notes(run, undos, runs_for_links(journal, run))),
        spent=reader.spent,
        verb="undo",
        undoes=Undoes(run.id, force, tuple(undo.id for undo in undos)),
    )


def _notes(run: Run, undos: Sequence[Run], for_links: Sequence[Run]) -> Iterator[str]:
    if run.is_unfinished:
        yield (
            f"Run {run.id} did not finish; only what it is known to have written is undone. "
            "Resume it first to be sure of the rest."
        )
    for undo in undos:
        if undo.is_unfinished:
            yield f"Run {undo.id}, which undoes run {run.id}, did not finish; it is resumed first."
    for other in for_links:
        number = counted(other.counts.get("created", 0), "record")
        yield (
            f"Then run {other.id} is undone, which has created {number} in {other.asked.table!r} "
            "for its links."
        )


def write_undo(
    context: JobContext,
    plan: Planned[M],
    write: BulkWrite[M],
    listener: Listener,
    *,
    spent: Spent = NOTHING_SPENT,
) -> Flow[BulkResult[M]]:
    """Make the writes of an undo, and link the records that it recreates.

    An earlier undo of the same run that did not finish is resumed first. If the run was undone
    since the plan was made, or another undo was resumed, what is left is planned again.

    Args:
        context: What all jobs of the base share.
        plan: The plan of ``plan_undo``.
        write: The options of the write; it has a journal.
        listener: Receives the events.
        spent: What was sent before, to check the plan.
    """
    assert write.journal is not None, "an undo is journaled"
    assert plan.undoes is not None, "an undo undoes a run"
    journal = write.journal
    with journal.alone_with(plan.undoes.run):
        made = yield from _what_is_left(context, journal, plan, plan.undoes, write, listener)
        spent = made.spent.plus(spent)
        write = replace(write, then=partial(_set_links, context, write))
        result = yield from write_plan(context, made, write, listener, spent=spent)
        yield from _undo_links(context, journal, plan.undoes.run, write, force=plan.undoes.force)
        return result


def _undo_links(
    context: JobContext,
    journal: Journal,
    run_id: str,
    write: BulkWrite[Any],
    *,
    force: bool = False,
) -> Flow[None]:
    """Undo the runs that have created linked records for a run, once that one is undone."""
    for run in runs_for_links(journal, journal.run(run_id)):
        planned = yield from plan_undo(context, journal, run, force=force)
        undo: BulkWrite[RecordBase] = BulkWrite(
            "undo",
            planned.target,
            Reader(planned.target.model),
            Policy.of("continue"),
            journal=journal,
            service=write.service,
        )
        yield from write_undo(context, planned, undo, NoListener())


def _what_is_left(
    context: JobContext,
    journal: Journal,
    plan: Planned[M],
    undoes: Undoes,
    write: BulkWrite[M],
    listener: Listener,
) -> Flow[Planned[M]]:
    """Resume the undos of a run that did not finish, and plan again if the run was undone since."""
    run = journal.run(undoes.run)
    refuse_if_being_undone(journal, run)
    undos = undos_of(journal, run)
    unfinished = [undo for undo in undos if undo.is_unfinished]
    if not unfinished and tuple(undo.id for undo in undos) == undoes.earlier:
        return plan
    spent = plan.spent
    for undo in unfinished:
        result = yield from _resume_undo(context, undo, write, plan.target, listener)
        spent = spent.plus(Spent(result.requests, result.seconds))
    made = yield from plan_undo(context, journal, run, force=undoes.force)
    return cast("Planned[M]", replace(made, spent=spent.plus(made.spent)))


def _resume_undo(
    context: JobContext,
    undo: Run,
    write: BulkWrite[M],
    target: Target,
    listener: Listener,
) -> Flow[BulkResult[M]]:
    """Resume an undo that did not finish, as a part of another one."""
    assert write.journal is not None, "an undo is journaled"
    policy = Policy.of(undo.asked.on_error)
    again = replace(write, verb=undo.asked.verb, target=target, policy=policy)
    rows = kept_rows(write.journal, undo, None)
    ready = RowInput(rows, Ready[M](), undo.asked.total, "copy")
    return (yield from resume(context, undo, again, ready, listener))


def resume(
    context: JobContext,
    run: Run,
    write: BulkWrite[M],
    rows: RowInput[M],
    listener: Listener,
) -> Flow[BulkResult[M]]:
    """Resume a run from the rows that are not settled yet.

    Args:
        context: What all jobs of the base share.
        run: The run.
        write: The options of the write; it has a journal.
        rows: All rows of the run.
        listener: Receives the events.
    """
    if run.asked.verb in UNDOING:
        write = replace(write, then=partial(_set_links, context, write))
    assert write.journal is not None, "a run that is resumed is in a journal"
    try:
        result = yield from bulk_write(context, write, rows, listener, resumes=run)
    except BulkError as error:
        if write.policy.rolls_back and is_rolled_back(error.result):
            yield from _undo_links(context, write.journal, run.id, write)
        raise
    if run.asked.verb == "rollback" and result.is_complete:
        undone = run.asked.undoes or ""
        write.journal.note_rolled_back(undone)
        yield from _undo_links(context, write.journal, undone, write)
    return result


def _set_links(context: JobContext, write: BulkWrite[Any], result: BulkResult[Any]) -> Flow[None]:
    """Set the links to the records that an undo has recreated."""
    assert write.journal is not None, "an undo is journaled"
    assert result.run is not None, "an undo is journaled"
    run = write.journal.run(result.run)
    outcomes = result.outcomes
    restored: list[Change[Any]] = []
    new_ids: dict[str, str] = {}
    for change in kept_rows(write.journal, run, None):
        if isinstance(change, Change) and (change.later or not change.traits.is_repeatable):
            outcome = outcomes[change.index]
            if outcome.state in RESTORED and outcome.id is not None:
                restored.append(change)
                new_ids[change.record_id or ""] = outcome.id
    links = links_to_set(restored, new_ids)
    if not links:
        return
    policy = Policy.of("continue")
    model = write.target.model
    rows = [{"id": outcomes[index].id, **cells} for index, cells in links.items()]
    made = yield from bulk_write(
        context,
        BulkWrite("undo", write.target, write.reader, policy),
        prepare(UpdateEncoder(model), rows, policy, lambda _row, _error: None),
        NoListener(),
    )
    for index, linked in zip(links, made.outcomes, strict=True):
        if linked.error is not None:
            result.note(index, links_refused(linked.error))
