"""``airhaul export``: records become a file's rows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from airhaul.cli.connect import AsJson, Base, Endpoint, Local, Token, connect
from airhaul.cli.console import out, print_json
from airhaul.client.query import Query
from airhaul.client.selection import Selection
from airhaul.tabular import Format


def export_file(
    table: Annotated[str, typer.Argument(help="The table's name or id.")],
    file: Annotated[Path, typer.Argument(help="A .csv, .tsv, .json or .jsonl file.")],
    *,
    where: Annotated[
        str | None, typer.Option("--where", metavar="FORMULA", help="Only records that fit.")
    ] = None,
    view: Annotated[str | None, typer.Option("--view", help="Only a view's records.")] = None,
    format: Annotated[
        Format | None, typer.Option("--format", help="What to write, if the name lies.")
    ] = None,
    local: Local = None,
    base: Base = None,
    token: Token = None,
    endpoint_url: Endpoint = None,
    as_json: AsJson = False,
) -> int:
    """Write the records of TABLE to FILE.

    The file appears whole or not at all.
    """
    with connect(local, base, token, endpoint_url) as airtable:
        source = airtable.table_named(table)
        selection = Selection(source.model, formula=where, view=view)
        count = Query(source, selection).export_file(file, format)
    if as_json:
        print_json({"table": table, "file": str(file), "records": count})
    else:
        out().print(f"{file}: {count:,} records of {table}", markup=False)
    return 0
