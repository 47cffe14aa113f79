"""Inferring the type of a column from the annotation and the name of a field.

The same mapping applies to creating tables, writing, reading and lookups. The name only refines the
annotation: text named ``email`` becomes an e-mail column, a number named ``price`` a currency.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any, Final, Literal, get_args
from uuid import UUID

from annotated_types import Le
from pydantic import AnyUrl, BaseModel

from airhaul.errors import SchemaError
from airhaul.fields import CARDS, FieldCard, cards_for, default_options
from airhaul.model.annotations import Shape
from airhaul.model.base import RecordBase
from airhaul.wire.shapes import FieldType

_NUMBERS: Final = (int, float, Decimal)
_SPELLINGS: Final[Mapping[Any, str]] = {
    bytes: "declare a str, with the bytes as hexadecimal digits or Base64",
    bytearray: "declare a str, with the bytes as hexadecimal digits or Base64",
    complex: "declare two floats",
    Any: "declare the type of its values, such as str",
    object: "declare the type of its values, such as str",
}


def refuse_records(name: str, shape: Shape) -> None:
    """Refuse a field whose values are whole records: the table holds links to them.

    Args:
        name: The name of the field in the model.
        shape: The annotation of the field.

    Raises:
        SchemaError: They are; the error has the annotation of a link.
    """
    item = shape.item or shape
    if item.is_a(RecordBase):
        model = item.core.__name__
        spelling = f"list[Link[{model}]]" if shape.is_sequence else f"Link[{model}] | None"
        raise SchemaError(
            f"field {name!r}: a record of another table is linked, not contained; declare it as "
            f"{spelling}."
        )


def infer_type(name: str, shape: Shape) -> FieldType:
    """Infer the type of a column.

    Args:
        name: The name of the field in the model.
        shape: The annotation of the field.

    Returns:
        The type that fits best.

    Raises:
        SchemaError: No type of Airtable fits such a value; the error has an annotation that fits.
    """
    if shape.is_link:
        return "multipleRecordLinks"
    plain = name.lower().replace(" ", "_").replace("-", "_")
    for annotation in _annotations(shape):
        for card in cards_for(annotation):
            names = card.inferred_from[annotation]
            if (names is None or names.search(plain)) and _is_in_bounds(card, shape):
                return card.type
    raise SchemaError(
        f"field {name!r}: no field type of Airtable fits {_printed(shape)}; {_advice(shape)}. To "
        "choose a type yourself, use airtable_field(type=...)."
    )


def types_that_fit(shape: Shape) -> frozenset[FieldType]:
    """Return the types of fields that hold the values of an annotation, whatever they are called.

    Args:
        shape: The annotation of the field.
    """
    if shape.is_link:
        return frozenset({"multipleRecordLinks"})
    every = (cards_for(annotation) for annotation in _annotations(shape))
    found = next((cards for cards in every if cards), ())
    fitting: set[FieldType] = {card.type for card in found}
    if any(card.is_text for card in found):
        fitting |= {card.type for card in CARDS.values() if card.is_text and not card.is_computed}
    return frozenset(fitting)


def _annotations(shape: Shape) -> Iterator[Any]:
    """Return what a type may be inferred from, the most specific first."""
    if shape.is_sequence:
        if _is_text(shape.item or shape):
            yield list
    elif shape.choices is not None:
        yield Literal
    elif shape.integers is not None:
        yield int
    elif _is_any_number(shape):
        yield float
    elif isinstance(shape.core, type):
        yield from shape.core.__mro__
    else:
        yield shape.core


def _is_text(item: Shape) -> bool:
    """Whether the items of a list can be the choices of a multiple select field."""
    return item.choices is not None or item.core is Any or item.is_a(str, UUID, AnyUrl)


def _is_any_number(shape: Shape) -> bool:
    """Whether it is a union of numbers, such as ``int | float``."""
    members = [member for member in get_args(shape.core) if member is not type(None)]
    are_classes = bool(members) and all(isinstance(member, type) for member in members)
    return are_classes and all(issubclass(one, _NUMBERS) and one is not bool for one in members)


def _advice(shape: Shape) -> str:
    """Return how to declare a field for values of a kind that no field type holds."""
    if shape.is_sequence and shape.item is not None:
        if shape.item.holds_objects or shape.item.is_a(BaseModel):
            return 'for attachments, add airtable_field(type="multipleAttachments")'
        return "the choices of a multiple select are text: declare list[str]"
    if shape.core in _SPELLINGS:
        return _SPELLINGS[shape.core]
    if shape.is_a(Enum):
        return "all values of its members must be text, or all integers"
    if shape.is_a(BaseModel, dict):
        return "declare a field for each value, or a str that holds JSON"
    if shape.core is not Any and get_args(shape.core):
        return "declare one type, such as str, or list[str] for several texts"
    return "declare str"


def _is_in_bounds(card: FieldCard, shape: Shape) -> bool:
    # Only a number with an upper bound can be a rating: Airtable would refuse a score of 95.
    return card.most is None or 1 <= _upper_bound(shape) <= card.most


def _upper_bound(shape: Shape) -> float:
    bounds: list[Any] = [limit.le for limit in shape.metadata if isinstance(limit, Le)]
    return float(min(bounds, default=math.inf))


def _printed(shape: Shape) -> str:
    if shape.is_a(BaseModel):
        return f"the model {shape.core.__name__}"
    core = shape.core
    text = core.__name__ if isinstance(core, type) and not get_args(core) else str(core)
    return f"{text}[{_printed(shape.item)}]" if shape.is_sequence and shape.item else text


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
    if type_ in ("number", "percent") and (shape.is_a(int) or shape.integers is not None):
        options["precision"] = 0
    if type_ == "rating" and _is_in_bounds(CARDS["rating"], shape):
        options["max"] = int(_upper_bound(shape))
    elif type_ == "rating":
        options["max"] = CARDS["rating"].most
    return options
