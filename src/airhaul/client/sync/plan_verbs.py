# Generated from client/aio/plan_verbs.py by tools/sync_face.py: change that one instead.
"""``PlanVerbs``: what the verbs that write many records would write."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from airhaul.bulk.plans.sync import DeleteGuard
from airhaul.bulk.rows.keys import KeyNames
from airhaul.client.inputs import Rows
from airhaul.client.sync.bound import Bound
from airhaul.client.sync.plan import Plan
from airhaul.client.sync.planning import Planning
from airhaul.model.base import RecordBase
from airhaul.tabular import Format, read_rows

M = TypeVar("M", bound=RecordBase)


class PlanVerbs(Bound[M]):
    """What the verbs that write many records of a table would write; nothing is sent."""

    def plan_create(self, rows: Rows, *, typecast: bool = False) -> Plan[M]:
        """Say what ``bulk_create`` would write; nothing is sent."""
        return Planning(self, typecast=typecast).create(rows)

    def plan_update(self, rows: Rows, *, typecast: bool = False, **same_change: Any) -> Plan[M]:
        """Say what ``bulk_update`` would write; the records are read, a request for a hundred."""
        return Planning(self, typecast=typecast).update(rows, same_change)

    def plan_save(self, records: Rows, *, typecast: bool = False) -> Plan[M]:
        """Say what ``bulk_save`` would write; the records are read, a request for a hundred."""
        return Planning(self, typecast=typecast).save(records)

    def plan_upsert(self, rows: Rows, key: KeyNames, *, typecast: bool = False) -> Plan[M]:
        """Say what ``bulk_upsert`` would write; reads the records with the keys of the rows."""
        return Planning(self, typecast=typecast).upsert(rows, key)

    def plan_delete(self, records: Rows) -> Plan[M]:
        """Say what ``bulk_delete`` would delete; the records are read, a request for a hundred."""
        return Planning(self).delete(records)

    def plan_update_or_create(
        self, defaults: Mapping[str, Any] | None = None, /, **lookups: Any
    ) -> Plan[M]:
        """Say what ``update_or_create`` would write; one request."""
        row = {**lookups, **(defaults or {})}
        return Planning(self).upsert([row], tuple(lookups))

    def plan_get_or_create(
        self, defaults: Mapping[str, Any] | None = None, /, **lookups: Any
    ) -> Plan[M]:
        """Say what ``get_or_create`` would write, told by one to three fields; one request."""
        plan = self.plan_update_or_create(defaults, **lookups)
        for change in plan.changes:
            if change.record_id is not None:
                change.kind, change.cells = "keep", {}
        return plan

    def plan_sync(
        self,
        rows: Rows,
        key: KeyNames,
        *,
        delete_missing: bool = False,
        max_deletes: int | None = None,
        allow_empty: bool = False,
        parallel: int = 1,
        typecast: bool = False,
    ) -> Plan[M]:
        """Say what ``sync`` would write; reads the table once.

        A plan that would delete more than it may says so in ``refusal``, and cannot be applied.
        """
        deleting = DeleteGuard(delete_missing, max_deletes, allow_empty)
        planning = Planning(self, typecast=typecast, keeps_all=delete_missing)
        return planning.sync(rows, key, deleting, parallel=parallel)

    def plan_sync_file(
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
    ) -> Plan[M]:
        """Say what ``sync_file`` would write; reads the table once. Arguments as there."""
        deleting = DeleteGuard(delete_missing, max_deletes, allow_empty)
        planning = Planning(self, typecast=typecast, source=Path(path), keeps_all=delete_missing)
        rows = read_rows(path, format, encoding)
        return planning.sync(rows, key, deleting, parallel=parallel)
