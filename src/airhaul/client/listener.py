"""Who follows a bulk write: the file of rejected rows, the progress bar, the caller's callbacks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from airhaul.bulk.engine.events import Event, Retrying, RowRefused, RowsChecked, RowsWritten
from airhaul.bulk.journal.given import given_cells
from airhaul.bulk.values.list_columns import ListColumns
from airhaul.client.options import WriteSettings
from airhaul.errors import ConfigurationError, RowError
from airhaul.messages import Message, Option
from airhaul.model.columns import Columns
from airhaul.tabular import InputFile, RejectsFile, SourceRow, format_of

if TYPE_CHECKING:
    from tqdm import tqdm


class Rejects:
    """Writes the rows that a bulk call rejects to a file, with the reasons.

    Args:
        path: A CSV, TSV or JSON Lines file; None for none.
        source: The file that the rows come from, if they come from one.
        columns: The model's columns by the names that the rows have for them. Where rows have
            lists of their own, a single text in place of one is written as a list of one, since in
            a text it may read as several.

    Raises:
        FileFormatError: The suffix does not name a format that can be written row by row.
        ConfigurationError: It is the file that the rows come from, or would mix its notations.
    """

    def __init__(
        self,
        path: str | Path | None,
        source: InputFile | None = None,
        columns: Columns | None = None,
    ) -> None:
        if path is not None and source is not None:
            _check(Path(path), source)
        self._file = None if path is None else RejectsFile(path)
        self._lists = None if columns is None or path is None else ListColumns(columns)
        self._source = source

    def on_event(self, event: Event) -> None:
        """Write the row of an event, if it is about a rejected row."""
        if isinstance(event, RowRefused):
            self.add(event.row, event.error)

    def add(self, row: object, error: RowError) -> None:
        """Write a row.

        Args:
            row: The row as it was given.
            error: Why it was rejected.
        """
        if self._file is None:
            return
        cells, has_lists = given_cells(row), not isinstance(row, SourceRow) or row.has_lists
        if self._lists is not None and has_lists:
            # The settings of a file may rename its columns.
            columns = (
                {name: name for name in cells}
                if self._source is None
                else self._source.names_in_rows(cells)
            )
            listed = self._lists.listed({name: cells[columns[name]] for name in columns})
            cells |= {columns[name]: value for name, value in listed.items()}
        self._file.add(cells, str(error), error.line)

    def close(self) -> None:
        """Put the file in its place."""
        if self._file is not None:
            self._file.close()


def _check(path: Path, source: InputFile) -> None:
    if path.resolve() == source.path.resolve():
        raise ConfigurationError(
            Message(
                f"{path} is the file that the rows come from. Set ",
                Option("rejects"),
                " to another file.",
            )
        )
    has_numbers = format_of(source.path, source.settings.format) in ("json", "jsonl")
    if has_numbers and source.settings.decimal_comma and format_of(path) != "jsonl":
        # In CSV, the number 1.234 of JSON would be a text, and be read with its decimal comma.
        raise ConfigurationError(
            Message(
                f"{source.name} has numbers of JSON, and texts with a decimal comma. Set ",
                Option("rejects"),
                " to a .jsonl file, which keeps them apart.",
            )
        )


T = TypeVar("T")

_LOGGER: Final = logging.getLogger("airhaul")

_CHECKED_AT_ONCE: Final = 1_000
_CHECKED_QUICKLY_S: Final = 0.5
_BAR: Final = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}{postfix}]"


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
        try:
            with self._bar_of(total, self._label):
                yield self
        finally:
            self._rejects.close()

    def checking(self, rows: Iterable[T], total: int | None) -> Iterator[T]:
        """Yield rows that are validated, and tell how many were.

        Args:
            rows: The rows of a file.
            total: How many there are, or None if the file does not say.
        """
        done = 0
        # The bar of sending takes its place; a file that is checked in a blink needs none.
        with self._bar_of(total, f"{self._label}, checked", leave=False, delay=_CHECKED_QUICKLY_S):
            for done, row in enumerate(rows, 1):
                yield row
                if done % _CHECKED_AT_ONCE == 0:
                    self(RowsChecked(done, total))
            self(RowsChecked(done, done))

    @contextmanager
    def _bar_of(
        self, total: int | None, label: str, *, leave: bool = True, delay: float = 0.0
    ) -> Generator[None]:
        """Show a bar, if one is wanted, until the end of the block.

        Args:
            total: How many rows there are, or None while that is not known.
            label: What the bar shows in front.
            leave: Whether it is left on the screen.
            delay: After how many seconds it is shown.
        """
        if not self._wants_bar:
            yield
            return
        from tqdm.auto import tqdm

        # The bar's own estimate does not know the pace; ours is in the postfix.
        form = None if total is None else _BAR
        with tqdm(
            total=total,
            desc=label,
            leave=leave,
            delay=delay,
            unit=" rows",
            dynamic_ncols=True,
            bar_format=form,
        ) as self._bar:
            yield
        self._bar = None

    def __call__(self, event: Event) -> None:
        """Take an event."""
        self._rejects.on_event(event)
        if isinstance(event, RowsChecked):
            if self._bar is not None:
                self._bar.update(event.done - self._bar.n)
        elif isinstance(event, RowsWritten):
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
            self._bar.set_postfix_str(f"trying again in {event.wait}")
        if self._on_event is not None:
            self._on_event(event)


def report_warnings(warnings: Iterable[str]) -> None:
    """Report what a plan would have noted before a run that nobody has seen a plan of."""
    for warning in warnings:
        _LOGGER.warning(warning)


def clock(seconds: float) -> str:
    """Format a duration for people: ``0:07``, ``12:30``, ``1:02:03``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
