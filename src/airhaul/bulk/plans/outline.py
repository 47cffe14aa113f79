"""What is shown of a plan: counts, and some of the differences and errors; it holds no rows."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from airhaul.bulk.plans.difference import SHOWN, VERBS, Difference, Verb, cell_text, sample
from airhaul.bulk.results.explain import SharedLines, cause_of
from airhaul.errors import RowError
from airhaul.messages import Message, counted
from airhaul.wire.limits import RECORDS_PER_WRITE, REQUESTS_PER_SECOND_PER_BASE

_MOST_NAMES: Final = 5
_SIGNS: Final[dict[Verb, str]] = {"create": "+", "update": "~", "delete": "-", "keep": " "}


@dataclass(frozen=True, slots=True)
class NewLinked:
    """The records that would be created in a linked table, for names in links that no record has.

    Args:
        table: The linked table.
        field: The field that gets the names.
        names: The names.
    """

    table: str
    field: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        shown = ", ".join(map(repr, self.names[:_MOST_NAMES]))
        more = len(self.names) - _MOST_NAMES
        records = counted(len(self.names), "record")
        return (
            f"First, {records} would be created in {self.table!r}, with the {self.field} {shown}"
            f"{f' and {more:,} more' if more > 0 else ''}."
        )


@dataclass
class Outline:
    """What is shown of a plan, of any number of rows.

    Args:
        table_name: The table's name.
        verbs: How many records each verb is for, unchanged ones as ``keep``.
        differences: Some of what would be done: the first differences of each verb.
        refused: How many rows are not valid.
        refusal: Why the plan may not be applied, if it may not.
        notes: Further remarks.
        new_linked: The records that would be created in linked tables first.
    """

    table_name: str
    verbs: dict[Verb, int] = field(default_factory=lambda: dict.fromkeys((*VERBS, "keep"), 0))
    differences: list[Difference] = field(default_factory=list[Difference])
    refused: int = 0
    refusal: str | None = None
    notes: tuple[str, ...] = ()
    new_linked: tuple[NewLinked, ...] = ()
    _reasons: SharedLines = field(default_factory=lambda: SharedLines(SHOWN), repr=False)

    def add(self, verb: Verb, difference: Callable[[], Difference]) -> None:
        """Add what would be done to a record.

        Args:
            verb: What would be done.
            difference: Makes the difference, if it is one of those that are shown.
        """
        self.verbs[verb] += 1
        if verb != "keep" and self.verbs[verb] <= SHOWN:
            self.differences.append(difference())

    def refuse(self, error: RowError) -> None:
        """Add a row that is not valid."""
        self.refused += 1
        self._reasons.add(cause_of(error), lambda: error.message)

    @property
    def valid(self) -> int:
        """How many rows are valid."""
        return sum(self.verbs.values())

    @property
    def requests(self) -> int:
        """How many requests writing takes, ten rows of one kind each."""
        numbers = [self.verbs[verb] for verb in VERBS]
        numbers += [len(new.names) for new in self.new_linked]
        return sum(-(-number // RECORDS_PER_WRITE) for number in numbers)

    @property
    def seconds(self) -> float:
        """How long writing takes at Airtable's pace of five requests a second."""
        return self.requests / REQUESTS_PER_SECOND_PER_BASE

    @property
    def is_empty(self) -> bool:
        """Whether nothing would be written."""
        return self.requests == 0

    def summary(self) -> str:
        """Return the plan in a line: ``2 to create, 245 unchanged: 1 request, about 1 s``."""
        parts = [
            f"{self.verbs[verb]:,} to {verb}"
            for verb in ("create", "update", "delete")
            if self.verbs[verb]
        ]
        if self.verbs["keep"]:
            parts.append(f"{self.verbs['keep']:,} unchanged")
        if self.refused:
            parts.append(f"{self.refused:,} not valid")
        requests = counted(self.requests, "request")
        took = "" if self.is_empty else f", about {max(1, round(self.seconds)):,} s"
        return f"{', '.join(parts) or 'nothing to do'}: {requests}{took}"

    def to_dict(self) -> dict[str, Any]:
        """Return the counts and remarks as plain data, for logs and JSON."""
        return {
            "table": self.table_name,
            "create": self.verbs["create"],
            "update": self.verbs["update"],
            "delete": self.verbs["delete"],
            "unchanged": self.verbs["keep"],
            "requests": self.requests,
            "seconds": self.seconds,
            "refusal": self.refusal,
            "notes": list(self.notes),
            "new_linked": [asdict(new) for new in self.new_linked],
        }

    def heading(self) -> str:
        """Return the first line: the table, and the summary."""
        return f"{self.table_name}: {self.summary()}"

    def sample(self) -> tuple[list[Difference], str]:
        """Return the differences to show, and a line with the number of the others."""
        return sample(self.differences, self.verbs)

    def reasons(self, most: int) -> tuple[list[str], int]:
        """Return why rows are not valid, in some lines, and how many rows these leave out."""
        lines = self._reasons.lines()[:most]
        return [line for line, _ in lines], self.refused - sum(rows for _, rows in lines)

    def _remarks(self) -> list[str]:
        remarks, left = self.reasons(SHOWN)
        if left:
            remarks.append(f"and {left:,} more rows that are not valid")
        if self.refusal:
            remarks.append(Message("Refused: ", self.refusal))
        return [*remarks, *self.remarks]

    @property
    def remarks(self) -> list[str]:
        """Further remarks, and what would be created in linked tables."""
        return [*map(str, self.new_linked), *self.notes]

    def text(self) -> Message:
        """Return the plan in lines: what would be done to each record, and what prevents it."""
        lines = [self.heading()]
        shown, left = self.sample()
        for difference in shown:
            lines.append(f"{_SIGNS[difference.verb]} {_headline(difference)}")
            if difference.verb != "delete":
                lines += [f"    {line}" for line in _cell_lines(difference)]
        return Message.of_lines([*lines, *([left] if left else []), *self._remarks()], "\n")

    def as_html(self) -> str:
        """Return the plan as HTML, for notebooks."""
        shown, left = self.sample()
        rows = [row for difference in shown for row in _rows(difference)]
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
            for row in rows
        )
        head = "".join(f"<th>{name}</th>" for name in ("", "Record", "Field", "Before", "After"))
        remarks = [*([left] if left else []), *self._remarks()]
        return (
            f"<p><b>{html.escape(self.table_name)}</b>: {html.escape(self.summary())}</p>"
            f"<table><tr>{head}</tr>{body}</table>"
            + "".join(f"<p>{html.escape(remark)}</p>" for remark in remarks)
        )


def _headline(difference: Difference) -> str:
    where = difference.record_id or f"row {difference.index}"
    return f"{difference.label} ({where})" if difference.label != where else where


def _rows(difference: Difference) -> list[tuple[str, str, str, str, str]]:
    sign, name = _SIGNS[difference.verb], _headline(difference)
    if difference.verb == "delete" or not difference.cells:
        return [(sign, name, "", "", "")]
    rows: list[tuple[str, str, str, str, str]] = []
    for column, (before, after) in difference.cells.items():
        rows.append((sign, name, column, cell_text(before), cell_text(after)))
        sign, name = "", ""
    return rows


def _cell_lines(difference: Difference) -> Sequence[str]:
    if difference.verb == "create":
        return [f"{name}: {cell_text(after)}" for name, (_, after) in difference.cells.items()]
    return [
        f"{name}: {cell_text(before) or '(empty)'} -> {cell_text(after) or '(empty)'}"
        for name, (before, after) in difference.cells.items()
    ]
