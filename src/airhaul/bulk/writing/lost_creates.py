"""Creates whose reply was lost: when to search for them, and the results.

A request whose reply is lost may still be at work, for as long as proxies and the service hold it.
So its rows are searched for after a while, and rows that are not found once more, a minute later,
before they count as absent.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, Final, Generic, TypeVar

from airhaul.bulk.engine.events import Retrying
from airhaul.bulk.engine.known_base import KnownBase
from airhaul.bulk.engine.retry import Retries
from airhaul.bulk.engine.work import Attempt
from airhaul.bulk.reads.table_reader import table_in
from airhaul.bulk.rows.changes import Chunk
from airhaul.bulk.rows.target import Target
from airhaul.bulk.writing.chunks import SearchRead
from airhaul.bulk.writing.reconcile import Finding, Lost, Search
from airhaul.errors import AirhaulError, BadReplyError, TransportError
from airhaul.model.base import RecordBase
from airhaul.wire import endpoints
from airhaul.wire.call import Call
from airhaul.wire.replies import list_in, records_in
from airhaul.wire.shapes import RecordJson

M = TypeVar("M", bound=RecordBase)

_SEARCHES: Final = 2


class LostCreates(Generic[M]):
    """The creates of one call whose reply was lost.

    Args:
        target: The table.
        known_base: The service's clock, and the records known to be of other requests.
        retries: How long to wait before the first search, and before the next.
        ours: Returns those of some record ids that other rows of the call have.
    """

    def __init__(
        self,
        target: Target,
        known_base: KnownBase,
        retries: Retries,
        ours: Callable[[Collection[str]], set[str]],
    ) -> None:
        self._target = target
        self._known_base = known_base
        self._retries = retries
        self._ours = ours
        self._may_read_types = True
        self._filled: dict[str, Any] = {}
        self.waiting: list[Lost[M]] = []
        self.search_at = 0.0
        self._lost_at = 0.0
        self._search: Search[M] | None = None
        self._searches = 0

    def __bool__(self) -> bool:
        return bool(self.waiting)

    def learn(self, chunk: Chunk[M], records: Sequence[RecordJson]) -> None:
        """Take a create that was answered: which cells does the service fill itself?"""
        sent, stored = chunk.changes[0].cells, records[0]["fields"]
        self._filled |= {column: stored[column] for column in stored.keys() - sent.keys()}

    def add(self, chunk: Chunk[M], error: AirhaulError, attempt: Attempt) -> None:
        """Add a create whose reply was lost."""
        self._wait(Lost(chunk.changes, error, attempt.first_at, chunk.tries), attempt.now)
        self.search_at = max(self.search_at, attempt.now + self._retries.settle_s)

    def add_recovered(self, lost: Lost[M]) -> None:
        """Add a create that another process may have sent; it can be searched for immediately.

        Args:
            lost: The create; its ``since`` is set.
        """
        self._wait(lost, lost.sent_at)
        self.search_at = max(self.search_at, lost.sent_at)

    def _wait(self, lost: Lost[M], lost_at: float) -> None:
        self.waiting.append(lost)
        self._lost_at = max(self._lost_at, lost_at)
        self._searches = 0

    def next_call(self, now: float) -> tuple[SearchRead, Call] | None:
        """Return the next request of the search, or None if it is too early."""
        if now < self.search_at:
            return None
        if self._search is None:
            self._search = Search(self._target, self.waiting, self._known_base, self._filled)
        if self._search.has_all_pages:
            return SearchRead("types"), endpoints.base_schema(self._target.base_id)
        wants = SearchRead("page" if self._search.knows_time else "time")
        return wants, self._search.next_call()

    def accept(self, tag: SearchRead, value: Any) -> Sequence[Finding[M]]:
        """Take an answer.

        Args:
            tag: The request.
            value: The answer's JSON.

        Returns:
            The final findings; rows that were not found are kept if there is another search.

        Raises:
            BadReplyError: It is not an answer of Airtable's, or has no time.
            UnknownTableError: The table is not in the schema.
        """
        assert self._search is not None, "a search is under way"
        if tag.wants == "types":
            self._read_types(value)
            return self._end_search(self._search)
        records = records_in(value)
        if not self._known_base.clock.is_known:
            raise BadReplyError("its replies have no Date header", status=200)
        if tag.wants == "time" or not self._search.accept(records, value.get("offset")):
            return ()
        self._search.drop(self._ours)
        if self._may_read_types and self._search.needs_types:
            return ()
        return self._end_search(self._search)

    def _read_types(self, value: Any) -> None:
        assert self._search is not None, "a search is under way"
        target = self._target
        table = table_in(list_in(value, "tables"), target.table, target.base_id)
        self._target = self._search.target = target.described_by(table)

    def _end_search(self, search: Search[M]) -> Sequence[Finding[M]]:
        findings = search.findings()
        self._search, self.waiting = None, []
        self._searches += 1
        if self._searches >= _SEARCHES:
            return findings
        self.waiting = [finding.lost for finding in findings if finding.fate != "there"]
        # The next loss has nothing to wait for if all of these were found.
        self.search_at = self._lost_at + self._retries.at_work_s if self.waiting else 0.0
        return [finding for finding in findings if finding.fate == "there"]

    def searches_again(self, now: float) -> Retrying | None:
        """Return the event that rows were not found and are searched for once more, if so."""
        if self._search is not None or not self.waiting:
            return None
        call = Search(self._target, self.waiting, self._known_base, {}).next_call()
        return Retrying(call, self.waiting[0].error, max(0.0, self.search_at - now))

    def refuse(self, tag: SearchRead, error: AirhaulError) -> Sequence[Lost[M]]:
        """Handle a request of the search that was refused or lost.

        Returns:
            The creates that are given up; none if the search starts again.
        """
        assert self._search is not None, "a search is under way"
        if tag.wants == "types":
            # Without permission to read the schema, what is in columns that no reply has shown
            # counts as somebody else's.
            self._may_read_types, self._search = False, None
            return ()
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
