"""Cells as they are read: in answers, in formulas, in sorting."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from airhaul.formula.values import Value
from airhaul.server.schema import Field, Table
from airhaul.server.store import Session, StoredRecord


class Reading:
    """The cells of records, for one request.

    Args:
        session: The transaction, for what other records hold.
        now: When the request came.
    """

    def __init__(self, session: Session, now: datetime) -> None:
        self._session = session
        self.now = now

    def record(
        self,
        table: Table,
        record: StoredRecord,
        fields: Iterable[Field] | None = None,
        *,
        by_id: bool = False,
    ) -> dict[str, Any]:
        """A record as the API answers it; empty cells are left out.

        Args:
            table: Its table.
            record: The record.
            fields: Which fields; all if None.
            by_id: Whether cells stand under the ids of their fields, and not under the names.
        """
        shown: dict[str, Any] = {}
        for field in table.fields if fields is None else fields:
            cell = self.cell(record, field)
            if cell is not None:
                shown[field.id if by_id else field.name] = cell
        return {"id": record.id, "createdTime": record.created, "fields": shown}

    def cell(self, record: StoredRecord, field: Field) -> Any:
        """The JSON of a cell; None if it is empty."""
        return record.cells.get(field.id)

    def value(self, record: StoredRecord, field: Field) -> Value:
        """What a field yields inside a formula; None if it is empty."""
        cell = self.cell(record, field)
        if cell is None:
            return False if field.type == "checkbox" else None
        if field.type in ("date", "dateTime"):
            moment = datetime.fromisoformat(cell)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return cell
