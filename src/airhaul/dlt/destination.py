"""Airtable as a destination of dlt: each load is an upsert by the primary key.

dlt runs a job again if it fails, with all rows of the batch that failed. So rows are only written
by a key, after a look at what is there: what a first attempt has written is unchanged for the next.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import quote, unquote

import dlt
from dlt.common.destination.exceptions import DestinationTerminalException
from dlt.common.schema.typing import TTableSchema
from dlt.common.typing import TSecretStrValue

from airhaul.bulk.reads.table_reader import table_in
from airhaul.bulk.results.policy import OnError
from airhaul.bulk.results.result import BulkResult
from airhaul.bulk.values.frame_columns import arrow_type_of
from airhaul.bulk.values.frame_rows import rows_in
from airhaul.client.sync.airtable import Airtable
from airhaul.client.sync.table import Table
from airhaul.dlt.connection import check_choice, connect
from airhaul.dlt.names import names_in_warehouses, original_names
from airhaul.errors import (
    AirhaulError,
    BulkError,
    ConfigurationError,
    RateLimitError,
    SchemaError,
    ServerError,
    TransportError,
)
from airhaul.model.base import table_name_of
from airhaul.model.columns import columns_of
from airhaul.model.schema import model_of_table
from airhaul.tabular import ERROR_COLUMN, LINE_COLUMN, split_items

_ROWS_AT_ONCE: Final = 10_000
_MERGES: Final = ("delete-insert", "upsert")
_MAY_PASS: Final = (TransportError, ServerError, RateLimitError)
_DIGITS: Final = 12
# A value that does not have the type of its column is put into another column: "Amount▶v_text".
_VARIANT: Final = re.compile(r"(?P<column>.+)(?:▶|__)v_[a-z]+")

Nulls = Literal["clear", "keep"]
"""What a null does to the cell of a record that exists."""


@dlt.destination(
    name="airtable",
    loader_file_format="typed-jsonl",
    batch_size=_ROWS_AT_ONCE,
    # Two jobs that upsert one new key at the same time would both create it.
    loader_parallelism_strategy="table-sequential",
)
def airtable_destination(
    items: Any,
    table: TTableSchema,
    /,
    access_token: TSecretStrValue | None = None,
    base_id: str | None = None,
    local: str | None = None,
    endpoint_url: str | None = None,
    pace: str | None = None,
    key: str | None = None,
    on_error: OnError = "stop",
    typecast: bool = False,
    nulls: Nulls = "clear",
    rejects: str | None = None,
    journal: str | None = None,
) -> None:
    """Load rows into a table of Airtable that has the name of the resource.

    Call it with any of its arguments but the first two, or leave them to dlt's configuration, in
    the section ``destination.airtable``.

    Args:
        items: The rows, from dlt: dicts, or a batch of Arrow if the resource yields data frames.
        table: What dlt knows of them: the name, and the primary key.
        access_token: A personal access token, ``pat...``; if dlt's configuration has none either,
            that of the environment, ``AIRTABLE_ACCESS_TOKEN``.
        base_id: The base, ``app...``; as for the token, ``AIRTABLE_BASE_ID``.
        local: The file of a local base, instead of a token.
        endpoint_url: The root URL of the service; Airtable's if None.
        pace: Who shares the rate limit, as of ``Config``: machines do with the URL of a Redis.
        key: One to three fields that together identify a record, separated by commas; the primary
            key of the resource if None.
        on_error: When a row cannot be written: ``"stop"`` writes none of the batch if a row is not
            valid, and fails the job; ``"continue"``, with ``rejects``, writes all others.
        typecast: Let Airtable convert text, add missing choices, and link records by name.
        nulls: What a null does to the cell of a record that exists, and so does a column that a row
            lacks: ``"clear"`` empties it, ``"keep"`` leaves it as it is.
        rejects: A folder for the rows that are refused; ``rejected_rows`` reads it.
        journal: The file of the journal in which to record what is written; None for none.

    Raises:
        DestinationTerminalException: It would fail again: a row is refused, the table or a field is
            missing, or the token has no access. dlt does not try again.
        AirhaulError: It may succeed later: dlt tries again.
    """
    try:
        check_choice("nulls", nulls, Nulls)
        if on_error == "continue" and rejects is None:
            raise ConfigurationError(
                'on_error="continue" loads all rows but those that are refused, and nobody would '
                "learn of these. Set rejects= to a folder that keeps them."
            )
        _refuse_unsupported(items, table)
        with connect(
            access_token,
            base_id,
            local=local,
            endpoint_url=endpoint_url,
            pace=pace,
            journal=journal,
        ) as airtable:
            target = _target(airtable, table.get("name") or "")
            fields = _fields_of(table, target)
            names = split_items(key) if key else _primary_key(table, fields)
            rows = _whole_rows(rows_in(items) or items, fields, nulls)
            plan = target.plan_upsert(rows, names, typecast=typecast)
            result = plan.apply(
                check=False,
                on_error=on_error,
                rejects=None if rejects is None else _rejects_file(rejects, target, rows, names),
            )
        if result.unknown:
            raise BulkError(
                f"{result}. It is unknown whether all rows were written.", result=result
            )
    except AirhaulError as error:
        if _may_pass(error):
            raise
        raise DestinationTerminalException(str(error)) from error


def _refuse_unsupported(items: Any, table: TTableSchema) -> None:
    """Refuse what dlt does to a warehouse, and airhaul not to a base, before anything is sent.

    Raises:
        ConfigurationError: The resource or the destination asks for it.
    """
    name = table.get("name")
    if isinstance(items, str):  # the path of a file
        raise ConfigurationError(
            "The destination is set to batch_size=0, with which dlt hands over files. Leave "
            "batch_size out, or set it to how many rows are compared and sent together."
        )
    if table.get("write_disposition") == "replace":
        raise ConfigurationError(
            f"The resource {name!r} has the write disposition replace, which would delete the "
            "records of the table, and with them their links, comments and history. Use "
            'write_disposition="merge"; to delete the records that are gone, call Table.sync.'
        )
    strategy = table.get("x-merge-strategy", _MERGES[0])
    if strategy not in _MERGES:
        raise ConfigurationError(
            f"The resource {name!r} has the merge strategy {strategy}. A load into Airtable is "
            f"always an upsert; leave the strategy out, or set it to {' or '.join(_MERGES)}."
        )
    for column, hints in table.get("columns", {}).items():
        if hints.get("hard_delete"):
            raise ConfigurationError(
                f"The column {column!r} of the resource {name!r} has the hint hard_delete, and the "
                "destination deletes no records. Leave these rows out, and the hint."
            )
        if hints.get("data_type") == "binary":
            raise ConfigurationError(
                f"The column {column!r} of the resource {name!r} holds bytes, as no field of "
                "Airtable does. Make text of them, or leave the column out."
            )
    nested = [name] if table.get("parent") else _nested_in(name)
    if nested:
        raise ConfigurationError(
            f"dlt has put lists into a table of its own, {nested[0]!r}, which is none of Airtable. "
            "Leave max_table_nesting out, of the resource and of the destination, so that lists "
            'stay in their cells, and load once with refresh="drop_resources".'
        )


def _nested_in(name: str | None) -> list[str]:
    """Return the child tables of a table in the pipeline that runs."""
    schemas = dlt.current.pipeline().schemas.values()
    return [
        child
        for schema in schemas
        for child, one in schema.tables.items()
        if one.get("parent") == name
    ]


def _target(airtable: Airtable, name: str) -> Table[Any]:
    tables = airtable.schema()
    found = original_names(one["name"] for one in tables).get(name, [name])
    chosen = table_in(tables, _only(found, "tables"), airtable.base_id)
    return airtable.table(model_of_table(chosen))


def _only(names: Sequence[str], what: str) -> str:
    """Return the name that dlt has changed to one of its own.

    Raises:
        SchemaError: It is not clear which it was.
    """
    first, *others = names
    if others:
        raise SchemaError(
            f"dlt has one name for the {what} {first!r} and {others[0]!r}, so it is not clear "
            "which of them is meant; rename one of them."
        )
    return first


def _primary_key(table: TTableSchema, fields: Mapping[str, str]) -> list[str]:
    columns = table.get("columns", {})
    found = [fields.get(name, name) for name in columns if columns[name].get("primary_key")]
    if not found:
        raise ConfigurationError(
            f"The resource {table.get('name')!r} has no primary key. A load that failed is "
            "repeated, and without a key that would create its records again. Set primary_key= to "
            "one to three fields that together identify a record, or key= of the destination."
        )
    return found


def _fields_of(table: TTableSchema, target: Table[Any]) -> dict[str, str]:
    """Find the field of each column of dlt.

    Raises:
        SchemaError: The table lacks a field, or dlt has made times of its text.
    """
    columns = columns_of(target.model).by_column
    known = original_names(columns)
    fields: dict[str, str] = {}
    missing: set[str] = set()
    for name, column in table.get("columns", {}).items():
        variant = _VARIANT.fullmatch(name) if column.get("variant") else None
        plain = variant["column"] if variant else name
        if plain in known:
            fields[name] = _only(known[plain], "fields")
            kind = arrow_type_of(columns[fields[name]]).kind
            if column.get("data_type") == "timestamp" and kind in ("text", "choice"):
                raise SchemaError(
                    f"The field {fields[name]!r} holds text, and dlt made times of the column: it "
                    "takes text that looks like a time for one. Declare the column in the "
                    f'resource, columns={{{plain!r}: {{"data_type": "text"}}}}.'
                )
        elif column.get("data_type"):  # a column that has had nothing but nulls has no type yet
            missing.add(plain)
    if missing:
        of_warehouse = names_in_warehouses(columns)
        meant = [one for name in sorted(missing) for one in of_warehouse.get(name, ())]
        raise SchemaError(
            f"The table {table.get('name')!r} has no field "
            f"{'; nor '.join(map(repr, sorted(missing)))}. "
            + (
                f"Rename the column in the resource: {' or '.join(map(repr, meant))}? "
                if meant
                else ""
            )
            + "Add the field to the table, or leave the column out of the resource."
        )
    return fields


def _whole_rows(
    items: Iterable[dict[str, Any]], fields: Mapping[str, str], nulls: Nulls
) -> list[dict[str, Any]]:
    """Undo what dlt does to rows: it leaves out nulls, and renames columns."""
    empty = dict.fromkeys(fields.values()) if nulls == "clear" else {}
    return [
        # of its own kind, since a row of a data frame has times without a zone
        type(row)(
            empty
            | {
                fields.get(name, name): value
                for name, value in row.items()
                if nulls == "clear" or value is not None
            }
        )
        for row in items
    ]


def _rejects_file(
    folder: str, table: Table[Any], rows: Sequence[dict[str, Any]], key: Sequence[str]
) -> Path:
    """Name a file after the keys of some rows: a batch that is repeated replaces its own file."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    keys = repr([[row.get(name) for name in key] for row in rows])
    digest = hashlib.sha256(keys.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
    return Path(folder) / f"{quote(table_name_of(table.model), safe='')}.{digest}.jsonl"


def _may_pass(error: AirhaulError) -> bool:
    """Whether the same load may succeed later."""
    if not isinstance(error, BulkError):
        return isinstance(error, _MAY_PASS)
    result: BulkResult[Any] = error.result
    return bool(result.unknown) or any(isinstance(one.error, _MAY_PASS) for one in result.errors)


@dlt.resource(
    name="rejected_rows", write_disposition="replace", columns={"row": {"data_type": "json"}}
)
def rejected_rows(folder: str) -> Iterator[dict[str, Any]]:
    """Read the rows that loads have refused, to load them as a table into any destination.

    Args:
        folder: The folder that was given to the destination as ``rejects``.

    Yields:
        For each row the name of its ``table``, the ``error``, and the ``row`` as it was.
    """
    for path in sorted(Path(folder).glob("*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                error = row.pop(ERROR_COLUMN)
                row.pop(LINE_COLUMN, None)
                table = unquote(path.name.rpartition(".jsonl")[0].rpartition(".")[0])
                yield {"table": table, "error": error, "row": row}
