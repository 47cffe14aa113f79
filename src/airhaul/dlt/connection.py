"""How dlt reaches Airtable: as its own configuration says, else as the environment does."""

from __future__ import annotations

from typing import Any, get_args

from airhaul.client.config import read_environment
from airhaul.client.sync.airtable import Airtable
from airhaul.errors import ConfigurationError


def connect(
    access_token: str | None,
    base_id: str | None,
    *,
    local: str | None,
    endpoint_url: str | None,
    pace: str | None,
    journal: str | None = None,
) -> Airtable:
    """Open a connection; for what is None, airhaul's own environment variables count.

    Args:
        access_token: A personal access token.
        base_id: The base.
        local: The file of a local base, instead of a token.
        endpoint_url: The root URL of the service.
        pace: Who shares the rate limit.
        journal: The file of the journal in which to record what is written.

    Raises:
        ConfigurationError: There is neither a token nor a local base, or a value is invalid.
    """
    if local is not None:
        return Airtable(access_token, base_id, local=local, journal=journal)
    found = read_environment(None)
    return Airtable(
        access_token or found.access_token,
        base_id or found.base_id,
        endpoint_url=endpoint_url or found.endpoint_url,
        pace=pace or found.pace,
        journal=journal,
    )


def check_choice(name: str, value: str, choices: Any) -> None:
    """Check an argument: dlt itself checks only what comes from its configuration.

    Args:
        name: The argument.
        value: What it is set to.
        choices: The ``Literal`` of what it may be.

    Raises:
        ConfigurationError: It is none of them.
    """
    if value not in get_args(choices):
        known = ", ".join(f'"{one}"' for one in get_args(choices))
        raise ConfigurationError(f'{name}="{value}" does not exist; expected one of {known}.')
