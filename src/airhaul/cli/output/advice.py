"""How to go on when not every row was written, so that none is lost and none is written twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airhaul.bulk.results.policy import OnError
from airhaul.bulk.results.result import BulkResult


@dataclass(frozen=True)
class Advice:
    """Says how to go on after a call that did not write every row.

    Args:
        result: What became of the rows.
        ended_early: Whether the call ended before its last row.
        on_error: What a row did that failed.
        file: The file that the rows came from, if they came from one.
        rejects: The file that the refused rows are in, if they are in one.
        key: The fields that rows are told by; without any, a row sent twice makes two records.
    """

    result: BulkResult[Any]
    ended_early: bool
    on_error: OnError
    file: Path | None
    rejects: Path | None
    key: Sequence[str]

    def lines(self) -> list[str]:
        """What to do, in sentences."""
        refused = len(self.result.errors)
        if not refused:
            return [] if self._is_all_else_done else [self._how_to_send_the_others()]
        if self.rejects is None:
            if self._is_all_else_done:
                aside = "With --rejects FILE the refused rows go to a file, with the reasons."
                return [aside] if self.file is not None else []
            return [self._how_to_send_the_others()]
        place = f"{_rows(refused)} {'is' if refused == 1 else 'are'} in {self.rejects}"
        them = "it" if refused == 1 else "them"
        correct = f"correct {them} and import that file"
        if self._is_all_else_done:
            if self.result.run is not None:
                return [f"{place}: correct {them}, and then: airhaul retry {self.result.run}"]
            # No sync with it: a file of some rows is no whole table.
            key = "".join(f" --key {name}" for name in self.key)
            return [f"{place}: {correct} again{f', with{key}' if key else ''}."]
        if self._may_be_repeated:
            place += f", with the reason{'' if refused == 1 else 's'}."
            return [place, self._how_to_send_the_others()]
        return [f"{place}: {correct}.", self._how_to_send_the_others()]

    @property
    def _is_all_else_done(self) -> bool:
        """Whether every row that was not refused is as it should be, or was told as unknown."""
        if self.result.skipped or self.result.undone:
            return False
        return self._is_anything_written or not self.ended_early

    @property
    def _is_anything_written(self) -> bool:
        counts = self.result.counts()
        return any(state in counts for state in ("created", "updated", "deleted", "unknown"))

    @property
    def _may_be_repeated(self) -> bool:
        """Whether the same command again makes no record twice."""
        return bool(self.key) or self.file is None or not self._is_anything_written

    def _how_to_send_the_others(self) -> str:
        if self.result.run is not None and self._is_anything_written and self.result.skipped:
            return f"To go on from there: airhaul resume {self.result.run}"
        if not self._may_be_repeated:
            left = len(self.result.skipped)
            was, them = ("was", "it") if left == 1 else ("were", "those")
            return (
                f"{_rows(left)} {was} not sent, as said above. Import only {them}: the whole file "
                "again would make the others twice."
            )
        run = "run the command again"
        if self.result.errors:
            run = f"correct {self.file or 'what is wrong'} and {run}"
            if self.on_error != "continue":
                aside = "" if self.rejects or self.file is None else " --rejects FILE"
                run += f", or write the good rows with --on-error continue{aside}"
        if self._is_anything_written:
            run += "; what is done is not done twice"
        return f"{run[:1].upper()}{run[1:]}."


def _rows(number: int) -> str:
    return f"{number:,} row{'' if number == 1 else 's'}"
