"""Lists in one cell of text, as Airtable's own CSV has them: ``Tea, "Milk, cold", Cup``."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from typing import Any, Final

_ITEM: Final = re.compile(r'\s*(?:"((?:[^"]|"")*+)"\s*|([^,]*))(?:,|$)')


def join_items(items: Sequence[str], known: Collection[str] = ()) -> str:
    """Join items by ``", "``; quote those that would otherwise read as several items or as JSON.

    Args:
        items: The items of a list.
        known: Items that a cell may be as a whole. If several items together, or quotes around one,
            read like one of these, all are quoted; if that does, too, they are a JSON array.
    """
    text = ", ".join(item if _is_plain(item) else _quoted(item) for item in items)
    if text not in known or [*items] == [text]:
        return text
    text = ", ".join(map(_quoted, items))
    return json.dumps([*items], ensure_ascii=False) if text in known else text


def _is_plain(item: str) -> bool:
    is_bare = item.strip() == item and item != "" and not item.startswith("[")
    return is_bare and "," not in item and '"' not in item


def _quoted(item: str) -> str:
    return '"' + item.replace('"', '""') + '"'


def split_items(text: str, known: Collection[str] = ()) -> list[Any]:
    """Split a cell into the items of a list.

    Args:
        text: The cell: items between commas, quoted ones as they are, or a JSON array.
        known: Items of which one may be the whole cell, although it contains a comma.
    """
    whole = text.strip()
    for item in (text, whole):
        if item in known:
            return [item]
    if whole.startswith("["):
        try:
            array = json.loads(whole)
        except (ValueError, RecursionError):
            array = None
        if isinstance(array, list):
            return array
    items: list[Any] = []
    for match in _ITEM.finditer(text):
        quoted, plain = match[1], match[2]
        item = plain.strip() if quoted is None else quoted.replace('""', '"')
        if item:
            items.append(item)
    return items


def may_be_one_item(text: str) -> bool:
    """Whether a cell can be a single item with a comma as well as several without quotes."""
    return "," in text and '"' not in text and not text.lstrip().startswith("[")
