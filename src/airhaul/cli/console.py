"""What the command line prints: results to standard output, all else to standard error."""

from __future__ import annotations

import json
import sys
import time
from types import TracebackType
from typing import Any, Final, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from airhaul.bulk.events import Event, Restarted, Retrying, RowsWritten

_PLAIN_EVERY_S: Final = 5.0


def out() -> Console:
    """Where results go."""
    return Console(file=sys.stdout, highlight=False, soft_wrap=not sys.stdout.isatty())


def err() -> Console:
    """Where progress, notes and errors go."""
    return Console(file=sys.stderr, highlight=False, soft_wrap=not sys.stderr.isatty())


def print_json(value: Any) -> None:
    """Print a result for programs."""
    print(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def print_error(message: str) -> None:
    """Print an error for people, as it is: nothing in it is markup."""
    console = err()
    console.print("Error:", style="bold red", end=" ")
    console.print(message, markup=False)


class RowProgress:
    """Shows how far a bulk call is: a bar on a terminal, now and then a line elsewhere.

    Args:
        label: What is being done.
    """

    def __init__(self, label: str) -> None:
        self._label = label
        self._console = err()
        self._bar: Progress | None = None
        self._task: Any = None
        self._next_line = time.monotonic() + _PLAIN_EVERY_S

    def __enter__(self) -> Self:
        """Show the bar, if this is a terminal."""
        if self._console.is_terminal:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("rows"),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                console=self._console,
            )
            self._bar.start()
            self._task = self._bar.add_task(self._label, total=None)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the bar as it stands."""
        if self._bar is not None:
            self._bar.stop()

    def on_event(self, event: Event) -> None:
        """Take an event of a bulk call."""
        match event:
            case RowsWritten():
                self.show(event.done, event.total)
            case Retrying():
                self._note(f"{event.error} Trying again in {event.wait_s:.0f} s.")
            case Restarted():
                self._note("The list has expired on the server; reading it again from its start.")
            case _:
                pass

    def show(self, done: int, total: int | None) -> None:
        """Say how many rows are done."""
        if self._bar is not None:
            self._bar.update(self._task, completed=done, total=total)
        elif time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + _PLAIN_EVERY_S
            of = f" of {total:,}" if total is not None else ""
            self._note(f"{self._label}: {done:,}{of} rows")

    def _note(self, text: str) -> None:
        self._console.print(text, markup=False)
