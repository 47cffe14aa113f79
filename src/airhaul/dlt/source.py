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
from airhaul.dlt.connection import check_choice, connect
from airhaul.dlt.names import Path, refuse_merged_fields, refuse_merged_tables
from airhaul.errors import SchemaError
from airhaul.fields.arrow import MOMENT, ArrowType, Kind, arrow_value
from airhaul.formula.changes import changed_since
from airhaul.model.columns import Column, columns_of
from airhaul.model.schema import model_of_table
from airhaul.wire.shapes import RecordJson, TableJson

Lists = Literal["json", "tables"]
"""How lists are loaded: as JSON in a column, or as child tables."""

ID: Final = "_airtable_id"
CREATED: Final = "_created_time"
BASE: Final = "_base_id"
RESCUED: Final = "_rescued"
_READ_UNTIL: Final = "read_until"
_ALWAYS: Final[dict[str, Any]] = {
    ID: {"data_type": "text", "nullable": False, "primary_key": True},
    CREATED: {"data_type": "timestamp"},
    BASE: {"data_type": "text", "nullable": False, "primary_key": True},
    RESCUED: {"data_type": "json", "nullable": True},
}

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

    A record is identified by ``_base_id`` and ``_airtable_id``, by which loads are merged. A cell
    that does not fit its field's type, such as the error of a formula, is null, and is kept as JSON
    in ``_rescued``.

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
        ConfigurationError: ``lists`` is something else.
        UnknownTableError: The base has no such table.
        SchemaError: While it is read: dlt has one name for two tables or two fields, or a field has
            another type than the column that it was loaded into before.
    """
    check_choice("lists", lists, Lists)
    reach = partial(
        connect, access_token, base_id, local=local, endpoint_url=endpoint_url, pace=pace
    )
    with reach() as airtable:
        schema, own_id = airtable.schema(), airtable.base_id
        began = airtable.connection.service_time(own_id) - timedelta(seconds=settle_s)
    # Text stays text, also the items of lists in tables: dlt makes times of 2024-05-01 and then 7.
    dlt.current.source_schema().remove_type_detection("iso_timestamp")
    chosen = schema if tables is None else [table_in(schema, one, own_id) for one in tables]
    fields_of = {table["name"]: _fields_of(table, attachments=attachments) for table in chosen}
    together = [path for name in fields_of for path in _tables_of(name, fields_of[name], lists)]
    for table in chosen:
        fields = fields_of[table["name"]]
        resource = dlt.resource(
            _read,
            name=table["name"],
            primary_key=(BASE, ID),  # a base that was duplicated may have the same IDs
            write_disposition="merge",
            columns=_ALWAYS,
        )
        yield resource(reach, table, fields, lists, together, began if incremental else None)


def _fields_of(table: TableJson, *, attachments: bool) -> Mapping[str, Column]:
    return {
        name: column
        for name, column in columns_of(model_of_table(table)).by_column.items()
        if attachments or column.type != "multipleAttachments"
    }


def _tables_of(name: str, fields: Mapping[str, Column], lists: Lists) -> Iterator[Path]:
    """The table itself, and those into which dlt puts its lists."""
    yield (name,)
    for field, column in fields.items():
        if lists == "tables" and arrow_type_of(column).kind == "list":
            yield (name, field)


def _columns_of(path: Path, type_: ArrowType, lists: Lists) -> Iterator[Path]:
    """The columns into which dlt puts a field."""
    if lists == "json" or type_.kind not in ("list", "object"):
        yield path
    for member, one in type_.members if lists == "tables" else ():
        yield from _columns_of((*path, member), one, lists)


def _hints(fields: Mapping[str, Column], lists: Lists) -> dict[str, Any]:
    types = {name: _TYPES[arrow_type_of(column).kind] for name, column in fields.items()}
    return {
        name: {"data_type": type_, "nullable": True}
        for name, type_ in types.items()
        if type_ != "json" or lists == "json"
    }


def _read(
    reach: Callable[[], Airtable],
    table: TableJson,
    fields: Mapping[str, Column],
    lists: Lists,
    together: Sequence[Path],
    began: datetime | None,
) -> Iterator[Any]:
    """Read a table page by page.

    Args:
        reach: Opens a connection.
        table: The table.
        fields: Its fields to read, by name.
        lists: How lists are loaded.
        together: All tables that are loaded together.
        began: A time of the service's clock before the first page; None to read all records.
    """
    types = {name: arrow_type_of(column) for name, column in fields.items()}
    hints = _hints(fields, lists)
    _refuse_names(table["name"], types, lists, together)
    _refuse_changes(table["name"], types, hints, lists)
    with reach() as airtable:
        query = airtable.table(model_of_table(table)).where().only(*fields)
        # Tables of several bases can have one name, and are then one resource for dlt.
        place = f"{airtable.base_id}/{table['id']}"
        read_until: dict[str, str] = (
            {} if began is None else dlt.current.resource_state().setdefault(_READ_UNTIL, {})
        )
        if place in read_until:
            query = query.where(changed_since(datetime.fromisoformat(read_until[place])))
        for number, page in enumerate(filter(None, query._pages(NothingLeftOut()))):
            rows = [_row(record, airtable.base_id, types) for record in page]
            # With the first rows, since dlt creates the columns of a table only if it has some, and
            # takes them for created if it had none.
            yield rows if number else dlt.mark.with_hints(rows, dlt.mark.make_hints(columns=hints))
    if began is not None:
        read_until[place] = began.isoformat()


def _refuse_names(
    table: str, types: Mapping[str, ArrowType], lists: Lists, together: Sequence[Path]
) -> None:
    """Refuse names that are equal for dlt, so that values would be lost in the warehouse.

    Raises:
        SchemaError: There are some.
    """
    naming = dlt.current.source_schema().naming
    refuse_merged_tables(together, naming)
    columns = [path for name, type_ in types.items() for path in _columns_of((name,), type_, lists)]
    refuse_merged_fields(table, columns, _ALWAYS, naming)


def _refuse_changes(
    table: str, types: Mapping[str, ArrowType], hints: Mapping[str, Any], lists: Lists
) -> None:
    """Refuse fields that other loads have put elsewhere, or into a column of another type.

    Raises:
        SchemaError: There are some.
    """
    schema = dlt.current.source_schema()
    name_of_table = schema.naming.normalize_tables_path(table)
    loaded = schema.tables.get(name_of_table, {}).get("columns", {})
    for field in (name for name, type_ in types.items() if type_.kind == "list"):
        apart = schema.naming.normalize_tables_path(field)
        is_apart = schema.naming.shorten_fragments(name_of_table, apart) in schema.tables
        if is_apart if lists == "json" else schema.naming.normalize_path(field) in loaded:
            raise SchemaError(
                f"The lists of the field {field!r} of the table {table!r} were loaded in another "
                f"way than lists={lists!r} before: some would be in one place and some in the "
                'other. Drop what was loaded, with refresh="drop_resources".'
            )
    for name, hint in hints.items():
        known = loaded.get(schema.naming.normalize_path(name), {}).get("data_type")
        if known not in (None, hint["data_type"]):
            raise SchemaError(
                f"The field {name!r} of the table {table!r} would be loaded as "
                f"{hint['data_type']} into a column that has {known} from other loads: its type "
                "has changed, or another base has another. Load it into a dataset of its own, with "
                'a pipeline of its own; or drop what was loaded, with refresh="drop_resources".'
            )


def _row(record: RecordJson, base_id: str, types: Mapping[str, ArrowType]) -> dict[str, Any]:
    row: dict[str, Any] = {
        ID: record["id"],
        CREATED: arrow_value(record.get("createdTime"), MOMENT),
        BASE: base_id,
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
