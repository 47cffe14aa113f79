"""What a bulk call has on its way: chunks of rows, and lookups about them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from airhaul.bulk.engine.page_chain import PageChain
from airhaul.bulk.engine.work import Attempt
from airhaul.bulk.rows.changes import KINDS, Change, Chunk, Kind
from airhaul.errors import AirhaulError
from airhaul.model.base import RecordBase
from airhaul.wire.limits import RECORDS_PER_WRITE
from airhaul.wire.shapes import RecordJson

M = TypeVar("M", bound=RecordBase)


@dataclass(slots=True, eq=False)
class Lookup(Generic[M]):
    """Reading the records that some rows are about, page by page.

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


class PrefetchLookup(Lookup[M]):
    """Looking at what is there before it is changed."""


@dataclass(slots=True, eq=False, kw_only=True)
class CheckLookup(Lookup[M]):
    """Looking what became of rows whose request was lost, and cannot simply be sent again.

    Args:
        kind: What was to be done with them.
        error: Why it cannot.
        attempt: The request.
        at: When to look, in seconds: it may still be at work before.
    """

    kind: Kind
    error: AirhaulError
    attempt: Attempt
    at: float


@dataclass(slots=True, eq=False)
class SearchRead:
    """A page of the search for lost creates.

    Args:
        is_search: Whether it looks for records; otherwise it asks for the service's time only.
    """

    is_search: bool


class ChunkQueue(Generic[M]):
    """Gathers rows by kind, and hands over chunks in the order in which they became full."""

    def __init__(self) -> None:
        self._filling: dict[Kind, list[Change[M]]] = {kind: [] for kind in KINDS}
        self._ready: deque[Chunk[M]] = deque()

    def __bool__(self) -> bool:
        """Whether a chunk is ready."""
        return bool(self._ready)

    def __len__(self) -> int:
        """How many chunks are ready."""
        return len(self._ready)

    def without_intent(self) -> list[Chunk[M]]:
        """The chunks that are ready and that the journal does not know yet, in their order."""
        return [chunk for chunk in self._ready if not chunk.intent]

    @property
    def next_is_intended(self) -> bool:
        """Whether the journal knows the chunk that comes next."""
        return bool(self._ready) and self._ready[0].intent > 0

    def add(self, change: Change[M]) -> None:
        """Take a row; before the first deletion, what else there is becomes ready."""
        if change.traits.removes:
            self._flush([kind for kind in KINDS if not KINDS[kind].removes])
        filling = self._filling[change.kind]
        filling.append(change)
        if len(filling) == RECORDS_PER_WRITE:
            self._flush([change.kind])

    def flush(self) -> None:
        """Make chunks of what is left; they stay short."""
        self._flush(KINDS)

    def _flush(self, kinds: Iterable[Kind]) -> None:
        for kind in kinds:
            if self._filling[kind]:
                self._ready.append(Chunk(kind, self._filling[kind]))
                self._filling[kind] = []

    def put_first(self, chunks: Sequence[Chunk[M]]) -> None:
        """Take chunks that come before all others, in their order."""
        self._ready.extendleft(reversed(chunks))

    def take(self, *, is_writing_others: bool) -> Chunk[M] | None:
        """Hand over the next chunk, if there is one that may be sent.

        Args:
            is_writing_others: Whether anything but deletions is on its way. Deletions wait for it:
                what replaces comes before what removes.
        """
        if not self._ready or (self._ready[0].traits.removes and is_writing_others):
            return None
        return self._ready.popleft()


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
