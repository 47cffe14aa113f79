"""What the commands that write have in common: their options, and running a bulk call."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from airhaul.bulk.results.policy import OnError
from airhaul.bulk.results.result import BulkResult
from airhaul.bulk.writing.bulk_write import result_of
from airhaul.cli.output.progress import RowProgress
from airhaul.cli.output.results import Report
from airhaul.client.inputs import OnEvent
from airhaul.client.rejects import Rejects
from airhaul.errors import AirhaulError, BulkInterrupted, ConfigurationError
from airhaul.model.base import RecordBase
from airhaul.tabular import Format

OnErrorOption = Annotated[
    OnError,
    typer.Option(
        "--on-error",
        help="What a row does that fails: send nothing new, write all good rows, or take back "
        "what was written.",
    ),
]
RejectsOption = Annotated[
    Path | None,
    typer.Option(
        "--rejects",
        metavar="FILE",
        help="A .csv, .tsv or .jsonl file for the rows that are refused, with the reasons.",
    ),
]
MaxRequests = Annotated[
    int | None,
    typer.Option("--max-requests", metavar="N", min=1, help="Send at most N requests in all."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done; write nothing.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Write without asking.")]
MaxDeletes = Annotated[
    int | None,
    typer.Option("--max-deletes", metavar="N", min=0, help="Refuse to delete more than N records."),
]
FileFormat = Annotated[
    Format | None, typer.Option("--format", help="What the file is, if its name lies.")
]
FileEncoding = Annotated[
    str | None,
    typer.Option(
        "--encoding",
        metavar="NAME",
        help="The encoding of CSV, as cp1252, if it is neither UTF-8 nor marked.",
    ),
]
Typecast = Annotated[
    bool,
    typer.Option("--typecast", help="Let Airtable add choices, and find linked records by name."),
]


def check_source(file: Path) -> None:
    """Refuse what cannot be read twice: rows are looked at before the first of them is sent.

    Args:
        file: The file whose rows are written.

    Raises:
        ConfigurationError: It is a pipe, a folder, or anything else than a file.
        OSError: There is no such file.
    """
    if str(file) == "-" or not stat.S_ISREG(file.stat().st_mode):
        raise ConfigurationError(
            f"{file} is no file that can be read twice: all rows are looked at before the first is "
            "sent. Save them to a file, and import FILE."
        )


def check_rejects(rejects: Path | None, file: Path) -> None:
    """Refuse a file of rejects that cannot be written, before anything is sent.

    Args:
        rejects: Where refused rows go, if anywhere.
        file: The file whose rows are written.

    Raises:
        FileFormatError: The suffix tells no format that refused rows can be written in, or there is
            no such folder.
        ConfigurationError: The file is the one that is read.
    """
    if rejects is None:
        return
    Rejects(rejects, RecordBase, file)


def carry_out(write: Callable[[OnEvent], BulkResult[Any]], report: Report, *, label: str) -> int:
    """Run a bulk call with its progress shown, and tell what became of it.

    Args:
        write: Makes the call; takes what wants to know of its events.
        report: Tells the result.
        label: What is being done, for the progress.

    Returns:
        The exit code.
    """
    try:
        with RowProgress(label) as progress:
            result = write(progress.on_event)
    except (AirhaulError, OSError, BulkInterrupted) as error:
        partial = result_of(error)
        if partial is None:
            raise
        return report.broken_off(partial, error)
    return report.done(result)
