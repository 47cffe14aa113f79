"""``airhaul undo``: a run is taken back."""

from __future__ import annotations

from typing import Annotated

import typer

from airhaul.cli.connect import AsJson, Base, JournalOption, Token, connect_as, open_journal
from airhaul.cli.exit_codes import ALL_WELL, NOTHING_DONE, SOME_FAILED
from airhaul.cli.output.confirm import may_write
from airhaul.cli.output.printing import err, out, print_json, working
from airhaul.cli.output.results import Report
from airhaul.cli.plans import show
from airhaul.cli.runs.resume import RunOption
from airhaul.cli.writing import DryRun, Yes, carry_out


def undo(
    run: RunOption = None,
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Take back also what somebody has changed since.")
    ] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    base: Base = None,
    token: Token = None,
    journal: JournalOption = None,
    as_json: AsJson = False,
) -> int:
    """Take a run back: delete what it created, put back what it changed, make what it deleted.

    What would be done is shown and has to be confirmed. Records and cells that somebody has changed
    since are listed and left alone. Records that were deleted are made again, with new ids. An undo
    is a run itself: it can be resumed, and undone.
    """
    found = open_journal(journal).run(run)
    report = Report(found.asked.table, as_json=as_json, on_error="continue")
    with connect_as(found, base, token, journal) as airtable:
        with working(f"Looking what run {found.id} has left"):
            plan = airtable.plan_undo(found.id, force=force)
        left_alone = bool(plan.refused)
        if dry_run or (plan.is_empty and not left_alone):
            if as_json:
                print_json(plan.to_dict())
            elif plan.is_empty and not left_alone:
                out().print(f"Run {found.id}: nothing is left to take back.", markup=False)
            else:
                show(out(), plan)
            return SOME_FAILED if left_alone else ALL_WELL
        if not (yes and as_json):
            show(err(), plan)
        if not may_write(f"Take back run {found.id}?", yes=yes):
            return NOTHING_DONE
        return carry_out(
            lambda on_event: airtable.apply_undo(plan, on_event=on_event),
            report,
            label=f"Taking back {found.id}",
        )
