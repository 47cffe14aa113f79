"""Upsert: finding the record that matches the key of a row.

Source: https://airtable.com/developers/web/api/update-multiple-records; the refusal of a key that
several records have, or several rows of a request, is from clients that were tested against
Airtable. Not published, and decided: a blank key matches records in which it is blank; text is
compared exactly; a row matches records as they were before the request.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from airhaul.fields import card_of
from airhaul.local_base.protocol import refusal
from airhaul.local_base.store import Session, StoredRecord
from airhaul.local_base.store.schema import Field, Table
from airhaul.wire.limits import MERGE_FIELDS


def merge_target(
    session: Session, table: Table, cells: Mapping[str, Any], merge: Any
) -> StoredRecord | None:
    """Find the record with a row's key.

    Args:
        session: The transaction.
        table: The table.
        cells: The row's cells by field id.
        merge: ``performUpsert`` of the request.

    Returns:
        The record, or None if no record matches.

    Raises:
        Refusal: The key is invalid, the row lacks it, or several records match.
    """
    fields = _merge_fields(table, merge)
    if any(field.id not in cells for field in fields):
        raise refusal.invalid_records()
    matching = session.records.holding(table.id, {field.id: cells[field.id] for field in fields})
    found = list(islice(matching, 2))
    if len(found) > 1:
        raise refusal.ambiguous_key()
    return found[0] if found else None


def refuse_equal_keys(table: Table, rows: Iterable[Mapping[str, Any]], merge: Any) -> None:
    """Refuse rows of one request that have the same key.

    Args:
        table: The table.
        rows: The cells by field id of the rows that are merged by key.
        merge: ``performUpsert`` of the request.

    Raises:
        Refusal: The key is invalid, a row lacks it, or two rows have the same.
    """
    fields = _merge_fields(table, merge)
    if any(field.id not in cells for cells in rows for field in fields):
        raise refusal.invalid_records()
    keys = [json.dumps([cells[field.id] for field in fields]) for cells in rows]
    if len(set(keys)) < len(keys):
        raise refusal.ambiguous_key()


def _merge_fields(table: Table, merge: Any) -> list[Field]:
    names = merge.get("fieldsToMergeOn") if isinstance(merge, dict) else None
    if not isinstance(names, list) or not 0 < len(names) <= MERGE_FIELDS:
        raise refusal.invalid_request()
    fields = [table.find(str(name)) for name in names]
    for field in fields:
        if card_of(field.type).key != "merged":
            raise refusal.cannot_accept(field.name)
    return fields
