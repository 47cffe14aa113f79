"""``airhaul tables``: what a base holds."""

from __future__ import annotations

from rich.table import Table as Grid
from rich.text import Text

from airhaul.cli.connect import AsJson, Base, Endpoint, Local, Token, connect
from airhaul.cli.console import out, print_json
from airhaul.wire.shapes import TableJson


def tables(
    *,
    local: Local = None,
    base: Base = None,
    token: Token = None,
    endpoint_url: Endpoint = None,
    as_json: AsJson = False,
) -> int:
    """List the tables of a base with their fields."""
    with connect(local, base, token, endpoint_url) as airtable:
        found = airtable.schema()
        if as_json:
            print_json({"base": airtable.base_id, "tables": found})
        elif not found:
            out().print(f"The base {airtable.base_id} has no tables yet.", markup=False)
        else:
            out().print(_grid(airtable.base_id, found))
    return 0


def _grid(base_id: str, found: list[TableJson]) -> Grid:
    grid = Grid(title=f"Base {base_id}", title_justify="left")
    grid.add_column("Table", no_wrap=True)
    grid.add_column("Id", no_wrap=True, style="dim")
    grid.add_column("Fields")
    for table in found:
        fields = Text(", ").join(
            Text.assemble(field["name"], (f" {field['type']}", "dim")) for field in table["fields"]
        )
        grid.add_row(Text(table["name"]), table["id"], fields)
    return grid
