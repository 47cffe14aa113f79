"""The fields of a model for lookups: the column, the kind of lookups, and the values that fit."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time
from typing import TYPE_CHECKING, Any, Final, Literal
from uuid import UUID

from pydantic import AnyUrl, TypeAdapter, ValidationError

from airhaul.errors import LookupValueError, causes_of, reason_of
from airhaul.fields import LookupKind
from airhaul.fields.dates import datetime_validator
from airhaul.fields.encode import encode
from airhaul.formula.lookups.field import LinkedFields
from airhaul.model.base import RecordBase
from airhaul.model.columns import Column, columns_of
from airhaul.model.links.link import Link, LinkDeclaration
from airhaul.wire.ids import is_id

if TYPE_CHECKING:
    from airhaul.formula import LookupField
    from airhaul.formula.lookups.filter import ReadRecord, ValuesOf

Kind = Literal[LookupKind, "record_id", "created_time"]


# A cell holds one of the texts that mean the same value.
_SEVERAL_FORMS: Final = (time, UUID, AnyUrl)


@dataclass(frozen=True, slots=True)
class FieldForLookup:
    """A field of a model, for building a formula.

    Args:
        name: The name of the field in the model, for messages.
        column: The name of the column.
        kind: The kind of lookups that it has.
        encode: Validates a value and turns it into a cell, or raises ``ValueError``.
        choices: The choices of a select field, as far as the model has them.
        target: Finds the linked model of a field with links; None for other fields.
    """

    name: str
    column: str
    kind: Kind
    encode: Callable[[object], object]
    choices: frozenset[str] = frozenset()
    target: Callable[[], LinkedFields] | None = None

    def encode_part(self, value: object) -> object:
        """Take a part of a text as it is."""
        return _encode_text(value)


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


def values_for_formulas(model: type[RecordBase]) -> ValuesOf:
    """Make a function that finds out how formulas see the columns of a model.

    Args:
        model: The model.

    Returns:
        A function from a column to the function that reads its value from a record that was read;
        it raises ``LookupValueError`` for columns of which formulas see something else.
    """
    columns = columns_of(model).by_column

    def values_of(name: str) -> Callable[[ReadRecord], Any]:
        column = columns.get(name)
        convert = None if column is None else _conversion(column)
        if convert is None:
            raise LookupValueError(
                f"a condition on {name!r} cannot be joined by | or ~ to one on record IDs"
            )
        return lambda record: convert(record.raw["fields"].get(name))

    return values_of


def _conversion(column: Column) -> Callable[[Any], Any] | None:
    """Return what turns a cell into what formulas see; None if a cell does not show that."""
    kind = _kind(column)
    if kind == "text" and not (column.card.is_text or column.type == "singleSelect"):
        return None
    return None if column.card.is_computed else _VALUES.get(kind)


def _text(cell: Any) -> Any:
    return cell.removesuffix("\n") if isinstance(cell, str) else cell  # as rich text ends


def _moment(cell: Any) -> Any:
    return cell if cell is None else datetime.fromisoformat(cell)


_VALUES: Final[dict[str, Callable[[Any], Any]]] = {
    "text": _text,
    "number": lambda cell: cell,
    "checkbox": lambda cell: cell is True,
    "date": _moment,
    "datetime": _moment,
    "choices": lambda cell: cell,
}


def lookup_field(column: Column) -> LookupField:
    """Make the field of a lookup from a column."""
    kind = _kind(column)
    choices = column.known_choices if column.type == "multipleSelects" else frozenset[str]()
    encoder, target = _encoder(column, kind), _target(column, kind)
    return FieldForLookup(column.shown_name, column.column, kind, encoder, choices, target)


def _target(column: Column, kind: Kind) -> Callable[[], LinkedFields] | None:
    declared = column.link
    if declared is None or kind != "links":
        return None
    return lambda: LinkedFields(declared.model, lookup_fields(declared.model))


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
        is_form = column.shape.is_a(*_SEVERAL_FORMS)
        return _as_written(column.validator, _encode_text) if is_form else _encode_text
    item = column.shape.item
    if item is not None and item.is_a(*_SEVERAL_FORMS):
        return _as_written(TypeAdapter(item.core), _encode_item)
    if column.link is not None:
        return _link_encoder(column.link)
    if kind in ("choices", "links", "list"):
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
        raise ValueError(reason_of(causes_of(error)[0])) from None


def _encode_text(value: object) -> object:
    # Any text can be looked for, even one that the constraints of the field do not allow.
    cell = encode(value)
    if not isinstance(cell, str):
        raise ValueError("expected text")
    return cell


def _as_written(
    adapter: TypeAdapter[Any], encode_text: Callable[[object], object]
) -> Callable[[object], object]:
    """Turn text into what a cell holds for it, such as 18:00 into 18:00:00."""

    def encode_as_written(value: object) -> object:
        if isinstance(value, str):
            # Other text can be looked for as it is: another program may have written it.
            with contextlib.suppress(ValueError):
                value = _validate(adapter, value)
        return encode_text(value)

    return encode_as_written


def _encode_item(value: object) -> object:
    if isinstance(value, RecordBase):
        if value.id is None:
            raise ValueError("the record has no id, because it was never saved")
        return value.id
    cell = encode(value)
    if isinstance(cell, dict):
        raise ValueError("expected the text of an item")
    return cell


def _link_encoder(declared: LinkDeclaration) -> Callable[[object], object]:
    def encode_link(value: object) -> object:
        if isinstance(value, RecordBase | Link):
            return declared.take(value).id
        return _encode_item(value)

    return encode_link


def _encode_moment(value: object) -> object:
    return encode(_validate(datetime_validator(), value))


def _encode_id(value: object) -> object:
    if not is_id(value, "rec"):
        raise ValueError("expected a record ID: rec + 14 characters, as in recAbCdEfGhIjKlMn")
    return value
