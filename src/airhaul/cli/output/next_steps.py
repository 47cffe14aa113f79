"""What to do after a command that did not write every row: none is lost, none is written twice."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from airhaul.bulk.results.policy import Policy
from airhaul.bulk.results.result import BulkResult
from airhaul.cli.output.wording import command_for, spelled
from airhaul.errors import RowError
from airhaul.messages import counted
from airhaul.tabular.settings import DEFAULTS, FileSettings

NewTableState = Literal["missing", "created"] | None
"""What became of the table that a command was to create; None if it was not to create one."""


@dataclass(frozen=True)
class NextSteps:
    """Advises how to continue after a call that did not write every row.

    Args:
        result: The result of the call.
        ended_early: Whether the call ended before its last row.
        policy: What the call did with a row that cannot be written.
        file: The file that the rows came from; None for another source.
        rejects: The file with the rejected rows; None if there is none.
        key: The fields that identify a record; without them, a row sent twice creates two records.
        settings: How the file is read, and the file of rejected rows, too.
        new_table: Whether the command was to create the table, and has: it cannot do so again.
        deletes_missing: Whether the command is to delete the records that are not in the file,
            which it refuses to do while a row is not valid.
    """

    result: BulkResult[Any]
    ended_early: bool
    policy: Policy
    file: Path | None
    rejects: Path | None
    key: Sequence[str]
    settings: FileSettings = DEFAULTS
    new_table: NewTableState = None
    deletes_missing: bool = False

    def lines(self) -> list[str]:
        """What to do next, in sentences."""
        refused = self._refused
        if not refused:
            return [] if self._is_the_rest_settled else [self._how_to_send_the_rest()]
        if self.rejects is None:
            if self._is_the_rest_settled:
                hint = "To save rejected rows to a file, with the reasons, set --rejects FILE."
                return [hint] if self.file is not None else []
            return [self._how_to_send_the_rest()]
        place = f"{counted(refused, 'row')} {'is' if refused == 1 else 'are'} in {self.rejects}"
        them = "it" if refused == 1 else "them"
        correct = f"correct {them} and import that file"
        if self._is_the_rest_settled:
            if self.result.run is not None:
                retry = command_for("retry", self.result.run)
                return [f"{place}: correct {them}, and then: {retry}"]
            # Not with sync: the rejected rows are not the whole table.
            words = ["--create"] if self.new_table == "missing" else []
            words += [f"--key {shlex.quote(name)}" for name in self.key]
            words += map(spelled, self.settings.as_options())
            again = f" again, with {' '.join(words)}" if words else " again"
            return [f"{place}: {correct}{again}."]
        if self._may_be_repeated:
            place += f", with the reason{'' if refused == 1 else 's'}."
            return [place, self._how_to_send_the_rest()]
        return [f"{place}: {correct}.", self._how_to_send_the_rest()]

    @cached_property
    def _refused(self) -> int:
        """How many rows were refused for what is in them."""
        return sum(isinstance(row.error, RowError) for row in self.result.errors)

    @property
    def _not_sent(self) -> int:
        """How many rows can be sent as they are, such as those that a used-up quota refused."""
        return len(self.result.skipped) + len(self.result.errors) - self._refused

    @property
    def _is_the_rest_settled(self) -> bool:
        """Whether every row that was not refused is written, or was reported as unknown."""
        if self._not_sent or self.result.undone:
            return False
        return self._is_anything_written or not self.ended_early

    @property
    def _is_anything_written(self) -> bool:
        counts = self.result.counts()
        return any(state in counts for state in ("created", "updated", "deleted", "unknown"))

    @property
    def _may_be_repeated(self) -> bool:
        """Whether the same command again creates no record twice."""
        return bool(self.key) or self.file is None or not self._is_anything_written

    def _how_to_send_the_rest(self) -> str:
        if self.result.run is not None and self._is_anything_written and self._not_sent:
            resume = command_for("resume", self.result.run)
            return f"To send the other rows: {resume}"
        if not self._may_be_repeated:
            left = self._not_sent
            was, them = ("was", "it") if left == 1 else ("were", "those")
            return (
                f"{counted(left, 'row')} {was} not written; see above. Import only {them}: the "
                "whole file again would create the others twice."
            )
        run = f"run the command again{' without --create' if self.new_table == 'created' else ''}"
        if self._refused:
            run = f"correct {self.file or 'the rows'} and {run}"
            if not self.policy.splits:
                rejects = "" if self.rejects or self.file is None else " --rejects FILE"
                without = " without --delete," if self.deletes_missing else ""
                run += f", or write the good rows{without} with --on-error continue{rejects}"
        if self._is_anything_written:
            run += "; no row is written twice"
        return f"{run[:1].upper()}{run[1:]}."
