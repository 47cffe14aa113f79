"""Values of files: the texts of CSV, and JSON values, as the type of their column takes them.

A value is read as what it says, or refused: Pydantic alone would take 45322 for a time in 1970, and
1234_5678 for a number.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from enum import Enum
from functools import cache, partial
from typing import Any, Final, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ValidationError

from airhaul.errors import RowError, shown
from airhaul.fields.dates import datetime_validator
from airhaul.fields.encode import encode
from airhaul.fields.numbers import clock_text
from airhaul.messages import Message, Option
from airhaul.model.base import RecordBase
from airhaul.model.columns import Column
from airhaul.model.validate_field import reads_itself
from airhaul.tabular.lists import split_items
from airhaul.tabular.numbers import JsonNumber, is_number
from airhaul.tabular.texts.airtable_text import attachments_in, hundredth, without_symbol
from airhaul.tabular.texts.field_text import FieldText, advice_on_word, is_iso
from airhaul.tabular.texts.style import PLAIN, TextStyle
from airhaul.wire.shapes import FieldType

Reader = Callable[[Any], Any]
"""Reads a value that is not blank; raises ``ValueError`` with the reason if it is refused."""

DATE_FORM: Final = "a date is written 2024-12-31"
TIME_FORM: Final = "a time is written 18:00 or 18:00:00"
MOMENT_FORM: Final = "a moment is written 2024-12-31T18:00:00Z"
NUMBER_FORM: Final = "a number is written 1234 or 1234.5"
TICK_FORM: Final = "a checkbox is yes or no, true or false, 1 or 0"
WHOLE_FORM: Final = "a whole number is written 1234"
DURATION_FORM: Final = "a duration is a number of seconds, or text such as 1:30:00"
COMMA_FORM: Final = "with a decimal comma, a number is written 1234,5 or 1.234,5"

# A double keeps every number of so many digits, unless an exponent makes it too small.
_SURE_DIGITS: Final = 15

_NUMBERS: Final = (int, float, Decimal)
_COUNTED: Final = (*_NUMBERS, timedelta)
_TIMES: Final = frozenset[type]({date, datetime})
_WHOLE: Final = frozenset[type]({int})
_TICKED: Final = "checked"  # as Airtable's own CSV files have it
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")
_ADDRESS: Final = re.compile(r"https?://\S+")
_TWO_ADDRESSES: Final = re.compile(r"[,;](?=https?://)")


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
    if column.shape.integers is not None:
        return _read_integer
    shape = column.shape.item or column.shape
    if column.type in _OBJECT_READERS and (shape.holds_objects or shape.is_a(BaseModel)):
        return _OBJECT_READERS[column.type]
    types_ = classes_of(column)
    if not types_:
        return None
    for classes, make in _READERS:
        if all(issubclass(type_, classes) for type_ in types_):
            return make(_field_of(column, style))
    return None


def read_as(reader: Reader, value: Any, called: str) -> Any:
    """Read a value that is not blank, before the model validates it.

    Args:
        reader: What reads it.
        value: The value.
        called: What the field is called in the error.

    Raises:
        RowError: It is refused.
    """
    try:
        return reader(value)
    except ValueError as error:
        reason = next((part for part in error.args if isinstance(part, Message)), str(error))
        raise RowError(reason, field=called, value=value) from None


def _field_of(column: Column, style: TextStyle) -> FieldText:
    """Take the options of the table's field, if they were read, before those of the model."""
    options = style.fields.get(column.column) or column.info.options or {}
    return FieldText(column.type, options, style)


def row_reader(model: type[RecordBase], column: Column) -> Reader | None:
    """Make the reader of a column for values of other rows.

    It refuses numbers as dates, booleans as numbers, and numbers of which a cell would drop digits.

    Args:
        model: The model.
        column: One of its columns.
    """
    if reads_itself(model, column):
        return None
    if column.shape.integers is not None:
        return _read_integer
    types_ = classes_of(column)
    if types_ and bool not in types_ and all(issubclass(type_, _COUNTED) for type_ in types_):
        holds_seconds = column.type == "duration" and timedelta not in types_
        return _read_seconds if holds_seconds else _read_count
    if not types_ or not all(issubclass(type_, date | time) for type_ in types_):
        return None
    return partial(_no_number, form=_form(types_))


def zone_reader(model: type[RecordBase], column: Column) -> Reader | None:
    """Make the reader of a column for values of data frames, and of files with types.

    Args:
        model: The model.
        column: One of its columns.

    Returns:
        The reader, which gives times without a zone the zone of their field; None if the field has
        none, and ``row_reader`` has the reader.
    """
    if reads_itself(model, column) or not has_zone(column):
        return None
    return partial(_read_typed_moment, _field_of(column, PLAIN))


def has_zone(column: Column) -> bool:
    """Whether a column is known to hold times that its field shows in a zone other than UTC."""
    types_ = classes_of(column)
    holds_moments = bool(types_) and all(issubclass(type_, datetime) for type_ in types_)
    return holds_moments and _field_of(column, PLAIN).zone is not None


