"""Values of files: the texts of CSV, and JSON values, as the type of their column takes them.

A value is read as what it says, or refused: Pydantic alone would take 45322 for a time in 1970, and
1234_5678 for a number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from enum import Enum
from functools import cache, partial
from typing import Any, Final, Self, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ValidationError
from pydantic.functional_validators import BeforeValidator, PlainValidator, WrapValidator

from airhaul.errors import shown
from airhaul.fields.dates import datetime_validator
from airhaul.messages import Message, Option
from airhaul.model.base import RecordBase
from airhaul.model.columns import Column
from airhaul.tabular.lists import split_items
from airhaul.tabular.numbers import is_number
from airhaul.tabular.texts.airtable_text import (
    attachments_in,
    hundredth,
    seconds_of,
    shown_format,
    without_symbol,
)
from airhaul.tabular.texts.date_format import likely_formats
from airhaul.tabular.texts.style import PLAIN, TextStyle, has_decimal_comma, is_grouped
from airhaul.wire.shapes import FieldType

Reader = Callable[[Any], Any]
"""Reads a value that is not blank; raises ``ValueError`` with the reason if it is refused."""

DATE_FORM: Final = "a date is written 2024-12-31"
MOMENT_FORM: Final = "a moment is written 2024-12-31T18:00:00Z"
NUMBER_FORM: Final = "a number is written 1234 or 1234.5"
COMMA_FORM: Final = "with a decimal comma, a number is written 1234,5 or 1.234,5"

_TICKED: Final = "checked"  # as Airtable's own CSV files have it
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")
_ADDRESS: Final = re.compile(r"https?://\S+")
_NO_VALUES: Final = frozenset(
    {"na", "n/a", "#n/a", "n.a.", "nan", "nat", "null", "none", "nil", "-", "--", "?"}
)
_MARK: Final = re.compile(r"[^\d\s.,+-]+")
_ISO: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_OWN_READING: Final = (BeforeValidator, PlainValidator, WrapValidator)
# Airtable, too, reads times for these in UTC.
_NO_ZONES: Final = ("utc", "client")


def file_reader(model: type[RecordBase], column: Column, style: TextStyle = PLAIN) -> Reader | None:
    """Make the reader of a column for values of files.

    Args:
        model: The model.
        column: One of its columns.
        style: How the texts of the file write numbers and dates.

    Returns:
        The reader; None if Pydantic reads the values as they are, or a validator that the model
        declares for the field.
    """
    if reads_itself(model, column):
        return None
    shape = column.shape.item or column.shape
    if column.type in _OBJECT_READERS and (shape.holds_objects or shape.is_a(BaseModel)):
        return _OBJECT_READERS[column.type]
    types_ = _classes(column)
    if not types_:
        return None
    for classes, make in _READERS:
        if all(issubclass(type_, classes) for type_ in types_):
            return make(_Field.of(column, style))
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


def _read_attachments(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    parts = re.split(r",?\s+", value.strip())
    if all(map(_ADDRESS.fullmatch, parts)):
        return [{"url": part} for part in parts]
    return attachments_in(value.strip()) or value


def _read_barcode(value: Any) -> Any:
    if not isinstance(value, str) or value.lstrip().startswith("{"):
        return value
    return {"text": value}


def _read_people(value: Any) -> Any:
    if not isinstance(value, str) or value.lstrip().startswith("["):
        return value
    return [_read_person(item) for item in split_items(value)]


def _read_person(value: Any) -> Any:
    if not isinstance(value, str) or value.lstrip().startswith("{"):
        return value
    address = value.strip()
    if _EMAIL.fullmatch(address):
        return {"email": address}
    raise ValueError(
        Message(
            f"a person is identified by an e-mail address, got {shown(value)}; to leave the column "
            "out, set ",
            Option("ignore"),
        )
    )


def _read_tick(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = value.strip()
    return True if text.lower() == _TICKED else text


@dataclass(frozen=True, slots=True)
class _Field:
    """What decides how a text is read: the type and options of the field, and the file's style."""

    type: FieldType
    options: Mapping[str, Any]
    style: TextStyle

    @classmethod
    def of(cls, column: Column, style: TextStyle) -> Self:
        return cls(column.type, style.fields.get(column.column) or column.info.options or {}, style)

    @property
    def zone(self) -> str | None:
        """The time zone in which the field shows times; None for UTC."""
        zone = self.options.get("timeZone", "utc")
        return None if zone in _NO_ZONES else zone

    def seconds(self, text: str) -> float | None:
        """Read a duration; None if it is not written as one."""
        is_shown = self.style.is_airtable and self.options.get("durationFormat") == "h:mm"
        return seconds_of(text, hours_first=is_shown)

    def moment(self, text: str) -> date | datetime | None:
        """Read a date in the notation of the file; None if it may be one as in ISO 8601."""
        dates = (shown_format(self.options) if self.style.is_airtable else None) or self.style.dates
        found = None if dates is None else dates.read(text)
        if found is None and dates is not None and not _ISO.match(text) and not is_number(text):
            raise ValueError(f"dates are read as {dates.text} or 2024-12-31, got {shown(text)}")
        return found


