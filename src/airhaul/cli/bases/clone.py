"""``airhaul clone``: copy a base of Airtable into a local base."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Final

import typer

from airhaul.cli.connect import AsJson, Endpoint, Token, connect
from airhaul.cli.exit_codes import ALL_WELL, SOME_FAILED
from airhaul.cli.output.printing import err, out, print_json, print_lines
from airhaul.messages import counted

_REPORT_EVERY_S: Final = 5.0


def clone(
    base: Annotated[str, typer.Argument(metavar="BASE", help="The base ID.")],
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="The file of the local base; it must not exist yet."),
    ],
    *,
    attachments: Annotated[
        bool, typer.Option("--attachments", help="Download the attachments too.")
    ] = False,
    token: Token = None,
    endpoint_url: Endpoint = None,
    as_json: AsJson = False,
) -> int:
    """Copy the schema and the records of BASE into FILE, with their IDs.

    FILE is complete or not written at all. Comments and webhooks are not copied.
    """
    # Imported here: it loads the whole local base, which other commands do not need.
    from airhaul.cli.bases.copy_base import copy_base

    with connect(None, base, token, endpoint_url) as source:
        copied = copy_base(source, file, with_files=attachments, on_progress=_Progress().report)
    if as_json:
        print_json(
            {
                "base": copied.base_id,
                "file": str(file),
                "records": copied.records,
                "attachments": copied.files,
                "missing": [{"filename": name, "why": why} for name, why in copied.missing],
            }
        )
    else:
        records = counted(sum(copied.records.values()), "record")
        tables = counted(len(copied.records), "table")
        files = f" and {counted(copied.files, 'attachment')}" if attachments else ""
        out().print(f"{file}: {records} of {tables}{files} of {base}", markup=False)
    if copied.missing:
        err().print(
            f"{counted(len(copied.missing), 'attachment')} could not be downloaded:", markup=False
        )
        print_lines(f"{name}: {why}" for name, why in copied.missing[:10])
    return SOME_FAILED if copied.missing else ALL_WELL


class _Progress:
    """Prints the number of copied records every few seconds."""

    def __init__(self) -> None:
        self._next = time.monotonic() + _REPORT_EVERY_S

    def report(self, table: str, count: int) -> None:
        """Print how many records of a table are copied, if the last line is old enough."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _REPORT_EVERY_S
            err().print(f"{table}: {count:,} records", markup=False)
