"""``airhaul runs``: list the runs in the journal, or show one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

import typer
from rich.cells import cell_len, set_cell_size
from rich.text import Text

from airhaul.bulk.journal.codec import text_of
from airhaul.bulk.results.policy import OnError
from airhaul.cli.connect import AsJson, JournalOption, open_journal
from airhaul.cli.exit_codes import ALL_WELL
from airhaul.cli.output.printing import err, out, print_json, print_lines
from airhaul.cli.output.results import Report
from airhaul.cli.output.wording import command_for, in_options
from airhaul.errors import ConfigurationError
from airhaul.messages import counted
from airhaul.tabular.settings import DEFAULTS

if TYPE_CHECKING:
    from airhaul.bulk.journal.file import Journal
    from airhaul.bulk.journal.runs import Run

_SHOWN: Final = 20
_MOST_ERRORS: Final = 10
_SLOWEST: Final = 5
_BARS: Final = "▁▂▃▄▅▆▇█"
_PICTURE_WIDTH: Final = 40
_COLUMNS: Final = ("Run", "Began", "What", "Rows", "State")
_COLOURS: Final = {
    "done": "green",
    "running": "cyan",
    "with failures": "yellow",
    "rolled back": "yellow",
    "interrupted": "red",
    "broken off": "red",
}


def runs(
    run: Annotated[
        str | None, typer.Argument(metavar="RUN", help="Show the details of this run.")
    ] = None,
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="List all runs, not only the latest.")
    ] = False,
    forget_days: Annotated[
        int | None,
        typer.Option("--forget-older", metavar="DAYS", min=0, help="Delete runs that are older."),
    ] = None,
    forget_megabytes: Annotated[
        int | None,
        typer.Option(
            "--forget-beyond", metavar="MB", min=1, help="Delete the oldest runs beyond this size."
        ),
    ] = None,
    journal: JournalOption = None,
    as_json: AsJson = False,
) -> int:
    """List the runs in the journal, or show one."""
    opened = open_journal(journal)
    if forget_days is not None or forget_megabytes is not None:
        if run is not None:
            raise ConfigurationError(
                "--forget-older and --forget-beyond work on all runs; leave out RUN."
            )
        return _forget(opened, forget_days, forget_megabytes)
    if run is not None:
        return _show_one(opened, opened.run(run), as_json=as_json)
    found = opened.runs(None if everything else _SHOWN)
    if as_json:
        print_json([one.to_dict() for one in found])
    elif not found:
        out().print(f"The journal {opened.path} has no runs yet.", markup=False)
    else:
        _print_list(found)
    return ALL_WELL


def report_of(
    run: Run,
    *,
    as_json: bool,
    on_error: OnError | None = None,
    file: Path | None = None,
    rejects: Path | None = None,
) -> Report:
    """Make the report for a run that is resumed or retried.

    Args:
        run: The run.
        as_json: Whether to print JSON.
        on_error: The policy; None for that of the run.
        file: The file that the rows come from; None for that of the run.
        rejects: The file for rejected rows; None for that of the run.
    """
    asked = run.asked
    if file is None and asked.source is not None:
        file = Path(asked.source.shown_name)
    if rejects is None and file != asked.rejects_file:
        rejects = asked.rejects_file
    policy = on_error or asked.on_error
    settings = DEFAULTS if asked.source is None else asked.source.settings
    return Report(asked.table, as_json, policy, file, rejects, asked.key, settings)


def name_choice(run: Run) -> None:
    """Print which run a command has chosen by itself.

    Args:
        run: The run.
    """
    began = f"{run.began.astimezone():%Y-%m-%d %H:%M}"
    err().print(f"Run {run.id} of {began}: {_what(run)}, {_counts(run)}", markup=False, style="dim")


def _forget(journal: Journal, days: int | None, megabytes: int | None) -> int:
    forgotten = 0
    if days is not None:
        forgotten += journal.drop_older_than(datetime.now(UTC) - timedelta(days=days))
    if megabytes is not None:
        forgotten += journal.drop_to_size(megabytes * 1_000_000)
    out().print(f"Forgot {counted(forgotten, 'run')}.", markup=False)
    return ALL_WELL


def _print_list(found: Sequence[Run]) -> None:
    """Print a line for each run, or a few lines for each on a narrow terminal."""
    lines = [
        (run.id, f"{run.began.astimezone():%Y-%m-%d %H:%M}", _what(run), _counts(run), run.state)
        for run in found
    ]
    widths = [max(map(cell_len, column)) for column in zip(_COLUMNS, *lines, strict=True)]
    console = out()
    if console.is_terminal and sum(widths) + 2 * (len(widths) - 1) > console.width:
        for run, began, what, rows, state in lines:
            console.print(Text.assemble((run, "bold"), f"  {began}  ", (state, _COLOURS[state])))
            print_lines([what, rows], console)
        return
    console.print(Text(_aligned(_COLUMNS, widths), style="bold"))
    for line in lines:
        before, state = _aligned(line, widths), line[-1]
        console.print(Text.assemble(before.removesuffix(state), (state, _COLOURS[state])))


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(map(set_cell_size, cells, widths)).rstrip()


def _what(run: Run) -> str:
    asked = run.asked
    from_where = f" {Path(asked.source.shown_name).name}" if asked.source is not None else ""
    of_which = f" of {asked.undoes}" if asked.undoes else ""
    again = f", {asked.retries} again" if asked.retries else ""
    # As the commands are called: import, sync.
    verb = asked.verb.removesuffix("_file")
    return f"{verb}{from_where}{of_which} → {asked.table}{again}"


def _counts(run: Run) -> str:
    if run.asked.verb == "rollback" and run.state == "done":  # its rows count in the other run
        return f"{run.asked.total or 0:,} undone"
    return ", ".join(f"{number:,} {state}" for state, number in run.counts.items()) or "none"


class _Course(NamedTuple):
    """What happened in a run: errors by row, the slowest requests, finished rows over time."""

    errors: dict[int, str]
    slowest: list[list[Any]]
    steps: list[tuple[datetime, int]]


def _course(journal: Journal, run: Run) -> _Course:
    errors: dict[int, str] = {}
    requests: list[list[Any]] = []
    steps: list[tuple[datetime, int]] = []
    for rows, sent, at in journal.outcomes(run):
        for index, _, _, error, *_ in rows:
            errors.pop(index, None)
            if error is not None:
                errors[index] = text_of(error)
        requests += sent
        steps.append((at, len(rows)))
    slowest = sorted(requests, key=lambda request: -request[3])[:_SLOWEST]
    return _Course(dict(sorted(errors.items())), slowest, steps)


def _show_one(journal: Journal, run: Run, *, as_json: bool) -> int:
    course = _course(journal, run)
    if as_json:
        named = ("number", "kind", "rows", "seconds")
        print_json(
            {
                **run.to_dict(),
                "errors": [
                    {"index": index, "error": error} for index, error in course.errors.items()
                ],
                "slowest": [dict(zip(named, request, strict=True)) for request in course.slowest],
            }
        )
        return ALL_WELL
    lines = _details(run)
    if len(course.steps) > 1:
        lines.append(("progress", _picture(course.steps)))
    for number, kind, rows, seconds in course.slowest:
        line = f"request {number}: {kind} of {counted(rows, 'row')}, {seconds:.2f} s"
        lines.append(("slowest", line))
    lines += [
        ("error", f"row {index}: {in_options(error)}")
        for index, error in islice(course.errors.items(), _MOST_ERRORS)
    ]
    for name, value in lines:
        out().print(Text.assemble((f"{name:<10}", "bold"), value))
    if len(course.errors) > _MOST_ERRORS:
        out().print(f"{'':<10}and {len(course.errors) - _MOST_ERRORS:,} more", markup=False)
    return ALL_WELL


def _details(run: Run) -> list[tuple[str, str]]:
    asked = run.asked
    details = [
        ("run", run.id),
        ("what", _what(run)),
        ("where", f"{asked.service} {asked.base_id}"),
        ("state", run.state),
        ("began", f"{run.began.astimezone():%Y-%m-%d %H:%M:%S}"),
        ("rows", _counts(run)),
    ]
    if run.ended is not None:
        requests = counted(run.requests, "request")
        details.append(("took", f"{run.seconds:.1f} s, {requests}"))
    if asked.key:
        details.append(("key", ", ".join(asked.key)))
    if run.error:
        details.append(("ended by", run.error))
    if run.can_be_resumed and run.state != "with failures":
        details.append(("resume", command_for("resume", run.id)))
    return details


def _picture(steps: Sequence[tuple[datetime, int]]) -> str:
    """Draw the finished rows over time as a line of bars."""
    begin, end = steps[0][0], steps[-1][0]
    span = (end - begin).total_seconds() or 1.0
    heights = [0] * _PICTURE_WIDTH
    for at, rows in steps:
        place = int((at - begin).total_seconds() / span * (_PICTURE_WIDTH - 1))
        heights[place] += rows
    most = max(heights) or 1
    bars = "".join(
        _BARS[(height * (len(_BARS) - 1) + most - 1) // most] if height else " "
        for height in heights
    )
    return f"{bars}  {span:.1f} s"
