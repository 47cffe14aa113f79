"""A plan: the writes that would be made, with what differs in each record; nothing is sent."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from airhaul.bulk.plans.difference import SHOWN, Difference, Verb, sample
from airhaul.bulk.results.policy import Policy
from airhaul.bulk.results.result import NOTHING_SPENT, Spent
from airhaul.bulk.rows.changes import Change, InvalidRow
from airhaul.bulk.rows.precheck import OnRefusal, in_order, refuse_invalid
from airhaul.bulk.rows.target import Target
from airhaul.errors import DeletionRefusedError, RowError
from airhaul.messages import Message
from airhaul.model.base import RecordBase
from airhaul.tabular import InputFile
from airhaul.wire.limits import RECORDS_PER_WRITE, REQUESTS_PER_SECOND_PER_BASE

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

M = TypeVar("M", bound=RecordBase)

_SIGNS: Final[dict[Verb, str]] = {"create": "+", "update": "~", "delete": "-", "keep": " "}
_WIDEST_CELL: Final = 40


@dataclass(frozen=True, slots=True)
class Undoes:
    """What a plan undoes.

    Args:
        run: The run, by its id.
        force: Whether to overwrite what was changed since.
        earlier: The undos of the run that were known when the plan was made, by their ids.
    """

    run: str
    force: bool = False
    earlier: tuple[str, ...] = ()


@dataclass
class Planned(Generic[M]):
    """The writes that would be made.

    Args:
        target: The table, and the key that identifies rows, if there is one.
        changes: What would be done, row by row, unchanged rows included.
        label_columns: The columns that identify a record for people, the key first.
        refused: The rows that are not valid.
        refusal: Why the deletions are refused, if they are.
        notes: Further remarks.
        spent: The requests and seconds that making the plan took.
        verb: The verb whose writes these are, for the journal.
        undoes: What they undo, if they undo a run.
        source: The file that the rows come from, if they come from one.
    """

    target: Target
    changes: list[Change[M]]
    label_columns: tuple[str, ...] = ()
    refused: list[InvalidRow] = field(default_factory=list[InvalidRow])
    refusal: str | None = None
    notes: tuple[str, ...] = ()
    spent: Spent = NOTHING_SPENT
    verb: str = "apply"
    undoes: Undoes | None = None
    source: InputFile | None = None

    @property
    def table_name(self) -> str:
        """The table's name."""
        return self.target.table

    @property
    def rows(self) -> list[Change[M] | InvalidRow]:
        """What would be done and what is not valid, in the order of the rows."""
        return in_order(self.changes, self.refused)

    def refuse_if_not_allowed(self, policy: Policy, on_refusal: OnRefusal) -> None:
        """Raise if the plan may not be applied as it is.

        Args:
            policy: What to do about rows that cannot be written.
            on_refusal: Called with each row that is not valid, where none is written.

        Raises:
            BulkError: Rows are not valid, and the policy is not to continue.
            DeletionRefusedError: The plan deletes more than it may.
        """
        if policy.checks_first:
            refuse_invalid(self.rows, on_refusal)
        if self.refusal is not None:
            raise DeletionRefusedError(Message("Nothing was written: ", self.refusal))

    @property
    def errors(self) -> list[RowError]:
        """Why rows are not valid, one for each of them."""
        return [row.error for row in self.refused]

    def counts(self) -> dict[str, int]:
        """Return how many records would be created, updated, deleted and left unchanged."""
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
                self.target.title_of(column): (
                    before.get(column),
                    None if verb == "delete" else change.cells[column],
                )
                for column in columns
            }
            yield Difference(verb, change.index, change.record_id, self._label(change), cells)

    def _label(self, change: Change[M]) -> str:
        known = {**(change.before or {}), **change.cells}
        names = self.label_columns or tuple(known)[:1]
        found = [_shown(known[name]) for name in names if known.get(name) is not None]
        return ", ".join(found) or change.record_id or f"row {change.index}"

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as plain data, for logs and JSON."""
        return {
            "table": self.table_name,
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
        """Return the plan in a line: ``2 to create, 245 unchanged: 1 request, about 1 s``."""
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
        remarks: list[str] = [error.message for error in self.errors[:SHOWN]]
        if len(self.errors) > SHOWN:
            remarks.append(f"and {len(self.errors) - SHOWN} more rows that are not valid")
        if self.refusal:
            remarks.append(Message("Refused: ", self.refusal))
        return [*remarks, *self.notes]

    def text(self) -> Message:
        """Return the plan in lines: what would be done to each record, and what prevents it."""
        lines = [f"{self.table_name}: {self.summary()}"]
        shown, left = sample(self.differences)
        for difference in shown:
            lines.append(f"{_SIGNS[difference.verb]} {_headline(difference)}")
            if difference.verb != "delete":
                lines += [f"    {line}" for line in _cell_lines(difference)]
        return Message.of_lines([*lines, *([left] if left else []), *self._remarks()], "\n")

    def __str__(self) -> str:
        return str(self.text())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.table_name}: {self.summary()}>"

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Print the plan as a table that fits the terminal, for rich."""
        del console
        yield from self.lines(options)

    def lines(
        self, options: ConsoleOptions, word: Callable[[str], str] = str
    ) -> Iterator[RenderableType]:
        """Yield the plan as a table that fits the terminal, for rich.

        Args:
            options: How wide the terminal is.
            word: Formats its messages; by default with the names of Python options.

        Yields:
            Parts for rich to print.
        """
        from airhaul.bulk.plans.plan_view import lines_of

        heading = f"{self.table_name}: {self.summary()}"
        yield from lines_of(
            heading, self.differences, self.errors, self.refusal, self.notes, options, word
        )

    def _repr_html_(self) -> str:
        shown, left = sample(self.differences)
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


def _verb(change: Change[Any]) -> Verb:
    match change.kind:
        case "upsert":
            return "create" if change.record_id is None else "update"
        case "replace":
            return "update"
        case kind:
            return kind


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
