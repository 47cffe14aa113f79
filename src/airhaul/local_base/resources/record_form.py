"""How records are answered: by names or ids of fields, as JSON or as text.

Source: https://airtable.com/developers/web/api/list-records. ``timeZone`` and ``userLocale`` stand
in the query also when all else stands in a body, and mean nothing without ``cellFormat=string``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from airhaul.local_base.protocol import refusal
from airhaul.local_base.protocol.request import a_flag
from airhaul.local_base.reading.as_text import TextForm
from airhaul.local_base.store import StoredRecord
from airhaul.local_base.store.schema import Field, Table
from airhaul.local_base.transaction.context import Context


@dataclass(frozen=True, slots=True)
class RecordForm:
    """How records are answered.

    Args:
        by_id: Whether cells stand under the ids of their fields, and not under the names.
        text: For whom cells are text; None for JSON.
    """

    by_id: bool
    text: TextForm | None

    @classmethod
    def of(cls, context: Context, given: dict[str, Any]) -> RecordForm:
        """Read it from a request.

        Args:
            context: The request.
            given: Its parameters, from the query or the body.

        Raises:
            Refusal: It is none.
        """
        by_id = a_flag(given.get("returnFieldsByFieldId"))
        match given.get("cellFormat", "json"):
            case "json":
                return cls(by_id, None)
            case "string":
                query = context.request.query_object()
                return cls(by_id, TextForm.of(query.get("timeZone"), query.get("userLocale")))
            case _:
                raise refusal.invalid_request()

    def records(
        self,
        context: Context,
        table: Table,
        records: Sequence[StoredRecord],
        fields: Sequence[Field] | None = None,
    ) -> list[dict[str, Any]]:
        """Records as the API answers them; empty cells are left out.

        Args:
            context: The request.
            table: Their table.
            records: The records.
            fields: Which fields; all if None.
        """
        reading, text = context.reading, self.text
        if text is None:
            return reading.records(table, records, fields, by_id=self.by_id)
        shown: list[dict[str, Any]] = []
        for record in reading.ahead(records):
            cells: dict[str, Any] = {}
            for field in table.fields if fields is None else fields:
                cell = text.cell(reading, record, field)
                if cell is not None:
                    cells[field.id if self.by_id else field.name] = cell
            shown.append({"id": record.id, "createdTime": record.created, "fields": cells})
        return shown
