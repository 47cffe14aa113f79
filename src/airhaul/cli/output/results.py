"""Reporting the outcome of the rows, for people or for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from airhaul.bulk.results.outcomes import State
from airhaul.bulk.results.policy import OnError, Policy
from airhaul.bulk.results.result import BulkResult
from airhaul.cli.exit_codes import ALL_WELL, INTERRUPTED, NOTHING_DONE, SOME_FAILED
from airhaul.cli.output.next_steps import NewTableState, NextSteps
from airhaul.cli.output.printing import err, out, print_error, print_json, print_lines
from airhaul.cli.output.wording import command_for, message_of
from airhaul.errors import BulkError, BulkInterrupted, RowError
from airhaul.tabular.settings import DEFAULTS, FileSettings

_MOST_LINES: Final = 10
_WRITTEN: Final[tuple[State, ...]] = ("created", "updated", "unchanged", "deleted")


@dataclass(frozen=True)
class Report:
    """Reports the result of a command.

    Args:
        table: The table's name.
        as_json: Whether to print JSON.
        on_error: What to do with a row that cannot be written.
        file: The file that the rows come from; None for another source.
        rejects: The file for rejected rows; None for none.
        key: The fields that identify a record; empty for none.
        settings: How the file is read.
        new_table: Whether the command was to create the table, and has.
        deletes_missing: Whether the command is to delete the records that are not in the file.
    """

    table: str
    as_json: bool = False
    on_error: OnError = "stop"
    file: Path | None = None
    rejects: Path | None = None
    key: Sequence[str] = ()
    settings: FileSettings = DEFAULTS
    new_table: NewTableState = None
    deletes_missing: bool = False

    @property
    def policy(self) -> Policy:
        """What the command does with a row that cannot be written."""
        return Policy.of(self.on_error)

    def done(self, result: BulkResult[Any]) -> int:
        """Report the result of a call that ended normally.

        Args:
            result: The result.

        Returns:
            The exit code.
        """
        try:
            if self.as_json:
                print_json(self._to_dict(result))
            else:
                out().print(f"{self.table}: {result}", markup=False)
        finally:  # also if nobody reads the result
            print_lines(_first(result.explain(brief=True)))
            self._count_refusals(result)
            self._advise(result)
            self._name_run(result)
        return _code(result)

    def ended_early(self, result: BulkResult[Any], error: BaseException) -> int:
        """Report the result of a call that ended before its last row.

        Args:
            result: The result up to then.
            error: What ended the call.

        Returns:
            The exit code.
        """
        message = message_of(error)
        try:
            if self.as_json:
                print_json(self._to_dict(result, message))
        finally:
            self._explain_end(result, error, message)
        return INTERRUPTED if isinstance(error, BulkInterrupted) else _code(result)

    def _explain_end(self, result: BulkResult[Any], error: BaseException, message: str) -> None:
        """Print what ended a call, and what can be done."""
        # The message of a bulk call has a headline, and below it lines about the rows.
        headline, *lines = message.split("\n  ")
        if isinstance(error, BulkInterrupted):
            err().print(headline, markup=False)
        else:
            print_error(headline)
            if not isinstance(error, BulkError):
                lines += [f"Before that: {result}", *_first(result.explain(brief=True))]
        print_lines(lines)
        self._count_refusals(result)
        self._advise(result, ended_early=True)
        self._name_run(result)

    def _name_run(self, result: BulkResult[Any]) -> None:
        """Print the ID of the run, if it wrote anything."""
        if result.run is not None and not self.as_json and _has_written(result):
            undo = command_for("undo", result.run)
            err().print(f"Run {result.run}; to undo it: {undo}", markup=False, style="dim")

    def _to_dict(self, result: BulkResult[Any], error: str | None = None) -> dict[str, Any]:
        """All counts, and the rows that have something to report."""
        summary = result.to_dict()
        summary["outcomes"] = [row for row in summary["outcomes"] if not _is_well(row)]
        rejects = self._rejects_of(result)
        return {
            "table": self.table,
            **summary,
            "run": result.run,
            "error": error,
            "rejects": None if rejects is None else str(rejects),
        }

    def _rejects_of(self, result: BulkResult[Any]) -> Path | None:
        there = self.rejects is not None and len(result.errors) > 0 and self.rejects.exists()
        return self.rejects if there else None

    def _count_refusals(self, result: BulkResult[Any]) -> None:
        """Print how many rows each field refused, unless each row has its own line."""
        if len(result.errors) <= _MOST_LINES or len(result.explain()) <= _MOST_LINES:
            return
        counts = Counter(
            one.field
            for row in result.errors
            if isinstance(row.error, RowError)
            for one in row.error.errors
            if one.field is not None
        )
        if counts:
            fields = ", ".join(f"{field!r} {count:,}" for field, count in counts.most_common())
            err().print(f"Refused rows by field: {fields}.", markup=False)

    def _advise(self, result: BulkResult[Any], *, ended_early: bool = False) -> None:
        if result.is_complete and not ended_early:
            return
        rejects = self._rejects_of(result)
        steps = NextSteps(
            result,
            ended_early,
            self.policy,
            self.file,
            rejects,
            self.key,
            self.settings,
            self.new_table,
            self.deletes_missing,
        )
        for line in steps.lines():
            err().print(line, markup=False)


def _first(lines: Sequence[str]) -> list[str]:
    shown = list(lines[:_MOST_LINES])
    more = len(lines) - _MOST_LINES
    return [*shown, f"and {more:,} more"] if more > 0 else shown


def _is_well(row: dict[str, Any]) -> bool:
    return row["state"] in _WRITTEN and row["error"] is None and row["note"] is None


def _has_written(result: BulkResult[Any]) -> bool:
    return any(state in result.counts() for state in ("created", "updated", "deleted", "unknown"))


def _code(result: BulkResult[Any]) -> int:
    if result.is_complete:
        return ALL_WELL
    # A row with an unknown outcome may be in the table: that is not nothing.
    some = any(state in result.counts() for state in (*_WRITTEN, "unknown"))
    return SOME_FAILED if some else NOTHING_DONE
