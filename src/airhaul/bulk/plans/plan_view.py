"""A plan on a terminal: one line for each cell that changes, never wrapped.

Imported only when a plan is printed with rich, since few programs load rich.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import takewhile
from typing import Any, Final

from rich.cells import cell_len
from rich.console import ConsoleOptions, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from airhaul.bulk.plans.difference import Difference, Verb, shares
from airhaul.bulk.plans.outline import Outline
from airhaul.messages import visible

_MOST_CELLS: Final = 6
_MOST_LINES: Final = 10
_LONGEST_CELL: Final = 200
_KEPT_BEFORE: Final = 8
_GAP: Final = 2

_SIGNS: Final[dict[Verb, tuple[str, str]]] = {
    "update": ("~", "yellow"),
    "create": ("+", "green"),
    "delete": ("-", "red"),
}

_Row = tuple[str, str, str, str]


def lines_of(
    outline: Outline, options: ConsoleOptions, word: Callable[[str], str] = str
) -> Iterator[RenderableType]:
    """Yield the parts of a printed plan.

    Args:
        outline: What is shown of the plan.
        options: How wide the terminal is.
        word: Formats its messages; by default with the names of Python options.

    Yields:
        Parts for rich to print.
    """
    yield Text(visible(outline.heading()), style="bold")
    shown, left = outline.sample()
    if shown:
        yield _table(shown, options.max_width)
    if left:
        yield Text(left, style="dim")
    reasons, more = outline.reasons(_MOST_LINES)
    for reason in reasons:
        yield Padding(Text(word(reason), style="red"), (0, 0, 0, 2), expand=False)
    if more:
        yield Text(f"  and {more:,} more that are not valid")
    if outline.refusal:
        yield Text(f"Refused: {word(outline.refusal)}", style="red")
    for note in outline.remarks:
        yield Text(word(note))


def _table(differences: list[Difference], width: int) -> Table:
    rows = [
        ("" if place else _SIGNS[difference.verb][0], *row, _SIGNS[difference.verb][1])
        for difference in differences
        for place, row in enumerate(_rows(difference))
    ]
    names = ("", "Record", "Field", "Before", "After")
    wanted = [
        max(cell_len(name), *(cell_len(row[place]) for row in rows))
        for place, name in enumerate(names)
    ]
    used = [place for place in range(len(names)) if any(row[place] for row in rows)]
    widths = shares([wanted[place] for place in used], width - _GAP * (len(used) - 1))
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="dim")
    for place, most in zip(used, widths, strict=True):
        table.add_column(names[place], width=most, no_wrap=True, overflow="ellipsis")
    for *cells, style in rows:
        table.add_row(*(Text(cells[place]) for place in used), style=style)
    return table


def _rows(difference: Difference) -> Iterator[_Row]:
    name = visible(difference.label)
    cells = [
        (visible(column), _shown(before), _shown(after))
        for column, (before, after) in difference.cells.items()
    ]
    match difference.verb:
        case "create":
            yield name, "", "", _together([after for _, _, after in cells], name)
        case "delete":
            yield name, "", _together([before for _, before, _ in cells], name), ""
        case _:
            for column, before, after in cells[:_MOST_CELLS]:
                yield name, column, *_where_they_differ(before, after)
                name = ""
            if len(cells) > _MOST_CELLS:
                yield "", f"and {len(cells) - _MOST_CELLS} more", "", ""


def _together(cells: list[str], name: str) -> str:
    """Join the cells of a record, without its name, which has a column of its own."""
    return ", ".join(cell for cell in cells if cell and cell != name)


def _where_they_differ(before: str, after: str) -> tuple[str, str]:
    """Return two cells from shortly before their first difference, so that it is visible."""
    pairs = zip(before, after, strict=False)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    start = same - _KEPT_BEFORE
    if start <= _KEPT_BEFORE or not before or not after:
        return before, after
    return f"…{before[start:]}", f"…{after[start:]}"


def _shown(cell: Any) -> str:
    if cell is None:
        return ""
    text = ", ".join(map(_shown, cell)) if isinstance(cell, list) else str(cell)
    return visible(" ".join(text[:_LONGEST_CELL].split()))
