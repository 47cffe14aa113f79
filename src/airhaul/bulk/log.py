"""``Log``: where a bulk call writes down what it is about to send."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from airhaul.bulk.chunks import Chunk
from airhaul.model.base import RecordBase

M = TypeVar("M", bound=RecordBase)


class Log(Protocol[M]):
    """Writes down what is about to be sent."""

    @property
    def ahead(self) -> int:
        """How many chunks are to be written down together, as things go now."""
        ...

    def intend(self, chunks: Sequence[Chunk[M]], now: float) -> None:
        """Write down what will be sent next, before it is, and number the chunks.

        Raises:
            JournalError: It cannot be written; nothing of it may be sent.
        """
        ...

    def note_request(self, number: int, kind: str, rows: int, seconds: float, now: float) -> None:
        """Note how long a request took."""
        ...
