"""Reading a list page by page, and again from its start if Airtable has forgotten it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any

from airhaul.bulk.compact.packed_ids import PackedIds
from airhaul.bulk.engine.events import Event, PageRead, Restarted
from airhaul.bulk.engine.known_base import KnownFields
from airhaul.bulk.engine.page_chain import PageChain
from airhaul.bulk.engine.work import Attempt, ReadOnlyWork
from airhaul.bulk.reads.division import ListPart, parts_of_list
from airhaul.bulk.reads.missing import missing_column
from airhaul.errors import AirhaulError, BadReplyError
from airhaul.wire.call import Call
from airhaul.wire.endpoints import list_records
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
        chains: Into how many parts to divide the list, if it has more than a page, by the seconds
            that its first page took; None to leave it as it is.

    Attributes:
        missing: The fields that were to be read and that the table does not have. The others are
            read all the same.
    """

    def __init__(
        self,
        base_id: str,
        table: str,
        *parts: ListPart,
        known: KnownFields | None = None,
        chains: Callable[[float], int] | None = None,
    ) -> None:
        super().__init__()
        self.missing: set[str] = set()
        self._base_id = base_id
        self._table = table
        self._chains = chains
        self._known = known or KnownFields()
        self._seen = _Seen()
        self._parts = [_Part(base_id, table, part) for part in parts]
        self._error: AirhaulError | None = None
        self._events: list[Event] = []

    def next_call(self, now: float) -> tuple[_Part, Call] | None:
        """Return the call for the next page of a part; each part has one at a time."""
        if self.stopping:
            return None
        idle = [part for part in self._parts if part.is_idle]
        if not idle:
            return None
        # All are to end at about the same time: a few chains cannot keep the limit busy.
        part = min(idle, key=_Part.progress)
        if part.chain.offset is None:
            self.missing |= self._known.missing(self._table, now) & part.fields
        return part, part.next_call(self.missing)

    def accept(self, tag: _Part, value: Any, attempt: Attempt) -> None:
        """Take a page."""
        try:
            records = records_in(value)
        except BadReplyError as error:
            self._end(error)
            return
        self._known.note(self._table, tag.fields - self.missing)
        fresh = self._seen.without(records) if tag.chain.restarts else records
        tag.is_idle = tag.chain.advance(value.get("offset"))
        tag.pages += 1
        self._divide(tag, fresh, attempt)
        if len(self._parts) > 1 or tag.is_idle:
            self._seen.add(fresh)
        self._events.append(PageRead(fresh))

    def _divide(self, whole: _Part, page: Sequence[RecordJson], attempt: Attempt) -> None:
        """Divide what is left of a list after its first page, if several chains are needed."""
        chains, self._chains = self._chains, None
        count = 1 if chains is None or not whole.is_idle else chains(attempt.took_s)
        if count > 1:
            already = [record["id"] for record in page]
            parts = parts_of_list(whole.parameters, count, already)
            self._parts = [_Part(self._base_id, self._table, part) for part in parts]

    def refuse(self, tag: _Part, error: AirhaulError, attempt: Attempt) -> None:
        """Read a part again if Airtable has forgotten its list or lacks a field, else end."""
        missing = missing_column(error, tag.asked_for)
        if missing is not None and tag.chain.offset is None:
            self.missing.add(missing)
            self._known.note_missing(self._table, missing, attempt.now)
            tag.is_idle = True
        elif tag.chain.can_restart(error):
            tag.chain.restart()
            tag.pages = 0
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

    def __init__(self, base_id: str, table: str, part: ListPart) -> None:
        self._base_id = base_id
        self._table = table
        self._share = part.share
        self.parameters = part.parameters
        self.pages = 0
        self.fields = frozenset(self.parameters.fields or ())
        self.asked_for: tuple[str, ...] = ()
        self.chain = PageChain()
        self.is_idle = True

    def progress(self) -> float:
        """How many of its pages were read, compared with the other parts of the list."""
        return self.pages / self._share

    def next_call(self, missing: AbstractSet[str]) -> Call:
        self.is_idle = False
        parameters = self.parameters
        if missing and parameters.fields is not None:
            there = tuple(name for name in parameters.fields if name not in missing)
            parameters = replace(parameters, fields=there)
        self.asked_for = parameters.fields or ()
        return list_records(self._base_id, self._table, parameters, self.chain.offset)
