"""Asking a local base without any client."""

from __future__ import annotations

import json
from typing import Any

from airhaul.server.emulator import Emulator
from airhaul.server.request import Request
from airhaul.server.schema import Table
from airhaul.server.store import Store

NAMES = [{"name": "Name", "type": "singleLineText"}, {"name": "Note", "type": "multilineText"}]


class Asker:
    """Asks an emulator, and looks at the status of what comes back."""

    def __init__(self, store: Store, **options: Any) -> None:
        self.store = store
        self.emulator = Emulator(store, **options)
        self.base = self.emulator.default_base_id

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *query: tuple[str, str],
        status: int = 200,
        address: str | None = None,
    ) -> Any:
        request = Request(method, f"/v0/{path}", query, body, "pat.x", address)
        reply = self.emulator.handle(request)
        assert reply.status == status, reply.body
        return json.loads(reply.body) if reply.body else None

    def add_table(self, name: str, fields: list[dict[str, Any]]) -> dict[str, Any]:
        return self("POST", f"meta/bases/{self.base}/tables", {"name": name, "fields": fields})

    def add_record(self, table: str, fields: dict[str, Any]) -> str:
        return self("POST", f"{self.base}/{table}", {"fields": fields})["id"]

    def table(self, name: str) -> Table:
        with self.store.session(write=False) as session:
            tables = session.schema.tables(self.base).values()
            return next(table for table in tables if table.name == name)
