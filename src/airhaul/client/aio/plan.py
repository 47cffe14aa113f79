"""``AsyncPlan``: a plan of writes, which can be applied."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, fields
from typing import TypeVar, Unpack

from airhaul.bulk.engine.flow import Flow
from airhaul.bulk.plans.apply import check_plan, write_plan
from airhaul.bulk.plans.plan import Planned
from airhaul.bulk.results.result import NOTHING_SPENT, BulkResult
from airhaul.client.aio.bulk import AsyncBulk
from airhaul.client.aio.session import AsyncBound
from airhaul.client.options import WriteOptions, WriteSettings
from airhaul.errors import ConfigurationError
from airhaul.model.base import RecordBase

M = TypeVar("M", bound=RecordBase)


@dataclass(repr=False)
class AsyncPlan(Planned[M]):
    """A plan of writes, with what differs in each record; nothing has been written yet.

    Print it, show it in a notebook, look at ``differences``; ``apply()`` makes the writes.

    Args:
        table: The table to write to.
    """

    table: AsyncBound[M] = field(kw_only=True)
    _is_applied: bool = field(default=False, init=False)

    @classmethod
    def of(cls, planned: Planned[M], table: AsyncBound[M]) -> AsyncPlan[M]:
        """Make a plan that can be applied of one that was worked out.

        Args:
            planned: The plan.
            table: The table to write to.
        """
        values = {one.name: getattr(planned, one.name) for one in fields(planned) if one.init}
        return cls(**values, table=table)

    async def apply(self, *, check: bool = True, **options: Unpack[WriteOptions]) -> BulkResult[M]:
        """Make the writes of the plan.

        ``typecast`` is that of the plan unless it is given here; ``link_by`` and
        ``create_missing`` are those of the plan.

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
                typecast: Let Airtable convert text, add missing choices, and link records by name.
                link_by: The field of the linked table by which to look up linked records, by field
                    of links, as in ``{"company": "Name"}``: cells of these may then hold names in
                    place of ids.
                create_missing: Whether to create the linked records for names that ``link_by`` does
                    not find; or the fields of links for which to do so.
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
        options.setdefault("typecast", self.target.typecast)
        options["link_by"], options["create_missing"] = None, False  # the plan has looked names up
        bulk = AsyncBulk(self.table, WriteSettings.of(options), self.verb, file=self.source)
        with closing(bulk.rejects):
            self.refuse_if_not_allowed(bulk.asked.policy, bulk.rejects.add)
            spent = await bulk.follow(check_plan(bulk.context, self)) if check else NOTHING_SPENT
            self._is_applied = True
            return await bulk.follow(
                _writes_of(self, bulk)(
                    bulk.context, self, bulk.with_source(), bulk.listener, spent=spent
                )
            )


def _writes_of(plan: Planned[M], bulk: AsyncBulk[M]) -> Callable[..., Flow[BulkResult[M]]]:
    """Return the flow that makes the writes of a plan; that of an undo knows earlier undos."""
    if plan.undoes is None or bulk.asked.journal is None:
        return write_plan
    from airhaul.bulk.undoing.flows import write_undo  # it needs the journal's file

    return write_undo
