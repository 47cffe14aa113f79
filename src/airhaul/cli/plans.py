"""Showing a plan, asking for confirmation, writing it, and reporting the result."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from rich.console import Console, Group

from airhaul.bulk.plans.plan import Planned
from airhaul.cli.exit_codes import ALL_WELL, NOTHING_DONE, SOME_FAILED
from airhaul.cli.output.confirm import may_write
from airhaul.cli.output.printing import err, out, print_error, print_json
from airhaul.cli.output.results import Report
from airhaul.cli.output.wording import in_options
from airhaul.cli.writing import carry_out
from airhaul.client.sync.plan import Plan
from airhaul.errors import StalePlanError
from airhaul.messages import Message
from airhaul.model.base import RecordBase

_MOST_NAMED: Final = 5


def print_plan(plan: Plan[Any], report: Report) -> int:
    """Print a plan as the result of ``--dry-run``.

    Args:
        plan: The plan.
        report: The options of the command.

    Returns:
        The exit code that writing it would end with, as far as a plan can predict it.
    """
    if plan.refusal is not None:
        return _refuse(plan, report, out())
    if report.as_json:
        print_json(plan.to_dict())
    elif plan.is_empty and not plan.refused:
        _print_nothing_to_do(plan)
    else:
        show(out(), plan)
    if not plan.refused:
        return ALL_WELL
    return NOTHING_DONE if report.policy.checks_first or not plan.changes else SOME_FAILED


def write_plan(
    plan: Plan[RecordBase], report: Report, *, yes: bool, question: str, label: str
) -> int:
    """Show a plan, ask for confirmation, write it, and report the result.

    Args:
        plan: The plan.
        report: Reports the result, and has the options of the command.
        yes: Whether the writes are confirmed on the command line.
        question: What to ask otherwise.
        label: What is being done, for the progress.

    Returns:
        The exit code.
    """
    if plan.refused and report.policy.checks_first:
        pass  # nothing will be sent, so there is nothing to confirm; the result reports the rows
    elif plan.refusal is not None:
        return _refuse(plan, report, err())
    elif plan.is_empty:
        if not plan.refused and not report.as_json:
            _print_nothing_to_do(plan)
            return ALL_WELL
    else:
        if not (yes and report.as_json):
            show(err(), plan)
        if not may_write(question, yes=yes):
            return NOTHING_DONE
    try:
        return carry_out(
            lambda on_event: plan.apply(
                on_error=report.on_error, rejects=report.rejects, on_event=on_event
            ),
            report,
            label=label,
        )
    except StalePlanError as error:
        print_error(_stale(error))
        return NOTHING_DONE


def show(console: Console, plan: Planned[Any]) -> None:
    """Print a plan: as a table on a terminal, as plain lines otherwise."""
    if console.is_terminal:
        console.print(Group(*plan.lines(console.options, in_options)))
    else:
        console.print(in_options(plan.text()), markup=False)


def _refuse(plan: Plan[Any], report: Report, console: Console) -> int:
    if report.as_json:
        print_json(plan.to_dict())
    else:
        show(console, replace(plan, refusal=None))
    print_error(Message("Nothing was written: ", plan.refusal or ""))
    return NOTHING_DONE


def _print_nothing_to_do(plan: Plan[Any]) -> None:
    unchanged = plan.counts()["unchanged"]
    kept = f", {unchanged:,} unchanged" if unchanged else ""
    out().print(f"{plan.table_name}: nothing to do{kept}", markup=False)
    for note in plan.notes:
        err().print(in_options(note), markup=False)


def _stale(error: StalePlanError) -> str:
    named = ", ".join(error.record_ids[:_MOST_NAMED])
    more = len(error.record_ids) - _MOST_NAMED
    return (
        f"The table has changed since the plan was made, in {named}"
        f"{f' and {more:,} more' if more > 0 else ''}. Nothing was written. Run the command again "
        "to see what it would do now."
    )
