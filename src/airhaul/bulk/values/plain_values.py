"""Values that need no validation: of types that the model takes as they are, and cells hold so.

Most values of most rows are such. Whether they are is read from pydantic's own schema of the model,
so it holds for nothing that a validator, a constraint or a setting of the model could refuse or
change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from airhaul.bulk.values.file_values import has_zone
from airhaul.fields.encode import encode, encode_datetime, encoder_of
from airhaul.model.base import RecordBase
from airhaul.model.columns import NO_VALUE, Column, Columns

_CLASSES: Final[dict[str, type]] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "date": date,
    "datetime": datetime,
}
_SAME: Final = frozenset({str, int, float, bool, list})
"""The types whose values are cells already, unless a field type has an encoder of its own."""

# What pydantic may say of a type or a model without changing which values are valid.
_OF_TYPES: Final = frozenset({"type", "metadata", "serialization", "microseconds_precision"})
_OF_MODELS: Final = frozenset(
    {
        "title",
        "validate_by_alias",
        "validate_by_name",
        "loc_by_alias",
        "extra_fields_behavior",
        "from_attributes",
        "validate_default",
        "hide_input_in_errors",
        "coerce_numbers_to_str",
        "allow_inf_nan",
    }
)
_OF_ENUMS: Final = frozenset({"cls", "members", "sub_type", "ref"})
NO_CELL: Final = object()
"""In place of a cell, for a value that has to be validated; it equals no stored cell."""

_WHOLE_LIMIT: Final = 2**53


@dataclass(frozen=True, slots=True)
class PlainColumn:
    """The types of values that a column takes as they are; exactly these types, none derived.

    Args:
        column: The column.
        same: The types of values that are the cell.
        encoders: What makes a cell of a value, by its type; it may return something that no cell
            is, or raise ``ValueError``, for a value that is not valid.
    """

    column: Column
    same: frozenset[type]
    encoders: Mapping[type, Callable[[Any], Any]]


def plain_columns(model: type[RecordBase], columns: Columns) -> dict[str, PlainColumn]:
    """Find the columns that take some types of values as they are.

    Args:
        model: The model.
        columns: Its columns by the names that rows may use.

    Returns:
        The columns by each of their names; empty if the model has code or settings of its own that
        see the values.
    """
    fields = _fields_of(model.__pydantic_core_schema__)
    plain = {
        column.name: found
        for column in columns.writable
        if column.name in fields and (found := _plain(column, fields[column.name])) is not None
    }
    return {
        name: plain[column.name]
        for name, column in columns.by_any_name.items()
        if column.name in plain
    }


def _fields_of(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return pydantic's schemas of a model's fields; none if anything sees it as a whole."""
    is_plain = (
        schema.get("type") == "model"
        and not schema.get("custom_init")
        and not schema.get("post_init")
        and schema["schema"]["type"] == "model-fields"
        and schema.get("config", {}).keys() <= _OF_MODELS
    )
    fields: Mapping[str, Any] = schema["schema"]["fields"] if is_plain else {}
    return {name: field["schema"] for name, field in fields.items()}


def _plain(column: Column, schema: Mapping[str, Any]) -> PlainColumn | None:
    while schema["type"] in ("default", "nullable"):
        schema = schema["schema"]
    same: set[type] = set()
    encoders: dict[type, Callable[[Any], Any]] = {}
    is_usual = column.encode is encode
    class_ = _class_of(schema)
    if class_ in _SAME and is_usual:
        same.add(class_)
    elif class_ is datetime and has_zone(column):
        encoders[class_] = _encode_aware
    elif class_ is not None:
        encoders[class_] = encoder_of(class_) if is_usual else column.encode
    if class_ is float and is_usual:
        encoders[int] = _as_double
    if class_ is None and is_usual:
        encoders |= _encoders_of_choices(schema)
    if not same and not encoders:
        return None
    if column.empty is not NO_VALUE:
        same.add(type(None))
    return PlainColumn(column, frozenset(same), encoders)


def _encode_aware(moment: datetime) -> Any:
    return NO_CELL if moment.tzinfo is None else encode_datetime(moment)


def _as_double(value: int) -> Any:
    return value if abs(value) <= _WHOLE_LIMIT else NO_CELL


def _encoders_of_choices(schema: Mapping[str, Any]) -> dict[type, Callable[[Any], Any]]:
    """Return the encoders for a type of which all values are known."""
    if schema["type"] == "literal" and schema.keys() <= _OF_TYPES | {"expected"}:
        choices = {text: text for text in schema["expected"] if type(text) is str}
        return {str: lambda text: choices.get(text, NO_CELL)}
    if schema["type"] == "enum" and schema.keys() <= _OF_TYPES | _OF_ENUMS:
        texts = {one.value: one.value for one in schema["members"] if type(one.value) is str}
        return {str: lambda text: texts.get(text, NO_CELL), schema["cls"]: encode}
    return {}


def _class_of(schema: Mapping[str, Any]) -> type | None:
    """Return the class whose values are all valid, and stay as they are."""
    if schema["type"] == "list":
        is_plain = schema.keys() <= _OF_TYPES | {"items_schema"}
        items = schema.get("items_schema", {"type": "any"})
        return list if is_plain and _class_of(items) is str else None
    return _CLASSES.get(schema["type"]) if schema.keys() <= _OF_TYPES else None
