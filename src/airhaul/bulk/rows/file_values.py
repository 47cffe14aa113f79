"""Values of files: the texts of CSV, and JSON values, as the type of their column takes them.

A value is read as what it says, or refused: Pydantic alone would take 45322 for a time in 1970, and
1234_5678 for a number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from enum import Enum
from functools import cache, partial
from typing import Any, Final, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ValidationError
from pydantic.functional_validators import BeforeValidator, PlainValidator, WrapValidator

from airhaul.errors import shown
from airhaul.fields.dates import datetime_validator
from airhaul.model.base import RecordBase
from airhaul.model.columns import Column
from airhaul.tabular.numbers import is_number

Reader = Callable[[Any], Any]
"""Reads a value that is not blank; raises ``ValueError`` with the reason if it is refused."""

DATE_FORM: Final = "a date is written 2024-12-31"
MOMENT_FORM: Final = "a moment is written 2024-12-31T18:00:00Z"
NUMBER_FORM: Final = "a number is written 1234 or 1234.5"

_TICKED: Final = "checked"  # as Airtable's own CSV files have it
_ADDRESS: Final = re.compile(r"https?://\S+")
_OWN_READING: Final = (BeforeValidator, PlainValidator, WrapValidator)
# Airtable, too, reads times for these in UTC.
_NO_ZONES: Final = ("utc", "client")


def file_reader(model: type[RecordBase], column: Column) -> Reader | None:
    """Make the reader of a column for values of files.

    Args:
        model: The model.
        column: One of its columns.

    Returns:
        The reader; None if Pydantic reads the values as they are, or a validator that the model
        declares for the field.
    """
    types_ = _classes(column)
    if not types_ or reads_itself(model, column):
        return None
    if column.type == "multipleAttachments" and column.shape.is_sequence:
        return _read_addresses
    for classes, make in _READERS:
        if all(issubclass(type_, classes) for type_ in types_):
            return make(column)
    return None


def date_reader(model: type[RecordBase], column: Column) -> Reader | None:
    """Make the reader of a column for values of other rows: it refuses numbers as dates.

    Args:
        model: The model.
        column: One of its columns.
    """
    types_ = _classes(column)
    if not types_ or not all(issubclass(type_, date) for type_ in types_):
        return None
    return None if reads_itself(model, column) else partial(_no_number, form=_form(types_))


def without_blanks(column: Column, value: object) -> object:
    """Turn a blank cell of a file into None, or into ``""`` where the type takes that.

    A cell of spaces is blank, except in a text column.
    """
    if not isinstance(value, str) or value.strip():
        return value
    if value and (column.card.is_text or value in (column.shape.choices or ())):
        return value
    return "" if column.takes_blank_text else None


def _classes(column: Column) -> tuple[type, ...]:
    """The classes that a value may have; empty if that is not a matter of classes, as for enums."""
    core = column.shape.core
    members = [member for member in get_args(core) or (core,) if member is not type(None)]
    are_classes = all(isinstance(member, type) for member in members)
    return tuple(members) if are_classes and not column.shape.is_a(Enum) else ()


def reads_itself(model: type[RecordBase], column: Column) -> bool:
    """Whether validators that the model declares look at a value before Pydantic does."""
    if any(isinstance(item, _OWN_READING) for item in column.shape.metadata):
        return True
    decorators = model.__pydantic_decorators__
    validators: tuple[Any, ...] = (
        *decorators.field_validators.values(),
        *decorators.validators.values(),
    )
    return any(
        validator.info.mode != "after" and {"*", column.name} & set(validator.info.fields)
        for validator in validators
    )


def _read_text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    # A column of JSON that holds numbers as well as texts is a text column.
    return str(value) if isinstance(value, int | float) else value


def _read_addresses(value: Any) -> Any:
    parts = re.split(r",?\s+", value.strip()) if isinstance(value, str) else []
    if parts and all(map(_ADDRESS.fullmatch, parts)):
        return [{"url": part} for part in parts]
    return value


def _read_tick(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = value.strip()
    return True if text.lower() == _TICKED else text


def _read_number(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError(f"true and false are not numbers, got {shown(value)}; {NUMBER_FORM}")
    if not isinstance(value, str):
        return value
    text = value.strip()
    if not is_number(text) and _is_number_to_python(text):
        raise ValueError(f"this is not a number, got {shown(value)}; {NUMBER_FORM}")
    return text


def _is_number_to_python(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _read_duration(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = value.strip()
    return float(text) if is_number(text) else text  # in seconds, as an export has it


def _read_date(value: Any) -> Any:
    return _no_number(value.strip() if isinstance(value, str) else value, form=DATE_FORM)


def _read_moment(zone: str | None, value: Any) -> Any:
    text = _no_number(value.strip() if isinstance(value, str) else value, form=MOMENT_FORM)
    if zone is None or not isinstance(text, str):
        return text
    try:
        moment = datetime_validator().validate_python(text)
    except ValidationError:
        return text  # the model has the reason
    return moment.replace(tzinfo=_zone(zone)) if moment.tzinfo is None else moment


def _moment_reader(column: Column) -> Reader:
    zone = (column.info.options or {}).get("timeZone", "utc")
    return partial(_read_moment, None if zone in _NO_ZONES else zone)


@cache
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(
            f"the time zone {name} of the field is not known here; write times with a zone, such "
            "as 2024-12-31T18:00:00Z"
        ) from None


def _form(types_: tuple[type, ...]) -> str:
    return MOMENT_FORM if any(issubclass(type_, datetime) for type_ in types_) else DATE_FORM


def _no_number(value: Any, form: str) -> Any:
    is_number_ = is_number(value.strip()) if isinstance(value, str) else False
    if is_number_ or isinstance(value, int | float | Decimal):
        raise ValueError(f"a number is not a date, got {shown(value)}; {form}")
    return value


# By the classes that a value may have; the first that fits is taken.
_READERS: Final[tuple[tuple[Any, Callable[[Column], Reader]], ...]] = (
    (bool, lambda _: _read_tick),
    ((int, float, Decimal), lambda _: _read_number),
    (datetime, _moment_reader),
    (date, lambda _: _read_date),
    (timedelta, lambda _: _read_duration),
    (str, lambda _: _read_text),
)
