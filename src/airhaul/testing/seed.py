"""Filling a base before a test, with rows or records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from airhaul.client.sync.airtable import Airtable
from airhaul.errors import UnknownTableError
from airhaul.fields import card_of, default_options
from airhaul.model.base import RecordBase
from airhaul.tabular.infer import InferredColumn, infer_columns
from airhaul.wire import endpoints
from airhaul.wire.limits import RECORDS_PER_WRITE
from airhaul.wire.replies import records_in
from airhaul.wire.shapes import FieldJson

Rows = Iterable[Mapping[str, Any]]


def seed(airtable: Airtable, *tables: Mapping[str, Rows] | Iterable[RecordBase]) -> list[str]:
    """Fill tables with records; a table that does not exist is created.

    Args:
        airtable: A connection to the base.
        *tables: Rows by the table's name, such as ``{"Notes": [{"Text": "one"}]}``, from which the
            types of the fields are inferred; or records of one model, for the model's table.

    Returns:
        The ids of the records, in the order given.

    Raises:
        AirhaulError: A row does not fit its table.
        ValueError: A new table has no rows to infer its fields from.
    """
    ids: list[str] = []
    for one in tables:
        if isinstance(one, Mapping):
            for name, rows in cast("Mapping[str, Rows]", one).items():
                ids += _seed_rows(airtable, name, list(rows))
        else:
            ids += _seed_models(airtable, list(one))
    return ids


def _seed_rows(airtable: Airtable, name: str, rows: list[Mapping[str, Any]]) -> list[str]:
    try:
        airtable.table_schema(name)
    except UnknownTableError:
        columns = infer_columns(rows)
        if not columns:
            raise ValueError(f"There are no rows to infer the fields of {name!r} from.") from None
        airtable.create_table(name, _fields(columns))
    ids: list[str] = []
    for start in range(0, len(rows), RECORDS_PER_WRITE):
        part = [dict(row) for row in rows[start : start + RECORDS_PER_WRITE]]
        call = endpoints.create_records(airtable.base_id, name, part, typecast=True)
        ids += [record["id"] for record in records_in(airtable.call(call))]
    return ids


def _seed_models(airtable: Airtable, records: list[RecordBase]) -> list[str]:
    if not records:
        return []
    table = airtable.table(type(records[0]))
    if airtable.find_table(table.name) is None:
        table.create_table()
    return [cast("str", record.id) for record in table.bulk_create(records)]


def _fields(columns: list[InferredColumn]) -> list[FieldJson]:
    """The fields of a table, first one whose type a primary field may have."""
    first = next((column for column in columns if card_of(column.type).can_be_primary), columns[0])
    ordered = [first, *(column for column in columns if column is not first)]
    fields = [_field(column) for column in ordered]
    if not card_of(first.type).can_be_primary:
        fields[0] = {"name": first.name, "type": "singleLineText"}
    return fields


def _field(column: InferredColumn) -> FieldJson:
    field: FieldJson = {"name": column.name, "type": column.type}
    options = default_options(column.type, column.choices)
    if column.precision is not None:
        options = {"precision": column.precision}
    if options is not None:
        field["options"] = options
    return field
