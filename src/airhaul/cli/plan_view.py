"""A plan on a terminal: a line for each cell that changes, none of them broken.

Whoever is asked to confirm a plan has to see of each kind what it does, deletions above all. So the
kinds share the lines that there are, where a plan prints its first records only.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from typing import Any, Final

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from airhaul.bulk.plan import Difference, Planned, Verb

_MOST_RECORDS: Final = 20
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


class PlanView:
    """What a person sees of a plan.

    Args:
        plan: The plan.
    """

    def __init__(self, plan: Planned[Any]) -> None:
        self._plan = plan

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Print it."""
        plan = self._plan
        yield Text(f"{plan.table}: {plan.summary()}", style="bold")
        by_verb = {
            verb: [difference for difference in plan.differences if difference.verb == verb]
            for verb in _SIGNS
        }
        wanted = [len(some) for some in by_verb.values()]
        shown = dict(zip(by_verb, _shares(wanted, _MOST_RECORDS), strict=True))
        if any(wanted):
            some = [one for verb, ones in by_verb.items() for one in ones[: shown[verb]]]
            yield _table(some, options.max_width)
        left = [f"{len(ones) - shown[verb]:,} more to {verb}" for verb, ones in by_verb.items()]
        left = [text for text in left if not text.startswith("0 ")]
        if left:
            yield Text(f"and {', '.join(left)}", style="dim")
        for error in plan.errors[:_MOST_LINES]:
            yield Padding(Text(str(error), style="red"), (0, 0, 0, 2), expand=False)
        if len(plan.errors) > _MOST_LINES:
            yield Text(f"  and {len(plan.errors) - _MOST_LINES:,} more that are not valid")
        for note in plan.notes:
            yield Text(note)


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
    widths = _shares([wanted[place] for place in used], width - _GAP * (len(used) - 1))
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="dim")
    for place, most in zip(used, widths, strict=True):
        table.add_column(names[place], width=most, no_wrap=True, overflow="ellipsis")
    for *cells, style in rows:
        table.add_row(*(Text(cells[place]) for place in used), style=style)
    return table


def _shares(wanted: list[int], there: int) -> list[int]:
    """Divide what there is evenly, and what one does not want among the others."""
    shares = [0] * len(wanted)
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    for others, place in zip(range(len(order), 0, -1), order, strict=True):
        shares[place] = min(wanted[place], there // others)
        there -= shares[place]
    return shares


def _rows(difference: Difference) -> Iterator[_Row]:
    name = difference.label
    cells = [
        (column, _shown(before), _shown(after))
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
    """The cells of a record in one; its name stands beside them already."""
    return ", ".join(cell for cell in cells if cell and cell != name)


def _where_they_differ(before: str, after: str) -> tuple[str, str]:
    """Two cells from a little before the first difference, which would be cut off otherwise."""
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
    return " ".join(text[:_LONGEST_CELL].split())