def types_as_they_are(column: Column) -> frozenset[type]:
    """Return the types of values that the reader of a column for other rows leaves as they are.

    Args:
        column: A column that has such a reader.
    """
    if column.shape.integers is not None:
        return frozenset[type]()
    return _WHOLE if classes_of(column) == (int,) else _TIMES


def without_blanks(column: Column, value: object) -> object:
    """Turn a blank cell of a file into None, or into ``""`` where the type takes that.

    A cell of spaces is blank, except in a text column.
    """
    if not isinstance(value, str) or value.strip():
        return value
    if value and (
        (column.card.is_text and column.takes(value)) or value in (column.shape.choices or ())
    ):
        return value
    return "" if column.takes_blank_text else None


def classes_of(column: Column) -> tuple[type, ...]:
    """Return the classes that a value may have; none if that is no matter of classes, as for enums.

    Args:
        column: The column.
    """
    core = column.shape.core
    members = [member for member in get_args(core) or (core,) if member is not type(None)]
    are_classes = all(isinstance(member, type) for member in members)
    return tuple(members) if are_classes and not column.shape.is_a(Enum) else ()


def _read_text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    # A column of JSON or Excel that holds numbers as well as texts is a text column.
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return clock_text(value)
    return str(value) if isinstance(value, int | float) else value


def _read_items(value: Any) -> Any:
    """Read the only item of a list, which a spreadsheet may take for a number or a date."""
    return value if isinstance(value, list | bool) else _read_text(value)


