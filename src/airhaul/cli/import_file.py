"""``airhaul import``: a file's rows become records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from airhaul.bulk.result import BulkResult
from airhaul.cli.connect import AsJson, Base, Endpoint, Local, Token, connect
from airhaul.cli.console import RowProgress, err, out, print_error, print_json
from airhaul.client.airtable import Airtable
from airhaul.errors import BulkError, ConfigurationError, UnknownTableError
from airhaul.model.infer import default_options
from airhaul.tabular import Format, format_of, read_rows
from airhaul.tabular.infer import InferredColumn, infer_columns
from airhaul.wire.shapes import PRIMARY_TYPES, FieldJson


def import_file(
    file: Annotated[Path, typer.Argument(help="A CSV, TSV, JSON or JSON Lines file.")],
    table: Annotated[str, typer.Argument(help="The table's name or id.")],
    *,
    create: Annotated[
        bool, typer.Option("--create", help="Make the table, with types told from the file.")
    ] = False,
    typecast: Annotated[
        bool, typer.Option("--typecast", help="Let Airtable convert text and add choices.")
    ] = False,
    format: Annotated[
        Format | None, typer.Option("--format", help="What the file is, if its name lies.")
    ] = None,
    local: Local = None,
    base: Base = None,
    token: Token = None,
    endpoint_url: Endpoint = None,
    as_json: AsJson = False,
) -> int:
    """Create a record for each row of FILE in TABLE.

    All rows are checked before the first is sent; columns take their types from the table.
    """
    format_of(file, format)
    file.stat()  # a wrong name is told before anything is asked of the base
    with connect(local, base, token, endpoint_url) as airtable:
        if create:
            create_table_for(airtable, table, file, format)
        target = airtable.table_named(table)
        try:
            with RowProgress(f"Importing {file.name}") as progress:
                result = target.import_file(
                    file, format, typecast=typecast, on_event=progress.on_event
                )
        except BulkError as error:
            return _report_failure(error, as_json=as_json)
    if as_json:
        print_json(_summary(result))
    else:
        out().print(f"{table}: {result}", markup=False)
    return 0


def create_table_for(airtable: Airtable, table: str, file: Path, format: Format | None) -> None:
    """Create a table whose columns fit a file.

    Args:
        airtable: The base.
        table: The table's name.
        file: The file, which is read once to its end.
        format: What the file is; None to tell by its name.

    Raises:
        ConfigurationError: There is such a table already, or the file has no columns.
    """
    try:
        airtable.table_schema(table)
    except UnknownTableError:
        pass
    else:
        raise ConfigurationError(
            f"The table {table!r} is there already; leave out --create to add rows to it."
        )
    columns = infer_columns(row.cells for row in read_rows(file, format))
    if not columns:
        raise ConfigurationError(f"{file} holds no rows to tell columns from.")
    airtable.create_table(table, _fields(columns))
    kinds = ", ".join(f"{column.name} ({column.type})" for column in columns)
    err().print(f"Created table {table} with {kinds}.", markup=False)


def _fields(columns: list[InferredColumn]) -> list[FieldJson]:
    primary = next((column for column in columns if column.type in PRIMARY_TYPES), None)
    if primary is None:
        # A table's first field must be text, a number or a date; text holds anything.
        first = columns[0]
        return [{"name": first.name, "type": "singleLineText"}, *map(_field, columns[1:])]
    return [_field(primary), *(_field(column) for column in columns if column is not primary)]


def _field(column: InferredColumn) -> FieldJson:
    field: FieldJson = {"name": column.name, "type": column.type}
    options: dict[str, Any] | None = default_options(column.type, column.choices)
    if column.precision is not None:
        options = {"precision": column.precision}
    if options is not None:
        field["options"] = options
    return field


def _report_failure(error: BulkError, *, as_json: bool) -> int:
    if as_json:
        print_json(_summary(error.result))
    print_error(str(error))
    return 1 if len(error.result) else 2


def _summary(result: BulkResult[Any]) -> dict[str, Any]:
    summary = result.to_dict()
    summary["outcomes"] = [row for row in summary["outcomes"] if row["state"] != "created"]
    return summary
