"""Reading a list page by page, and again from its start if Airtable has forgotten it."""

from __future__ import annotations

import string
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any, Final

from airhaul.bulk.engine.events import Event, PageRead, Restarted
from airhaul.bulk.engine.known_base import KnownFields
from airhaul.bulk.engine.page_chain import PageChain
from airhaul.bulk.engine.work import Attempt, ReadOnlyWork
from airhaul.bulk.reads.missing import missing_column
from airhaul.bulk.results.packed_ids import PackedIds
from airhaul.errors import AirhaulError, BadReplyError
from airhaul.formula import Node, parse, print_formula
from airhaul.formula.build import all_of, literal
from airhaul.formula.nodes import Binary
from airhaul.formula.nodes import Call as FormulaCall
from airhaul.wire.call import Call
from airhaul.wire.endpoints import ListParameters, list_records
from airhaul.wire.replies import records_in
from airhaul.wire.shapes import RecordJson


class _Seen:
    """The ids of the records that were passed on, packed, and looked up only when needed."""

    def __init__(self) -> None:
        self._packed = PackedIds()
        self._ids: set[str | None] | None = None

    def add(self, records: Sequence[RecordJson]) -> None:
        self._ids = None
        self._packed.extend([record["id"] for record in records])

    def without(self, records: Sequence[RecordJson]) -> list[RecordJson]:
        """Return the records that were not passed on yet."""
        if self._ids is None:
            self._ids = set(self._packed)
        return [record for record in records if record["id"] not in self._ids]


class ReadPages(ReadOnlyWork):
    """Work that reads a list, or its parts side by side; pages come as ``PageRead`` events.

    Args:
        base_id: The base.
        table: The table's id or name.
        parts: What to read; several are read side by side, each page by page.
        known: What is known of the tables' fields.

    Attributes:
        missing: The fields that were to be read and that the table does not have. The others are
            read all the same.
    """

    def __init__(
        self, base_id: str, table: str, *parts: ListParameters, known: KnownFields | None = None
    ) -> None:
        super().__init__()
        self.missing: set[str] = set()
        self._table = table
        self._known = known or KnownFields()
        self._seen = _Seen()
        self._parts = [_Part(base_id, table, parameters) for parameters in parts]
        self._error: AirhaulError | None = None
        self._events: list[Event] = []

    def next_call(self, now: float) -> tuple[_Part, Call] | None:
        """Return the call for the next page of a part; each part has one at a time."""
        if self.stopping:
            return None
        part = next((part for part in self._parts if part.is_idle), None)
        if part is None:
            return None
        if part.chain.offset is None:
            self.missing |= self._known.missing(self._table, now) & part.fields
        return part, part.next_call(self.missing)

    def accept(self, tag: _Part, value: Any, attempt: Attempt) -> None:  # noqa: ARG002 - a read
        """Take a page."""
        try:
            records = records_in(value)
        except BadReplyError as error:
            self._end(error)
            return
        self._known.note(self._table, tag.fields - self.missing)
        fresh = self._seen.without(records) if tag.chain.restarts else records
        tag.is_idle = tag.chain.advance(value.get("offset"))
        if len(self._parts) > 1 or tag.is_idle:
            self._seen.add(fresh)
        self._events.append(PageRead(fresh))

    def refuse(self, tag: _Part, error: AirhaulError, attempt: Attempt) -> None:
        """Read a part again if Airtable has forgotten its list or lacks a field, else end."""
        missing = missing_column(error, tag.asked_for)
        if missing is not None and tag.chain.offset is None:
            self.missing.add(missing)
            self._known.note_missing(self._table, missing, attempt.now)
            tag.is_idle = True
        elif tag.chain.can_restart(error):
            tag.chain.restart()
            tag.is_idle = True
            self._events.append(Restarted())
        else:
            self._end(error)

    def lose(self, tag: _Part, error: AirhaulError, attempt: Attempt) -> None:
        """End as for a refusal; only repeated reads get here."""
        self.refuse(tag, error, attempt)

    def _end(self, error: AirhaulError) -> None:
        self._error = self._error or error
        self.stop()

    def events(self) -> list[Event]:
        """Return the pages that have come."""
        events, self._events = self._events, []
        return events

    @property
    def has_more(self) -> bool:
        """Whether a page is left to be read."""
        return any(part.is_idle for part in self._parts)

    @property
    def result(self) -> None:
        """Nothing: the pages came as events.

        Raises:
            AirhaulError: Airtable refused, or no reply came.
        """
        if self._error is not None:
            raise self._error


class _Part:
    """One part of the list; at most one of its pages is asked for at a time."""

    def __init__(self, base_id: str, table: str, parameters: ListParameters) -> None:
        self._base_id = base_id
        self._table = table
        self._parameters = parameters
        self.fields = frozenset(parameters.fields or ())
        self.asked_for: tuple[str, ...] = ()
        self.chain = PageChain()
        self.is_idle = True

    def next_call(self, missing: AbstractSet[str]) -> Call:
        self.is_idle = False
        parameters = self._parameters
        if missing and parameters.fields is not None:
            there = tuple(name for name in parameters.fields if name not in missing)
            parameters = replace(parameters, fields=there)
        self.asked_for = parameters.fields or ()
        return list_records(self._base_id, self._table, parameters, self.chain.offset)


_LETTERS: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase


def parts_of_list(parameters: ListParameters, count: int) -> list[ListParameters]:
    """Divide what is to be read.

    Args:
        parameters: The whole list, without a sort and a limit.
        count: Into how many parts; at least 1.

    Returns:
        What to read for each part. Together they hold each record once: the last one has all that
        are in none of the others, whatever their ids look like.
    """
    if count == 1:
        return [parameters]
    last = FormulaCall("RIGHT", (FormulaCall("RECORD_ID"), literal(1)))
    groups = [_LETTERS[place::count] for place in range(min(count, len(_LETTERS)))]
    tests: list[Node] = [
        Binary(">", FormulaCall("FIND", (last, literal(group))), literal(0))
        for group in groups[:-1]
    ]
    others = Binary("=", FormulaCall("FIND", (last, literal("".join(groups[:-1])))), literal(0))
    own = [] if parameters.formula is None else [parse(parameters.formula)]
    return [
        replace(parameters, formula=print_formula(all_of([test, *own])))
        for test in [*tests, others]
    ]