def _read_attachments(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text.startswith(("[", "{")):
        return value
    parts = re.split(r",?\s+", text)
    if not all(map(_ADDRESS.fullmatch, parts)):
        return attachments_in(text) or _no_attachment(text)
    if any(map(_TWO_ADDRESSES.search, parts)):
        raise ValueError(
            f"these may be several addresses, got {shown(text)}; put a space between two of them"
        )
    return [{"url": part} for part in parts]


def _no_attachment(text: str) -> Any:
    raise ValueError(
        "an attachment is the address of a file, such as https://example.org/plan.pdf, got "
        f"{shown(text)}"
    )


def _read_barcode(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        written = json.loads(value) if value.lstrip().startswith("{") else None
    except (ValueError, RecursionError):
        written = None  # a code that begins with a brace
    return written or {"text": value}


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
    advice = advice_on_word(text)
    if advice:
        raise ValueError(Message(f"this is neither yes nor no, got {shown(value)}", *advice))
    return True if text.lower() == _TICKED else text


def _read_number(field: FieldText, value: Any) -> Any:
    _refuse_boolean(value)
    if not isinstance(value, str):
        return _seconds(_exact(_since_midnight(value) if field.type == "duration" else value))
    text = bare = value.strip()
    if field.style is PLAIN and is_number(text):
        return _exact(text)
    if field.type == "duration" and (seconds := field.seconds(text)) is not None:
        return seconds
    if field.type == "currency":
        bare = without_symbol(text, field.options.get("symbol"))
    is_percent = field.type == "percent" and text.endswith("%")
    number = field.style.plain_number(text[:-1].rstrip() if is_percent else bare)
    if number is not None:
        return hundredth(number) if is_percent else _exact(number)
    advice = field.advice_on_number(bare)
    has_comma = field.style.decimal_comma
    if advice or has_comma or _is_number_to_python(text):
        form = COMMA_FORM if has_comma else NUMBER_FORM
        raise ValueError(Message(f"this is not a number, got {shown(value)}; {form}", *advice))
    if field.type == "duration":
        raise ValueError(f"this is not a duration, got {shown(value)}; {DURATION_FORM}")
    return text


def _read_count(value: Any) -> Any:
    """Read a number or a duration of a row that is not from a file."""
    _refuse_numpy(value)
    _refuse_boolean(value)
    if isinstance(value, str) and not is_number(value.strip()) and _is_number_to_python(value):
        raise ValueError(f"this is not a number, got {shown(value)}; {NUMBER_FORM}")
    return _exact(value)


def _refuse_numpy(value: Any) -> None:
    """Refuse what Pydantic would take for a number without its unit."""
    if type(value).__module__ == "numpy":
        raise ValueError(f"this is no value of Python's own, got {value!r}")


def _refuse_boolean(value: Any) -> None:
    if isinstance(value, bool):
        raise ValueError(f"true and false are not numbers, got {shown(value)}; {NUMBER_FORM}")


def _exact(value: Any) -> Any:
    """Refuse a number that no cell keeps: a model may read it as a float, which drops digits."""
    if type(value) is float:
        return value  # most values
    number = value
    if isinstance(value, str | JsonNumber):
        text = str(value).strip()
        is_sure = len(text) <= _SURE_DIGITS and "e" not in text.lower()
        if is_sure or not is_number(text) or math.isinf(float(text)):
            return value  # what is beyond the range of doubles, is refused later
        number = Decimal(text)
    if isinstance(number, int | Decimal | timedelta):
        try:
            encode(number)
        except ValueError as error:
            raise ValueError(f"{error}, got {shown(value)}") from None
    return value


def _read_seconds(value: Any) -> Any:
    """Read a duration of a row that is not from a file, into a field that holds numbers."""
    return _seconds(_read_count(value))


def _seconds(value: Any) -> Any:
    return value.total_seconds() if isinstance(value, timedelta) else value


def _read_integer(value: Any) -> Any:
    """Read an integer of a ``Literal`` or an ``Enum``: Pydantic takes no text for it."""
    _refuse_boolean(value)
    if isinstance(value, str) and is_number(value.strip()):
        value = float(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _is_number_to_python(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _since_midnight(value: Any) -> Any:
    """Read a time of day as a duration: a spreadsheet has no other for less than a day."""
    if not isinstance(value, time):
        return value
    micros = value.microsecond
    return timedelta(0, value.second, micros, minutes=value.minute, hours=value.hour)


def _read_duration(field: FieldText, value: Any) -> Any:
    _refuse_boolean(value)
    if not isinstance(value, str):
        return _since_midnight(value)
    text = value.strip()
    seconds = field.seconds(text)
    if seconds is not None:
        return seconds
    number = field.style.plain_number(text)
    if number is not None:
        return float(number)  # in seconds, as an export has it
    advice = field.advice_on_number(text)
    if advice:
        raise ValueError(Message(f"this is not a duration, got {shown(value)}", *advice))
    return text


def _read_date(field: FieldText, value: Any) -> Any:
    if not isinstance(value, str):
        return _no_number(value, form=DATE_FORM)
    text = value.strip()
    found = field.moment(text)
    return _as_in_iso(field, text, DATE_FORM) if found is None else found


def _read_time(value: Any) -> Any:
    return _no_number(value.strip() if isinstance(value, str) else value, form=TIME_FORM)


def _read_moment(field: FieldText, value: Any) -> Any:
    if not isinstance(value, str):
        return _moment_in_zone(field, _no_number(value, form=MOMENT_FORM))
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
    return moment if field.zone is None else _in_zone(moment, field.zone)


def _read_typed_moment(field: FieldText, value: Any) -> Any:
    value = _no_number(value, form=MOMENT_FORM)
    if isinstance(value, str):
        try:
            value = datetime_validator().validate_python(value.strip())
        except ValidationError:
            return value  # the model has the reason
    return _moment_in_zone(field, value)


def _moment_in_zone(field: FieldText, value: Any) -> Any:
    """Give a date and time of a spreadsheet or a frame the zone of its field if it has none."""
    if not isinstance(value, date):
        return value
    if isinstance(value, datetime):
        if value.tzinfo is not None or field.zone is None:
            return value
        moment = datetime.combine(value.date(), value.time())  # that of pandas is one of its own
    else:
        moment = datetime.combine(value, time())
    return moment if field.zone is None else _in_zone(moment, field.zone)


def _as_in_iso(field: FieldText, text: str, form: str) -> str:
    """Refuse a text that is a number, or a date in another notation."""
    if is_iso(text):
        return text
    _no_number(text, form)
    advice = field.advice_on_date(text)
    if advice:
        raise ValueError(Message(f"this is not a date, got {shown(text)}; {form}", *advice))
    return text


def _in_zone(moment: datetime, zone: str) -> datetime:
    """Give a time its zone; of two that are written alike, when clocks go back, the first."""
    found = moment.replace(tzinfo=_zone(zone))
    before, after = found.utcoffset(), found.replace(fold=1).utcoffset()
    if before is not None and after is not None and before < after:
        raise ValueError(
            f"there is no such time in {zone}, where the clocks go forward, got "
            f"{shown(moment.isoformat(sep=' '))}; write times with a zone, such as "
            "2024-12-31T18:00:00Z"
        )
    return found


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
    if all(issubclass(type_, time) for type_ in types_):
        return TIME_FORM
    return MOMENT_FORM if any(issubclass(type_, datetime) for type_ in types_) else DATE_FORM


def _no_number(value: Any, form: str) -> Any:
    _refuse_numpy(value)
    is_number_ = is_number(value.strip()) if isinstance(value, str) else False
    if is_number_ or isinstance(value, int | float | Decimal):
        what = "time" if form is TIME_FORM else "date"
        raise ValueError(f"a number is not a {what}, got {shown(value)}; {form}")
    return value


_OBJECT_READERS: Final[dict[FieldType, Reader]] = {
    "barcode": _read_barcode,
    "multipleAttachments": _read_attachments,
    "multipleCollaborators": _read_people,
    "singleCollaborator": _read_person,
}
# By the classes that a value may have; the first that fits is taken.
_READERS: Final[tuple[tuple[Any, Callable[[FieldText], Reader]], ...]] = (
    (bool, lambda _: _read_tick),
    (_NUMBERS, lambda field: partial(_read_number, field)),
    (datetime, lambda field: partial(_read_moment, field)),
    (date, lambda field: partial(_read_date, field)),
    (time, lambda _: _read_time),
    (timedelta, lambda field: partial(_read_duration, field)),
    (str, lambda _: _read_text),
    ((list, tuple, set, frozenset), lambda _: _read_items),
)
