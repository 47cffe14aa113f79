"""Lookups on lists: multiple selects, links, and lists of other values.

A formula sees a list as text: its items joined by ``", "``, and of a link the names of the linked
records. ``ARRAYJOIN`` joins with line breaks instead, which no name has; it is documented for links
and for the values of lookup fields, and not for multiple selects.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from collections.abc import Set as AbstractSet
from typing import Final, cast

from airhaul.formula.build import all_of, any_of, literal
from airhaul.formula.lookups.field import Subject
from airhaul.formula.lookups.filter import Decided, Exact, Filter, joined, negated
from airhaul.formula.nodes import Binary, Call, Node, Text
from airhaul.wire.ids import is_id

# How Airtable joins a list used as text; an item that contains it looks like two items.
_SEPARATOR: Final = ", "
_NOTHING: Final[Node] = Call("FALSE")


def exact(subject: Subject, value: object) -> Filter:
    """Build the test for a list with exactly these items."""
    if subject.is_nothing(value):
        return is_empty(subject)
    is_one = isinstance(value, str) or not isinstance(value, Collection)
    items = _encoded(subject, [value] if is_one else cast("Collection[object]", value))
    if not items:
        return is_empty(subject)
    is_of_ids = subject.kind == "links" and _are_ids(subject, items)
    if isinstance(value, AbstractSet) and len(items) > 1 and not is_of_ids:
        return _in_any_order(subject, items)
    joined_items = Binary("=", subject.as_text, Text(_SEPARATOR.join(items)))
    match subject.kind:
        case "links" if is_of_ids:
            wanted = set(items)
            return _by_id(subject, items, lambda cell: set(cell) == wanted, all_of)
        case "links":
            return Exact(Binary("=", subject.by_lines, Text("\n".join(items))))
        case "choices" if len(items) > 1 or _SEPARATOR in items[0]:
            if not _has_commas(subject, items):
                return Exact(joined_items)
            by_lines = Binary("=", subject.by_lines, Text("\n".join(items)))
            wide = any_of([by_lines, joined_items])
            column = subject.field.column
            return Decided(wide, _NOTHING, column, lambda cell: cell == items, needs_test=True)
        case _:
            return Exact(joined_items)


def _in_any_order(subject: Subject, items: list[str]) -> Filter:
    """Test for each item, and that there is no room for others."""
    each = [_has_item(subject, item) for item in items]
    if subject.kind == "choices" and _has_commas(subject, items):
        wide, wanted = all_of([item.wide for item in each]), set(items)
        return Decided(
            wide,
            _NOTHING,
            subject.field.column,
            lambda cell: set(cell or ()) == wanted,
            needs_test=True,
        )
    parted, text = (
        ("\n", subject.by_lines) if subject.kind == "links" else (_SEPARATOR, subject.as_text)
    )
    length = Call("LEN", (Text(parted.join(items)),))
    return joined("and", [*each, Exact(Binary("=", Call("LEN", (text,)), length))])


def not_exact(subject: Subject, value: object) -> Filter:
    """Build the test for any other list."""
    return _is_filled(subject) if subject.is_nothing(value) else negated(exact(subject, value))


def empty(subject: Subject, value: object) -> Filter:
    """Build the test for a list without items, or with some."""
    if not isinstance(value, bool):
        raise subject.fault(value, "expected True or False")
    return is_empty(subject) if value else _is_filled(subject)


def is_empty(subject: Subject) -> Filter:
    """Build the test for a list without items, which a formula makes, and so does the cell."""
    node, column = subject.is_empty, subject.field.column
    return Decided(node, node, column, lambda cell: not cell, is_exact=True)


def _is_filled(subject: Subject) -> Filter:
    node, column = subject.is_filled, subject.field.column
    return Decided(node, node, column, bool, is_exact=True)


def contains(subject: Subject, value: object) -> Filter:
    """Build the test for a list that has an item."""
    if value == "":
        return Exact(_NOTHING)  # no item is empty, but two adjacent separators would match
    return _has_any(subject, [value])


def is_in(subject: Subject, value: object) -> Filter:
    """Build the test for a list that has any of some items."""
    members = subject.members(value)
    filled = [member for member in members if not subject.is_nothing(member)]
    parts: list[Filter] = [_has_any(subject, filled)] if filled else []
    if len(filled) < len(members):
        parts.append(is_empty(subject))
    return joined("or", parts)


def not_in(subject: Subject, value: object) -> Filter:
    """Build the test for a list that has none of some items."""
    return negated(is_in(subject, value)) if subject.members(value) else Exact(Call("TRUE"))


def _encoded(subject: Subject, values: Iterable[object]) -> list[str]:
    return [str(subject.encode(value)) for value in values]


def _are_ids(subject: Subject, items: list[str]) -> bool:
    """Return whether the items of a link are ids; otherwise all of them are names."""
    ids = [item for item in items if is_id(item, "rec")]
    if ids and len(ids) < len(items):
        raise subject.fault(items, "expected either record IDs or names, and not both")
    return bool(ids)


def _by_id(
    subject: Subject,
    ids: list[str],
    fits: Callable[[Collection[str]], bool],
    join: Callable[[list[Node]], Node],
) -> Decided:
    """Test ids, which no formula sees; the names, once they are known, narrow what is read."""

    def by_names(names: list[str]) -> Node:
        # Anywhere in the text: what is read decides, and no record may be missed.
        found = [Call("FIND", (Text(name), subject.as_text)) for name in names]
        return join([Binary(">", place, literal(0)) for place in found])

    return Decided(
        subject.is_filled,
        _NOTHING,
        subject.field.column,
        lambda cell: fits(cell or ()),
        needs_test=True,
        ids=frozenset(ids),
        by_names=by_names,
    )


def _has_any(subject: Subject, values: list[object]) -> Filter:
    items = _encoded(subject, values)
    if subject.kind == "links" and _are_ids(subject, items):
        return _by_id(subject, items, lambda cell: any(item in cell for item in items), any_of)
    return joined("or", [_has_item(subject, item) for item in items])


def _has_item(subject: Subject, item: str) -> Filter:
    by_commas = _is_between(_SEPARATOR, item, subject.as_text)
    by_lines = _is_between("\n", item, subject.by_lines)
    if subject.kind != "choices":
        is_array = subject.kind == "links" or _SEPARATOR in item
        return Exact(by_lines if is_array else by_commas)
    if subject.field.choices and not _has_commas(subject, [item]):
        return Exact(by_commas)
    has_comma = _SEPARATOR in item
    return Decided(
        by_commas,
        _NOTHING if has_comma else by_lines,
        subject.field.column,
        lambda cell: item in (cell or ()),
        needs_test=has_comma,
    )


def _has_commas(subject: Subject, items: Iterable[str]) -> bool:
    """Whether items that are joined by commas may look like others."""
    if not subject.field.choices:
        return True
    return any(_SEPARATOR in item for item in (*items, *subject.field.choices))


def _is_between(separator: str, item: str, joined_items: Node) -> Node:
    """Test for a whole item; separators on both sides ensure that it is not a part of one."""
    parted = Text(separator)
    hay = Binary("&", Binary("&", parted, joined_items), parted)
    return Binary(">", Call("FIND", (Text(f"{separator}{item}{separator}"), hay)), literal(0))
