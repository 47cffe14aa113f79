"""What became of each row: outcomes, and the records that came of them."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar, overload

from airhaul.errors import AirhaulError
from airhaul.model.base import RecordBase

M = TypeVar("M", bound=RecordBase)

State = Literal["created", "failed", "skipped", "unknown"]
"""Written; refused; never sent; sent, and nobody knows."""


@dataclass(frozen=True, slots=True)
class RowOutcome(Generic[M]):
    """What became of one row.

    Args:
        index: The row's place in the input, from 0.
        state: What became of it.
        record: The record that it is now, when it was written.
        error: Why it was not, when it was not.
        line: Its line in the file it came from, from 1, or None.
    """

    index: int
    state: State
    record: M | None = None
    error: AirhaulError | None = None
    line: int | None = None

    @property
    def id(self) -> str | None:
        """The record's id, when the row was written."""
        return self.record.id if self.record else None


class BulkResult(Sequence[M]):
    """The records that a bulk call has written, in the order of the input, and every row's outcome.

    Args:
        outcomes: One for each row that was taken, in the order of the input.
        requests: How many requests were sent.
        seconds: How long it took.
    """

    def __init__(self, outcomes: Sequence[RowOutcome[M]], requests: int, seconds: float) -> None:
        self.outcomes: tuple[RowOutcome[M], ...] = tuple(outcomes)
        self.requests = requests
        self.seconds = seconds
        self._records = [outcome.record for outcome in self.outcomes if outcome.record is not None]

    @property
    def created(self) -> list[M]:
        """The records that were created."""
        return [
            outcome.record
            for outcome in self.outcomes
            if outcome.state == "created" and outcome.record is not None
        ]

    @property
    def errors(self) -> list[RowOutcome[M]]:
        """The rows that were refused."""
        return [outcome for outcome in self.outcomes if outcome.state == "failed"]

    @property
    def skipped(self) -> list[RowOutcome[M]]:
        """The rows that were taken and never sent."""
        return [outcome for outcome in self.outcomes if outcome.state == "skipped"]

    @property
    def unknown(self) -> list[RowOutcome[M]]:
        """The rows that were sent and whose reply was lost: look before sending them again."""
        return [outcome for outcome in self.outcomes if outcome.state == "unknown"]

    def counts(self) -> dict[str, int]:
        """How many rows came to which state; states without rows are left out."""
        return dict(Counter[str](outcome.state for outcome in self.outcomes))

    def explain(self) -> list[str]:
        """Say in lines what was not written, and why; rows with one cause share a line."""
        lines: list[str] = []
        for group in _groups(self.outcomes):
            first, last = group[0], group[-1]
            rows = f"row {first.index}" if first is last else f"rows {first.index}-{last.index}"
            if first.state == "skipped":
                lines.append(f"{rows}: not sent")
            elif first.state == "unknown":
                lines.append(
                    f"{rows}: sent, and no reply came; they may have been written. Look for them "
                    f"before sending them again. ({first.error})"
                )
            elif first.state == "failed":
                said = str(first.error)
                lines.append(said if "row " in said[:200] else f"{rows}: {said}")
        return lines

    def to_dict(self) -> dict[str, Any]:
        """The result as plain data, for logs and JSON."""
        return {
            "rows": len(self.outcomes),
            **self.counts(),
            "requests": self.requests,
            "seconds": round(self.seconds, 3),
            "outcomes": [
                {
                    "index": outcome.index,
                    "line": outcome.line,
                    "state": outcome.state,
                    "id": outcome.id,
                    "error": str(outcome.error) if outcome.error else None,
                }
                for outcome in self.outcomes
            ],
        }

    @overload
    def __getitem__(self, index: int) -> M: ...
    @overload
    def __getitem__(self, index: slice) -> list[M]: ...
    def __getitem__(self, index: int | slice) -> M | list[M]:
        return self._records[index]

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[M]:
        return iter(self._records)

    def __str__(self) -> str:
        counts = ", ".join(f"{number:,} {state}" for state, number in self.counts().items())
        requests = f"{self.requests:,} request{'' if self.requests == 1 else 's'}"
        return f"{counts or 'no rows'} in {requests} and {self.seconds:.1f} s"

    def __repr__(self) -> str:
        return f"<BulkResult: {self}>"

    def _repr_html_(self) -> str:
        figures = [*self.counts().items(), ("requests", self.requests)]
        cells = "".join(
            f"<tr><th>{html.escape(name)}</th><td>{value:,}</td></tr>" for name, value in figures
        )
        cells += f"<tr><th>seconds</th><td>{self.seconds:.1f}</td></tr>"
        lines = "".join(f"<li>{html.escape(line)}</li>" for line in self.explain()[:20])
        return f"<table>{cells}</table><ul>{lines}</ul>"


def _groups(outcomes: Sequence[RowOutcome[M]]) -> Iterator[list[RowOutcome[M]]]:
    """Neighbouring rows with the same state and the very same error, written rows left out."""
    group: list[RowOutcome[M]] = []
    for outcome in outcomes:
        if group and (outcome.state != group[0].state or outcome.error is not group[0].error):
            yield group
            group = []
        if outcome.state != "created":
            group.append(outcome)
    if group:
        yield group
