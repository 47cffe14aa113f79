"""Showing a plan, asking for confirmation, writing it, and reporting the result."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from rich.console import Console, Group

from airhaul.bulk.plans.outline import Outline
from airhaul.bulk.plans.plan import Planned
from airhaul.bulk.plans.plan_view import lines_of
from airhaul.cli.exit_codes import ALL_WELL, NOTHING_DONE, SOME_FAILED
from airhaul.cli.output.confirm import may_write
from airhaul.cli.output.json_lists import JsonList, print_with_lists
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
    outline = plan.outline()
    if not report.as_json:
        return print_outline(outline, report)
    print_json(plan.to_dict())
    return _exit_code(outline, report)


class PlanAsJson:
    """Prints a plan of any number of rows as JSON, without holding them."""

    def __init__(self) -> None:
        self._errors = JsonList()
        self._differences = JsonList()

    def add(self, part: Planned[Any]) -> None:
        """Add the plan of the next rows."""
        for error in part.errors:
            self._errors.add(error.message)
        for difference in part.differences:
            self._differences.add(difference.to_dict())

    def print(self, outline: Outline) -> None:
        """Print the plan, as ``Plan.to_dict`` has it.

        Args:
            outline: What is shown of the whole plan.
        """
        lists = {"errors": self._errors, "differences": self._differences}
        print_with_lists(outline.to_dict(), lists)

    def close(self) -> None:
        """Delete the rows."""
        self._errors.close()
        self._differences.close()


def print_outline(outline: Outline, report: Report, document: PlanAsJson | None = None) -> int:
    """Print what is shown of a plan as the result of ``--dry-run``.

    Args:
        outline: What is shown of it.
        report: The options of the command.
        document: Has all rows of the plan, to print them as JSON; None to print for people.

    Returns:
        The exit code, as of ``print_plan``.
    """
    if document is not None:
        document.print(outline)
    elif outline.is_empty and not outline.refused:
        _print_nothing_to_do(outline)
    else:
        show(out(), outline)
    return _exit_code(outline, report)


def _exit_code(outline: Outline, report: Report) -> int:
    if not outline.refused:
        return ALL_WELL
    return NOTHING_DONE if report.policy.checks_first or not outline.valid else SOME_FAILED


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
            _print_nothing_to_do(plan.outline())
            return ALL_WELL
    else:
        if not (yes and report.as_json):
            show(err(), plan.outline())
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


def show(console: Console, outline: Outline) -> None:
    """Print a plan: as a table on a terminal, as plain lines otherwise."""
    if console.is_terminal:
        console.print(Group(*lines_of(outline, console.options, in_options)))
    else:
        console.print(in_options(outline.text()), markup=False)


def _refuse(plan: Plan[Any], report: Report, console: Console) -> int:
    if report.as_json:
        print_json(plan.to_dict())
    else:
        show(console, replace(plan.outline(), refusal=None))
    print_error(Message("Nothing was written: ", plan.refusal or ""))
    return NOTHING_DONE


def _print_nothing_to_do(outline: Outline) -> None:
    unchanged = outline.verbs["keep"]
    kept = f", {unchanged:,} unchanged" if unchanged else ""
    out().print(f"{outline.table_name}: nothing to do{kept}", markup=False)
    for note in outline.notes:
        err().print(in_options(note), markup=False)


def _stale(error: StalePlanError) -> str:
    named = ", ".join(error.record_ids[:_MOST_NAMED])
    more = len(error.record_ids) - _MOST_NAMED
    return (
        f"The table has changed since the plan was made, in {named}"
        f"{f' and {more:,} more' if more > 0 else ''}. Nothing was written. Run the command again "
        "to see what it would do now."
    )
