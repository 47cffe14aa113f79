"""``airhaul undo``: undo a run."""

from __future__ import annotations

from typing import Annotated

import typer

from airhaul.cli.connect import AsJson, Base, JournalOption, Token, connect_as, open_journal
from airhaul.cli.exit_codes import ALL_WELL, NOTHING_DONE, SOME_FAILED
from airhaul.cli.output.confirm import may_write
from airhaul.cli.output.printing import err, out, print_json, working
from airhaul.cli.output.results import Report
from airhaul.cli.plans import show
from airhaul.cli.runs.runs import name_choice
from airhaul.cli.writing import DryRun, Yes, carry_out


def undo(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN", help="The run ID; the latest run that can be undone by default."
        ),
    ] = None,
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Also undo what somebody changed since.")
    ] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    base: Base = None,
    token: Token = None,
    journal: JournalOption = None,
    as_json: AsJson = False,
) -> int:
    """Undo a run: delete what it created, restore what it changed, recreate what it deleted.

    The changes are shown before you confirm. Records and cells that somebody changed since are
    listed and left alone. Deleted records are created again, with new IDs. An undo is a run itself:
    it can be resumed, and undone.
    """
    from airhaul.bulk.undoing.runs import latest_to_undo

    opened = open_journal(journal)
    found = latest_to_undo(opened) if run is None else opened.run(run)
    if run is None:
        name_choice(found)
    report = Report(found.asked.table, as_json=as_json, on_error="continue")
    with connect_as(found, base, token, journal) as airtable:
        with working(f"Comparing run {found.id} with the table"):
            plan = airtable.plan_undo(found.id, force=force)
        left_alone = bool(plan.refused)
        if dry_run or (plan.is_empty and not left_alone):
            if as_json:
                print_json(plan.to_dict())
            elif plan.is_empty and not left_alone:
                out().print(f"Run {found.id}: there is nothing left to undo.", markup=False)
            else:
                show(out(), plan.outline())
            return SOME_FAILED if left_alone else ALL_WELL
        if not (yes and as_json):
            show(err(), plan.outline())
        if not may_write(f"Undo run {found.id}?", yes=yes):
            return NOTHING_DONE
        return carry_out(
            lambda on_event: airtable.apply_undo(plan, on_event=on_event),
            report,
            label=f"Undoing {found.id}",
        )
