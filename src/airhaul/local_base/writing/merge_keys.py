"""Upsert: finding the record that matches the key of a row.

Source: https://airtable.com/developers/web/api/update-multiple-records. Not published, and decided:
a blank key matches records in which it is blank; text is compared exactly; a row matches records as
they were before the request, and records that earlier rows of the request have created, but not
their changes to existing records.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice
from typing import Any

from airhaul.fields import card_of
from airhaul.local_base.protocol import refusal
from airhaul.local_base.store import Session, StoredRecord
from airhaul.local_base.store.schema import Field, Table
from airhaul.wire.limits import MERGE_FIELDS


def merge_target(
    session: Session,
    table: Table,
    cells: dict[str, Any],
    merge: Any,
    *,
    among: Collection[str] | None = None,
) -> StoredRecord | None:
    """Find the record with a row's key.

    Args:
        session: The transaction.
        table: The table.
        cells: The row's cells by field id.
        merge: ``performUpsert`` of the request.
        among: The ids of the records to search; all records of the table if None.

    Returns:
        The record, or None if no record matches.

    Raises:
        Refusal: The key is invalid, the row lacks it, or several records match.
    """
    fields = _merge_fields(table, merge)
    if any(field.id not in cells for field in fields):
        raise refusal.invalid_records()
    matching = session.records.holding(table.id, {field.id: cells[field.id] for field in fields})
    if among is not None:
        matching = (record for record in matching if record.id in among)
    found = list(islice(matching, 2))
    if len(found) > 1:
        raise refusal.refuse(
            422,
            "INVALID_RECORDS",
            f"More than one record matches the values of {', '.join(f.name for f in fields)}",
        )
    return found[0] if found else None


def _merge_fields(table: Table, merge: Any) -> list[Field]:
    names = merge.get("fieldsToMergeOn") if isinstance(merge, dict) else None
    if not isinstance(names, list) or not 0 < len(names) <= MERGE_FIELDS:
        raise refusal.invalid_request()
    fields = [table.find(str(name)) for name in names]
    for field in fields:
        if card_of(field.type).key != "merged":
            raise refusal.cannot_accept(field.name)
    return fields
