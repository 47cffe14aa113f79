"""The card of a field type: all that clients, files, plans and the local base know about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from airhaul.fields.arrow import JSON, ArrowType
from airhaul.fields.encode import encode
from airhaul.wire.shapes import FieldType

LookupKind = Literal["text", "number", "checkbox", "date", "datetime", "choices", "links", "list"]
"""Which lookups a field has, such as ``gt`` or ``contains``. ``choices`` are several choices, and a
``list`` has anything but these and links."""

ResultKind = Literal["number", "checkbox", "text", "date", "dateTime"]
"""The kind of the value that a formula sees; a ``date`` is a day without time."""

Key = Literal["merged", "compared"]
"""How records are identified by a field: by Airtable itself in an upsert, or after reading it."""


def is_stored_text(cell: Any) -> bool:
    """Whether a cell is text, which Airtable stores as it is.

    Args:
        cell: JSON.
    """
    return isinstance(cell, str)


def hashable(cell: Any) -> Any:
    """Turn JSON into something that can be hashed, and is equal if the JSON is.

    Args:
        cell: JSON.
    """
    if type(cell) is str:
        return cell  # most cells
    if isinstance(cell, list):
        return tuple(hashable(item) for item in cell)
    if isinstance(cell, dict):
        return tuple(sorted((name, hashable(value)) for name, value in cell.items()))
    return cell


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldCard:
    """A field type.

    Args:
        type: Its name in the API.
        is_computed: Whether Airtable computes its cells, so that they cannot be written, and the
            API does not create such a field.
        python: The annotation of such a field in a model that is made from a table.
        inferred_from: The annotations from which the type is inferred: a class and the names that
            the field of the model must have; None for any name.
        most: If set, the type is inferred for numbers with an upper bound of at most this.
        is_text: Whether a cell is text, in which spaces count.
        can_be_primary: Whether a table can have it as its primary field. The exact list is not
            published.
        key: How records are identified by it, if they can be.
        is_stored_as_sent: Whether a cell, which is not empty, has the form in which Airtable stores
            it. Others can be no keys: typecast may store them as something else, and no record
            would be found by them.
        default_options: The options with which a field of a model is created, with all names that
            the API requires; None for a type without options, or one that needs the caller's.
        lookup: Which lookups it has; None if the annotation of the field decides.
        result: The kind of its value in a formula.
        is_list: Whether a formula sees a list of such values.
        arrow: The type of its cells in a data frame, unless the options of a field or the
            annotation in a model have a more exact one.
        encode: Turns a value of a model into a cell; raises ``ValueError`` if no cell can hold it.
        decode: Undoes what Airtable adds to a cell; None for types to which it adds nothing.
        as_sent: Turns a cell into one that a record takes, whose stored cell it is given: None for
            an empty one, or a new record; None for types whose cells do not depend on that.
        as_written: Turns a cell that was read into one that can be written again; None for types
            that are written as they are read.
        canonical: Brings a cell that is not empty into a form in which equal cells are equal.
        is_same: Whether a cell to be written is stored already, for a type of which Airtable
            stores more than it is sent; None if the canonical forms are compared.
        is_converted: Whether typecast stores a text, the first argument, as the stored cell, the
            second. Airtable does not document how it converts text
            (https://airtable.com/developers/web/api/create-records says "best effort"), so only
            text that has one meaning is compared: ``$1,200.50`` has, and ``1/2/2024`` has not.
    """

    type: FieldType
    is_computed: bool = False
    python: Any = Any
    inferred_from: Mapping[Any, re.Pattern[str] | None] = field(default_factory=dict[Any, Any])
    most: int | None = None
    is_text: bool = False
    can_be_primary: bool = False
    key: Key | None = None
    is_stored_as_sent: Callable[[Any], bool] = is_stored_text
    default_options: Mapping[str, Any] | None = None
    lookup: LookupKind | None = None
    result: ResultKind = "text"
    is_list: bool = False
    arrow: ArrowType = JSON
    encode: Callable[[Any], Any] = encode
    decode: Callable[[Any], Any] | None = None
    as_sent: Callable[[Any, Any], Any] | None = None
    as_written: Callable[[Any], Any] | None = None
    canonical: Callable[[Any], Any] = hashable
    is_same: Callable[[Any, Any], bool] | None = None
    is_converted: Callable[[Any, Any], bool] | None = None


def as_objects(cell: Any) -> list[Mapping[str, Any]]:
    """Return the objects of a cell that holds one, several, or only their ids.

    Args:
        cell: JSON.
    """
    items: list[Any] = cell if isinstance(cell, list) else [cell]
    return [item if isinstance(item, dict) else {"id": item} for item in items if item]
