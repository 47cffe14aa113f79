"""A plan: the writes that would be made, with what differs in each record; nothing is sent."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeVar

from airhaul.bulk.results.result import NOTHING_SPENT, Spent
from airhaul.bulk.rows.changes import Change, Refused
from airhaul.errors import RowError
from airhaul.messages import Message
from airhaul.model.base import RecordBase
from airhaul.wire.limits import RECORDS_PER_WRITE, REQUESTS_PER_SECOND_PER_BASE

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

M = TypeVar("M", bound=RecordBase)

Verb = Literal["create", "update", "delete", "keep"]

_SIGNS: Final[dict[Verb, str]] = {"create": "+", "update": "~", "delete": "-", "keep": " "}
_SHOWN: Final = 20
_WIDEST_CELL: Final = 40


@dataclass(frozen=True, slots=True)
class Difference:
    """What a plan would do to one record.

    Args:
        verb: What would be done.
        index: The row's place in the input; deletions that a sync found follow the rows.
        record_id: The record, where there is one.
        label: What tells it for people: its key, or its first cell.
        cells: Each column that would change, with the cell before and after.
    """

    verb: Verb
    index: int
    record_id: str | None
    label: str
    cells: dict[str, tuple[Any, Any]]


@dataclass
class Planned(Generic[M]):
    """The writes that would be made.

    Args:
        table: The table's name.
        changes: What would be done, row by row, unchanged rows included.
        label_columns: The columns that tell a record for people, the key first.
        refused: The rows that are not valid.
        refusal: Why the deletions are refused, if they are.
        notes: What else is to be said.
        spent: What it took to make the plan.
    """

    table: str
    changes: list[Change[M]]
    label_columns: tuple[str, ...] = ()
    refused: list[Refused] = field(default_factory=list[Refused])
    refusal: str | None = None
    notes: tuple[str, ...] = ()
    spent: Spent = NOTHING_SPENT

    @property
    def errors(self) -> list[RowError]:
        """Why rows are not valid, one for each of them."""
        return [row.error for row in self.refused]

    def counts(self) -> dict[str, int]:
        """How many records would be created, updated, deleted, and left as they are."""
        verbs: list[Verb] = [_verb(change) for change in self.changes]
        return {
            "create": verbs.count("create"),
            "update": verbs.count("update"),
            "delete": verbs.count("delete"),
            "unchanged": verbs.count("keep"),
        }

    @property
    def requests(self) -> int:
        """How many requests writing takes, ten rows of one kind each."""
        counts = self.counts()
        return sum(-(-counts[verb] // RECORDS_PER_WRITE) for verb in ("create", "update", "delete"))

    @property
    def seconds(self) -> float:
        """How long writing takes at Airtable's pace of five requests a second."""
        return self.requests / REQUESTS_PER_SECOND_PER_BASE

    @property
    def is_empty(self) -> bool:
        """Whether nothing would be written."""
        return self.requests == 0

    @property
    def differences(self) -> list[Difference]:
        """What would be done to each record that is touched."""
        return list(self._differences())

    def _differences(self) -> Iterator[Difference]:
        for change in self.changes:
            verb = _verb(change)
            if verb == "keep":
                continue
            before = change.before or {}
            columns = before if verb == "delete" else change.cells
            cells = {
                column: (before.get(column), None if verb == "delete" else change.cells[column])
                for column in columns
            }
            yield Difference(verb, change.index, change.record_id, self._label(change), cells)

    def sample(self) -> tuple[list[Difference], str]:
        """What is shown of the differences: of each kind some, deletions above all.

        Returns:
            The differences that are shown, and a line that says how many are not.
        """
        kinds: tuple[Verb, ...] = ("update", "create", "delete")
        by_verb = {verb: [one for one in self.differences if one.verb == verb] for verb in kinds}
        parts = shares([len(ones) for ones in by_verb.values()], _SHOWN)
        shown: list[Difference] = []
        left: list[str] = []
        for (verb, ones), part in zip(by_verb.items(), parts, strict=True):
            shown += ones[:part]
            if len(ones) > part:
                left.append(f"{len(ones) - part:,} more to {verb}")
        return shown, f"and {', '.join(left)}" if left else ""

    def _label(self, change: Change[M]) -> str:
        known = {**(change.before or {}), **change.cells}
        names = self.label_columns or tuple(known)[:1]
        found = [_shown(known[name]) for name in names if known.get(name) is not None]
        return ", ".join(found) or change.record_id or f"row {change.index}"

    def to_dict(self) -> dict[str, Any]:
        """The plan as plain data, for logs and JSON."""
        return {
            "table": self.table,
            **self.counts(),
            "requests": self.requests,
            "seconds": self.seconds,
            "refusal": self.refusal,
            "notes": list(self.notes),
            "errors": [error.message for error in self.errors],
            "differences": [
                {
                    "verb": difference.verb,
                    "index": difference.index,
                    "id": difference.record_id,
                    "label": difference.label,
                    "cells": {
                        column: {"before": before, "after": after}
                        for column, (before, after) in difference.cells.items()
                    },
                }
                for difference in self._differences()
            ],
        }

    def summary(self) -> str:
        """The plan in a line: ``2 to create, 245 unchanged: 1 request, about 1 s``."""
        counts = self.counts()
        parts = [f"{counts[verb]:,} to {verb}" for verb in ("create", "update", "delete")]
        parts = [part for part in parts if not part.startswith("0 ")]
        if counts["unchanged"]:
            parts.append(f"{counts['unchanged']:,} unchanged")
        if self.errors:
            parts.append(f"{len(self.errors):,} not valid")
        requests = f"{self.requests:,} request{'' if self.requests == 1 else 's'}"
        took = "" if self.is_empty else f", about {max(1, round(self.seconds)):,} s"
        return f"{', '.join(parts) or 'nothing to do'}: {requests}{took}"

    def _remarks(self) -> list[str]:
        remarks = [error.message for error in self.errors[:_SHOWN]]
        if len(self.errors) > _SHOWN:
            remarks.append(f"and {len(self.errors) - _SHOWN} more rows that are not valid")
        if self.refusal:
            remarks.append(Message("Refused: ", self.refusal))
        return [*remarks, *self.notes]

    def text(self) -> Message:
        """The plan in lines: what would be done to each record, and what stands in the way."""
        lines = [f"{self.table}: {self.summary()}"]
        shown, left = self.sample()
        for difference in shown:
            lines.append(f"{_SIGNS[difference.verb]} {_headline(difference)}")
            if difference.verb != "delete":
                lines += [f"    {line}" for line in _cell_lines(difference)]
        return Message.of_lines([*lines, *([left] if left else []), *self._remarks()], "\n")

    def __str__(self) -> str:
        return str(self.text())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.table}: {self.summary()}>"

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Print the plan as a table that fits the terminal, for rich."""
        from airhaul.bulk.plans.plan_view import lines_of

        del console
        yield from lines_of(self, options)

    def _repr_html_(self) -> str:
        shown, left = self.sample()
        rows = [row for difference in shown for row in _rows(difference)]
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
            for row in rows
        )
        head = "".join(f"<th>{name}</th>" for name in ("", "Record", "Field", "Before", "After"))
        remarks = [*([left] if left else []), *self._remarks()]
        return (
            f"<p><b>{html.escape(self.table)}</b>: {html.escape(self.summary())}</p>"
            f"<table><tr>{head}</tr>{body}</table>"
            + "".join(f"<p>{html.escape(remark)}</p>" for remark in remarks)
        )


def shares(wanted: list[int], there: int) -> list[int]:
    """Divide what there is evenly, and what one does not want among the others.

    Args:
        wanted: How much each wants.
        there: How much there is.
    """
    shares = [0] * len(wanted)
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    for others, place in zip(range(len(order), 0, -1), order, strict=True):
        shares[place] = min(wanted[place], there // others)
        there -= shares[place]
    return shares


def _verb(change: Change[Any]) -> Verb:
    if change.kind == "upsert":
        return "create" if change.record_id is None else "update"
    return change.kind


def _headline(difference: Difference) -> str:
    where = difference.record_id or f"row {difference.index}"
    return f"{difference.label} ({where})" if difference.label != where else where


def _rows(difference: Difference) -> list[tuple[str, str, str, str, str]]:
    sign, name = _SIGNS[difference.verb], _headline(difference)
    if difference.verb == "delete" or not difference.cells:
        return [(sign, name, "", "", "")]
    rows: list[tuple[str, str, str, str, str]] = []
    for column, (before, after) in difference.cells.items():
        rows.append((sign, name, column, _shown(before), _shown(after)))
        sign, name = "", ""
    return rows


def _cell_lines(difference: Difference) -> Sequence[str]:
    if difference.verb == "create":
        return [f"{name}: {_shown(after)}" for name, (_, after) in difference.cells.items()]
    return [
        f"{name}: {_shown(before) or '(empty)'} -> {_shown(after) or '(empty)'}"
        for name, (before, after) in difference.cells.items()
    ]


def _shown(cell: Any) -> str:
    if cell is None:
        return ""
    text = cell if isinstance(cell, str) else _plain(cell)
    line = " ".join(text.split())
    return line if len(line) <= _WIDEST_CELL else f"{line[: _WIDEST_CELL - 1]}…"


def _plain(cell: Any) -> str:
    if isinstance(cell, list):
        return ", ".join(item if isinstance(item, str) else _plain(item) for item in cell)
    return str(cell)
