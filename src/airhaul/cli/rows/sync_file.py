"""``airhaul sync``: make a table equal to a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from airhaul.cli.connect import (
    AsJson,
    Base,
    Endpoint,
    JournalOption,
    Local,
    ParallelOption,
    TableName,
    Token,
    connect,
    parallel_of,
)
from airhaul.cli.output.printing import working
from airhaul.cli.output.results import Report
from airhaul.cli.plans import print_plan, write_plan
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
    MaxDeletes,
    MaxRequests,
    Nulls,
    OnErrorOption,
    RejectsOption,
    Renamings,
    Sheet,
    SourceFile,
    Typecast,
    Yes,
    check_rejects,
    file_options,
    input_of,
    link_options,
)
from airhaul.client.options import file_settings
from airhaul.errors import ConfigurationError
from airhaul.tabular import format_of


def sync_file(
    file: SourceFile,
    table: TableName,
    *,
    key: Annotated[
        list[str],
        typer.Option(
            "--key", metavar="FIELD", help="Identify records by this field; up to three times."
        ),
    ],
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete the records that are not in the file.")
    ] = False,
    max_deletes: MaxDeletes = None,
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="Allow an empty file to delete all records.")
    ] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    on_error: OnErrorOption = "stop",
    rejects: RejectsOption = None,
    max_requests: MaxRequests = None,
    parallel: ParallelOption = "1",
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
    """Make TABLE equal to FILE, and send only the differences.

    The table is read once and compared with the file. The changes are shown before you confirm.
    The records and the changes are held in memory, rows that are unchanged are not. --delete
    refuses to delete more than a third of the table, unless --max-deletes allows more.
    """
    if not delete and (max_deletes is not None or allow_empty):
        raise ConfigurationError("--max-deletes and --allow-empty need --delete.")
    chains = parallel_of(parallel)
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
    settings = file_settings(format, options)
    format_of(file, format)
    source = input_of(file, settings)
    check_rejects(rejects, source)
    report = Report(
        table,
        as_json,
        on_error,
        Path(source.name),
        rejects,
        tuple(key),
        settings,
        deletes_missing=delete,
    )
    with connect(
        local, base, token, endpoint_url, max_requests=max_requests, journal=journal
    ) as airtable:
        target = airtable.table_named(table)
        with working(f"Comparing {Path(source.name).name} with {table}"):
            plan = target.plan_sync_file(
                source.path,
                tuple(key),
                format,
                delete_missing=delete,
                max_deletes=max_deletes,
                allow_empty=allow_empty,
                parallel=chains,
                typecast=typecast,
                link_by=link_by,
                create_missing=create_missing,
                **options,
            )
        if dry_run:
            return print_plan(plan, report)
        return write_plan(plan, report, yes=yes, question="Write this?", label=f"Syncing {table}")
