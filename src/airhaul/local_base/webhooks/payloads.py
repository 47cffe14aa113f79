"""The payload that a webhook gets for a request's changes.

Source: https://airtable.com/developers/web/api/model/webhooks-payload and related models. Not
published, and decided: only written cells are reported as changed, not the cells computed from
them; a change of a field's options alone is not reported; with ``watchDataInFieldIds``, a new or
deleted record is reported only if one of these fields is not empty; with
``watchSchemasOfFieldIds``, new fields are not reported.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from airhaul.local_base.lists.filters import make_filter
from airhaul.local_base.store import StoredRecord
from airhaul.local_base.store.schema import Field, Table
from airhaul.local_base.transaction.context import Context
from airhaul.local_base.webhooks.cells import WebhookCells
from airhaul.local_base.webhooks.deltas import Delta, record_before
from airhaul.local_base.webhooks.specification import Specification


class PayloadBuilder:
    """Builds the payload of one webhook for one request.

    Args:
        context: The request.
        specification: What the webhook watches.
        tables: The base's tables by id, in their current state.
    """

    def __init__(
        self, context: Context, specification: Specification, tables: dict[str, Table]
    ) -> None:
        self._context = context
        self._watched = specification
        self._tables = tables
        self._cells = WebhookCells(context, tables)

    def build(self, deltas: dict[str, Delta]) -> dict[str, Any]:
        """Build the part of a payload that reports changes; empty if there is nothing to report.

        Args:
            deltas: The net changes by the ids of tables.
        """
        created: dict[str, Any] = {}
        changed: dict[str, Any] = {}
        for table_id, delta in deltas.items():
            if delta.new is not None:
                if self._reports_new_tables():
                    created[table_id] = self._new_table(self._tables[table_id])
            elif self._is_in_scope(self._tables[table_id]):
                changes = self._table(self._tables[table_id], delta)
                if changes:
                    changed[table_id] = changes
        shown = {"changedTablesById": changed, "createdTablesById": created}
        return {name: tables for name, tables in shown.items() if tables}

    def _is_in_scope(self, table: Table) -> bool:
        scope = self._watched.scope
        return scope in (None, table.id) or any(view.id == scope for view in table.views)

    def _reports_new_tables(self) -> bool:
        watched = self._watched
        about_tables = watched.data_types & {"tableMetadata", "tableFields"}
        return watched.scope is None and watched.watches("add") and bool(about_tables)

    def _new_table(self, table: Table) -> dict[str, Any]:
        shown: dict[str, Any] = {"metadata": _metadata(table)}
        if "tableFields" in self._watched.data_types:
            shown["fieldsById"] = {field.id: _definition(field) for field in table.fields}
        return shown

    def _table(self, table: Table, delta: Delta) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        if "tableMetadata" in self._watched.data_types:
            changes |= self._renamed(delta)
        if "tableFields" in self._watched.data_types:
            changes |= self._fields(delta)
        if "tableData" in self._watched.data_types:
            view = next((view for view in table.views if view.id == self._watched.scope), None)
            if view is None:
                changes |= self._records(table, delta)
            else:
                formula = view.settings.get("formula")
                cells = self._context.cells
                holds = make_filter(table, formula).of_records(cells, table) if formula else _always
                records = self._records(table, _through(delta, holds))
                changes |= {"changedViewsById": {view.id: records}} if records else {}
        return changes

    def _renamed(self, delta: Delta) -> dict[str, Any]:
        if delta.renamed is None or not self._watched.watches("update"):
            return {}
        before, after = map(_metadata, delta.renamed)
        return (
            {"changedMetadata": {"current": after, "previous": before}} if before != after else {}
        )

    def _fields(self, delta: Delta) -> dict[str, Any]:
        watched = self._watched
        changes: dict[str, Any] = {}
        if delta.new_fields and watched.watches("add") and watched.schemas is None:
            changes["createdFieldsById"] = {
                field.id: _definition(field) for field in delta.new_fields
            }
        changed: dict[str, Any] = {}
        for field_id, (before, after) in delta.changed_fields.items():
            old, current = _definition(before), _definition(after)
            differing = [key for key in current if current[key] != old[key]]
            if differing and (watched.schemas is None or field_id in watched.schemas):
                changed[field_id] = {"current": {key: current[key] for key in differing}}
                if watched.with_previous_fields:
                    changed[field_id]["previous"] = {key: old[key] for key in differing}
        if changed and watched.watches("update"):
            changes["changedFieldsById"] = changed
        return changes

    def _records(self, table: Table, delta: Delta) -> dict[str, Any]:
        watched = self._watched
        changes: dict[str, Any] = {}
        created = {
            id_: {"createdTime": record.created, "cellValuesByFieldId": self._filled(table, record)}
            for id_, record in delta.created.items()
            if self._holds_watched(record)
        }
        if created and watched.watches("add"):
            changes["createdRecordsById"] = created
        changed = {
            id_: shown
            for id_, record in delta.changed.items()
            if (shown := self._changed(table, record, delta.before[id_]))
        }
        if changed and watched.watches("update"):
            changes["changedRecordsById"] = changed
        gone = [id_ for id_, record in delta.deleted.items() if self._holds_watched(record)]
        if gone and watched.watches("remove"):
            changes["destroyedRecordIds"] = gone
        return changes

    def _holds_watched(self, record: StoredRecord) -> bool:
        watched = self._watched.fields
        return watched is None or not watched.isdisjoint(record.cells)

    def _filled(self, table: Table, record: StoredRecord) -> dict[str, Any]:
        """Return the reported cells of a new record, without the empty ones."""
        watched = self._watched.fields
        fields = [
            field
            for field in table.fields
            if self._is_context(field)
            or (field.id in record.cells and (watched is None or field.id in watched))
        ]
        return _without_empty(self._cells.shown(record, fields))

    def _changed(
        self, table: Table, record: StoredRecord, before: dict[str, Any]
    ) -> dict[str, Any] | None:
        watched = self._watched
        if watched.fields is not None and watched.fields.isdisjoint(before):
            return None
        changed = [
            field
            for field in table.fields
            if field.id in before
            and (watched.fields is None or field.id in watched.fields or self._is_context(field))
        ]
        shown = {"current": _values(self._cells.shown(record, changed))}
        if watched.with_previous_cells:
            previous = record_before(record, before)
            shown["previous"] = _values(self._cells.shown(previous, changed))
        unchanged = [
            field for field in table.fields if field.id not in before and self._is_context(field)
        ]
        if unchanged:
            shown["unchanged"] = _values(_without_empty(self._cells.shown(record, unchanged)))
        return shown

    def _is_context(self, field: Field) -> bool:
        return self._watched.context is None or field.id in self._watched.context


def _through(delta: Delta, holds: Callable[[StoredRecord], bool]) -> Delta:
    """Return changes as a view sees them: entering records are new, leaving ones deleted."""
    seen = Delta()
    seen.created = {id_: record for id_, record in delta.created.items() if holds(record)}
    seen.deleted = {id_: record for id_, record in delta.deleted.items() if holds(record)}
    for record_id, record in delta.changed.items():
        previous = record_before(record, delta.before[record_id])
        match holds(previous), holds(record):
            case True, True:
                seen.changed[record_id] = record
                seen.before[record_id] = delta.before[record_id]
            case False, True:
                seen.created[record_id] = record
            case True, False:
                seen.deleted[record_id] = previous
            case _:
                pass  # it is not in the view, and was not before
    return seen


def _always(_: StoredRecord) -> bool:
    return True


def _metadata(table: Table) -> dict[str, Any]:
    return {"name": table.name, "description": table.description}


def _definition(field: Field) -> dict[str, Any]:
    return {"name": field.name, "type": field.type}


def _values(cells: dict[str, Any]) -> dict[str, Any]:
    return {"cellValuesByFieldId": cells}


def _without_empty(cells: dict[str, Any]) -> dict[str, Any]:
    return {field_id: cell for field_id, cell in cells.items() if cell is not None}
