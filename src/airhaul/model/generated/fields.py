"""The declaration of a field: its annotation, its default, and what is to be said of its column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final, cast

from airhaul.fields import CARDS, card_of
from airhaul.model.annotations import Shape, shape_of
from airhaul.model.generated.literals import literal
from airhaul.model.infer import infer_type
from airhaul.wire.shapes import FIELD_TYPES, FieldJson, FieldType

_TEXT: Final[Mapping[Any, str]] = {
    str: "str",
    bool: "bool",
    int: "int",
    int | float: "float",
    list[str]: "list[str]",
    dict[str, Any]: "dict[str, Any]",
    list[dict[str, Any]]: "list[dict[str, Any]]",
}
_DATES: Final[Mapping[str, str]] = {
    "date": "dt.date",
    "dateTime": "dt.datetime",
    "createdTime": "dt.datetime",
    "lastModifiedTime": "dt.datetime",
    "duration": "dt.timedelta",
}
_INFERRED: Final[Mapping[str, Any]] = {
    "str": str,
    "bool": bool,
    "int": int,
    "float": float,
    "list[str]": list[str],
    "dt.date": date,
    "dt.datetime": datetime,
    "dt.timedelta": timedelta,
}
_NUMBERS: Final = frozenset({"number", "percent", "currency", "rating", "count", "autoNumber"})
# Options that change what a text in a file means, or how many stars there are.
_KEPT_OPTIONS: Final = ("currency", "date", "dateTime", "duration", "rating")
_MOST_CHOICES: Final = 200


@dataclass(frozen=True, slots=True)
class Declaration:
    """The declaration of a field.

    Args:
        annotation: Its annotation.
        default: Its default, as source.
        arguments: The arguments of ``airtable_field`` after the default, as source.
        choices: The choices of a select field, whose ``Literal`` the annotation names.
    """

    annotation: str
    default: str
    arguments: list[str] = field(default_factory=list[str])
    choices: tuple[str, ...] = ()


def declare(name: str, column: FieldJson, alias: str, *, by_id: bool) -> Declaration:
    """Declare the field of a model for a column that is not a typed link.

    Args:
        name: The name of the field.
        column: The column as "get base schema" returns it.
        alias: The name for the choices of a select field.
        by_id: Whether the column is named by its ID.
    """
    type_ = column["type"]
    choices = _choices_of(column)
    plain = alias if choices else _annotation_of(column)
    if type_ == "multipleSelects" and choices:
        plain = f"list[{alias}]"
    annotation, default = with_default(plain)
    arguments = column_arguments(name, column, by_id=by_id)
    if _needs_type(name, type_, plain, choices):
        known = type_ if type_ in FIELD_TYPES else "singleLineText"
        arguments.append(f"type={literal(known)}")
    options = _kept_options(column)
    if options:
        arguments.append(f"options={literal(options)}")
    arguments += description_of(column)
    return Declaration(annotation, default, arguments, choices)


def with_default(plain: str) -> tuple[str, str]:
    """Return an annotation with the default of an empty cell, both as source."""
    if plain.startswith("list["):
        return plain, "[]"
    if plain in ("str", "bool", "Any"):
        return plain, {"str": '""', "bool": "False", "Any": "None"}[plain]
    return f"{plain} | None", "None"


def column_arguments(name: str, column: FieldJson, *, by_id: bool) -> list[str]:
    """Return the arguments that name the column of a field, as source."""
    if by_id:
        return [f"column={literal(column.get('id', ''))}", f"title={literal(column['name'])}"]
    return [] if column["name"] == name else [f"column={literal(column['name'])}"]


def description_of(column: FieldJson) -> list[str]:
    """Return the argument that describes a field, if its column has a description."""
    described = column.get("description")
    return [f"description={literal(described)}"] if described else []


def _kept_options(column: FieldJson) -> dict[str, Any]:
    """Return the options of a column that its field declares: those that are not the usual ones."""
    if column["type"] not in _KEPT_OPTIONS:
        return {}
    usual = CARDS[cast("FieldType", column["type"])].default_options or {}
    options = {key: value for key, value in (column.get("options") or {}).items() if key in usual}
    is_usual = _without_formats(options) == _without_formats(usual)
    # A rating without its options is one of ten stars.
    return {} if is_usual and column["type"] != "rating" else options


def _without_formats(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options without what Airtable adds to the names of formats."""
    return {
        key: value["name"] if isinstance(value, dict) else value for key, value in options.items()
    }


def _choices_of(column: FieldJson) -> tuple[str, ...]:
    """Return the choices of a select field; none if they are too many to be listed."""
    if column["type"] not in ("singleSelect", "multipleSelects"):
        return ()
    found = (column.get("options") or {}).get("choices", ())
    names = tuple(dict.fromkeys(str(choice["name"]) for choice in found))
    return names if len(names) <= _MOST_CHOICES else ()


def _annotation_of(column: FieldJson) -> str:
    """Return the annotation of a column, as source, without None."""
    type_, options = column["type"], column.get("options") or {}
    if type_ == "multipleLookupValues":
        return f"list[{_result_of(options)}]"
    if type_ in ("formula", "rollup"):
        found = _result_of(options)
        return "float" if found == "int" else found
    if type_ in ("createdTime", "lastModifiedTime"):
        return "dt.date" if _type_of(options.get("result")) == "date" else "dt.datetime"
    if type_ in ("button", "aiText"):
        return "dict[str, Any]"
    if type_ == "externalSyncSource":
        return "str"
    if type_ == "number" and options.get("precision") == 0:
        return "int"
    return _annotation_of_type(type_)


def _annotation_of_type(type_: str) -> str:
    if type_ in _DATES:
        return _DATES[type_]
    return _TEXT.get(card_of(type_).python, "Any")


def _type_of(result: object) -> str | None:
    match result:
        case {"type": str(type_)}:
            return type_
        case _:
            return None


def _result_of(options: Mapping[str, Any]) -> str:
    """Return the annotation of a computed value, or of an item of several."""
    type_ = _type_of(options.get("result"))
    if type_ is None:
        return "Any"
    if type_ in _NUMBERS:
        return "float"
    found = _annotation_of_type(type_)
    return found.removeprefix("list[").removesuffix("]") if found.startswith("list[") else found


def _needs_type(name: str, type_: str, plain: str, choices: tuple[str, ...]) -> bool:
    """Return whether the type of a column has to be declared, since another would be inferred."""
    if choices:
        item = Shape(str, choices=choices)
        shape = Shape(list, item=item) if plain.startswith("list[") else item
    elif plain in _INFERRED:
        shape = shape_of(_INFERRED[plain])
    else:
        return True
    return infer_type(name, shape) != type_
