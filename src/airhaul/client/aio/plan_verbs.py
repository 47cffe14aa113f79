"""``AsyncPlanVerbs``: what the verbs that write many records would write."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from airhaul.bulk.engine.flow import Flow
from airhaul.bulk.plans.plan import Planned
from airhaul.bulk.plans.planner import Planner
from airhaul.bulk.plans.sync import DeleteGuard
from airhaul.bulk.rows.keys import Key, KeyNames
from airhaul.client.aio.bulk import planner_of
from airhaul.client.aio.plan import AsyncPlan
from airhaul.client.aio.session import AsyncBound
from airhaul.client.inputs import AsyncRows, refuse_a_single_row
from airhaul.drive import aio as drive
from airhaul.model.base import RecordBase
from airhaul.tabular import Format, read_rows

M = TypeVar("M", bound=RecordBase)


class AsyncPlanVerbs(AsyncBound[M]):
    """What the verbs that write many records of a table would write; nothing is sent."""

    async def plan_create(self, rows: AsyncRows, *, typecast: bool = False) -> AsyncPlan[M]:
        """Say what ``bulk_create`` would write; nothing is sent."""
        planner, held = await self._planner_and_rows(rows, typecast=typecast)
        return await self._plan(planner.create(held))

    async def plan_update(
        self, rows: AsyncRows, *, typecast: bool = False, **same_change: Any
    ) -> AsyncPlan[M]:
        """Say what ``bulk_update`` would write; the records are read, a request for a hundred."""
        planner, held = await self._planner_and_rows(rows, typecast=typecast)
        return await self._plan(planner.update(held, same_change))

    async def plan_save(self, records: AsyncRows, *, typecast: bool = False) -> AsyncPlan[M]:
        """Say what ``bulk_save`` would write; the records are read, a request for a hundred."""
        planner, held = await self._planner_and_rows(records, typecast=typecast)
        return await self._plan(planner.save(held))

    async def plan_replace(self, rows: AsyncRows, *, typecast: bool = False) -> AsyncPlan[M]:
        """Say what ``bulk_replace`` would change; the records are read, a request for a hundred."""
        planner, held = await self._planner_and_rows(rows, typecast=typecast)
        return await self._plan(planner.replace(held))

    async def plan_upsert(
        self, rows: AsyncRows, key: KeyNames, *, typecast: bool = False
    ) -> AsyncPlan[M]:
        """Say what ``bulk_upsert`` would write; reads the records with the keys of the rows."""
        known = Key.of(self.model, key)
        planner, held = await self._planner_and_rows(rows, typecast=typecast)
        return await self._plan(planner.upsert(held, known))

    async def plan_delete(self, records: AsyncRows) -> AsyncPlan[M]:
        """Say what ``bulk_delete`` would delete; the records are read, a request for a hundred."""
        planner, held = await self._planner_and_rows(records)
        return await self._plan(planner.delete(held))

    async def plan_update_or_create(
        self, defaults: Mapping[str, Any] | None = None, /, **lookups: Any
    ) -> AsyncPlan[M]:
        """Say what ``update_or_create`` would write; one request."""
        row = {**lookups, **(defaults or {})}
        return await self.plan_upsert([row], tuple(lookups))

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
        known = Key.of(self.model, key)
        planner, held = await self._planner_and_rows(
            rows, typecast=typecast, keeps_all=delete_missing
        )
        return await self._plan(planner.sync(held, known, deleting, parallel=parallel))

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
        known = Key.of(self.model, key)
        planner, held = await self._planner_and_rows(
            read_rows(path, format, encoding),
            typecast=typecast,
            keeps_all=delete_missing,
            file=Path(path),
        )
        return await self._plan(planner.sync(held, known, deleting, parallel=parallel))

    async def plan_import_file(
        self,
        path: str | Path,
        format: Format | None = None,
        *,
        key: KeyNames | None = None,
        typecast: bool = False,
        encoding: str | None = None,
    ) -> AsyncPlan[M]:
        """Say what ``import_file`` would write; arguments as there.

        All rows of the file are held in memory. With a key, the records that have the keys of the
        rows are read; without one, nothing is.
        """
        known = None if key is None else Key.of(self.model, key)
        planner, held = await self._planner_and_rows(
            read_rows(path, format, encoding), typecast=typecast, file=Path(path)
        )
        if known is None:
            return await self._plan(planner.create(held))
        return await self._plan(planner.upsert(held, known))

    async def _planner_and_rows(
        self,
        rows: AsyncRows,
        *,
        typecast: bool = False,
        keeps_all: bool = False,
        file: Path | None = None,
    ) -> tuple[Planner[M], list[object]]:
        refuse_a_single_row(rows)
        planner = planner_of(self, typecast=typecast, keeps_all=keeps_all, file=file)
        return planner, await drive.collect(rows)

    async def _plan(self, flow: Flow[Planned[M]]) -> AsyncPlan[M]:
        return AsyncPlan.of(await self.airtable.follow(flow), self)
