"""``BulkResult``: the records that a bulk call has written, and the outcome of every row."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar, overload

from airhaul.bulk.results.explain import explain, explain_briefly
from airhaul.bulk.results.outcomes import Outcomes, RowOutcome, State
from airhaul.model.base import RecordBase

if TYPE_CHECKING:
    from array import array

M = TypeVar("M", bound=RecordBase)

_IN_TABLE: Final[tuple[State, ...]] = ("created", "updated", "unchanged")
_NOT_WRITTEN: Final[tuple[State, ...]] = ("failed", "skipped", "unknown")
_MOST_LINES_IN_PAGE: Final = 20


class Spent(NamedTuple):
    """The cost of reading before a call writes.

    Args:
        requests: How many requests.
        seconds: How long, in seconds.
    """

    requests: int = 0
    seconds: float = 0.0

    def plus(self, other: Spent) -> Spent:
        """Return the sum of both."""
        return Spent(self.requests + other.requests, self.seconds + other.seconds)


NOTHING_SPENT: Final = Spent()


class OutcomeList(Sequence[RowOutcome[M]]):
    """The outcomes of some rows, in the order of the input; made on access.

    Args:
        outcomes: All of them.
        places: The places of the rows in this list; None for all.
    """

    def __init__(self, outcomes: Outcomes[M], places: array[int] | None = None) -> None:
        self._outcomes = outcomes
        self._places: Sequence[int] = range(len(outcomes)) if places is None else places

    @overload
    def __getitem__(self, index: int) -> RowOutcome[M]: ...
    @overload
    def __getitem__(self, index: slice) -> list[RowOutcome[M]]: ...
    def __getitem__(self, index: int | slice) -> RowOutcome[M] | list[RowOutcome[M]]:
        if isinstance(index, slice):
            return [self._outcomes[place] for place in self._places[index]]
        return self._outcomes[self._places[index]]

    def __iter__(self) -> Iterator[RowOutcome[M]]:
        return map(self._outcomes.__getitem__, self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __repr__(self) -> str:
        return f"<{len(self)} outcomes>"


class BulkResult(Sequence[M]):
    """The records that are in the table after a bulk call, in the order of the input.

    Records that were deleted are not among them; ``deleted`` has their ids.

    Args:
        outcomes: The outcome of each row.
        requests: How many requests were sent.
        seconds: How long it took.
        run: The run's id in the journal, or None if it was not journaled.
    """

    def __init__(
        self,
        outcomes: Outcomes[M],
        requests: int = 0,
        seconds: float = 0.0,
        run: str | None = None,
    ) -> None:
        self._outcomes = outcomes
        self.requests = requests
        self.seconds = seconds
        self.run = run

    @property
    def outcomes(self) -> OutcomeList[M]:
        """The outcome of each row that was taken, in the order of the input."""
        return OutcomeList(self._outcomes)

    @property
    def created(self) -> list[M]:
        """The records that were created."""
        return self._records("created")

    @property
    def updated(self) -> list[M]:
        """The records that were changed."""
        return self._records("updated")

    @property
    def unchanged(self) -> list[M]:
        """The records that already were as they should be."""
        return self._records("unchanged")

    @property
    def deleted(self) -> list[str]:
        """The ids of the records that were deleted."""
        found = (self._outcomes.id_of(place) for place in self._outcomes.places("deleted"))
        return [id_ for id_ in found if id_ is not None]

    @property
    def errors(self) -> OutcomeList[M]:
        """The rows that were refused, each with its error."""
        return self._with("failed")

    @property
    def skipped(self) -> OutcomeList[M]:
        """The rows that were not sent, because another row ended the call."""
        return self._with("skipped")

    @property
    def unknown(self) -> OutcomeList[M]:
        """The rows that may or may not have been written; check before sending them again."""
        return self._with("unknown")

    @property
    def undone(self) -> OutcomeList[M]:
        """The rows that were written, then undone."""
        return self._with("undone")

    def _with(self, state: State) -> OutcomeList[M]:
        return OutcomeList(self._outcomes, self._outcomes.places(state))

    def _records(self, state: State) -> list[M]:
        found = (self._outcomes.record_of(place) for place in self._outcomes.places(state))
        return [record for record in found if record is not None]

    @property
    def is_complete(self) -> bool:
        """Whether every row was written, or deleted, as requested."""
        return not any(state in _NOT_WRITTEN or state == "undone" for state in self.counts())

    def counts(self) -> dict[State, int]:
        """Return the number of rows in each state; states without rows are left out."""
        return self._outcomes.counts()

    def note(self, index: int, text: str) -> None:
        """Add a note to a row.

        Args:
            index: The row's place.
            text: The note.
        """
        self._outcomes.settle(index, self._outcomes.state_of(index), note=text)

    def explain(self, *, brief: bool = False) -> list[str]:
        """Explain line by line what was not written; neighbours with one cause share a line.

        Args:
            brief: Whether more than three rows share a line, too, that have the same problem in the
                same fields, wherever they are.
        """
        return explain_briefly(self._outcomes) if brief else list(explain(self._outcomes))

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain data, for logs and JSON."""
        return {
            "rows": len(self._outcomes),
            **{str(state): number for state, number in self.counts().items()},
            "requests": self.requests,
            "seconds": round(self.seconds, 3),
            "outcomes": [
                {
                    "index": outcome.index,
                    "line": outcome.line,
                    "state": outcome.state,
                    "id": outcome.id,
                    "request": outcome.request,
                    "error": outcome.error.message if outcome.error else None,
                    "note": outcome.note,
                }
                for outcome in self._outcomes
            ],
        }

    @cached_property
    def _places(self) -> array[int]:
        return self._outcomes.records_at()

    @overload
    def __getitem__(self, index: int) -> M: ...
    @overload
    def __getitem__(self, index: slice) -> list[M]: ...
    def __getitem__(self, index: int | slice) -> M | list[M]:
        if isinstance(index, slice):
            return [self._record(place) for place in self._places[index]]
        return self._record(self._places[index])

    def _record(self, place: int) -> M:
        record = self._outcomes.record_of(place)
        assert record is not None, "a row in the table has its record"
        return record

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[M]:
        return map(self._record, self._places)

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
        explained = self.explain(brief=True)
        lines = "".join(f"<li>{html.escape(line)}</li>" for line in explained[:_MOST_LINES_IN_PAGE])
        if len(explained) > _MOST_LINES_IN_PAGE:
            lines += f"<li>and {len(explained) - _MOST_LINES_IN_PAGE} more</li>"
        return f"<table>{cells}</table>" + (f"<ul>{lines}</ul>" if lines else "")
