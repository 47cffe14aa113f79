"""A base that webhooks watch."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airhaul.local_base.base import LocalBase
from tests.local_base.asking import NOTE, Asking
from tests.local_base.clock import Clock

KIND = {
    "name": "Kind",
    "type": "singleSelect",
    "options": {"choices": [{"name": "a"}, {"name": "b"}]},
}
TAGS = {"name": "Tags", "type": "multipleSelects", "options": {"choices": [{"name": "x"}]}}


class Watched(Asking):
    """A base with a table, and webhooks on it."""

    def __init__(self) -> None:
        self.clock = Clock(datetime(2024, 5, 1, 12, tzinfo=UTC))
        super().__init__(LocalBase.open(wall_clock=self.clock))
        self.table_id = self.table("T", NOTE, KIND, TAGS)
        self.field_ids = {name: field["id"] for name, field in self.schema()["T"].items()}

    def changed(self, webhook: str, table_id: str | None = None) -> list[dict[str, Any]]:
        """What each payload says of the table."""
        return [
            payload["changedTablesById"][table_id or self.table_id]
            for payload in self.payloads(webhook)
        ]

    def by_id(self, **cells: Any) -> dict[str, Any]:
        return {self.field_ids[name]: cell for name, cell in cells.items()}

    def listed(self, webhook: str) -> dict[str, Any]:
        found = self("GET", f"bases/{self.base}/webhooks")["webhooks"]
        return next(shown for shown in found if shown["id"] == webhook)
