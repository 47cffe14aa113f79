"""Cells in payloads of webhooks, which contain more than those of the record endpoints.

Source: https://airtable.com/developers/web/api/field-model (the column "v2" of cell formats). Not
published, and decided: a deleted linked record has the name ``""``; the URL of an attachment is
made when the payload is read, and is valid for two hours from then.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from airhaul.formula.values import to_text
from airhaul.local_base.store import StoredRecord
from airhaul.local_base.store.schema import CHOICE_TYPES, Field, Table
from airhaul.local_base.transaction.context import Context
from airhaul.wire.ids import is_id

_PEOPLE: Final = frozenset(
    {"singleCollaborator", "multipleCollaborators", "createdBy", "lastModifiedBy"}
)


class WebhookCells:
    """Formats the cells of records for payloads, for one request.

    Args:
        context: The request that changed the records.
        tables: The base's tables by id.
    """

    def __init__(self, context: Context, tables: dict[str, Table]) -> None:
        self._context = context
        self._tables = tables

    def shown(self, record: StoredRecord, fields: Iterable[Field]) -> dict[str, Any]:
        """Return cells by the ids of their fields; None where one is empty."""
        return {field.id: self._cell(record, field) for field in fields}

    def _cell(self, record: StoredRecord, field: Field) -> Any:
        cell = self._context.cells.cell(record, field)
        if cell is None:
            return None
        if field.type in CHOICE_TYPES:
            return _choices(field, cell)
        if field.type == "multipleRecordLinks":
            return self._links(record, field)
        if field.type == "multipleLookupValues":
            return self._looked_up(record, field, cell)
        if field.type in _PEOPLE:
            return _people(cell)
        return cell

    def _links(self, record: StoredRecord, field: Field) -> list[dict[str, str]]:
        linked = self._context.cells.linked(record, field.id)
        names = {other.id: self._name(other) for other in linked}
        return [{"id": id_, "name": names.get(id_, "")} for id_ in record.cells[field.id]]

    def _name(self, record: StoredRecord) -> str:
        table = self._tables[record.table_id]
        return to_text(self._context.cells.value(record, table.primary))

    def _looked_up(self, record: StoredRecord, field: Field, cell: Any) -> Any:
        options = field.options or {}
        link_id = options.get("recordLinkFieldId", "")
        record_ids = record.cells.get(link_id, [])
        values: dict[str, Any] = {}
        for linked in self._context.cells.linked(record, link_id):
            source = self._tables[linked.table_id].by_id.get(
                options.get("fieldIdInLinkedTable", "")
            )
            if source is None:
                return cell
            value = self._cell(linked, source)
            if value is not None:
                values[linked.id] = value if isinstance(value, list) else [value]
        return {"linkedRecordIds": record_ids, "valuesByLinkedRecordId": values}


def _choices(field: Field, cell: Any) -> Any:
    known = {choice["name"]: choice for choice in (field.options or {}).get("choices", [])}
    if isinstance(cell, list):
        return [known.get(name, {"name": name}) for name in cell]
    return known.get(cell, {"name": cell})


def _people(cell: Any) -> Any:
    if isinstance(cell, list):
        return [_people(person) for person in cell]
    return {**cell, "permissionLevel": "create"}


def with_fresh_urls(context: Context, payload: Any) -> Any:
    """Return a payload with URLs of attachments that are valid for two hours from now.

    Args:
        context: The request that reads it.
        payload: The JSON, or a part of it.
    """
    if isinstance(payload, list):
        return [with_fresh_urls(context, item) for item in payload]
    if not isinstance(payload, dict):
        return payload
    if is_id(payload.get("id"), "att"):
        attachment = context.session.attachments.one(payload["id"])
        if attachment is not None:
            return context.urls.shown(attachment)
    return {key: with_fresh_urls(context, value) for key, value in payload.items()}
