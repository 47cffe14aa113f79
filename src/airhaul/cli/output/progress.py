"""The progress of a bulk call, for people."""

from __future__ import annotations

import math
import time
from typing import Final, Self

from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Column

from airhaul.bulk.engine.events import (
    Event,
    Reconciled,
    Restarted,
    RollingBack,
    RowRefused,
    RowsChecked,
    RowsWritten,
    Splitting,
)
from airhaul.cli.output.printing import err
from airhaul.client.listener import clock

_PLAIN_EVERY_S: Final = 5.0
_WIDEST_LABEL: Final = 28
_NARROW: Final = 60


class RowProgress:
    """Shows the progress of a bulk call: a bar on a terminal, a line every few seconds elsewhere.

    Args:
        label: What is being done.
    """

    def __init__(self, label: str) -> None:
        self._label = label
        self._console = err()
        self._bar: Progress | None = None
        self._task = TaskID(0)
        self._next_line = time.monotonic() + _PLAIN_EVERY_S
        self._failed = 0
        self._seconds_left: float | None = None
        self._last_note = ""
        self._has_moved = False

    def __enter__(self) -> Self:
        """Show the bar, on a terminal."""
        if self._console.is_terminal:
            whole = Column(no_wrap=True)
            cut = Column(no_wrap=True, overflow="ellipsis", max_width=_WIDEST_LABEL)
            label = TextColumn("{task.description}", markup=False, table_column=cut)
            # On a narrow terminal the figures matter more than what was typed just above.
            has_room = self._console.width >= _NARROW
            self._bar = Progress(
                *((label,) if has_room else ()),
                BarColumn(bar_width=None),
                TextColumn("{task.fields[figures]}", markup=False, table_column=whole),
                console=self._console,
                expand=True,
            )
            self._bar.start()
            self._task = self._bar.add_task(self._label, total=None, figures="")
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the bar as it is; remove one that never moved."""
        if self._bar is not None:
            self._bar.live.transient = not self._has_moved
            self._bar.stop()

    def on_event(self, event: Event) -> None:
        """Show an event of a bulk call."""
        match event:
            case RowsChecked():
                self._show(event.done, event.total, "checked")
            case RowsWritten():
                self._seconds_left = event.seconds_left
                self._show(event.done, event.total)
            case RowRefused():
                self._failed += 1
                self._show(event.done, event.total)
            case Restarted():
                self._note("The list expired on the server; reading it again from the start.")
            case Splitting():
                self._note("A request was refused because of some of its rows; finding out which.")
            case Reconciled():
                self._note(f"A reply was lost; looked for its rows in the table: {_found(event)}.")
            case RollingBack():
                self._note(f"Undoing what was written: {event.rows:,} rows.{_waiting(event)}")
            case _:
                pass

    def _show(self, done: int, total: int | None, what: str = "") -> None:
        # A bar that only counted what was checked makes room for the errors of the rows.
        self._has_moved = self._has_moved or not what
        of = f"{done:,}" if total is None else f"{done:,} of {total:,}"
        figures = f"{of} rows {what}".rstrip()
        if self._failed:
            figures += f", {self._failed:,} failed"
        if self._seconds_left is not None and self._seconds_left >= 1 and done != total:
            figures += f", {clock(self._seconds_left)} left"
        if self._bar is not None:
            self._bar.update(self._task, completed=done, total=total, figures=figures)
        elif time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + _PLAIN_EVERY_S
            self._note(f"{self._label}: {figures}")

    def _note(self, text: str) -> None:
        # Requests in flight at the same time fail for the same reason; it is printed once.
        if text != self._last_note:
            self._last_note = text
            self._console.print(text, markup=False)


def _waiting(event: RollingBack) -> str:
    if not event.wait_s:
        return ""
    return (
        f" A request whose reply was lost may still be at work, so this begins in "
        f"{math.ceil(event.wait_s):,} s."
    )


def _found(event: Reconciled) -> str:
    figures = {"found": event.found, "not there": event.absent, "unclear": event.unknown}
    return ", ".join(f"{number:,} {what}" for what, number in figures.items() if number) or "none"
