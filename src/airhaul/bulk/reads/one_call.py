"""A single call: one record, a schema, a new table."""

from __future__ import annotations

from typing import Any

from airhaul.bulk.engine.events import Event
from airhaul.bulk.engine.work import Attempt, ReadOnlyWork
from airhaul.errors import AirhaulError
from airhaul.wire.call import Call


class OneCall(ReadOnlyWork):
    """Work of one call, whose answer is the result.

    Args:
        call: What to send.
    """

    def __init__(self, call: Call) -> None:
        super().__init__()
        self._call: Call | None = call
        self._value: Any = None
        self._error: AirhaulError | None = None

    def next_call(self, now: float) -> tuple[None, Call] | None:  # noqa: ARG002 - it never waits
        """Return the call, once."""
        call, self._call = self._call, None
        return None if call is None else (None, call)

    def accept(self, tag: None, value: Any, attempt: Attempt) -> None:  # noqa: ARG002 - only one
        """Keep the answer."""
        self._value = value

    def refuse(self, tag: None, error: AirhaulError, attempt: Attempt) -> None:  # noqa: ARG002
        """Keep the error."""
        self._error = error

    def lose(self, tag: None, error: AirhaulError, attempt: Attempt) -> None:
        """Keep the error, with a note that the call may have been carried out."""
        error.add_note("Airtable may have carried this out: check before you repeat it.")
        self.refuse(tag, error, attempt)

    def events(self) -> list[Event]:
        """Return nothing; only the answer counts."""
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
