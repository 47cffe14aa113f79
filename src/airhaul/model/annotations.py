"""Reading a type annotation: the type without ``Annotated`` and ``| None``."""

from __future__ import annotations

import types
from dataclasses import dataclass, replace
from enum import Enum
from typing import Annotated, Any, Literal, NewType, Union, get_args, get_origin

_SEQUENCES = (list, tuple, set, frozenset)


@dataclass(frozen=True, slots=True)
class Shape:
    """The parts of an annotation.

    Args:
        core: The type itself, such as ``int`` or ``list``.
        item: The shape of the items of a sequence; else None.
        accepts_none: Whether the annotation accepts None.
        choices: The values of a ``Literal`` or an ``Enum`` of text; else None.
        metadata: The metadata of ``Annotated``.
    """

    core: Any
    item: Shape | None = None
    accepts_none: bool = False
    choices: tuple[str, ...] | None = None
    metadata: tuple[Any, ...] = ()

    @property
    def is_sequence(self) -> bool:
        """Whether the value is a list, tuple or set."""
        return self.core in _SEQUENCES

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
        return replace(shape, metadata=(*shape.metadata, *args[1:]))
    if origin in (Union, types.UnionType):
        members = [member for member in args if member is not type(None)]
        shape = shape_of(members[0]) if len(members) == 1 else Shape(annotation)
        return replace(shape, accepts_none=shape.accepts_none or len(members) < len(args))
    if origin is Literal:
        texts = [value for value in args if value is not None]
        core = type(texts[0]) if texts else type(None)
        choices = tuple(texts) if all(isinstance(text, str) for text in texts) else None
        return Shape(core, accepts_none=None in args, choices=choices)
    if origin in _SEQUENCES or annotation in _SEQUENCES:
        return Shape(origin or annotation, item=shape_of(args[0]) if args else Shape(Any))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        values = [member.value for member in annotation]
        choices = tuple(values) if all(isinstance(value, str) for value in values) else None
        return Shape(annotation, choices=choices)
    if annotation is type(None):
        return Shape(annotation, accepts_none=True)
    return Shape(origin or annotation, accepts_none=annotation is Any)