def _read_number(field: _Field, value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError(f"true and false are not numbers, got {shown(value)}; {NUMBER_FORM}")
    if not isinstance(value, str):
        return value
    text = bare = value.strip()
    if field.type == "duration" and (seconds := field.seconds(text)) is not None:
        return seconds
    if field.type == "currency":
        bare = without_symbol(text, field.options.get("symbol"))
    is_percent = field.type == "percent" and text.endswith("%")
    number = field.style.plain_number(text[:-1].rstrip() if is_percent else bare)
    if number is not None:
        return hundredth(number) if is_percent else number
    advice = _advice_on_number(field, bare) or _advice_on_word(text)
    if advice or is_number(bare) or _is_number_to_python(text):
        form = NUMBER_FORM if not field.style.decimal_comma else COMMA_FORM
        raise ValueError(Message(f"this is not a number, got {shown(value)}; {form}", *advice))
    return text


def _advice_on_number(field: _Field, text: str) -> tuple[str | Option, ...]:
    """Name the option with which a text would be a number, if there is one."""
    airtable = Option("from_airtable_csv", True)
    if field.style.decimal_comma:
        return ()
    if is_grouped(text):
        advice = ("; if the commas separate thousands, as in Airtable's own CSV, set ", airtable)
        if has_decimal_comma(text):
            return (*advice, "; if they are decimal, ", Option("decimal_comma", True))
        return advice
    if has_decimal_comma(text):
        return ("; if the comma is decimal, set ", Option("decimal_comma", True))
    if field.type == "duration" and seconds_of(text, hours_first=True) is not None:
        return (
            "; a duration is written 1:30:00 or in seconds; if it is from Airtable's own CSV, set ",
            airtable,
        )
    mark = _MARK.search(text) if field.type == "currency" else None
    if mark is not None and is_number(without_symbol(text, mark[0])):
        symbol = field.options.get("symbol")
        if symbol is None:
            return ("; to read the symbol of the field, set ", airtable)
        return (f"; the symbol of the field is {symbol}",)
    return ()


def _advice_on_word(text: str) -> tuple[str | Option, ...]:
    """Name the option for a word that usually means that there is no value."""
    if text.lower() not in _NO_VALUES:
        return ()
    return ("; if it means an empty cell, set ", Option("nulls", (text,)))


def _is_number_to_python(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _read_duration(field: _Field, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = value.strip()
    seconds = field.seconds(text)
    if seconds is not None:
        return seconds
    number = field.style.plain_number(text)
    return text if number is None else float(number)  # in seconds, as an export has it


def _read_date(field: _Field, value: Any) -> Any:
    if not isinstance(value, str):
        return _no_number(value, form=DATE_FORM)
    text = value.strip()
    found = field.moment(text)
    return _as_in_iso(field, text, DATE_FORM) if found is None else found


def _read_moment(field: _Field, value: Any) -> Any:
    if not isinstance(value, str):
        return _no_number(value, form=MOMENT_FORM)
    text = value.strip()
    found = field.moment(text)
    if found is None:
        text = _as_in_iso(field, text, MOMENT_FORM)
        try:
            moment = datetime_validator().validate_python(text)
        except ValidationError:
            return text  # the model has the reason
    else:
        moment = found if isinstance(found, datetime) else datetime.combine(found, time())
    if moment.tzinfo is not None:
        return moment
    if field.style.is_airtable and field.options.get("timeZone") == "client":
        raise ValueError(
            f"the field shows times in the zone of each reader, so {shown(value)} may be any time; "
            "give the field a time zone in Airtable, and download the file again"
        )
    return moment if field.zone is None else moment.replace(tzinfo=_zone(field.zone))


def _as_in_iso(field: _Field, text: str, form: str) -> str:
    """Refuse a text that is a number, or a date in another notation."""
    _no_number(text, form)
    advice = () if _ISO.match(text) else _advice_on_date(field, text)
    if advice:
        raise ValueError(Message(f"this is not a date, got {shown(text)}; {form}", *advice))
    return text


def _advice_on_date(field: _Field, text: str) -> tuple[str | Option, ...]:
    """Name the options with which a text would be a date."""
    formats = [Option("date_format", format) for format in likely_formats(text)]
    if not formats:
        return _advice_on_word(text)
    shows = shown_format(field.options)
    if shows is not None and shows.read(text) is not None:
        formats.append(Option("from_airtable_csv", True))
    parts: list[str | Option] = ["; to read it, set ", formats[0]]
    for option in formats[1:]:
        parts += [" or ", option]
    return tuple(parts)


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


_OBJECT_READERS: Final[dict[FieldType, Reader]] = {
    "barcode": _read_barcode,
    "multipleAttachments": _read_attachments,
    "multipleCollaborators": _read_people,
    "singleCollaborator": _read_person,
}
# By the classes that a value may have; the first that fits is taken.
_READERS: Final[tuple[tuple[Any, Callable[[_Field], Reader]], ...]] = (
    (bool, lambda _: _read_tick),
    ((int, float, Decimal), lambda field: partial(_read_number, field)),
    (datetime, lambda field: partial(_read_moment, field)),
    (date, lambda field: partial(_read_date, field)),
    (timedelta, lambda field: partial(_read_duration, field)),
    (str, lambda _: _read_text),
)
