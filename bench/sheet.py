"""A table of results: printed on a terminal, or as Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from rich.table import Table

_PAGE_WIDTH: Final = 120


@dataclass
class Sheet:
    """A table of results.

    Args:
        title: What it shows.
        text_columns: Headings of columns of words; the first of them comes before the numbers.
        number_columns: Headings of columns of numbers.
        last_column: The heading of the column of words behind the numbers, or None.
        notes: What to know when reading it.
    """

    title: str
    text_columns: Sequence[str]
    number_columns: Sequence[str]
    last_column: str | None = None
    notes: str = ""
    rows: list[list[str]] = field(default_factory=list[list[str]])

    def add(self, *cells: str) -> None:
        """Add a row, a cell for each column."""
        self.rows.append(list(cells))

    def as_rich(self) -> Table:
        """The table for a terminal."""
        grid = Table(title=self.title, title_justify="left", caption_justify="left")
        grid.caption = self.notes
        for heading in self.text_columns:
            grid.add_column(heading, no_wrap=True)
        for heading in self.number_columns:
            grid.add_column(heading, justify="right", no_wrap=True)
        if self.last_column is not None:
            grid.add_column(self.last_column, overflow="fold")
        for before, row in zip([None, *self.rows], self.rows, strict=False):
            if before is not None and before[0] != row[0]:
                grid.add_section()
            grid.add_row(*row)
        return grid

    def as_markdown(self) -> str:
        """The table for a page, under a heading of its own."""
        words = ["---"] * len(self.text_columns)
        numbers = ["---:"] * len(self.number_columns)
        last = [] if self.last_column is None else [self.last_column]
        lines = [
            _line([*self.text_columns, *self.number_columns, *last]),
            _line([*words, *numbers, *["---"] * len(last)]),
            *map(_line, self.rows),
        ]
        return f"## {self.title}\n\n{wrapped(self.notes)}\n\n" + "\n".join(lines) + "\n"


def wrapped(text: str) -> str:
    """Wrap a paragraph of a page.

    Args:
        text: The paragraph, on one line.
    """
    return textwrap.fill(text, _PAGE_WIDTH, break_long_words=False, break_on_hyphens=False)


def _line(cells: Sequence[str]) -> str:
    escaped = (cell.replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"
