"""The form of records in answers: by names or ids of fields, as JSON or as text.

Source: https://airtable.com/developers/web/api/list-records. ``timeZone`` and ``userLocale`` are in
the query even if all other parameters are in a body, and are ignored without
``cellFormat=string``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from airhaul.local_base.protocol import refusal
from airhaul.local_base.protocol.request import read_flag
from airhaul.local_base.reading.as_text import TextForm
from airhaul.local_base.store import StoredRecord
from airhaul.local_base.store.schema import Field, Table
from airhaul.local_base.transaction.context import Context


@dataclass(frozen=True, slots=True)
class RecordForm:
    """The form of records in an answer.

    Args:
        by_id: Whether the keys of cells are the ids of their fields instead of the names.
        text: How cells are converted to text; None for JSON.
    """

    by_id: bool
    text: TextForm | None

    @classmethod
    def of(cls, context: Context, given: dict[str, Any]) -> RecordForm:
        """Read the form from a request.

        Args:
            context: The request.
            given: Its parameters, from the query or the body.

        Raises:
            Refusal: A parameter is invalid.
        """
        by_id = read_flag(given.get("returnFieldsByFieldId"))
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
        """Return records as the API answers them, without empty cells.

        Args:
            context: The request.
            table: Their table.
            records: The records.
            fields: The fields to return; all if None.
        """
        cells, text = context.cells, self.text
        return cells.records(
            table,
            records,
            fields,
            by_id=self.by_id,
            cell_of=None if text is None else partial(text.reader, cells, table.id),
        )
