"""Reading a type annotation: what is left of it without ``Annotated`` and ``| None``."""

from __future__ import annotations

import types
from dataclasses import dataclass, replace
from enum import Enum
from typing import Annotated, Any, Literal, NewType, Union, get_args, get_origin

_SEQUENCES = (list, tuple, set, frozenset)


@dataclass(frozen=True, slots=True)
class Shape:
    """An annotation, taken apart.

    Args:
        core: The type itself, as ``int`` or ``list``.
        item: The shape of its items when ``core`` is a sequence, else None.
        accepts_none: Whether None is a value of the annotation.
        choices: The values that a ``Literal`` or an ``Enum`` allows.
        metadata: What ``Annotated`` added.
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
        """Whether a value can be a JSON object, so that a cell that is one has to be looked at."""
        return (
            self.core is Any
            or self.core is object
            or not isinstance(self.core, type)
            or (issubclass(self.core, dict))
        )

    def is_a(self, *types_: type) -> bool:
        """Whether the core is one of these classes or derives from one."""
        return isinstance(self.core, type) and issubclass(self.core, types_)


def shape_of(annotation: Any) -> Shape:
    """Take an annotation apart.

    Args:
        annotation: A type as pydantic holds it, with forward references resolved.

    Returns:
        Its shape; a union of several types keeps the union as ``core``.
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
