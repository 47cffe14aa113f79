"""Links in records: assigned from records and ids, and kept loaded when a record is read again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final, cast

from airhaul.errors import RowError
from airhaul.model.annotations import Shape
from airhaul.model.base import RecordBase
from airhaul.model.links.link import Link, LinkDeclaration

_SEVERAL: Final = (list, tuple, set, frozenset)


def take_links(
    model: type[RecordBase], fields: Mapping[str, tuple[LinkDeclaration, Shape]]
) -> None:
    """Let the fields of a model take records and ids where a link is assigned.

    Only models with links pay for it.

    Args:
        model: The model.
        fields: What its fields with links declare, by name.
    """
    assign = model.__setattr__

    def take(record: RecordBase, name: str, value: object) -> None:
        field = fields.get(name)
        assign(record, name, value if field is None else _as_links(*field, value))

    type.__setattr__(model, "__setattr__", take)


def _as_links(declared: LinkDeclaration, shape: Shape, value: object) -> object:
    """Make links of what is assigned; other values are left to validation when they are written."""
    if not shape.is_sequence:
        return _as_link(declared, value)
    if not isinstance(value, _SEVERAL):
        return value
    return shape.core(_as_link(declared, item) for item in cast("Iterable[object]", value))


def _as_link(declared: LinkDeclaration, value: object) -> object:
    if not isinstance(value, RecordBase | Link | str):
        return value
    try:
        return declared.take(cast("object", value))
    except ValueError as error:
        raise RowError(str(error), field=declared.field, value=value) from None


def links_in(record: RecordBase, names: Iterable[str]) -> Iterator[Link[Any]]:
    """Return the links of a record, in order.

    Args:
        record: The record.
        names: The fields that have links.
    """
    values = vars(record)
    for name in names:
        value = values.get(name)
        if isinstance(value, Link):
            yield value
        elif isinstance(value, _SEVERAL):
            for item in cast("Collection[object]", value):
                if isinstance(item, Link):
                    yield item


def links_of(declared: LinkDeclaration, value: object) -> Iterator[Link[Any]]:
    """Return links to the records that a valid value of a field has.

    Args:
        declared: What the field declares.
        value: The value as a user has given it: records, links and ids.
    """
    items = cast("Iterable[object]", value) if isinstance(value, _SEVERAL) else (value,)
    return (declared.take(item) for item in items if isinstance(item, RecordBase | Link))


def keep_loaded(record: RecordBase, before: Iterable[Link[Any]], names: Iterable[str]) -> None:
    """Give the links of a record the linked records that were there before.

    Args:
        record: A record that was written, and has its links from the reply.
        before: The links that were written.
        names: The fields that have links.
    """
    loaded = {link.id: link._record for link in before if link._record is not None}
    if loaded:
        for link in links_in(record, names):
            link._record = link._record or loaded.get(link.id)
