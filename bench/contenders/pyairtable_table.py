"""pyairtable's ``Table``: dictionaries in and out, nothing typed."""

from __future__ import annotations

from typing import Any

from pyairtable import Api
from rows import COLUMNS, KEY, TABLE, as_json

from contenders import TOKEN, Report


class Contender:
    """pyairtable's ``Table``, with its own retries and no pace: it has none."""

    def __init__(self, url: str, base_id: str, *, limit: bool) -> None:
        del limit
        self.report = Report()
        self._table = Api(TOKEN, endpoint_url=url).table(base_id, TABLE)

    def warm_up(self) -> None:
        """Open a connection."""
        self._table.first()

    def create(self, rows: list[dict[str, Any]]) -> None:
        """Write rows."""
        made = self._table.batch_create(map(as_json, rows))
        self.report.said = f"created {len(made)}"

    create_good_ones = create
    """It has no way to go on after a row that is refused."""

    def read(self) -> None:
        """Read all, as dictionaries."""
        self.report.records = len(self._table.all())

    def upsert(self, rows: list[dict[str, Any]]) -> None:
        """Write rows by key."""
        records = [{"fields": as_json(row)} for row in rows]
        result = self._table.batch_upsert(records, key_fields=[COLUMNS[KEY]])
        self.report.said = (
            f"created {len(result['createdRecords'])}, updated {len(result['updatedRecords'])}"
        )

    def delete(self, ids: list[str]) -> None:
        """Delete records."""
        deleted = self._table.batch_delete(ids)
        self.report.said = f"deleted {len(deleted)}"
