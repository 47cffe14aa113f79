"""``airhaul clone``: a base of Airtable's becomes a local one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Final

import typer

from airhaul.bulk.results.explain import counted
from airhaul.cli.connect import AsJson, Endpoint, Token, connect
from airhaul.cli.exit_codes import ALL_WELL, SOME_FAILED
from airhaul.cli.output.printing import err, out, print_json, print_lines

_TELL_EVERY_S: Final = 5.0


def clone(
    base: Annotated[str, typer.Argument(metavar="BASE", help="The base's id.")],
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The local base's file; it must not be there.")
    ],
    *,
    attachments: Annotated[
        bool, typer.Option("--attachments", help="Fetch the contents of attachments too.")
    ] = False,
    token: Token = None,
    endpoint_url: Endpoint = None,
    as_json: AsJson = False,
) -> int:
    """Copy the schema and the records of BASE into FILE, ids kept.

    The file appears whole or not at all. Comments and webhooks are not copied.
    """
    # Imported here: with it comes the local base's whole server.
    from airhaul.cli.bases.copy_base import copy_base

    with connect(None, base, token, endpoint_url) as source:
        copied = copy_base(source, file, with_files=attachments, on_progress=_Progress().tell)
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
            f"{counted(len(copied.missing), 'attachment')} could not be fetched:", markup=False
        )
        print_lines(f"{name}: {why}" for name, why in copied.missing[:10])
    return SOME_FAILED if copied.missing else ALL_WELL


class _Progress:
    """Tells now and then how far it is."""

    def __init__(self) -> None:
        self._next = time.monotonic() + _TELL_EVERY_S

    def tell(self, table: str, count: int) -> None:
        """Tell how many records of a table are copied, if it is time to."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _TELL_EVERY_S
            err().print(f"{table}: {count:,} records", markup=False)
