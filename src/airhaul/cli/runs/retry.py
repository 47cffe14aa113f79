"""``airhaul retry``: send the rejected rows of a run again."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from airhaul.cli.connect import AsJson, Base, JournalOption, Token, connect_as, open_journal
from airhaul.cli.runs.resume import OtherPolicy
from airhaul.cli.runs.runs import name_choice, report_of
from airhaul.cli.writing import (
    CreateMissing,
    Links,
    RejectsOption,
    Typecast,
    carry_out,
    check_rejects,
    link_options,
)
from airhaul.client.options import OnEvent, WriteOptions
from airhaul.tabular import InputFile

if TYPE_CHECKING:
    from airhaul.bulk.journal.file import Journal
    from airhaul.bulk.journal.runs import Run
    from airhaul.bulk.results.result import BulkResult


def retry(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN", help="The run ID; the latest run with rejected rows by default."
        ),
    ] = None,
    *,
    on_error: OtherPolicy = None,
    rejects: RejectsOption = None,
    typecast: Typecast = False,
    links: Links = None,
    create_missing: CreateMissing = False,
    base: Base = None,
    token: Token = None,
    journal: JournalOption = None,
    as_json: AsJson = False,
) -> int:
    """Send the rejected rows of a run again, after you corrected their file.

    The file is the one that --rejects was set to for that run. Rows that are rejected again go to
    another file: the one that --rejects is set to now, or else a new file next to the first. The
    other options are those of the run, and may be added here when a reason advises them.
    """
    from airhaul.bulk.undoing.runs import latest_to_retry, rejects_of

    link_by = link_options(links)
    opened = open_journal(journal)
    found = latest_to_retry(opened) if run is None else opened.run(run)
    if run is None:
        name_choice(found)
    file = rejects_of(found)
    rejects = rejects or _begun(opened, found, file) or _next(file)
    check_rejects(rejects, InputFile(file))
    policy = on_error or found.asked.on_error
    options = WriteOptions(on_error=policy, rejects=rejects)
    if typecast:
        options["typecast"] = True
    if link_by:
        options["link_by"] = {**found.asked.link_by, **link_by}
    if create_missing:
        options["create_missing"] = True

    report = report_of(found, as_json=as_json, on_error=policy, file=file, rejects=rejects)
    with connect_as(found, base, token, journal) as airtable:

        def send(on_event: OnEvent) -> BulkResult[Any]:
            options["on_event"] = on_event
            return airtable.retry(found.id, **options)

        return carry_out(send, report, label=f"Importing {file.name}")


def _begun(journal: Journal, run: Run, file: Path) -> Path | None:
    """The rejects file of an earlier try that did not finish and is resumed, if there is one."""
    from airhaul.bulk.journal.fingerprint import fingerprint
    from airhaul.bulk.undoing.runs import tries_of, try_to_resume
    from airhaul.tabular import InputFile

    if not file.exists():
        return None
    earlier = try_to_resume(tries_of(journal, run), fingerprint(InputFile(file)).sha256)
    return None if earlier is None else earlier.asked.rejects_file


def _next(file: Path) -> Path:
    """A name next to a file with the next free number: r.csv, r-2.csv, r-3.csv."""
    stem, number = file.stem, 1
    if numbered := re.fullmatch(r"(.*)-(\d+)", stem):
        stem, number = numbered[1], int(numbered[2])
    while True:
        number += 1
        path = file.with_name(f"{stem}-{number}{file.suffix}")
        if not path.exists():
            return path
