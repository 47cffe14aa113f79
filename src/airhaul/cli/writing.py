"""What the writing commands share: their options, and running a bulk call."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from airhaul.bulk.results.policy import OnError
from airhaul.bulk.results.result import BulkResult
from airhaul.bulk.writing.bulk_write import result_of
from airhaul.cli.output.progress import RowProgress
from airhaul.cli.output.results import Report
from airhaul.client.listener import Rejects
from airhaul.client.options import FileOptions, OnEvent
from airhaul.errors import AirhaulError, BulkInterrupted, ConfigurationError
from airhaul.tabular import FileSettings, Format, InputFile

SourceFile = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help="A CSV, TSV, JSON, JSON Lines, Parquet, Arrow or Excel file, or - for standard input.",
    ),
]
OnErrorOption = Annotated[
    OnError,
    typer.Option(
        "--on-error",
        help="What to do after a row fails: stop sending, continue with the other rows, or undo "
        "what was written.",
    ),
]
RejectsOption = Annotated[
    Path | None,
    typer.Option(
        "--rejects",
        metavar="FILE",
        help="Save rejected rows, with the reasons, to this .csv, .tsv or .jsonl file.",
    ),
]
MaxRequests = Annotated[
    int | None,
    typer.Option("--max-requests", metavar="N", min=1, help="Send at most N requests."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be done; write nothing.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Write without asking for confirmation.")]
MaxDeletes = Annotated[
    int | None,
    typer.Option("--max-deletes", metavar="N", min=0, help="Refuse to delete more than N records."),
]
FileFormat = Annotated[
    Format | None,
    typer.Option("--format", help="The format of the file; by default its suffix decides."),
]
Sheet = Annotated[
    str | None,
    typer.Option(
        "--sheet",
        metavar="NAME",
        help="The sheet of an Excel workbook; by default the only one that is not empty.",
    ),
]
FileEncoding = Annotated[
    str | None,
    typer.Option(
        "--encoding",
        metavar="NAME",
        help="The encoding of a CSV file, such as cp1252; UTF-8 by default.",
    ),
]
Delimiter = Annotated[
    str | None,
    typer.Option(
        "--delimiter",
        metavar="CHARACTER",
        help=r"What separates the columns of a CSV file, such as ; or \t (a tab).",
    ),
]
Renamings = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="COLUMN=FIELD",
        help="Write this column of the file to the field of another name; can be repeated.",
    ),
]
Ignored = Annotated[
    list[str] | None,
    typer.Option(
        "--ignore", metavar="COLUMN", help="Leave out this column of the file; can be repeated."
    ),
]
Nulls = Annotated[
    list[str] | None,
    typer.Option(
        "--null", metavar="WORD", help="Read this word as an empty cell; can be repeated."
    ),
]
DecimalComma = Annotated[
    bool, typer.Option("--decimal-comma", help="Read numbers such as 3,50 and 1.234,50.")
]
DateNotation = Annotated[
    str | None,
    typer.Option(
        "--date-format",
        metavar="FORMAT",
        help="Read dates in this format, such as DD.MM.YYYY or M/D/YYYY h:mma.",
    ),
]
FromAirtableCsv = Annotated[
    bool,
    typer.Option(
        "--from-airtable-csv",
        help="Read numbers, dates and durations as their fields show them, as Airtable's own CSV "
        "files have them.",
    ),
]
EscapeFormulas = Annotated[
    bool,
    typer.Option(
        "--escape-formulas",
        help="Remove the apostrophe that export --escape-formulas put before =, +, - and @.",
    ),
]
Typecast = Annotated[
    bool,
    typer.Option(
        "--typecast", help="Let Airtable add missing choices and find linked records by name."
    ),
]
Links = Annotated[
    list[str] | None,
    typer.Option(
        "--link",
        metavar="FIELD=NAME",
        help="Find the records to which this field links by this field of theirs; can be repeated.",
    ),
]
CreateMissing = Annotated[
    bool,
    typer.Option("--create-missing", help="Create the linked records that --link does not find."),
]


def link_options(links: list[str] | None) -> dict[str, str]:
    """Read the options that say by which fields linked records are found.

    Args:
        links: The fields, each as ``FIELD=NAME``.

    Returns:
        The fields of linked tables, by field of links.

    Raises:
        ConfigurationError: One has no equals sign, or a field is named twice.
    """
    return _pairs("--link", "FIELD=NAME", links)


def _pairs(option: str, expected: str, given: list[str] | None) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for pair in given or ():
        name, sign, other = pair.partition("=")
        if not (name and sign and other):
            raise ConfigurationError(f"Expected {option} {expected}, got {pair!r}.")
        if name in pairs:
            what = expected.partition("=")[0].lower()
            raise ConfigurationError(f"{option} has the {what} {name!r} twice.")
        pairs[name] = other
    return pairs


def file_options(
    *,
    sheet: str | None,
    encoding: str | None,
    delimiter: str | None,
    renamings: list[str] | None,
    ignored: list[str] | None,
    nulls: list[str] | None,
    decimal_comma: bool,
    date_format: str | None,
    from_airtable_csv: bool,
    escape_formulas: bool,
) -> FileOptions:
    """Collect the options that say how a file is read.

    Args:
        sheet: The sheet of an Excel workbook.
        encoding: The encoding of a CSV file.
        delimiter: The character between its columns; a backslash with a t is a tab.
        renamings: Columns and the fields that they go to, each as ``COLUMN=FIELD``.
        ignored: The columns to leave out.
        nulls: The words that mean an empty cell.
        decimal_comma: Whether numbers have a decimal comma.
        date_format: How dates are written.
        from_airtable_csv: Whether values are written as their fields show them.
        escape_formulas: Whether the file was exported with this option.

    Raises:
        ConfigurationError: A renaming has no equals sign, or a column is renamed twice.
    """
    columns = _pairs("--map", "COLUMN=FIELD", renamings)
    return {
        "sheet": sheet,
        "encoding": encoding,
        "delimiter": "\t" if delimiter == r"\t" else delimiter,
        "columns": columns,
        "ignore": ignored or [],
        "nulls": nulls or [],
        "decimal_comma": decimal_comma,
        "date_format": date_format,
        "from_airtable_csv": from_airtable_csv,
        "escape_formulas": escape_formulas,
    }


_STANDARD_INPUT: Final = Path("-")


def input_of(file: Path, settings: FileSettings) -> InputFile:
    """Make the input of a file; standard input and pipes are copied to disk first.

    Args:
        file: The file, or ``-``.
        settings: How it is read.

    Raises:
        ConfigurationError: It is a folder.
        OSError: It does not exist, or cannot be copied.
    """
    source = InputFile.of(sys.stdin.buffer if file == _STANDARD_INPUT else file, settings)
    source.path.stat()  # report a wrong name before the base is asked for anything
    return source


def check_rejects(rejects: Path | None, file: InputFile) -> None:
    """Refuse a rejects file that cannot be written, before anything is sent.

    Args:
        rejects: The file for rejected rows; None for none.
        file: The file whose rows are written.

    Raises:
        FileFormatError: Rejected rows cannot be written in the format of that suffix, or the
            folder does not exist.
        ConfigurationError: Both are the same file, or it would mix the notations of the file.
    """
    if rejects is None:
        return
    Rejects(rejects, file)


def carry_out(write: Callable[[OnEvent], BulkResult[Any]], report: Report, *, label: str) -> int:
    """Run a bulk call, show its progress, and report the result.

    Args:
        write: Makes the call; takes a function that is called with each event.
        report: Reports the result.
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
        return report.ended_early(partial, error)
    return report.done(result)
