"""Creates whose reply was lost: when to search for them, and the results.

A request whose reply is lost may still be at work. So its rows are searched for after a while, and
rows that are not found once more, later, before they count as absent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Generic, TypeVar

from airhaul.bulk.engine.known_base import KnownBase
from airhaul.bulk.engine.work import Attempt
from airhaul.bulk.rows.changes import Chunk
from airhaul.bulk.rows.target import Target
from airhaul.bulk.writing.chunks import SearchRead
from airhaul.bulk.writing.reconcile import Finding, Lost, Search
from airhaul.errors import AirhaulError, BadReplyError, TransportError
from airhaul.model.base import RecordBase
from airhaul.wire.call import Call
from airhaul.wire.replies import records_in

M = TypeVar("M", bound=RecordBase)

_SEARCHES: Final = 2


class LostCreates(Generic[M]):
    """The creates of one call whose reply was lost.

    Args:
        target: The table.
        known_base: The service's clock, and the records known to be of other requests.
        settle_s: How long to wait before the first search, in seconds; twice that before the next.
    """

    def __init__(self, target: Target, known_base: KnownBase, settle_s: float) -> None:
        self._target = target
        self._known_base = known_base
        self._settle_s = settle_s
        self.waiting: list[Lost[M]] = []
        self.search_at = 0.0
        self._search: Search[M] | None = None
        self._searches = 0

    def __bool__(self) -> bool:
        return bool(self.waiting)

    def add(self, chunk: Chunk[M], error: AirhaulError, attempt: Attempt) -> None:
        """Add a create whose reply was lost."""
        self.waiting.append(Lost(chunk.changes, error, attempt.first_at, chunk.tries))
        self.search_at = max(self.search_at, attempt.now + self._settle_s)
        self._searches = 0

    def add_recovered(self, lost: Lost[M]) -> None:
        """Add a create that another process may have sent; it can be searched for immediately.

        Args:
            lost: The create; its ``since`` is set.
        """
        self.waiting.append(lost)
        self.search_at = max(self.search_at, lost.sent_at)
        self._searches = 0

    def next_call(self, now: float) -> tuple[SearchRead, Call] | None:
        """Return the next request of the search, or None if it is too early."""
        if now < self.search_at:
            return None
        if self._search is None:
            self._search = Search(self._target, self.waiting, self._known_base)
        return SearchRead(self._search.knows_time), self._search.next_call()

    def accept(self, tag: SearchRead, value: Any, attempt: Attempt) -> Sequence[Finding[M]]:
        """Take an answer.

        Args:
            tag: The request.
            value: The answer's JSON.
            attempt: When it was sent.

        Returns:
            The final findings; rows that were not found are kept if there is another search.

        Raises:
            BadReplyError: It is not an answer of Airtable's, or has no time.
        """
        assert self._search is not None, "a search is under way"
        records = records_in(value)
        if not self._known_base.clock.is_known:
            raise BadReplyError("its replies have no Date header", status=200)
        if not tag.is_search or not self._search.accept(records, value.get("offset")):
            return ()
        findings = self._search.findings()
        self._search, self.waiting = None, []
        self._searches += 1
        if self._searches >= _SEARCHES:
            return findings
        self.waiting = [finding.lost for finding in findings if finding.fate != "there"]
        self.search_at = attempt.now + 2 * self._settle_s
        return [finding for finding in findings if finding.fate == "there"]

    def refuse(self, error: AirhaulError) -> Sequence[Lost[M]]:
        """Handle a request of the search that was refused or lost.

        Returns:
            The creates that are given up; none if the search starts again.
        """
        assert self._search is not None, "a search is under way"
        if self._search.restart_after(error):
            return ()
        self._search = None
        given_up, self.waiting = self.waiting, []
        for lost in given_up:
            lost.error = search_failed(lost.error, error)
        return given_up


def search_failed(lost: AirhaulError, search: AirhaulError) -> TransportError:
    """Make the error of rows whose reply was lost and whose search failed.

    Args:
        lost: Why there was no reply.
        search: Why the search failed.
    """
    made = TransportError(f"{lost} The search for its rows failed: {search}")
    made.__cause__ = lost
    return made
