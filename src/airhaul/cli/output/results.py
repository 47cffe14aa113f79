"""Telling what became of the rows, to people or to programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from airhaul.bulk.results.outcomes import State
from airhaul.bulk.results.policy import OnError
from airhaul.bulk.results.result import BulkResult
from airhaul.cli.exit_codes import ALL_WELL, INTERRUPTED, NOTHING_DONE, SOME_FAILED
from airhaul.cli.output.next_steps import NextSteps
from airhaul.cli.output.printing import err, out, print_error, print_json, print_lines
from airhaul.cli.output.wording import message_of
from airhaul.errors import BulkError, BulkInterrupted

_MOST_LINES: Final = 10
_AS_ASKED_FOR: Final[tuple[State, ...]] = ("created", "updated", "unchanged", "deleted")


@dataclass(frozen=True)
class Report:
    """Tells what became of a command's rows.

    Args:
        table: The table's name.
        as_json: Whether a program reads it.
        on_error: What a row did that failed.
        file: The file that the rows came from, if they came from one.
        rejects: The file that refused rows go to, if there is one.
        key: The fields that rows are told by, where they are.
    """

    table: str
    as_json: bool = False
    on_error: OnError = "stop"
    file: Path | None = None
    rejects: Path | None = None
    key: Sequence[str] = ()

    def done(self, result: BulkResult[Any]) -> int:
        """Tell the result of a call that came to its end.

        Args:
            result: What became of the rows.

        Returns:
            The exit code.
        """
        if self.as_json:
            print_json(self._to_dict(result))
        else:
            out().print(f"{self.table}: {result}", markup=False)
        print_lines(_first(result.explain()))
        self._advise(result)
        self._name_run(result)
        return _code(result)

    def broken_off(self, result: BulkResult[Any], error: BaseException) -> int:
        """Tell the result of a call that ended before its last row.

        Args:
            result: What became of the rows.
            error: What ended it.

        Returns:
            The exit code.
        """
        message = message_of(error)
        if self.as_json:
            print_json(self._to_dict(result, message))
        # A bulk call's own error has the rows in lines below what happened.
        headline, *lines = message.split("\n  ")
        if isinstance(error, BulkInterrupted):
            err().print(headline, markup=False)
        else:
            print_error(headline)
            if not isinstance(error, BulkError):
                lines += [f"Until then: {result}", *_first(result.explain())]
        print_lines(lines)
        self._advise(result, ended_early=True)
        self._name_run(result)
        return INTERRUPTED if isinstance(error, BulkInterrupted) else _code(result)

    def _name_run(self, result: BulkResult[Any]) -> None:
        """Say under which name the run is known, where it wrote anything."""
        if result.run is not None and not self.as_json and _has_written(result):
            took_back = f"airhaul undo {result.run}"
            err().print(
                f"Run {result.run}; to take it back: {took_back}", markup=False, style="dim"
            )

    def _to_dict(self, result: BulkResult[Any], error: str | None = None) -> dict[str, Any]:
        """Every number, and each row that is not as it was asked for."""
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

    def _advise(self, result: BulkResult[Any], *, ended_early: bool = False) -> None:
        if result.is_complete and not ended_early:
            return
        rejects = self._rejects_of(result)
        steps = NextSteps(result, ended_early, self.on_error, self.file, rejects, self.key)
        for line in steps.lines():
            err().print(line, markup=False)


def _first(lines: Sequence[str]) -> list[str]:
    shown = list(lines[:_MOST_LINES])
    more = len(lines) - _MOST_LINES
    return [*shown, f"and {more:,} more"] if more > 0 else shown


def _is_well(row: dict[str, Any]) -> bool:
    return row["state"] in _AS_ASKED_FOR and row["error"] is None and row["note"] is None


def _has_written(result: BulkResult[Any]) -> bool:
    return any(state in result.counts() for state in ("created", "updated", "deleted", "unknown"))


def _code(result: BulkResult[Any]) -> int:
    if result.is_complete:
        return ALL_WELL
    # A row of which nobody knows may be in the table: that is not nothing.
    some = any(state in result.counts() for state in (*_AS_ASKED_FOR, "unknown"))
    return SOME_FAILED if some else NOTHING_DONE
