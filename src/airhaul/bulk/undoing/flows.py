"""Undoing a run, and resuming one, as flows."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from airhaul.bulk.engine.context import JobContext
from airhaul.bulk.engine.events import Event
from airhaul.bulk.engine.flow import Flow
from airhaul.bulk.journal.effects import links_to_set, written_by
from airhaul.bulk.journal.file import Journal
from airhaul.bulk.journal.recovery import kept_rows
from airhaul.bulk.journal.runs import Run
from airhaul.bulk.plans.apply import write_plan
from airhaul.bulk.plans.plan import Planned
from airhaul.bulk.reads.table_reader import TableReader, table_in, types_in
from airhaul.bulk.results.policy import Policy
from airhaul.bulk.results.result import BulkResult
from airhaul.bulk.rows.changes import Change
from airhaul.bulk.rows.encoders import UpdateEncoder
from airhaul.bulk.rows.target import Target, with_ids
from airhaul.bulk.undoing.undo import UndoPlanner
from airhaul.bulk.writing.assemble import BulkWrite, RowInput
from airhaul.bulk.writing.bulk_write import Listener, bulk_write, prepare
from airhaul.model.base import RecordBase
from airhaul.model.schema import model_of_table


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
    reader = TableReader(context, asked.base_id, asked.table)
    table = table_in((yield from reader.tables()), asked.table, asked.base_id)
    types = types_in(table)
    target = Target(asked.base_id, table["name"], model_of_table(table), types=types)
    written = written_by(journal, run)
    ids = [record.record_id for record in written if record.state != "deleted"]
    planner = UndoPlanner(target, asked.typecast, force)
    planner.add(written, (yield from reader.find(ids, with_ids)))
    notes: list[str] = []
    if run.can_be_resumed and run.state != "with failures":
        notes.append(
            f"Run {run.id} did not finish; only what it is known to have written is undone. "
            "Resume it first to be sure of the rest."
        )
    return Planned(
        target,
        planner.changes,
        label_columns=tuple(types)[:1],
        refused=planner.conflicts,
        notes=tuple(notes),
        spent=reader.spent,
        verb="undo",
        undoes=run.id,
    )


def write_undo(
    context: JobContext,
    plan: Planned[RecordBase],
    write: BulkWrite[RecordBase],
    listener: Listener,
) -> Flow[BulkResult[RecordBase]]:
    """Make the writes of an undo, and link the records that it recreates.

    Args:
        context: What all jobs of the base share.
        plan: The plan of ``plan_undo``.
        write: The options of the write; it has a journal.
        listener: Receives the events.
    """
    result = yield from write_plan(context, plan, write, listener, spent=plan.spent)
    assert write.journal is not None, "an undo is journaled"
    assert result.run is not None, "an undo is journaled"
    yield from _set_links(context, write, write.journal.run(result.run), result)
    return result


def resume(
    context: JobContext,
    run: Run,
    write: BulkWrite[RecordBase],
    rows: RowInput[RecordBase],
    listener: Listener,
) -> Flow[BulkResult[RecordBase]]:
    """Resume a run from the rows that are not settled yet.

    Args:
        context: What all jobs of the base share.
        run: The run.
        write: The options of the write; it has a journal.
        rows: All rows of the run.
        listener: Receives the events.
    """
    result = yield from bulk_write(context, write, rows, listener, resumes=run)
    if run.asked.verb == "undo":
        yield from _set_links(context, write, run, result)
    return result


def _set_links(
    context: JobContext,
    write: BulkWrite[RecordBase],
    run: Run,
    result: BulkResult[RecordBase],
) -> Flow[None]:
    """Set the links between the records that an undo has recreated."""
    assert write.journal is not None, "an undo is journaled"
    outcomes = result.outcomes
    recreated: dict[int, tuple[Change[Any], str]] = {}
    for change in kept_rows(write.journal, run, None):
        if isinstance(change, Change) and not change.traits.is_repeatable:
            outcome = outcomes[change.index]
            if outcome.state == "created" and outcome.id is not None:
                recreated[change.index] = change, outcome.id
    links = links_to_set(recreated)
    if not links:
        return
    policy = Policy.of("continue")
    model = write.target.model
    rows = [{"id": recreated[index][1], **cells} for index, cells in links.items()]
    made = yield from bulk_write(
        context,
        BulkWrite("undo", write.target, write.reader, policy),
        prepare(UpdateEncoder(model), rows, policy, lambda _row, _error: None),
        _NoListener(),
    )
    for index, linked in zip(links, made.outcomes, strict=True):
        if linked.error is not None:
            note = f"recreated without its links, which Airtable refused: {linked.error}"
            result.note(index, note)


class _NoListener:
    """A listener that ignores all events."""

    def start(self, total: int | None) -> AbstractContextManager[Callable[[Event], None]]:
        del total
        return nullcontext(lambda _event: None)
