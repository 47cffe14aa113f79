"""``airhaul import``: write the rows of a file to a table."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from airhaul.bulk.plans.outline import Outline
from airhaul.bulk.rows.keys import Key
from airhaul.cli.connect import (
    AsJson,
    Base,
    Endpoint,
    JournalOption,
    Local,
    TableName,
    Token,
    connect,
)
from airhaul.cli.output.next_steps import NewTableState
from airhaul.cli.output.printing import err, working
from airhaul.cli.output.results import Report
from airhaul.cli.plans import PlanAsJson, print_outline
from airhaul.cli.rows.new_table import NewTable
from airhaul.cli.writing import (
    CreateMissing,
    DateNotation,
    DecimalComma,
    Delimiter,
    DryRun,
    EscapeFormulas,
    FileEncoding,
    FileFormat,
    FromAirtableCsv,
    Ignored,
    Links,
    MaxRequests,
    Nulls,
    OnErrorOption,
    RejectsOption,
    Renamings,
    Sheet,
    SourceFile,
    Typecast,
    carry_out,
    check_rejects,
    file_options,
    input_of,
    link_options,
)
from airhaul.client.config import MEMORY
from airhaul.client.options import file_settings
from airhaul.client.sync.airtable import Airtable
from airhaul.client.sync.bulk import input_file, planner_of
from airhaul.client.sync.table import Table
from airhaul.errors import ConfigurationError, UnknownTableError
from airhaul.model.base import RecordBase
from airhaul.tabular import InputFile, format_of

if TYPE_CHECKING:
    from airhaul.bulk.journal.file import Journal


def import_file(
    file: SourceFile,
    table: TableName,
    *,
    create: Annotated[
        bool,
        typer.Option("--create", help="Create the table; infer the field types from the file."),
    ] = False,
    key: Annotated[
        list[str] | None,
        typer.Option(
            "--key",
            metavar="FIELD",
            help="Identify records by this field and update them; up to three times.",
        ),
    ] = None,
    dry_run: DryRun = False,
    on_error: OnErrorOption = "stop",
    rejects: RejectsOption = None,
    max_requests: MaxRequests = None,
    typecast: Typecast = False,
    links: Links = None,
    create_missing: CreateMissing = False,
    format: FileFormat = None,
    sheet: Sheet = None,
    encoding: FileEncoding = None,
    delimiter: Delimiter = None,
    renamings: Renamings = None,
    ignored: Ignored = None,
    nulls: Nulls = None,
    decimal_comma: DecimalComma = False,
    date_format: DateNotation = None,
    from_airtable_csv: FromAirtableCsv = False,
    escape_formulas: EscapeFormulas = False,
    local: Local = None,
    base: Base = None,
    token: Token = None,
    endpoint_url: Endpoint = None,
    journal: JournalOption = None,
    as_json: AsJson = False,
) -> int:
    """Create or update a record for each row of FILE.

    Without --key, every row creates a record. All rows are checked before the first is sent, unless
    --on-error is continue. Rows are not held in memory.
    """
    options = file_options(
        sheet=sheet,
        encoding=encoding,
        delimiter=delimiter,
        renamings=renamings,
        ignored=ignored,
        nulls=nulls,
        decimal_comma=decimal_comma,
        date_format=date_format,
        from_airtable_csv=from_airtable_csv,
        escape_formulas=escape_formulas,
    )
    link_by = link_options(links)
    if create and link_by:
        raise ConfigurationError(
            "--link needs a field that links to records, and --create makes none. Create the table "
            "with its links first, in Airtable or with create_table of a model, and leave out "
            "--create."
        )
    format_of(file, format)
    source = input_of(file, file_settings(format, options))
    check_rejects(rejects, source)
    names = tuple(key or ())
    state: NewTableState = "missing" if create else None
    name = Path(source.name)
    report = Report(table, as_json, on_error, name, rejects, names, source.settings, state)
    opened = partial(
        connect, local, base, token, endpoint_url, max_requests=max_requests, journal=journal
    )
    with ExitStack() as stack:
        # A local base is made with its first table, and so not at all if the rows are refused.
        airtable = stack.enter_context(opened(if_missing="pretend" if create else "refuse"))
        new = NewTable.for_file(airtable, table, source) if create else None
        target = Table(airtable, new.model) if new else _existing(airtable, table)
        if names:
            Key.of(target.model, names)  # report a wrong key before the table is created
        if dry_run:
            if new:
                _print_table("Would create", new)
                target = new.create(stack.enter_context(Airtable.local()))
            document = stack.enter_context(closing(PlanAsJson())) if as_json else None
            with working(f"Reading {name.name}"):
                outline = _outline(
                    target,
                    source,
                    names,
                    typecast=typecast,
                    link_by=link_by,
                    create_missing=create_missing,
                    document=document,
                )
            return print_outline(outline, report, document)
        # If no row would be written, the import below refuses them without a table.
        if new and new.will_have_rows(source, names, report.policy):
            airtable.connection.journal()  # report one that cannot be used before the table
            if airtable.config.local == MEMORY:
                airtable = stack.enter_context(opened(if_missing="make"))
            target = new.create(airtable, key=names, max_requests=max_requests)
            _print_table("Created", new)
            report = replace(report, new_table="created")
        code = carry_out(
            lambda on_event: target.import_file(
                source.path,
                format,
                key=names or None,
                **options,
                on_error=on_error,
                rejects=rejects,
                typecast=typecast,
                link_by=link_by,
                create_missing=create_missing,
                on_event=on_event,
                journal=False if report.new_table == "missing" else None,  # nothing to resume
            ),
            report,
            label=f"Importing {name.name}",
        )
        if code != 0 and _may_be_resumed(airtable.connection.journal(), source):
            source.keep()  # what standard input had is needed
        return code


def _existing(airtable: Airtable, table: str) -> Table[RecordBase]:
    try:
        return airtable.table_named(table)
    except UnknownTableError as error:
        raise UnknownTableError(
            f"{error} To create it with the columns of the file, set --create."
        ) from None


def _may_be_resumed(journal: Journal | None, file: InputFile) -> bool:
    """Whether a run that reads this very file, or copy of standard input, ended early."""
    path = str(file.path.resolve())
    sources = [run.asked.source for run in (journal.runs() if journal else ()) if run.is_unfinished]
    return any(source is not None and source.path == path for source in sources)


def _outline(
    target: Table[RecordBase],
    source: InputFile,
    key: tuple[str, ...],
    *,
    typecast: bool,
    link_by: Mapping[str, str],
    create_missing: bool,
    document: PlanAsJson | None,
) -> Outline:
    """Plan the rows of a file without keeping them."""
    file = input_file(target, source.path, source.settings)
    planner = planner_of(
        target, typecast=typecast, link_by=link_by, create_missing=create_missing, file=file
    )
    known = Key.of(target.model, key) if key else None
    on_part = None if document is None else document.add
    return target.airtable.follow(planner.outline(file.rows(), known, on_part))


def _print_table(done: str, new: NewTable) -> None:
    err().print(f"{done} {new}.", markup=False)
    for sentence in new.advice:
        err().print(sentence, markup=False)
