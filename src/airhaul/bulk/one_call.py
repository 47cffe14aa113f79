"""A single call: one record, a schema, a new table."""

from __future__ import annotations

from typing import Any

from airhaul.bulk.events import Event
from airhaul.errors import AirhaulError
from airhaul.wire.call import Call


class OneCall:
    """Work of one call, whose answer is the result.

    Args:
        call: What to send.
    """

    wants_row = False
    stopping = False

    def __init__(self, call: Call) -> None:
        self._call: Call | None = call
        self._value: Any = None
        self._error: AirhaulError | None = None

    def offer(self, row: object) -> None:
        """Never called: it wants no rows."""
        raise AssertionError(row)

    def end_of_rows(self) -> None:
        """There are none anyway."""

    def next_call(self) -> tuple[None, Call] | None:
        """Hand over the call, once."""
        call, self._call = self._call, None
        return None if call is None else (None, call)

    def accept(self, tag: None, value: Any) -> None:  # noqa: ARG002 - there is only one call
        """Keep the answer."""
        self._value = value

    def refuse(self, tag: None, error: AirhaulError) -> None:  # noqa: ARG002 - as above
        """Keep the error."""
        self._error = error

    def lose(self, tag: None, error: AirhaulError) -> None:
        """Keep the error, which says that nobody knows."""
        error.add_note("Whether Airtable has carried this out is not known: look before repeating.")
        self.refuse(tag, error)

    def abandon(self, tag: None) -> None:
        """Nothing was sent."""

    def events(self) -> list[Event]:
        """Nothing happens but the answer."""
        return []

    @property
    def result(self) -> Any:
        """The answer.

        Raises:
            AirhaulError: Airtable refused, or no reply came.
        """
        if self._error is not None:
            raise self._error
        return self._value
