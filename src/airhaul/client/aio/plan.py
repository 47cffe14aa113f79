"""``AsyncPlan``: the writes that would be made, and making them."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field, fields
from typing import TypeVar, Unpack

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
    """The writes that would be made, with what differs in each record; nothing is sent.

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
        options.setdefault("typecast", self.target.typecast)
        bulk = AsyncBulk(self.table, WriteSettings.of(options), self.verb, file=self.source)
        with closing(bulk.rejects):
            self.refuse_if_not_allowed(bulk.asked.policy, bulk.rejects.add)
            spent = await bulk.follow(check_plan(bulk.context, self)) if check else NOTHING_SPENT
            self._is_applied = True
            return await bulk.follow(
                write_plan(bulk.context, self, bulk.with_source(), bulk.listener, spent=spent)
            )
