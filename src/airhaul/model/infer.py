"""Inferring the type of a column from the annotation and the name of a field.

The same mapping applies to creating tables, writing, reading and lookups. The name only refines the
annotation: text named ``email`` becomes an e-mail column, a number named ``price`` a currency.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Literal

from annotated_types import Le
from pydantic import BaseModel

from airhaul.errors import SchemaError
from airhaul.fields import CARDS, FieldCard, cards_for, default_options
from airhaul.model.annotations import Shape
from airhaul.wire.shapes import FieldType


def infer_type(name: str, shape: Shape) -> FieldType:
    """Infer the type of a column.

    Args:
        name: The name of the field in the model.
        shape: The annotation of the field.

    Returns:
        The type that fits best.

    Raises:
        SchemaError: No type of Airtable fits such a value.
    """
    plain = name.lower().replace(" ", "_").replace("-", "_")
    for annotation in _annotations(shape):
        for card in cards_for(annotation):
            names = card.inferred_from[annotation]
            if (names is None or names.search(plain)) and _is_in_bounds(card, shape):
                return card.type
    raise SchemaError(
        f"field {name!r}: no column type fits {_printed(shape.core)}; choose one with "
        "airtable_field(type=...)."
    )


def _annotations(shape: Shape) -> Iterator[Any]:
    """Return what a type may be inferred from, the most specific first."""
    if shape.is_sequence:
        yield list
    elif shape.choices is not None:
        yield Literal
    elif isinstance(shape.core, type):
        yield from shape.core.__mro__
    else:
        yield shape.core


def _is_in_bounds(card: FieldCard, shape: Shape) -> bool:
    # Only a number with an upper bound can be a rating: Airtable would refuse a score of 95.
    return card.most is None or 1 <= _upper_bound(shape) <= card.most


def _upper_bound(shape: Shape) -> float:
    bounds: list[Any] = [limit.le for limit in shape.metadata if isinstance(limit, Le)]
    return float(min(bounds, default=math.inf))


def _printed(core: Any) -> str:
    if isinstance(core, type) and issubclass(core, BaseModel):
        return f"the model {core.__name__}"
    return getattr(core, "__name__", str(core))


def infer_options(type_: FieldType, shape: Shape) -> dict[str, Any] | None:
    """Make the options for creating the column of a field.

    Args:
        type_: The field type.
        shape: The annotation of the field.

    Returns:
        Airtable's ``options``, or None for a type without them.
    """
    item = shape.item if shape.item is not None else shape
    options = default_options(type_, item.choices or ())
    if options is None:
        return None
    if type_ in ("number", "percent") and shape.is_a(int):
        options["precision"] = 0
    if type_ == "rating" and _is_in_bounds(CARDS["rating"], shape):
        options["max"] = int(_upper_bound(shape))
    elif type_ == "rating":
        options["max"] = CARDS["rating"].most
    return options
