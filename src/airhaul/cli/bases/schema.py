"""``airhaul schema``: print the schema of a base, from which a local base can be created."""

from __future__ import annotations

from airhaul.cli.connect import Base, Endpoint, Local, Token, connect
from airhaul.cli.output.printing import print_json


def schema(
    *,
    local: Local = None,
    base: Base = None,
    token: Token = None,
    endpoint_url: Endpoint = None,
) -> int:
    """Print the schema of a base in the format of the metadata API, for `serve --schema`."""
    # Imported here: it loads the whole local base, which other commands do not need.
    from airhaul.cli.bases.copy_base import describe

    with connect(local, base, token, endpoint_url) as airtable:
        print_json(describe(airtable))
    return 0
