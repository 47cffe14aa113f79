"""Progress for people: a bar, or the caller's own callback, fed by events."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from airhaul.bulk.events import Event, RowsWritten
from airhaul.client.options import Writing

if TYPE_CHECKING:
    from tqdm import tqdm


class ProgressReport:
    """Passes events on to whoever wants them; a context manager that closes its bar.

    Args:
        writing: The options of the bulk call.
        total: How many rows there are, or None while that is not known.
        label: What the bar says in front.
    """

    def __init__(
        self,
        writing: Writing,
        *,
        total: int | None = None,
        label: str = "",
    ) -> None:
        self._callback = writing.progress if callable(writing.progress) else None
        self._on_event = writing.on_event
        self._bar: tqdm[Any] | None = None
        if writing.progress is True:
            from tqdm.auto import tqdm

            self._bar = tqdm(total=total, desc=label, unit=" rows", dynamic_ncols=True)

    def __call__(self, event: Event) -> None:
        """Take an event."""
        if isinstance(event, RowsWritten):
            if self._bar is not None:
                self._bar.update(len(event.records))
            if self._callback is not None:
                before = event.done - len(event.records)
                for place, record in enumerate(event.records, start=before + 1):
                    self._callback(place, event.total, record)
        if self._on_event is not None:
            self._on_event(event)

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the bar as it stands."""
        if self._bar is not None:
            self._bar.close()
