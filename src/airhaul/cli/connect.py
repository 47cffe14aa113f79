"""The options that say which base a command works on, and the way to it."""

from __future__ import annotations

from typing import Annotated

import typer

from airhaul.client.airtable import Airtable
from airhaul.client.config import read_environment

Local = Annotated[
    str | None,
    typer.Option("--local", metavar="FILE", help="An embedded base in this file; no account."),
]
Base = Annotated[
    str | None,
    typer.Option("--base", metavar="APP", help="The base's id. [env: AIRTABLE_BASE_ID]"),
]
Token = Annotated[
    str | None,
    typer.Option(
        "--token",
        metavar="PAT",
        help="The access token; better kept in the environment. [env: AIRTABLE_ACCESS_TOKEN]",
    ),
]
Endpoint = Annotated[
    str | None,
    typer.Option(
        "--endpoint-url",
        metavar="URL",
        help="Another service that speaks Airtable's API. [env: AIRTABLE_ENDPOINT_URL]",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def connect(
    local: str | None,
    base: str | None,
    token: str | None,
    endpoint_url: str | None,
    *,
    max_requests: int | None = None,
) -> Airtable:
    """Open the base that the options name, or else the environment or ``.env``.

    An option that names a service rules out the environment's other kind of service: a command
    never goes from Airtable to a local base, or back, by itself.

    Args:
        local: A local base's file.
        base: The base's id.
        token: The access token.
        endpoint_url: The service's root.
        max_requests: Send at most so many requests; None for any number.

    Raises:
        ConfigurationError: No service is named, or two are.
    """
    known = read_environment()
    if local is not None:
        return Airtable(token, base, local=local, max_requests=max_requests)
    if token is None:
        token = known.get("AIRTABLE_ACCESS_TOKEN")
        local = known.get("AIRHAUL_LOCAL")
    if local is None:
        base = base or known.get("AIRTABLE_BASE_ID")
    return Airtable(
        token,
        base,
        local=local,
        endpoint_url=endpoint_url or known.get("AIRTABLE_ENDPOINT_URL"),
        max_requests=max_requests,
    )
