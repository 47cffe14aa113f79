"""Keeping links consistent: on both sides, and without deleted records.

Source: https://airtable.com/developers/web/api/field-model (inverse fields). Not published, and
decided: a new link is added at the end of the inverse cell, which counts as changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from airhaul.local_base.store import StoredRecord
from airhaul.local_base.store.schema import Field, Table
from airhaul.local_base.transaction.context import Context
from airhaul.local_base.writing.cell_writes import write_cells


def link_back(
    context: Context,
    table: Table,
    record: StoredRecord,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> None:
    """Update the inverse cells of a record's links.

    Args:
        context: The request.
        table: The record's table.
        record: The record.
        before: The previous cells by field id.
        after: The written cells by field id.
    """
    for field in _links_of(table):
        if field.id not in after:
            continue
        old: list[str] = before.get(field.id) or []
        new: list[str] = after[field.id] or []
        inverse = _inverse(field)
        if inverse is not None and old != new:
            _take_out(context, inverse, [one for one in old if one not in new], {record.id})
            _put_in(context, inverse, [one for one in new if one not in old], record.id)


def unlink(context: Context, table: Table, gone: Sequence[StoredRecord]) -> None:
    """Remove all links to records that are about to be deleted.

    Args:
        context: The request.
        table: Their table.
        gone: The records; their own cells stay as they are.
    """
    ids = {record.id for record in gone}
    for field in _links_of(table):
        inverse = _inverse(field)
        if inverse is not None:
            linked = dict.fromkeys(one for record in gone for one in record.cells.get(field.id, ()))
            _take_out(context, inverse, [one for one in linked if one not in ids], ids)
    # Links without an inverse have to be searched for.
    for other in context.session.schema.tables(table.base_id).values():
        for field in _links_of(other):
            if _linked_table_id(field) == table.id and _inverse(field) is None:
                found = context.session.records.mentioning(other.id, field.id, ids)
                _take_out(context, field.id, [one.id for one in found if one.id not in ids], ids)


def _links_of(table: Table) -> Iterator[Field]:
    return (field for field in table.fields if field.type == "multipleRecordLinks")


def _linked_table_id(field: Field) -> str | None:
    return (field.options or {}).get("linkedTableId")


def _inverse(field: Field) -> str | None:
    return (field.options or {}).get("inverseLinkFieldId")


def _put_in(context: Context, field_id: str, record_ids: Sequence[str], linked: str) -> None:
    for record in context.session.records.some(record_ids):
        cell: list[str] = record.cells.get(field_id, [])
        if linked not in cell:
            write_cells(context, record, {field_id: [*cell, linked]})


def _take_out(context: Context, field_id: str, record_ids: Sequence[str], gone: set[str]) -> None:
    for record in context.session.records.some(record_ids):
        cell: list[str] = record.cells.get(field_id, [])
        left = [one for one in cell if one not in gone]
        write_cells(context, record, {field_id: left or None})
