"""Inferring the type of a column from the annotation and the name of a field.

The same mapping applies to creating tables, writing, reading and lookups. The name only refines the
annotation: text named ``email`` becomes an e-mail column, a number named ``price`` a currency.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from annotated_types import Le
from pydantic import AnyUrl, BaseModel
from pydantic.networks import EmailStr, NameEmail

from airhaul.errors import SchemaError
from airhaul.model.annotations import Shape
from airhaul.wire.shapes import FieldType

_TEXT_NAMES: Final[tuple[tuple[FieldType, re.Pattern[str]], ...]] = (
    ("email", re.compile(r"e_?mail|(^|_)mail($|_)")),
    ("url", re.compile(r"website|homepage|(^|_)(url|link|href)($|_)")),
    ("phoneNumber", re.compile(r"phone|mobile|(^|_)tel($|_)")),
    (
        "multilineText",
        re.compile(
            r"description|comment|summary|content|message|(^|_)(bio|notes?|body|details?)($|_)"
        ),
    ),
)
_NUMBER_NAMES: Final[tuple[tuple[FieldType, re.Pattern[str]], ...]] = (
    (
        "currency",
        re.compile(r"price|salary|wage|revenue|budget|payment|(^|_)(cost|amount|fee)($|_)"),
    ),
    ("percent", re.compile(r"percent|(^|_)(rate|ratio)$")),
)
_RATING_NAME: Final = re.compile(r"rating|(^|_)(stars?|score|rank|ranking)$")
_RATING_MAX: Final = 10  # https://airtable.com/developers/web/api/field-model


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
    if shape.is_sequence:
        return "multipleSelects"
    if shape.choices is not None:
        return "singleSelect"
    if shape.is_a(bool):
        return "checkbox"
    if shape.is_a(datetime):
        return "dateTime"
    if shape.is_a(date):
        return "date"
    if shape.is_a(timedelta):
        return "duration"
    if shape.is_a(int, float, Decimal):
        return _number_type(name, shape)
    if shape.is_a(AnyUrl):
        return "url"
    if shape.core in (EmailStr, NameEmail):
        return "email"
    if shape.is_a(str):
        return _by_name(name, _TEXT_NAMES) or "singleLineText"
    if shape.is_a(UUID):
        return "singleLineText"
    raise SchemaError(
        f"field {name!r}: no column type fits {_printed(shape.core)}; choose one with "
        "airtable_field(type=...)."
    )


def _number_type(name: str, shape: Shape) -> FieldType:
    # Only a number with an upper bound can be a rating: Airtable would refuse a score of 95.
    if shape.is_a(int) and _RATING_NAME.search(name) and 1 <= _upper_bound(shape) <= _RATING_MAX:
        return "rating"
    return _by_name(name, _NUMBER_NAMES) or "number"


def _upper_bound(shape: Shape) -> float:
    bounds: list[Any] = [limit.le for limit in shape.metadata if isinstance(limit, Le)]
    return float(min(bounds, default=math.inf))


def _by_name(
    name: str, patterns: tuple[tuple[FieldType, re.Pattern[str]], ...]
) -> FieldType | None:
    plain = name.lower().replace(" ", "_").replace("-", "_")
    return next((type_ for type_, pattern in patterns if pattern.search(plain)), None)


def _printed(core: Any) -> str:
    if isinstance(core, type) and issubclass(core, BaseModel):
        return f"the model {core.__name__}"
    return getattr(core, "__name__", str(core))


def infer_options(type_: FieldType, shape: Shape) -> dict[str, Any] | None:
    """Make the options for creating the column of a field.

    Numbers get the highest precision that floats have, so that none is rounded.

    Args:
        type_: The field type.
        shape: The annotation of the field.

    Returns:
        Airtable's ``options``, or None for a type without them.
    """
    if type_ in ("number", "percent") and shape.is_a(int):
        return {"precision": 0}
    if type_ == "rating":
        bound = _upper_bound(shape)
        highest = int(bound) if bound <= _RATING_MAX else _RATING_MAX
        return {"icon": "star", "color": "yellowBright", "max": highest}
    item = shape.item if shape.item is not None else shape
    return default_options(type_, item.choices or ())


def default_options(type_: FieldType, choices: Iterable[str] = ()) -> dict[str, Any] | None:
    """Make the default options for creating a column of a type.

    Args:
        type_: The field type.
        choices: The names of a select field's choices.

    Returns:
        Airtable's ``options``, or None for a type without them.
    """
    if type_ in ("singleSelect", "multipleSelects"):
        return {"choices": [{"name": name} for name in choices]}
    options = _DEFAULT_OPTIONS.get(type_)
    return None if options is None else dict(options)


# https://airtable.com/developers/web/api/field-model
_DEFAULT_OPTIONS: Final[dict[str, dict[str, Any]]] = {
    "number": {"precision": 8},
    "percent": {"precision": 4},
    "currency": {"precision": 2, "symbol": "$"},
    "duration": {"durationFormat": "h:mm:ss"},
    "rating": {"icon": "star", "color": "yellowBright", "max": 5},
    "checkbox": {"icon": "check", "color": "greenBright"},
    "date": {"dateFormat": {"name": "iso"}},
    "dateTime": {
        "timeZone": "utc",
        "dateFormat": {"name": "iso"},
        "timeFormat": {"name": "24hour"},
    },
}
