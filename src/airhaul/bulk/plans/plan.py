"""A plan: the writes that would be made, with what differs in each record; nothing is sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from airhaul.bulk.linking.link_keys import LinkKeys
from airhaul.bulk.linking.link_names import LinkNames
from airhaul.bulk.plans.difference import Difference, Verb, cell_text
from airhaul.bulk.plans.outline import NewLinked, Outline
from airhaul.bulk.results.policy import Policy
from airhaul.bulk.results.result import NOTHING_SPENT, Spent
from airhaul.bulk.rows.changes import Change, InvalidRow
from airhaul.bulk.rows.precheck import OnRefusal, in_order, refuse_invalid
from airhaul.bulk.rows.target import Target
from airhaul.bulk.rows.unchanged import AllRows, UnchangedRows
from airhaul.errors import DeletionRefusedError, RowError
from airhaul.messages import Message
from airhaul.model.base import RecordBase
from airhaul.tabular import InputFile
from airhaul.wire.limits import RECORDS_PER_WRITE, REQUESTS_PER_SECOND_PER_BASE

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

M = TypeVar("M", bound=RecordBase)


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
        changes: What would be done, row by row.
        label_columns: The columns that identify a record for people, the key first.
        refused: The rows that are not valid.
        refusal: Why the deletions are refused, if they are.
        notes: Further remarks.
        spent: The requests and seconds that making the plan took.
        verb: The verb whose writes these are, for the journal.
        undoes: What they undo, if they undo a run.
        source: The file that the rows come from, if they come from one.
        unchanged: The unchanged rows that are not among the changes.
        is_stream: Whether the rows come from a stream.
        links: The columns of links whose cells have names instead of ids, if some have.
        new_linked: The records that would be created in linked tables first, for such names.
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
    unchanged: UnchangedRows | None = None
    is_stream: bool = False
    links: LinkKeys | None = None
    new_linked: tuple[NewLinked, ...] = ()

    @property
    def table_name(self) -> str:
        """The table's name."""
        return self.target.table

    @property
    def rows(self) -> Sequence[Change[M] | InvalidRow] | AllRows[M]:
        """What would be done and what is not valid, in the order of the rows."""
        return self.rows_with(self.changes)

    def rows_with(
        self, changes: Iterable[Change[M] | InvalidRow]
    ) -> Sequence[Change[M] | InvalidRow] | AllRows[M]:
        """Return the rows of the plan with other changes than its own.

        Args:
            changes: The changes, and those of them that turned out not to be valid.
        """
        others = in_order(changes, self.refused)
        return others if self.unchanged is None else AllRows(others, self.unchanged)

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
            "unchanged": verbs.count("keep") + self._unchanged_rows,
        }

    @property
    def _unchanged_rows(self) -> int:
        """How many unchanged rows are not among the changes."""
        return 0 if self.unchanged is None else len(self.unchanged)

    @property
    def requests(self) -> int:
        """How many requests writing takes, ten rows of one kind each."""
        counts = self.counts()
        numbers = [counts[verb] for verb in ("create", "update", "delete")]
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

    @property
    def differences(self) -> list[Difference]:
        """What would be done to each record that is touched."""
        return list(self._differences())

    def _differences(self) -> Iterator[Difference]:
        return (self._difference(change) for change in self.changes if _verb(change) != "keep")

    def _difference(self, change: Change[M]) -> Difference:
        verb, before = _verb(change), change.before or {}
        columns = before if verb == "delete" else change.cells
        cells = {
            self.target.title_of(column): (
                before.get(column),
                None if verb == "delete" else change.cells[column],
            )
            for column in columns
        }
        return Difference(verb, change.index, change.record_id, self._label(change), cells)

    def _label(self, change: Change[M]) -> str:
        known = {**(change.before or {}), **change.cells}
        names = self.label_columns or tuple(known)[:1]
        found = [cell_text(known[name]) for name in names if known.get(name) is not None]
        return ", ".join(found) or change.record_id or f"row {change.index}"

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as plain data, for logs and JSON."""
        return {
            **self.outline().to_dict(),
            "errors": [error.message for error in self.errors],
            "differences": [difference.to_dict() for difference in self._differences()],
        }

    def outline(self) -> Outline:
        """Return what is shown of the plan."""
        outline = Outline(self.table_name, refusal=self.refusal, notes=self.notes)
        self.add_to(outline)
        return outline

    def add_to(self, outline: Outline) -> None:
        """Add what would be done, and the rows that are not valid, to an outline."""
        for change in self.changes:
            outline.add(_verb(change), partial(self._difference, change))
        outline.verbs["keep"] += self._unchanged_rows
        for row in self.refused:
            outline.refuse(row.error)
        outline.new_linked = self.new_linked

    def summary(self) -> str:
        """Return the plan in a line: ``2 to create, 245 unchanged: 1 request, about 1 s``."""
        return self.outline().summary()

    def text(self) -> Message:
        """Return the plan in lines: what would be done to each record, and what prevents it."""
        return self.outline().text()

    def __str__(self) -> str:
        return str(self.text())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.table_name}: {self.summary()}>"

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Print the plan as a table that fits the terminal, for rich."""
        from airhaul.bulk.plans.plan_view import lines_of

        del console
        yield from lines_of(self.outline(), options)

    def _repr_html_(self) -> str:
        return self.outline().as_html()


def new_linked(links: LinkKeys, names: LinkNames) -> tuple[NewLinked, ...]:
    """Return the records that would be created for the names in links.

    Args:
        links: The columns of links whose cells have names.
        names: The names; all of them were looked up.
    """
    return tuple(
        NewLinked(linked.table["name"], linked.key_field["name"], tuple(missing))
        for linked, missing in links.missing(names)
    )


def _verb(change: Change[Any]) -> Verb:
    match change.kind:
        case "upsert":
            return "create" if change.record_id is None else "update"
        case "replace":
            return "update"
        case kind:
            return kind
