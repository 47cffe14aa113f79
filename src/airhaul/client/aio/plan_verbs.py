"""``AsyncPlanVerbs``: what the verbs that write many records would write."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from airhaul.bulk.plans.sync import DeleteGuard
from airhaul.bulk.rows.keys import KeyNames
from airhaul.client.aio.bound import AsyncBound
from airhaul.client.aio.plan import AsyncPlan
from airhaul.client.aio.planning import AsyncPlanning
from airhaul.client.inputs import AsyncRows
from airhaul.model.base import RecordBase
from airhaul.tabular import Format, read_rows

M = TypeVar("M", bound=RecordBase)


class AsyncPlanVerbs(AsyncBound[M]):
    """What the verbs that write many records of a table would write; nothing is sent."""

    async def plan_create(self, rows: AsyncRows, *, typecast: bool = False) -> AsyncPlan[M]:
        """Say what ``bulk_create`` would write; nothing is sent."""
        return await AsyncPlanning(self, typecast=typecast).create(rows)

    async def plan_update(
        self, rows: AsyncRows, *, typecast: bool = False, **same_change: Any
    ) -> AsyncPlan[M]:
        """Say what ``bulk_update`` would write; the records are read, a request for a hundred."""
        return await AsyncPlanning(self, typecast=typecast).update(rows, same_change)

    async def plan_save(self, records: AsyncRows, *, typecast: bool = False) -> AsyncPlan[M]:
        """Say what ``bulk_save`` would write; the records are read, a request for a hundred."""
        return await AsyncPlanning(self, typecast=typecast).save(records)

    async def plan_upsert(
        self, rows: AsyncRows, key: KeyNames, *, typecast: bool = False
    ) -> AsyncPlan[M]:
        """Say what ``bulk_upsert`` would write; reads the records with the keys of the rows."""
        return await AsyncPlanning(self, typecast=typecast).upsert(rows, key)

    async def plan_delete(self, records: AsyncRows) -> AsyncPlan[M]:
        """Say what ``bulk_delete`` would delete; the records are read, a request for a hundred."""
        return await AsyncPlanning(self).delete(records)

    async def plan_update_or_create(
        self, defaults: Mapping[str, Any] | None = None, /, **lookups: Any
    ) -> AsyncPlan[M]:
        """Say what ``update_or_create`` would write; one request."""
        row = {**lookups, **(defaults or {})}
        return await AsyncPlanning(self).upsert([row], tuple(lookups))

    async def plan_get_or_create(
        self, defaults: Mapping[str, Any] | None = None, /, **lookups: Any
    ) -> AsyncPlan[M]:
        """Say what ``get_or_create`` would write, told by one to three fields; one request."""
        plan = await self.plan_update_or_create(defaults, **lookups)
        for change in plan.changes:
            if change.record_id is not None:
                change.kind, change.cells = "keep", {}
        return plan

    async def plan_sync(
        self,
        rows: AsyncRows,
        key: KeyNames,
        *,
        delete_missing: bool = False,
        max_deletes: int | None = None,
        allow_empty: bool = False,
        parallel: int = 1,
        typecast: bool = False,
    ) -> AsyncPlan[M]:
        """Say what ``sync`` would write; reads the table once.

        A plan that would delete more than it may says so in ``refusal``, and cannot be applied.
        """
        deleting = DeleteGuard(delete_missing, max_deletes, allow_empty)
        planning = AsyncPlanning(self, typecast=typecast, keeps_all=delete_missing)
        return await planning.sync(rows, key, deleting, parallel=parallel)

    async def plan_sync_file(
        self,
        path: str | Path,
        key: KeyNames,
        format: Format | None = None,
        *,
        delete_missing: bool = False,
        max_deletes: int | None = None,
        allow_empty: bool = False,
        parallel: int = 1,
        typecast: bool = False,
        encoding: str | None = None,
    ) -> AsyncPlan[M]:
        """Say what ``sync_file`` would write; reads the table once. Arguments as there."""
        deleting = DeleteGuard(delete_missing, max_deletes, allow_empty)
        planning = AsyncPlanning(
            self, typecast=typecast, source=Path(path), keeps_all=delete_missing
        )
        rows = read_rows(path, format, encoding)
        return await planning.sync(rows, key, deleting, parallel=parallel)
