"""``airhaul serve``: serve a local base over HTTP, for any Airtable client."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from airhaul.cli.output.printing import err, out
from airhaul.errors import ConfigurationError
from airhaul.local_base.attachments import Reach
from airhaul.wire.limits import REQUESTS_PER_SECOND_PER_BASE


def serve(
    *,
    local: Annotated[
        str,
        typer.Option(
            "--local", metavar="FILE", help="The file of the local base; in memory by default."
        ),
    ] = ":memory:",
    host: Annotated[
        str, typer.Option("--host", help="The address to listen on; only this machine by default.")
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option(
            "--port", min=0, max=65535, help="The port to listen on; 0 for any free port."
        ),
    ] = 8642,
    tokens: Annotated[
        list[str] | None,
        typer.Option(
            "--token",
            metavar="PAT[=RIGHT,...]",
            help="Accept only this token, with these scopes, base IDs, e-mail address and role; "
            "can be repeated.",
        ),
    ] = None,
    any_token: Annotated[
        bool,
        typer.Option(
            "--any-token",
            help="Accept any token, although other machines can reach --host: everybody there can "
            "read and change the base.",
        ),
    ] = False,
    schema: Annotated[
        Path | None,
        typer.Option(
            "--schema",
            metavar="FILE",
            help="Create the base from this schema, in the format of the metadata API.",
        ),
    ] = None,
    rate_limit: Annotated[
        bool,
        typer.Option(
            "--rate-limit", help="Apply Airtable's limit of 5 requests per second, and its penalty."
        ),
    ] = False,
    monthly_quota: Annotated[
        int | None,
        typer.Option(
            "--quota", metavar="N", min=0, help="Refuse requests for data after the first N."
        ),
    ] = None,
    faults: Annotated[
        list[str] | None,
        typer.Option(
            "--fault",
            metavar="[METHOD ]KIND@N|KIND:P[ xTIMES][ /PATH]",
            help="Simulate a fault at the N-th request or with probability P, such as "
            "503-before:0.05 or 'POST close-after@3 /Contacts'; can be repeated.",
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", help="The seed of the random faults.")
    ] = 0,
    all_field_types: Annotated[
        bool,
        typer.Option(
            "--all-field-types", help="Create fields of types that Airtable's API refuses."
        ),
    ] = False,
    fetch_attachments: Annotated[
        Reach,
        typer.Option(
            "--fetch-attachments",
            help="Download attachments that are written by URL: from nowhere, from public "
            "addresses, or from this machine too (loopback).",
        ),
    ] = "nowhere",
    latency_s: Annotated[
        float,
        typer.Option("--latency", metavar="SECONDS", min=0.0, help="Wait before each reply."),
    ] = 0.0,
    console: Annotated[
        bool,
        typer.Option(
            "--console", help="Serve a page at / with records, requests, limits and faults."
        ),
    ] = False,
    console_anywhere: Annotated[
        bool,
        typer.Option(
            "--console-anywhere",
            help="Serve that page, without a password, to everybody who can reach --host.",
        ),
    ] = False,
) -> int:
    """Serve a local base over HTTP until Ctrl-C."""
    # Imported here: the other commands need no server.
    from airhaul.local_base.base import LocalBase
    from airhaul.local_base.gate.faults import Faults
    from airhaul.local_base.gate.tokens import Token
    from airhaul.local_base.http.loopback import is_loopback
    from airhaul.local_base.http.serve import run

    if console and not console_anywhere and not is_loopback(host):
        raise ConfigurationError(
            f"The console has no password, and {host} can be reached from other machines. "
            "Leave out --host, or set --console-anywhere to allow all of them to use it."
        )
    if not tokens and not any_token and not is_loopback(host):
        raise ConfigurationError(
            f"{host} can be reached from other machines, and any token would be accepted. Set "
            "--token to accept only that one, or --any-token to let everybody in."
        )
    has_console = console or console_anywhere

    with LocalBase.open(
        local,
        schema=schema,
        tokens=[Token.parse(token) for token in tokens] if tokens else None,
        requests_per_second=REQUESTS_PER_SECOND_PER_BASE if rate_limit else None,
        monthly_quota=monthly_quota,
        faults=Faults(*(faults or ()), seed=seed),
        latency_s=latency_s,
        all_field_types=all_field_types,
        fetch_attachments=fetch_attachments,
    ) as local_base:

        def announce(url: str) -> None:
            # One line that a script can wait for and read.
            out().print(f"airhaul serves base {local_base.default_base_id} at {url}", markup=False)
            if has_console:
                out().print(f"Its console is at {url}/", markup=False)
            if not tokens:
                base = local_base.default_base_id
                hint = f"airhaul tables --endpoint-url {url} --base {base} --token pat"
                err().print(f"Any token works: {hint}", markup=False, style="dim")

        run(local_base, host=host, port=port, console=has_console, on_ready=announce)
    return 0
