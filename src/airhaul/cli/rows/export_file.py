"""``airhaul export``: write the records of a table to a file."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from airhaul.cli.connect import (
    AsJson,
    Base,
    Endpoint,
    Local,
    ParallelOption,
    TableName,
    Token,
    connect,
    parallel_of,
)
from airhaul.cli.output.printing import err, out, print_json
from airhaul.client.selection import Selection
from airhaul.client.sync.query import Query
from airhaul.errors import ConfigurationError
from airhaul.messages import counted
from airhaul.tabular import Format, format_of

if TYPE_CHECKING:
    from airhaul.bulk.reads.division import Parallel
    from airhaul.client.sync.table import Table

_STANDARD_OUTPUT = Path("-")


def export_file(
    table: TableName,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="A .csv, .tsv, .json, .jsonl, .parquet, .arrow or .xlsx file, or - for standard "
            "output.",
        ),
    ],
    *,
    where: Annotated[
        str | None,
        typer.Option(
            "--where", metavar="FORMULA", help="Only the records that match this formula."
        ),
    ] = None,
    view: Annotated[
        str | None, typer.Option("--view", metavar="VIEW", help="Only the records of this view.")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="FIELD", help="Only this field; can be repeated."),
    ] = None,
    sort: Annotated[
        list[str] | None,
        typer.Option(
            "--sort",
            metavar="FIELD",
            help="Sort by this field, -FIELD in descending order; can be repeated.",
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", min=1, help="At most N records.")
    ] = None,
    format: Annotated[
        Format | None,
        typer.Option(
            "--format",
            help="The format of the file; by default its suffix decides, and csv for -.",
        ),
    ] = None,
    parallel: ParallelOption = "1",
    escape_formulas: Annotated[
        bool,
        typer.Option(
            "--escape-formulas",
            help="Put an apostrophe before texts that a spreadsheet would run as formulas.",
        ),
    ] = False,
    local: Local = None,
    base: Base = None,
    token: Token = None,
    endpoint_url: Endpoint = None,
    as_json: AsJson = False,
) -> int:
    """Write the records of TABLE to FILE.

    FILE is complete or not written at all.
    """
    is_file, chains = file != _STANDARD_OUTPUT, parallel_of(parallel)
    if is_file:
        format_of(file, format)
        if not file.parent.is_dir():
            raise ConfigurationError(
                f"The folder {file.parent} does not exist, so {file.name} cannot be written."
            )
    with connect(local, base, token, endpoint_url) as airtable:
        source = airtable.table_named(table)
        selection = Selection(
            source.model,
            formula=where,
            view=view,
            fields=tuple(only) if only else None,
            sort=tuple(sort or ()),
            max_records=limit,
        )
        if not is_file:
            return _to_standard_output(
                source,
                selection,
                format or "csv",
                parallel=chains,
                escape_formulas=escape_formulas,
            )
        count = Query(source, selection).export_file(
            file, format, parallel=chains, escape_formulas=escape_formulas
        )
    if as_json:
        print_json({"table": table, "file": str(file), "records": count})
    else:
        out().print(f"{file}: {counted(count, 'record')} of {table}", markup=False)
    return 0


def _to_standard_output(
    source: Table[Any],
    selection: Selection,
    format: Format,
    *,
    parallel: Parallel,
    escape_formulas: bool,
) -> int:
    """Write everything or nothing: reading ends before the first line is written."""
    with TemporaryDirectory(prefix="airhaul-") as folder:
        path = Path(folder) / "records"
        count = Query(source, selection).export_file(
            path, format, parallel=parallel, escape_formulas=escape_formulas
        )
        with path.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.flush()
    err().print(f"{counted(count, 'record')} of {source.name}", markup=False, style="dim")
    return 0
