"""The fields of a model for lookups: the column, the kind of lookups, and the values that fit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic import TypeAdapter, ValidationError

from airhaul.errors import reason_of
from airhaul.fields import LookupKind
from airhaul.fields.dates import datetime_validator
from airhaul.fields.encode import encode
from airhaul.model.columns import Column, columns_of
from airhaul.wire.ids import is_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from airhaul.formula import LookupField
    from airhaul.model.base import RecordBase

Kind = Literal[LookupKind, "record_id", "created_time"]


@dataclass(frozen=True, slots=True)
class FieldForLookup:
    """A field of a model, for building a formula.

    Args:
        name: The name of the field in the model, for messages.
        column: The name of the column.
        kind: The kind of lookups that it has.
        encode: Validates a value and turns it into a cell, or raises ``ValueError``.
        choices: The choices of a select field, as far as the model has them.
    """

    name: str
    column: str
    kind: Kind
    encode: Callable[[object], object]
    choices: frozenset[str] = frozenset()


def lookup_fields(model: type[RecordBase]) -> Callable[[str], LookupField]:
    """Make a function that finds the field of a lookup.

    Args:
        model: The model.

    Returns:
        A function from the name of a field to the field; it raises ``UnknownFieldError``.
    """
    columns = columns_of(model)

    def resolve(name: str) -> LookupField:
        if columns.table_name is not None and name in columns.by_column:
            return lookup_field(columns.by_column[name])
        if name == "id":
            return FieldForLookup("id", "id", "record_id", _encode_id)
        if name == "created_time":
            return FieldForLookup(name, name, "created_time", _encode_moment)
        return lookup_field(columns.find(name))

    return resolve


def lookup_field(column: Column) -> LookupField:
    """Make the field of a lookup from a column."""
    kind = _kind(column)
    choices = column.known_choices if column.type == "multipleSelects" else frozenset[str]()
    return FieldForLookup(column.shown_name, column.column, kind, _encoder(column, kind), choices)


def _kind(column: Column) -> Kind:
    if column.card.lookup is not None:
        return column.card.lookup
    if column.shape.is_a(bool):
        return "checkbox"
    if column.shape.is_a(datetime):
        return "datetime"
    if column.shape.is_a(int, float):
        return "number"
    return "text"


def _encoder(column: Column, kind: Kind) -> Callable[[object], object]:
    if kind == "text":
        return _encode_text
    if kind == "list":
        return _encode_item
    if kind == "datetime":
        return _encode_moment

    def encode_by_type(value: object) -> object:
        return column.card.encode(_validate(column.validator, value))

    return encode_by_type


def _validate(adapter: TypeAdapter[Any], value: object) -> Any:
    try:
        return adapter.validate_python(value, strict=False)
    except ValidationError as error:
        raise ValueError(reason_of(error.errors(include_url=False)[0])) from None


def _encode_text(value: object) -> object:
    # Any text can be looked for, even one that the constraints of the field do not allow.
    cell = encode(value)
    if not isinstance(cell, str):
        raise ValueError("expected text")
    return cell


def _encode_item(value: object) -> object:
    cell = encode(value)
    if isinstance(cell, dict):
        raise ValueError("expected the text of an item")
    return cell


def _encode_moment(value: object) -> object:
    return encode(_validate(datetime_validator(), value))


def _encode_id(value: object) -> object:
    if not is_id(value, "rec"):
        raise ValueError("expected a record ID: rec + 14 characters, as in recAbCdEfGhIjKlMn")
    return value
