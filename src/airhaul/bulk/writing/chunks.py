"""The requests of a bulk call: chunks of rows, and lookups of their records."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, Protocol, TypeVar

from airhaul.bulk.engine.page_chain import PageChain
from airhaul.bulk.engine.work import Attempt
from airhaul.bulk.reads.linked_names import NameQuery
from airhaul.bulk.rows.changes import KINDS, Change, Chunk, Kind
from airhaul.errors import AirhaulError
from airhaul.model.base import RecordBase
from airhaul.wire.limits import RECORDS_PER_WRITE
from airhaul.wire.shapes import RecordJson, TableJson

M = TypeVar("M", bound=RecordBase)


@dataclass(slots=True, eq=False)
class Lookup(Generic[M]):
    """A lookup of the records of some rows, page by page.

    Args:
        changes: The rows.
        records: What was read so far.
        chain: The position in the list.
    """

    changes: list[Change[M]]
    records: list[RecordJson] = field(default_factory=list[RecordJson])
    chain: PageChain = field(default_factory=PageChain)

    def restart(self) -> None:
        """Read the list again from its start, because Airtable has forgotten it."""
        self.chain.restart()
        self.records = []


@dataclass(slots=True, eq=False)
class PrefetchLookup(Lookup[M]):
    """A lookup of records before they are changed."""


@dataclass(slots=True, eq=False, kw_only=True)
class CheckLookup(Lookup[M]):
    """A lookup of rows whose request was lost and cannot simply be sent again.

    Args:
        kind: The kind of the changes.
        error: Why it cannot be sent again.
        attempt: The request.
        at: When to look them up, in seconds on the job's clock: until then it may be at work.
    """

    kind: Kind
    error: AirhaulError
    attempt: Attempt
    at: float


@dataclass(slots=True, eq=False)
class SchemaLookup(Lookup[M]):
    """A lookup of the schema.

    Args:
        before: The lookup whose links by name it is for; None if a refusal shows that other rows
            may be refused like it.
        tables: What was read.
    """

    before: PrefetchLookup[M] | None = None
    tables: list[TableJson] = field(default_factory=list[TableJson])


@dataclass(slots=True, eq=False, kw_only=True)
class NamesLookup(PrefetchLookup[M]):
    """A lookup of linked records by name, before links are compared.

    Args:
        before: The lookup whose links it is for.
        query: What to read.
    """

    before: PrefetchLookup[M]
    query: NameQuery


@dataclass(slots=True, eq=False, kw_only=True)
class ClockLookup(CheckLookup[M]):
    """A look at the service's clock, for rows that are written and may have been created or not.

    It is sent a whole number of seconds after their request, so that its reply shows in which
    second that was.

    Args:
        raws: The records of the rows.
        answer: The answer to the request.
    """

    raws: Sequence[RecordJson]
    answer: Mapping[str, Any]


@dataclass(slots=True, eq=False)
class SearchRead:
    """A request of the search for lost creates.

    Args:
        wants: A page of the records, or first the service's time, or then the types of columns.
    """

    wants: Literal["time", "page", "types"]


class ChunkQueue(Generic[M]):
    """A queue that collects rows by kind into chunks, in the order in which they became full."""

    def __init__(self) -> None:
        self._filling: dict[Kind, list[Change[M]]] = {kind: [] for kind in KINDS}
        self._ready: deque[Chunk[M]] = deque()

    def __bool__(self) -> bool:
        """Return whether a chunk is ready."""
        return bool(self._ready)

    def __len__(self) -> int:
        """Return how many chunks are ready."""
        return len(self._ready)

    def without_intent(self) -> list[Chunk[M]]:
        """Return the ready chunks that the journal has no intent of yet, in their order."""
        return [chunk for chunk in self._ready if not chunk.intent]

    @property
    def next_is_intended(self) -> bool:
        """Whether the journal has an intent of the next chunk."""
        return bool(self._ready) and self._ready[0].intent > 0

    def may_be_carried_out(self) -> list[Chunk[M]]:
        """The chunks that are ready, and that another process may have sent before."""
        return [chunk for chunk in self._ready if chunk.was_sent]

    def intended(self) -> list[Chunk[M]]:
        """The chunks that are ready and in the journal, and that nobody has sent."""
        return [chunk for chunk in self._ready if chunk.intent and not chunk.was_sent]

    def add(self, change: Change[M]) -> None:
        """Add a row; before a deletion, the chunks of all other kinds become ready."""
        if change.traits.removes:
            self._flush([kind for kind in KINDS if not KINDS[kind].removes])
        filling = self._filling[change.kind]
        filling.append(change)
        if len(filling) == RECORDS_PER_WRITE:
            self._flush([change.kind])

    def flush(self) -> None:
        """Make chunks of the remaining rows; they may be short."""
        self._flush(KINDS)

    def _flush(self, kinds: Iterable[Kind]) -> None:
        for kind in kinds:
            if self._filling[kind]:
                self._ready.append(Chunk(kind, self._filling[kind]))
                self._filling[kind] = []

    def put_first(self, chunks: Sequence[Chunk[M]]) -> None:
        """Add chunks before all others, in their order."""
        self._ready.extendleft(reversed(chunks))

    def take(self, *, is_writing_others: bool) -> Chunk[M] | None:
        """Remove and return the next chunk, if there is one that may be sent.

        Args:
            is_writing_others: Whether anything but deletions is in flight. Deletions wait for it,
                so that new records exist before old ones are deleted.
        """
        if not self._ready or (self._ready[0].traits.removes and is_writing_others):
            return None
        return self._ready.popleft()


class Log(Protocol[M]):
    """The log of a run: records what is about to be sent."""

    @property
    def ahead(self) -> int:
        """How many chunks to record in one group, at the current speed."""
        ...

    def intend(self, chunks: Sequence[Chunk[M]], now: float) -> None:
        """Record what will be sent next, before it is sent, and number the chunks.

        Raises:
            JournalError: It cannot be written; none of the chunks may be sent.
        """
        ...

    def note_request(self, number: int, kind: str, rows: int, seconds: float, now: float) -> None:
        """Record how long a request took."""
        ...

    def flush_if_many(self) -> None:
        """Write the outcomes that are pending if they are many; errors as of ``flush``."""
        ...

    def flush(self) -> None:
        """Write the outcomes that are pending.

        Raises:
            JournalError: They cannot be written.
        """
        ...
