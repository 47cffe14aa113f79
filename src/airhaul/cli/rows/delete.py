"""``airhaul delete``: delete records."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

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
from airhaul.cli.output.printing import working
from airhaul.cli.output.results import Report
from airhaul.cli.plans import print_plan, write_plan
from airhaul.cli.writing import DryRun, MaxDeletes, MaxRequests, OnErrorOption, Yes
from airhaul.client.selection import Selection
from airhaul.client.sync.query import Query
from airhaul.errors import ConfigurationError


def delete(
    table: TableName,
    *,
    where: Annotated[
        str | None,
        typer.Option(
            "--where", metavar="FORMULA", help="Only the records that match this formula."
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All records of the table.")] = False,
    max_deletes: MaxDeletes = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    on_error: OnErrorOption = "stop",
    max_requests: MaxRequests = None,
    local: Local = None,
    base: Base = None,
    token: Token = None,
    endpoint_url: Endpoint = None,
    journal: JournalOption = None,
    as_json: AsJson = False,
) -> int:
    """Delete the records of TABLE that match a formula, or all.

    The records are read into memory and shown before you confirm.
    """
    if where is not None and not where.strip():
        # An empty variable in a script must not delete a whole table.
        raise ConfigurationError("--where is empty. To delete all records, set --all.")
    if (where is None) != everything:
        raise ConfigurationError("Choose the records: set either --where FORMULA or --all.")
    report = Report(table, as_json=as_json, on_error=on_error)
    with connect(
        local, base, token, endpoint_url, max_requests=max_requests, journal=journal
    ) as airtable:
        target = airtable.table_named(table)
        with working(f"Reading {table}"):
            plan = Query(target, Selection(target.model, formula=where)).plan_delete()
        number = plan.counts()["delete"]
        if max_deletes is not None and number > max_deletes:
            refusal = f"{number:,} records would be deleted, more than --max-deletes {max_deletes}."
            plan = replace(plan, refusal=refusal)
        if dry_run:
            return print_plan(plan, report)
        those = "this record" if number == 1 else f"these {number:,} records"
        return write_plan(
            plan, report, yes=yes, question=f"Delete {those}?", label=f"Deleting from {table}"
        )
