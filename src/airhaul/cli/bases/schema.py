"""``airhaul schema``: a base's description, of which a local base can be made."""

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
    """Print the schema of a base as the metadata API does, for `serve --schema FILE`."""
    # Imported here: with it comes the local base's whole server.
    from airhaul.cli.bases.copy_base import describe

    with connect(local, base, token, endpoint_url) as airtable:
        print_json(describe(airtable))
    return 0
