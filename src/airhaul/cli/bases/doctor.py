"""``airhaul doctor``: check the configuration, the token and the base."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from typing import Any

from airhaul import __version__
from airhaul.cli.connect import Base, Endpoint, Local, Token, connect
from airhaul.cli.output.printing import out
from airhaul.cli.output.wording import message_of
from airhaul.client.config import without_password
from airhaul.client.sync.airtable import Airtable
from airhaul.errors import AirhaulError
from airhaul.messages import counted


def doctor(
    *,
    local: Local = None,
    base: Base = None,
    token: Token = None,
    endpoint_url: Endpoint = None,
) -> int:
    """Check the configuration, the connection, the token and the base."""
    console = out()
    console.print(f"airhaul {__version__}, Python {platform.python_version()}")
    healthy = True
    try:
        with connect(local, base, token, endpoint_url) as airtable:
            for name, check in _checks(airtable):
                healthy = _report(name, check) and healthy
    except AirhaulError as error:
        healthy = _report("configuration", _raises(error))
    return 0 if healthy else 2


def _checks(airtable: Airtable) -> Iterator[tuple[str, Callable[[], str]]]:
    config = airtable.config
    yield (
        "configuration",
        lambda: (
            f"local base in {config.local}"
            if config.local
            else f"service at {without_password(config.endpoint_url)}"
        ),
    )
    yield "token", lambda: _whoami(airtable.whoami())
    yield "base", lambda: f"{airtable.base_id} with {counted(len(airtable.schema()), 'table')}"


def _whoami(answer: dict[str, Any]) -> str:
    scopes = answer.get("scopes")
    return f"user {answer.get('id')}" + (f" with {', '.join(scopes)}" if scopes else "")


def _raises(error: AirhaulError) -> Callable[[], str]:
    def check() -> str:
        raise error

    return check


def _report(name: str, check: Callable[[], str]) -> bool:
    console = out()
    try:
        found = check()
    except AirhaulError as error:
        console.print(f"[red]no[/red]  {name}:", end=" ")
        console.print(message_of(error), markup=False)
        return False
    console.print(f"[green]ok[/green]  {name}:", end=" ")
    console.print(found, markup=False)
    return True
