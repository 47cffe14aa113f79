"""The options that choose the base and the journal of a command, and opening them."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from pydantic import SecretStr

from airhaul.bulk.reads.division import Parallel
from airhaul.caller import seen_from_here
from airhaul.client.config import MEMORY, journal_of_text, journal_path, read_environment
from airhaul.client.sync.airtable import Airtable
from airhaul.errors import ConfigurationError

if TYPE_CHECKING:
    from airhaul.bulk.journal.file import Journal
    from airhaul.bulk.journal.runs import Run

IfMissing = Literal["refuse", "make", "pretend"]
TableName = Annotated[str, typer.Argument(metavar="TABLE", help="The table's name or ID.")]
Local = Annotated[
    str | None,
    typer.Option("--local", metavar="FILE", help="A local base in this file; needs no account."),
]
Base = Annotated[
    str | None,
    typer.Option("--base", metavar="APP", help="The base ID. [env: AIRTABLE_BASE_ID]"),
]
Token = Annotated[
    SecretStr | None,
    typer.Option(
        "--token",
        metavar="PAT",
        parser=SecretStr,
        help="The personal access token; safer in the environment. [env: AIRTABLE_ACCESS_TOKEN]",
    ),
]
Endpoint = Annotated[
    str | None,
    typer.Option(
        "--endpoint-url",
        metavar="URL",
        help="The URL of another service with Airtable's API. [env: AIRTABLE_ENDPOINT_URL]",
    ),
]
JournalOption = Annotated[
    str | None,
    typer.Option(
        "--journal",
        metavar="FILE|off",
        help="The journal file, or off; by default one file for all your runs. "
        "[env: AIRHAUL_JOURNAL]",
    ),
]
ParallelOption = Annotated[
    str,
    typer.Option(
        "--parallel",
        metavar="N|auto",
        help="Read N pages in parallel, or as many as the latency asks for; then in no order.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def parallel_of(text: str) -> Parallel:
    """Read the value of ``--parallel``."""
    if text == "auto":
        return "auto"
    if not text.isdecimal() or int(text) < 1:
        message = f"{text!r} is neither a number of at least 1 nor auto."
        raise typer.BadParameter(message, param_hint="--parallel")
    return int(text)


def connect(
    local: str | None,
    base: str | None,
    token: SecretStr | None,
    endpoint_url: str | None,
    *,
    max_requests: int | None = None,
    journal: str | None = None,
    if_missing: IfMissing = "refuse",
) -> Airtable:
    """Open the base that the options choose, or else the environment or ``.env``.

    An option for one kind of service overrides the environment's settings for the other kind: a
    command never switches between Airtable and a local base by itself.

    Args:
        local: The file of a local base.
        base: The base ID.
        token: The personal access token.
        endpoint_url: The root URL of the service.
        max_requests: The highest number of requests to send; None for no limit.
        journal: The journal file, or ``off``.
        if_missing: What to do about a local base whose file does not exist: refuse a name that is
            probably mistyped, make the file, or pretend to, with a base in memory.

    Raises:
        ConfigurationError: No service is configured, or two are, or the local base does not exist.
    """
    known = read_environment()
    kept = journal_option(journal)
    if local is not None:
        if token is None:
            local = _found(local, if_missing)
        return Airtable(token, base, local=local, max_requests=max_requests, journal=kept)
    if token is None:
        token = known.access_token
        local = None if known.local is None else _found(known.local, if_missing)
    if local is None:
        base = base or known.base_id
        if token is None:
            raise ConfigurationError(
                "No access token is configured. Set --token or the environment variable "
                "AIRTABLE_ACCESS_TOKEN, or use a local base: --local my.db."
            )
    return Airtable(
        token,
        base,
        local=local,
        endpoint_url=endpoint_url or known.endpoint_url,
        max_requests=max_requests,
        journal=kept,
        pace=known.pace,
    )


def _found(local: str, if_missing: IfMissing) -> str:
    if local == MEMORY or if_missing == "make" or Path(local).exists():
        return local
    if if_missing == "pretend":
        return MEMORY
    raise ConfigurationError(
        f"There is no local base {local}. To create one from a file: "
        f"airhaul import FILE TABLE --create --local {shlex.quote(local)}"
    )


def connect_as(
    run: Run, base: str | None, token: SecretStr | None, journal: str | None
) -> Airtable:
    """Open the base that a run was made in.

    Args:
        run: The run.
        base: The base ID, to check it; another than the run's is refused.
        token: The personal access token; None for that of the environment.
        journal: The journal file, or ``off``.

    Raises:
        ConfigurationError: No token is configured, and the base is not a local one.
    """
    asked, kept = run.asked, journal_option(journal)
    if not asked.service.startswith(("https://", "http://")):
        if not Path(asked.service).exists():
            raise ConfigurationError(
                f"The local base {seen_from_here(asked.service)} of run {run.id} does not exist "
                "any more."
            )
        local = seen_from_here(asked.service)
        return Airtable(None, base or asked.base_id, local=local, journal=kept)
    token = token or read_environment().access_token
    return Airtable(token, base or asked.base_id, endpoint_url=asked.service, journal=kept)


def open_journal(journal: str | None) -> Journal:
    """Open the journal that an option or the environment chooses, or the default one.

    Args:
        journal: The journal file, or ``off``.

    Raises:
        ConfigurationError: The journal is switched off.
        JournalError: The journal cannot be opened.
    """
    from airhaul.bulk.journal.file import Journal

    path = journal_path(journal_option(journal))
    if path is None:
        raise ConfigurationError("The journal is switched off. Choose one with --journal FILE.")
    return Journal(path)


def journal_option(journal: str | None) -> str | bool:
    """Read ``--journal`` or the environment; the default journal if neither is set."""
    configured = journal_of_text(journal or read_environment().journal)
    return True if configured is None else configured
