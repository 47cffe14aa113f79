"""Reading a type annotation: the type without ``Annotated`` and ``| None``."""

from __future__ import annotations

import types
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Annotated, Any, Literal, NewType, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from airhaul.model.base import RecordBase
from airhaul.model.links.link import Link
from airhaul.model.links.named import LinkedByName

_SEQUENCES = (list, tuple, set, frozenset)


@dataclass(frozen=True, slots=True)
class Shape:
    """The parts of an annotation.

    Args:
        core: The type itself, such as ``int`` or ``list``.
        item: The shape of the items of a sequence; else None.
        accepts_none: Whether the annotation accepts None.
        choices: The values of a ``Literal`` or an ``Enum`` of text; else None.
        integers: The values of a ``Literal`` or an ``Enum`` of integers; else None.
        links_to: The model of ``Link[...]``; else None.
        metadata: The metadata of ``Annotated``.
    """

    core: Any
    item: Shape | None = None
    accepts_none: bool = False
    choices: tuple[str, ...] | None = None
    metadata: tuple[Any, ...] = ()
    integers: tuple[int, ...] | None = None
    links_to: type[RecordBase] | LinkedByName | None = None

    @property
    def is_sequence(self) -> bool:
        """Whether the value is a list, tuple or set."""
        return self.core in _SEQUENCES

    @property
    def is_link(self) -> bool:
        """Whether the value is a link, or a sequence of links."""
        return (self.item or self).links_to is not None

    @property
    def holds_objects(self) -> bool:
        """Whether a value can be a JSON object, so that such a cell has to be decoded."""
        return (
            self.core is Any
            or self.core is object
            or not isinstance(self.core, type)
            or (issubclass(self.core, dict))
        )

    def is_a(self, *types_: type) -> bool:
        """Whether the core is one of these classes or a subclass."""
        return isinstance(self.core, type) and issubclass(self.core, types_)


def shape_of(annotation: Any) -> Shape:
    """Read an annotation.

    Args:
        annotation: A type as pydantic has it, with forward references resolved.

    Returns:
        The shape; the ``core`` of a union of several types is the union.
    """
    if hasattr(annotation, "__value__"):  # ``type Name = ...`` of Python 3.12
        return shape_of(annotation.__value__)
    if isinstance(annotation, NewType):
        return shape_of(annotation.__supertype__)
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        shape = shape_of(args[0])
        return replace(shape, metadata=(*shape.metadata, *_flat(args[1:])))
    if origin in (Union, types.UnionType):
        members = [member for member in args if member is not type(None)]
        shape = shape_of(members[0]) if len(members) == 1 else Shape(annotation)
        return replace(shape, accepts_none=shape.accepts_none or len(members) < len(args))
    if origin is Literal:
        values = [value for value in args if value is not None]
        kinds = {type(value) for value in values}
        core = kinds.pop() if kinds in ({str}, {int}) else annotation
        return _with_values(Shape(core, accepts_none=None in args), values)
    if origin is tuple and args and args[1:] != (...,):
        return Shape(annotation)  # its items have positions, which no list of Airtable keeps
    if origin in _SEQUENCES or annotation in _SEQUENCES:
        return Shape(origin or annotation, item=shape_of(args[0]) if args else Shape(Any))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return _with_values(Shape(annotation), [member.value for member in annotation])
    if annotation is type(None):
        return Shape(annotation, accepts_none=True)
    if origin is Link:
        return Shape(Link, links_to=args[0])
    return Shape(origin or annotation, accepts_none=annotation is Any)


def _with_values(shape: Shape, values: list[Any]) -> Shape:
    """Add the values of a ``Literal`` or an ``Enum``, if all are text or all are integers."""
    if not values:
        return shape
    if all(isinstance(value, str) for value in values):
        return replace(shape, choices=tuple(values))
    if all(isinstance(value, int) and not isinstance(value, bool) for value in values):
        return replace(shape, integers=tuple(values))
    return shape


def _flat(metadata: Iterable[Any]) -> Iterable[Any]:
    """The metadata of an annotation, with that inside of ``Field(...)``."""
    for item in metadata:
        yield from item.metadata if isinstance(item, FieldInfo) else (item,)
