"""Reading a list page by page, and from its start again when the server has forgotten it."""

from __future__ import annotations

from typing import Any, Final

from airhaul.bulk.events import Event, PageRead, Restarted
from airhaul.errors import AirhaulError, BadReplyError, IteratorExpiredError
from airhaul.wire.call import Call
from airhaul.wire.endpoints import ListParameters, list_records
from airhaul.wire.replies import records_in

_MOST_RESTARTS: Final = 5


class ReadPages:
    """Work that reads a list; its pages come as ``PageRead`` events.

    Args:
        base_id: The base.
        table: The table's id or name.
        parameters: What to read.
    """

    wants_row = False
    stopping = False

    def __init__(self, base_id: str, table: str, parameters: ListParameters) -> None:
        self._base_id = base_id
        self._table = table
        self._parameters = parameters
        self._offset: str | None = None
        self._idle = True
        self._finished = False
        self._error: AirhaulError | None = None
        self._events: list[Event] = []
        # Pages cannot be read from the middle again, so records are told apart by id.
        self._seen: set[str] = set()
        self._restarts = 0

    def offer(self, row: object) -> None:
        """Never called: it wants no rows."""
        raise AssertionError(row)

    def end_of_rows(self) -> None:
        """There are none anyway."""

    def next_call(self) -> tuple[None, Call] | None:
        """Hand over the call for the next page; there is never more than one on its way."""
        if self._finished or not self._idle:
            return None
        self._idle = False
        return None, list_records(self._base_id, self._table, self._parameters, self._offset)

    def accept(self, tag: None, value: Any) -> None:  # noqa: ARG002 - one call at a time
        """Take a page."""
        self._idle = True
        try:
            fresh = records_in(value)
        except BadReplyError as error:
            self._finished, self._error = True, error
            return
        self._offset = value.get("offset")
        self._finished = self._offset is None
        if self._restarts:
            fresh = [record for record in fresh if record["id"] not in self._seen]
        if not self._finished:
            self._seen.update(record["id"] for record in fresh)
        self._events.append(PageRead(fresh))

    def refuse(self, tag: None, error: AirhaulError) -> None:  # noqa: ARG002 - as above
        """Start again if the list was forgotten half-way, else end."""
        expired = isinstance(error, IteratorExpiredError) and self._offset is not None
        if expired and self._restarts < _MOST_RESTARTS:
            self._restarts += 1
            self._offset = None
            self._idle = True
            self._events.append(Restarted())
            return
        self._finished = True
        self._error = error

    def lose(self, tag: None, error: AirhaulError) -> None:
        """Never the case for reading, which can always be repeated."""
        self.refuse(tag, error)

    def abandon(self, tag: None) -> None:
        """Reading was stopped."""

    def events(self) -> list[Event]:
        """Hand over the pages that have come."""
        events, self._events = self._events, []
        return events

    @property
    def result(self) -> None:
        """Nothing: the pages came as events.

        Raises:
            AirhaulError: Airtable refused, or no reply came.
        """
        if self._error is not None:
            raise self._error
