"""Progress for people: a bar, or the caller's own callback, fed by events."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from airhaul.bulk.engine.events import Event, Retrying, RowRefused, RowsWritten
from airhaul.client.options import WriteSettings
from airhaul.client.rejects import Rejects

if TYPE_CHECKING:
    from tqdm import tqdm

_BAR = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}{postfix}]"


class ProgressReport:
    """Passes events on to whoever wants them.

    Args:
        settings: The options of the bulk call.
        rejects: Takes the rows that are refused.
        label: What the bar shows in front.
    """

    def __init__(self, settings: WriteSettings, rejects: Rejects, *, label: str = "") -> None:
        self._wants_bar = settings.progress is True
        self._callback = settings.progress if callable(settings.progress) else None
        self._on_event = settings.on_event
        self._rejects = rejects
        self._label = label
        self._bar: tqdm[Any] | None = None

    @contextmanager
    def start(self, total: int | None) -> Generator[Callable[[Event], None]]:
        """Show a bar, if one is wanted, until the end of the block, and close the rejects then.

        Args:
            total: How many rows there are, or None while that is not known.
        """
        if self._wants_bar:
            from tqdm.auto import tqdm

            # The bar's own estimate does not know the pace; ours is in the postfix.
            form = None if total is None else _BAR
            self._bar = tqdm(
                total=total, desc=self._label, unit=" rows", dynamic_ncols=True, bar_format=form
            )
        try:
            yield self
        finally:
            if self._bar is not None:
                self._bar.close()
            self._rejects.close()

    def __call__(self, event: Event) -> None:
        """Take an event."""
        self._rejects.on_event(event)
        if isinstance(event, RowsWritten):
            if self._bar is not None:
                left_s = event.seconds_left
                left = "" if left_s is None else f"{clock(left_s)} left"
                self._bar.set_postfix_str(left, refresh=False)
                self._bar.update(len(event.records))
            if self._callback is not None:
                before = event.done - len(event.records)
                for place, record in enumerate(event.records, start=before + 1):
                    self._callback(place, event.total, record)
        elif isinstance(event, RowRefused) and self._bar is not None:
            self._bar.update()
        elif isinstance(event, Retrying) and self._bar is not None:
            self._bar.set_postfix_str(f"trying again in {event.wait_s:.3g} s")
        if self._on_event is not None:
            self._on_event(event)


def clock(seconds: float) -> str:
    """Format a duration for people: ``0:07``, ``12:30``, ``1:02:03``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
