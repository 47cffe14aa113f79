"""Rows on their way into requests: ten of one kind make a chunk."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final, Generic, TypeVar

from airhaul.bulk.changes import Change, Kind
from airhaul.bulk.chunks import Chunk
from airhaul.model.base import RecordBase
from airhaul.wire.limits import RECORDS_PER_WRITE

M = TypeVar("M", bound=RecordBase)

_KINDS: Final[tuple[Kind, ...]] = ("update", "upsert", "create", "delete")


class ChunkQueue(Generic[M]):
    """Gathers rows by kind, and hands over chunks in the order in which they became full."""

    def __init__(self) -> None:
        self._filling: dict[Kind, list[Change[M]]] = {kind: [] for kind in _KINDS}
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
        if change.kind == "delete":
            self._flush([kind for kind in _KINDS if kind != "delete"])
        filling = self._filling[change.kind]
        filling.append(change)
        if len(filling) == RECORDS_PER_WRITE:
            self._flush([change.kind])

    def flush(self) -> None:
        """Make chunks of what is left; they stay short."""
        self._flush(_KINDS)

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
        if not self._ready or (self._ready[0].kind == "delete" and is_writing_others):
            return None
        return self._ready.popleft()
