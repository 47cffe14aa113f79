"""The names in the links of some rows, before they are looked up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from airhaul.tabular import split_items
from airhaul.wire.ids import is_id


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

    def names(self, column: str, ids: Mapping[str, Sequence[str]]) -> Iterator[str]:
        """Yield the names of a column, now that it is known which records have them.

        Args:
            column: The column.
            ids: The ids of the records by name.
        """
        yield from self._items[column]
        for text in self._texts[column]:
            yield from (item for item in items_of(text, ids) if not is_id(item, "rec"))


def items_of(cell: Any, ids: Mapping[str, Sequence[str]]) -> Sequence[str]:
    """Return the ids and names that a cell has; the whole text of a file may be one name."""
    if isinstance(cell, str):
        whole = next((text for text in _wholes(cell) if ids.get(text)), None)
        return list(map(str, split_items(cell))) if whole is None else [whole]
    return list(map(str, cell))


def _wholes(text: str) -> Iterable[str]:
    """The name that the text of a file is, if it is one: as it is, or without spaces around it."""
    return dict.fromkeys((text, text.strip()))
