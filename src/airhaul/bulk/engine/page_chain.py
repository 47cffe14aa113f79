"""A list that is read page by page, each page naming where the next begins."""

from __future__ import annotations

from typing import Final

from airhaul.errors import AirhaulError, IteratorExpiredError

_MOST_RESTARTS: Final = 5


class PageChain:
    """The position in a list, and how often it was read again from its start.

    Airtable forgets a list that is read too slowly; its pages then have to be read again.
    """

    def __init__(self) -> None:
        self.offset: str | None = None
        self.restarts = 0

    def advance(self, offset: str | None) -> bool:
        """Take the offset that came with a page.

        Args:
            offset: Where the next page begins; None after the last one.

        Returns:
            Whether there is another page.
        """
        self.offset = offset
        return offset is not None

    def can_restart(self, error: AirhaulError) -> bool:
        """Whether reading the list again is worth a try after this error."""
        is_forgotten = isinstance(error, IteratorExpiredError) and self.offset is not None
        return is_forgotten and self.restarts < _MOST_RESTARTS

    def restart(self) -> None:
        """Begin at the first page again."""
        self.restarts += 1
        self.offset = None
