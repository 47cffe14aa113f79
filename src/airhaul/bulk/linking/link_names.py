"""The names in the links of some rows, before they are looked up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from airhaul.tabular import split_items
from airhaul.wire.ids import is_id

IsKnown = Callable[[str], bool]
"""Whether a record has a name, or will have it."""


class LinkNames:
    """The distinct names in the links of some rows.

    The text of a file is kept as it is: only the linked table shows whether it is one name with a
    comma, or several names.
    """

    def __init__(self) -> None:
        self._items: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._texts: defaultdict[str, dict[str, None]] = defaultdict(dict)

    def add(self, column: str, cell: Any) -> None:
        """Take the names of a cell."""
        if isinstance(cell, str):
            self._texts[column][cell] = None
            return
        items = self._items[column]
        for item in cell or ():
            if isinstance(item, str) and not is_id(item, "rec"):
                items[item] = None

    def update(self, others: LinkNames) -> None:
        """Take the names of other rows."""
        for column, items in others._items.items():
            self._items[column].update(items)
        for column, texts in others._texts.items():
            self._texts[column].update(texts)

    def may_be_names(self) -> Iterator[tuple[str, str]]:
        """Yield all that may be a name, with its column; names may come twice."""
        for column, items in self._items.items():
            yield from ((column, item) for item in items if item)
        for column, texts in self._texts.items():
            for text in texts:
                for item in (*_wholes(text), *split_items(text)):
                    if item and isinstance(item, str) and not is_id(item, "rec"):
                        yield column, item

    def names(self, column: str, is_known: IsKnown) -> Iterator[str]:
        """Yield the names of a column, now that it is known which records have them.

        Args:
            column: The column.
            is_known: Whether a record has a name, or will have it.
        """
        yield from self._items[column]
        for text in self._texts[column]:
            yield from (item for item in items_of(text, is_known) if not is_id(item, "rec"))

    def all_names(self, column: str, is_known: IsKnown) -> Iterable[str]:
        """Return the names of a column if a record is created for each that is not known.

        A text is one name then, too, if it is an item of another cell, such as a quoted one.

        Args:
            column: The column.
            is_known: Whether a record has a name, or will have it.
        """
        found = dict.fromkeys(self._items[column])
        # An item is never longer than its text, so whatever makes a text one name comes before it.
        for text in sorted(self._texts[column], key=lambda text: len(text.strip()), reverse=True):
            items = items_of(text, lambda name: name in found or is_known(name))
            found.update((item, None) for item in items if not is_id(item, "rec"))
        return found


def items_of(cell: Any, is_known: IsKnown) -> Sequence[str]:
    """Return the ids and names that a cell has; the whole text of a file may be one name."""
    if isinstance(cell, str):
        whole = next(filter(is_known, _wholes(cell)), None)
        return list(map(str, split_items(cell))) if whole is None else [whole]
    return list(map(str, cell))


def _wholes(text: str) -> Iterable[str]:
    """The name that the text of a file is, if it is one: as it is, or without spaces around it."""
    return dict.fromkeys((text, text.strip()))
