"""What each type of field takes, and what it reads back as.

Source: https://airtable.com/developers/web/api/field-model. Not published, and decided here: what
e-mail, URL and phone cells hold is not checked; numbers are kept in full whatever the precision; a
text cell holds 100,000 characters; ``""`` clears text cells and is refused by all others.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from datetime import UTC, date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from airhaul.formula.dates import parse_moment
from airhaul.server import refusal
from airhaul.server.schema import Field
from airhaul.wire.ids import new_id

_LONGEST_TEXT: Final = 100_000
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?"
)
_TYPED_NUMBER: Final = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_YES: Final = frozenset({"true", "checked", "yes", "1", "x"})
_NO: Final = frozenset({"false", "unchecked", "no", "0"})


@dataclass(slots=True)
class Writing:
    """What is known while a request's cells are checked.

    Args:
        typecast: Whether text may be converted, and choices added.
        grown: Fields whose choices have grown, by id; to be stored with the records.
    """

    typecast: bool
    grown: dict[str, Field] = dataclass_field(default_factory=dict[str, Field])


def check_cell(field: Field, value: Any, writing: Writing) -> Any:
    """Turn a value that was sent into what is stored.

    Args:
        field: The field.
        value: The JSON that was sent.
        writing: How to take it.

    Returns:
        The cell; None if it is empty.

    Raises:
        Refusal: The field's type does not hold it.
    """
    if value is None:
        return None
    check = _CHECKS.get(field.type)
    if check is None:
        raise refusal.refuse(
            422,
            "INVALID_VALUE_FOR_COLUMN",
            f'Field "{field.name}" cannot accept a value because the field is computed',
        )
    cell = check(field, value, writing)
    return None if cell in ("", []) or cell is False else cell


def _text(field: Field, value: Any, writing: Writing) -> Any:
    if writing.typecast and isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, dict | list):
        raise refusal.cannot_parse(value, field.name)
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        raise refusal.cannot_accept(field.name)
    return value


def _number(field: Field, value: Any, writing: Writing) -> Any:
    if writing.typecast and isinstance(value, str):
        value = _typed_number(field, value)
        if value is None:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refusal.cannot_accept(field.name)
    return _finite(field, value)


def _finite(field: Field, number: float) -> float:
    # JSON can spell numbers that no double holds, such as 1e400; they cannot be given back.
    if not abs(number) <= sys.float_info.max:
        raise refusal.cannot_accept(field.name)
    return number


def _typed_number(field: Field, text: str) -> float | None:
    plain = text.strip().replace(",", "").lstrip("$€£").strip()
    if not plain:
        return None
    percent = plain.endswith("%")
    plain = plain.removesuffix("%").strip()
    if not _TYPED_NUMBER.fullmatch(plain):
        raise refusal.cannot_accept(field.name)
    number = float(plain) / (100 if percent else 1)
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _duration(field: Field, value: Any, writing: Writing) -> Any:
    if writing.typecast and isinstance(value, str) and ":" in value:
        parts = value.split(":")
        try:
            numbers = [float(part) for part in parts]
        except ValueError:
            raise refusal.cannot_accept(field.name) from None
        hours, minutes, seconds = [*numbers, 0.0][:3]
        return _finite(field, hours * 3600 + minutes * 60 + seconds)
    return _number(field, value, writing)


def _rating(field: Field, value: Any, writing: Writing) -> Any:
    number = _number(field, value, writing)
    if number is None:
        return None
    highest = (field.options or {}).get("max", 5)
    if number != int(number) or not 0 <= number <= highest:
        raise refusal.cannot_accept(field.name)
    return int(number) or None  # there is no rating of 0


def _checkbox(field: Field, value: Any, writing: Writing) -> Any:
    if writing.typecast and isinstance(value, str) and value.strip().lower() in _YES | _NO:
        return value.strip().lower() in _YES
    if not isinstance(value, bool):
        raise refusal.cannot_accept(field.name)
    return value


def _date(field: Field, value: Any, writing: Writing) -> Any:
    if not isinstance(value, str):
        raise refusal.cannot_accept(field.name)
    if writing.typecast:
        moment = parse_moment(value)
        if moment is not None:
            return moment.date().isoformat()
    try:
        if _DATE.fullmatch(value):
            return date.fromisoformat(value).isoformat()
    except ValueError:
        pass  # no day of the calendar: refused below like any other text
    raise refusal.cannot_accept(field.name)


def _date_time(field: Field, value: Any, writing: Writing) -> Any:
    if not isinstance(value, str):
        raise refusal.cannot_accept(field.name)
    moment = None
    if _MOMENT.fullmatch(value):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            moment = None
    elif writing.typecast:
        moment = parse_moment(value)
    if moment is None:
        raise refusal.cannot_accept(field.name)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=_zone(field))
    try:
        text = moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
    except OverflowError:
        raise refusal.cannot_accept(field.name) from None
    return f"{text}Z"


def _zone(field: Field) -> ZoneInfo | Any:
    # A time without a zone is read in the field's own, when it has a real one.
    name = (field.options or {}).get("timeZone", "utc")
    return UTC if name in ("utc", "client") else ZoneInfo(name)


def _single_select(field: Field, value: Any, writing: Writing) -> Any:
    if not isinstance(value, str):
        raise refusal.cannot_parse(value, field.name)
    if not value and not writing.typecast:
        raise refusal.cannot_create_choice(value)
    return _choice(field, value, writing) if value else None


def _multiple_selects(field: Field, value: Any, writing: Writing) -> Any:
    if writing.typecast and isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise refusal.cannot_parse(value, field.name)
    return list(dict.fromkeys(_choice(field, item, writing) for item in value))


def _choice(field: Field, value: str, writing: Writing) -> str:
    options = writing.grown.get(field.id, field).options or {}
    for choice in options.get("choices", []):
        if value in (choice["name"], choice["id"]):
            return str(choice["name"])
    if not writing.typecast:
        raise refusal.cannot_create_choice(value)
    choices = [*options.get("choices", []), new_choice(value, len(options.get("choices", [])))]
    writing.grown[field.id] = replace(field, options={**options, "choices": choices})
    return value


_HUES: Final = (
    "blue",
    "cyan",
    "teal",
    "green",
    "yellow",
    "orange",
    "red",
    "pink",
    "purple",
    "gray",
)


def new_choice(name: str, place: int, color: str | None = None) -> dict[str, Any]:
    """Make a choice; without a colour the hues take turns (seen so, not published)."""
    return {
        "id": new_id("sel"),
        "name": name,
        "color": color or f"{_HUES[place % len(_HUES)]}Light2",
    }


_CHECKS: Final[dict[str, Callable[[Field, Any, Writing], Any]]] = {
    "singleLineText": _text,
    "multilineText": _text,
    "richText": _text,
    "email": _text,
    "url": _text,
    "phoneNumber": _text,
    "number": _number,
    "percent": _number,
    "currency": _number,
    "duration": _duration,
    "rating": _rating,
    "checkbox": _checkbox,
    "date": _date,
    "dateTime": _date_time,
    "singleSelect": _single_select,
    "multipleSelects": _multiple_selects,
}

CREATABLE: Final = frozenset(_CHECKS)
"""The types of field that the local base has."""
