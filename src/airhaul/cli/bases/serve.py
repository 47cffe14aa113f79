"""``airhaul serve``: a local base over HTTP, for any Airtable client."""

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
        str, typer.Option("--local", metavar="FILE", help="The base's file; memory if not given.")
    ] = ":memory:",
    host: Annotated[
        str, typer.Option("--host", help="Where to listen; beyond this machine only if asked.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="The port; 0 for any free one.")
    ] = 8642,
    tokens: Annotated[
        list[str] | None,
        typer.Option(
            "--token",
            metavar="PAT[=RIGHT,...]",
            help="Accept this token only; its scopes, base ids, person's e-mail and role may "
            "follow; may be repeated.",
        ),
    ] = None,
    schema: Annotated[
        Path | None,
        typer.Option(
            "--schema",
            metavar="FILE",
            help="Make the base that this file describes as the metadata API prints it.",
        ),
    ] = None,
    rate_limit: Annotated[
        bool, typer.Option("--rate-limit", help="Airtable's 5 requests a second, and its penalty.")
    ] = False,
    monthly_quota: Annotated[
        int | None,
        typer.Option("--quota", metavar="N", min=0, help="Refuse data calls after so many."),
    ] = None,
    faults: Annotated[
        list[str] | None,
        typer.Option(
            "--fault",
            metavar="[METHOD ]KIND@N|KIND:P[ xTIMES][ /PATH]",
            help="What goes wrong, at the N-th request or with a probability, as 503-before:0.05 "
            "or 'POST close-after@3 /Contacts'; may be repeated.",
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", help="What the chance of faults begins with.")
    ] = 0,
    all_field_types: Annotated[
        bool,
        typer.Option("--all-field-types", help="Let the API create computed fields, too."),
    ] = False,
    fetch_attachments: Annotated[
        Reach,
        typer.Option(
            "--fetch-attachments",
            help="From where attachments written by URL are fetched: nowhere, public addresses, "
            "or loopback, which is this machine too.",
        ),
    ] = "nowhere",
    latency_s: Annotated[
        float, typer.Option("--latency", metavar="SECONDS", min=0.0, help="Wait before replies.")
    ] = 0.0,
    console: Annotated[
        bool,
        typer.Option("--console", help="A page at the root: records, requests, limits, faults."),
    ] = False,
    console_anywhere: Annotated[
        bool,
        typer.Option(
            "--console-anywhere", help="The same for everybody who can reach --host: no password."
        ),
    ] = False,
) -> int:
    """Offer a local base over HTTP until Ctrl-C."""
    # Imported here: the other commands need no server.
    from airhaul.local_base.base import LocalBase
    from airhaul.local_base.gate.faults import Faults
    from airhaul.local_base.gate.tokens import Token
    from airhaul.local_base.http.loopback import is_loopback
    from airhaul.local_base.http.serve import run

    if console and not console_anywhere and not is_loopback(host):
        raise ConfigurationError(
            f"The console has no password, and {host} can be reached from other machines. "
            "Leave out --host, or say --console-anywhere if all of them may use it."
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
    ) as emulator:

        def announce(url: str) -> None:
            # One line that a script can wait for and read.
            out().print(f"airhaul serves base {emulator.default_base_id} at {url}", markup=False)
            if has_console:
                out().print(f"Its console is at {url}/", markup=False)
            if not tokens:
                base = emulator.default_base_id
                hint = f"airhaul tables --endpoint-url {url} --base {base} --token pat"
                err().print(f"Any token will do: {hint}", markup=False, style="dim")

        run(emulator, host=host, port=port, console=has_console, on_ready=announce)
    return 0
