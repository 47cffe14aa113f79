"""The options that say which base a command works on, and the way to it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from airhaul.client.config import MEMORY, journal_of_text, journal_path, read_environment
from airhaul.client.sync.airtable import Airtable
from airhaul.errors import ConfigurationError

if TYPE_CHECKING:
    from airhaul.bulk.journal.file import Journal
    from airhaul.bulk.journal.runs import Run

IfMissing = Literal["refuse", "make", "pretend"]
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
JournalOption = Annotated[
    str | None,
    typer.Option(
        "--journal",
        metavar="FILE|off",
        help="Where the run is written down; in its usual place if not given. "
        "[env: AIRHAUL_JOURNAL]",
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
    journal: str | None = None,
    if_missing: IfMissing = "refuse",
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
        journal: The journal's file, or ``off``.
        if_missing: What to do about a local base whose file is not there: refuse a name that is
            probably mistyped, make the file, or pretend to, with a base in memory.

    Raises:
        ConfigurationError: No service is named, or two are, or the local base is not there.
    """
    known = read_environment()
    kept = journal_option(journal)
    if local is not None:
        if token is None:
            local = _found(local, if_missing)
        return Airtable(token, base, local=local, max_requests=max_requests, journal=kept)
    if token is None:
        token = known.get("AIRTABLE_ACCESS_TOKEN")
        local = known.get("AIRHAUL_LOCAL")
        local = None if local is None else _found(local, if_missing)
    if local is None:
        base = base or known.get("AIRTABLE_BASE_ID")
    return Airtable(
        token,
        base,
        local=local,
        endpoint_url=endpoint_url or known.get("AIRTABLE_ENDPOINT_URL"),
        max_requests=max_requests,
        journal=kept,
    )


def _found(local: str, if_missing: IfMissing) -> str:
    if local == MEMORY or if_missing == "make" or Path(local).exists():
        return local
    if if_missing == "pretend":
        return MEMORY
    raise ConfigurationError(
        f"There is no local base {local}. To make one of a file: "
        f"airhaul import FILE TABLE --create --local {shlex.quote(local)}"
    )


def connect_as(run: Run, base: str | None, token: str | None, journal: str | None) -> Airtable:
    """Open the base that a run was made in.

    Args:
        run: The run.
        base: The base's id, if it is to be that one; a wrong one is refused.
        token: The access token; from the environment if None.
        journal: The journal's file.

    Raises:
        ConfigurationError: No token is given, and the base is not a local one.
    """
    asked, kept = run.asked, journal_option(journal)
    if not asked.service.startswith(("https://", "http://")):
        if not Path(asked.service).exists():
            raise ConfigurationError(
                f"The local base {asked.service}, in which run {run.id} was made, is not there."
            )
        return Airtable(None, base or asked.base_id, local=asked.service, journal=kept)
    token = token or read_environment().get("AIRTABLE_ACCESS_TOKEN")
    return Airtable(token, base or asked.base_id, endpoint_url=asked.service, journal=kept)


def open_journal(journal: str | None) -> Journal:
    """Open the journal that an option or the environment names, or the usual one.

    Args:
        journal: The journal's file.

    Raises:
        ConfigurationError: It is switched off.
        JournalError: It cannot be opened.
    """
    from airhaul.bulk.journal.file import Journal

    path = journal_path(journal_option(journal))
    if path is None:
        raise ConfigurationError("The journal is switched off; name one with --journal FILE.")
    return Journal(path)


def journal_option(journal: str | None) -> str | bool:
    """What ``--journal`` or the environment says; the usual place if neither says anything."""
    said = journal_of_text(journal or read_environment().get("AIRHAUL_JOURNAL"))
    return True if said is None else said
