"""``airhaul tables``: list the tables of a base."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from airhaul.cli.connect import AsJson, Base, Endpoint, Local, Token, connect
from airhaul.cli.output.printing import out, print_json, print_lines
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
            out().print(f"Base {airtable.base_id}", markup=False)
            _print_tables(found)
    return 0


def _print_tables(found: list[TableJson]) -> None:
    """Print one field on each line: this fits a narrow terminal, and grep finds it."""
    for table in found:
        out().print()
        out().print(Text.assemble((table["name"], "bold"), (f"  {table['id']}", "dim")))
        width = max(cell_len(field["name"]) for field in table["fields"])
        for field in table["fields"]:
            name = set_cell_size(field["name"], width)
            print_lines([f"{name}  {field['type']}"], out())
