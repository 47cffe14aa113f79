"""``airhaul resume``: continue a run that was interrupted."""

from __future__ import annotations

from typing import Annotated

import typer

from airhaul.bulk.results.policy import OnError
from airhaul.cli.connect import AsJson, Base, JournalOption, Token, connect_as, open_journal
from airhaul.cli.exit_codes import ALL_WELL
from airhaul.cli.output.printing import out, print_json
from airhaul.cli.runs.runs import report_of
from airhaul.cli.writing import MaxRequests, RejectsOption, carry_out

RunOption = Annotated[
    str | None, typer.Argument(metavar="RUN", help="The run ID; the latest run by default.")
]

OtherPolicy = Annotated[
    OnError | None, typer.Option("--on-error", help="Override the --on-error of the run.")
]


def resume(
    run: RunOption = None,
    *,
    on_error: OtherPolicy = None,
    rejects: RejectsOption = None,
    max_requests: MaxRequests = None,
    base: Base = None,
    token: Token = None,
    journal: JournalOption = None,
    as_json: AsJson = False,
) -> int:
    """Resume a run that was killed, interrupted or ended early.

    Rows that were sent without a reply are looked up in the table first, so none is written twice.
    The file that the rows come from must not have changed.
    """
    found = open_journal(journal).run(run)
    if found.state == "done":
        if as_json:
            print_json(found.to_dict())
        else:
            out().print(f"Run {found.id} is complete: there is nothing to resume.", markup=False)
        return ALL_WELL
    report = report_of(found, as_json=as_json, on_error=on_error, rejects=rejects)
    with connect_as(found, base, token, journal) as airtable:
        return carry_out(
            lambda on_event: airtable.resume(
                found.id,
                on_event=on_event,
                on_error=report.on_error,
                max_requests=max_requests,
                rejects=report.rejects,
            ),
            report,
            label=f"Resuming {found.id}",
        )
