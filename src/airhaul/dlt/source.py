"""Airtable as a source of dlt: a resource for each table, typed by its fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, Literal

import dlt
from dlt.common.data_types.typing import TDataType
from dlt.common.typing import TSecretStrValue
from dlt.extract import DltResource

from airhaul.bulk.reads.table_reader import table_in
from airhaul.bulk.values.frame_columns import arrow_type_of
from airhaul.client.selection import NothingLeftOut
from airhaul.client.sync.airtable import Airtable
from airhaul.dlt.connection import connect
from airhaul.dlt.names import refuse_merged_fields, refuse_merged_tables
from airhaul.fields.arrow import MOMENT, ArrowType, Kind, arrow_value
from airhaul.formula.changes import changed_since
from airhaul.model.columns import Column, columns_of
from airhaul.model.schema import model_of_table
from airhaul.wire.shapes import RecordJson, TableJson

Lists = Literal["json", "tables"]
"""How lists are loaded: as JSON in a column, or as child tables."""

ID: Final = "_airtable_id"
CREATED: Final = "_created_time"
RESCUED: Final = "_rescued"
_READ_UNTIL: Final = "read_until"

_TYPES: Final[Mapping[Kind, TDataType]] = {
    "text": "text",
    "choice": "text",
    "json": "text",
    "integer": "bigint",
    "number": "double",
    "checkbox": "bool",
    "day": "date",
    "moment": "timestamp",
    "duration": "double",
    "list": "json",
    "object": "json",
}


@dlt.source(name="airtable")
def airtable_source(
    access_token: TSecretStrValue | None = None,
    base_id: str | None = None,
    local: str | None = None,
    tables: Sequence[str] | None = None,
    endpoint_url: str | None = None,
    pace: str | None = None,
    lists: Lists = "json",
    attachments: bool = True,
    incremental: bool = True,
    settle_s: float = 5.0,
) -> Iterator[DltResource]:
    """Read tables of a base: each is a resource, whose columns have the types of the fields.

    A record is identified by ``_airtable_id``, by which loads are merged. A cell that does not fit
    its field's type, such as the error of a formula, is null, and is kept as JSON in ``_rescued``.

    Args:
        access_token: A personal access token, ``pat...``; if dlt's configuration has none either,
            that of the environment, ``AIRTABLE_ACCESS_TOKEN``.
        base_id: The base, ``app...``; as for the token, ``AIRTABLE_BASE_ID``.
        local: The file of a local base, instead of a token.
        tables: The names or IDs of the tables; None for all.
        endpoint_url: The root URL of the service; Airtable's if None.
        pace: Who shares the rate limit, as of ``Config``: machines do with the URL of a Redis.
        lists: How links, multiple selects and other lists are loaded: ``"json"``, a column with the
            IDs or texts; or ``"tables"``, a child table with a row for each.
        attachments: Whether to read attachments. Their addresses change all the time and are valid
            for hours only.
        incremental: Whether a load reads only what has changed since the load before. What was
            deleted, and a formula whose result has changed by itself, is not seen then.
        settle_s: How many seconds of changes before the last load are read again: a record that was
            written may not be in lists immediately.

    Yields:
        The resources.

    Raises:
        UnknownTableError: The base has no such table.
        SchemaError: While it is read: dlt has one name for two tables or two fields.
    """
    reach = partial(
        connect, access_token, base_id, local=local, endpoint_url=endpoint_url, pace=pace
    )
    with reach() as airtable:
        schema, own_id = airtable.schema(), airtable.base_id
        began = airtable.connection.service_time(own_id) - timedelta(seconds=settle_s)
    chosen = schema if tables is None else [table_in(schema, one, own_id) for one in tables]
    names = [table["name"] for table in chosen]
    for table in chosen:
        fields = _fields_of(table, attachments=attachments)
        resource = dlt.resource(
            _read,
            name=table["name"],
            primary_key=ID,
            write_disposition="merge",
            columns=_hints(fields, lists),
        )
        yield resource(reach, table, fields, names, began if incremental else None)


def _fields_of(table: TableJson, *, attachments: bool) -> Mapping[str, Column]:
    return {
        name: column
        for name, column in columns_of(model_of_table(table)).by_column.items()
        if attachments or column.type != "multipleAttachments"
    }


def _hints(fields: Mapping[str, Column], lists: Lists) -> Any:
    types = {name: _TYPES[arrow_type_of(column).kind] for name, column in fields.items()}
    hints = {
        name: {"data_type": type_, "nullable": True}
        for name, type_ in types.items()
        if type_ != "json" or lists == "json"
    }
    always = {
        ID: {"data_type": "text", "nullable": False, "primary_key": True},
        CREATED: {"data_type": "timestamp"},
        RESCUED: {"data_type": "json", "nullable": True},
    }
    return always | hints


def _read(
    reach: Callable[[], Airtable],
    table: TableJson,
    fields: Mapping[str, Column],
    together: Sequence[str],
    began: datetime | None,
) -> Iterator[list[dict[str, Any]]]:
    """Read a table page by page.

    Args:
        reach: Opens a connection.
        table: The table.
        fields: Its fields to read, by name.
        together: The names of all tables that are loaded together.
        began: A time of the service's clock before the first page; None to read all records.
    """
    naming = dlt.current.source_schema().naming
    refuse_merged_tables(together, naming)
    refuse_merged_fields(table["name"], fields, (ID, CREATED, RESCUED), naming)
    types = {name: arrow_type_of(column) for name, column in fields.items()}
    with reach() as airtable:
        query = airtable.table(model_of_table(table)).where().only(*fields)
        # Tables of several bases can have one name, and are then one resource for dlt.
        place = f"{airtable.base_id}/{table['id']}"
        read_until: dict[str, str] = (
            {} if began is None else dlt.current.resource_state().setdefault(_READ_UNTIL, {})
        )
        if place in read_until:
            query = query.where(changed_since(datetime.fromisoformat(read_until[place])))
        for page in query._pages(NothingLeftOut()):
            yield [_row(record, types) for record in page]
    if began is not None:
        read_until[place] = began.isoformat()


def _row(record: RecordJson, types: Mapping[str, ArrowType]) -> dict[str, Any]:
    row: dict[str, Any] = {
        ID: record["id"],
        CREATED: arrow_value(record.get("createdTime"), MOMENT),
    }
    rescued: dict[str, Any] = {}
    for name, type_ in types.items():
        cell = record["fields"].get(name)
        if cell is None and type_.kind == "checkbox":
            cell = False
        try:
            value = arrow_value(cell, type_)
        except ValueError:
            rescued[name] = cell
            value = None
        row[name] = value.total_seconds() if isinstance(value, timedelta) else value
    return {**row, RESCUED: rescued or None}
