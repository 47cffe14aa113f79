"""Encoding values that pydantic validated as cells, by their Python type."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from uuid import UUID

from pydantic import AnyUrl, BaseModel
from pydantic_core import to_jsonable_python

# The largest integer that JavaScript keeps exactly; Airtable's numbers are JavaScript numbers.
_WHOLE_LIMIT: Final = 2**53 - 1
_INEXACT: Final = (
    f"Airtable stores integers exactly only up to {_WHOLE_LIMIT}; declare the field as str to keep "
    "all digits"
)
_DROPS_DIGITS: Final = (
    "Airtable stores numbers as doubles, which keep 15 to 17 digits; round the number, or declare "
    "the field as str to keep all digits"
)
_DROPS_MICROSECONDS: Final = (
    "Airtable stores durations as doubles, which do not keep the microseconds of such a long one; "
    "round it"
)
_WITH_EXPONENT: Final = 1e21  # printed so from here on
_MOST_DIGITS: Final = 309  # of the largest double


def encode(value: Any) -> Any:
    """Turn a value into a cell.

    Args:
        value: A validated value of a model's field.

    Returns:
        JSON; None for an empty cell.

    Raises:
        ValueError: No cell can hold the value; the message has the reason.
    """
    if type(value) is str and value.isascii():
        return value  # most values
    return (_ENCODERS.get(type(value)) or _encoder_of(value))(value)


def encoder_of(class_: type) -> Callable[[Any], Any]:
    """Return what ``encode`` does with the values of a class, which is no class derived from it.

    Args:
        class_: The class.
    """
    return _ENCODERS.get(class_, encode)


def _as_it_is(value: Any) -> Any:
    return value


def _encode_text(value: str) -> str:
    if value.isascii():
        return str(value)
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"the text is not valid Unicode (a lone surrogate at position {error.start})"
        ) from None
    return str(value)


def _encode_whole(value: int) -> int:
    if -_WHOLE_LIMIT <= value <= _WHOLE_LIMIT:
        return int(value)
    try:
        is_kept = value == _shortest(float(value))
    except OverflowError:
        is_kept = False
    if not is_kept:
        raise ValueError(_INEXACT)
    return int(value)


def as_printed(number: float) -> float:
    """Return a number as Airtable stores and prints it: a double, without a point if whole.

    Airtable's numbers are those of JavaScript: a whole one has the shortest digits of its double,
    then zeros (https://github.com/Airtable/airtable.js/issues/423).

    Args:
        number: A finite number.

    Raises:
        OverflowError: It is beyond the range of doubles.
    """
    if isinstance(number, int) and abs(number) <= _WHOLE_LIMIT:
        return number
    double = float(number)
    if not double.is_integer() or abs(double) >= _WITH_EXPONENT:
        return double
    return _shortest(double)


def _shortest(double: float) -> int:
    return int(Decimal(repr(double)))  # 12345678901234567890 ends in 67000


def _encode_number(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("a cell cannot hold NaN or infinity; use None for an empty cell")
    return float(value)


def _encode_decimal(value: Decimal) -> int | float:
    if value.is_finite() and value.adjusted() > _MOST_DIGITS:
        raise ValueError(_INEXACT)  # as an integer, 1E+999999999 would have a billion digits
    if value.is_finite() and value == value.to_integral_value():
        return _encode_whole(int(value))
    double = _encode_number(float(value))
    # Programs print doubles with more digits than they keep; all of them are the double's own.
    if Decimal(f"{double:.{len(value.as_tuple().digits) - 1}e}") != value:
        raise ValueError(_DROPS_DIGITS)
    return double


def _encode_duration(value: timedelta) -> float:
    seconds = _encode_number(value.total_seconds())
    try:
        is_kept = timedelta(seconds=seconds) == value
    except OverflowError:
        is_kept = False
    if not is_kept:
        raise ValueError(_DROPS_MICROSECONDS)
    return seconds


def encode_datetime(value: datetime) -> str:
    """Format a datetime as Airtable does: UTC with milliseconds; a naive one is UTC.

    Raises:
        ValueError: In UTC, it is before the year 1 or after the year 9999; or it is pandas' NaT.
    """
    if value != value:  # noqa: PLR0124 - only NaT differs from itself
        raise ValueError("NaT is not a time; use None for an empty cell")
    try:
        moment = value if value.tzinfo in (None, UTC) else value.astimezone(UTC)
    except OverflowError:
        raise ValueError("the time is outside the years 1 to 9999 in UTC") from None
    # Pydantic prints it in a fifth of the time of isoformat, and the milliseconds in its own way.
    seconds: str = to_jsonable_python(moment)[:19]
    return f"{seconds}.{moment.microsecond // 1000:03}Z"


def encode_many(value: Any) -> list[Any]:
    """Turn a collection of values into a list; arguments and errors as of ``encode``."""
    return [
        item if type(item) is str and item.isascii() else encode(item)  # mostly the former
        for item in value
    ]


def _encode_mapping(value: Mapping[str, Any]) -> dict[str, Any]:
    return {_encode_text(str(key)): encode(item) for key, item in value.items()}


def _encode_nested(value: BaseModel) -> Any:
    # By alias, as it is read. It may contain values that no cell can hold.
    return encode(value.model_dump(mode="json", exclude_none=True, by_alias=True))


_BY_CLASS: Final[tuple[tuple[type, Callable[[Any], Any]], ...]] = (
    (Enum, lambda value: encode(value.value)),
    (str, _encode_text),
    (int, _encode_whole),
    (float, _encode_number),
    (Decimal, _encode_decimal),
    (datetime, encode_datetime),
    (date, date.isoformat),
    (time, time.isoformat),
    (timedelta, _encode_duration),
    (list, encode_many),
    (tuple, encode_many),
    (set, lambda value: sorted(encode_many(value), key=str)),
    (frozenset, lambda value: sorted(encode_many(value), key=str)),
    (UUID, str),
    (AnyUrl, str),
    (BaseModel, _encode_nested),
    (dict, _encode_mapping),
)
_ENCODERS: Final[dict[type, Callable[[Any], Any]]] = {
    **dict(_BY_CLASS),
    type(None): _as_it_is,
    bool: _as_it_is,
}


def encode_as(class_: type, encoder: Callable[[Any], Any]) -> None:
    """Encode the values of a class that is declared in a room above this one.

    Args:
        class_: The class.
        encoder: Turns a value into a cell.
    """
    _ENCODERS[class_] = encoder


def _encoder_of(value: Any) -> Callable[[Any], Any]:
    for class_, encoder in _BY_CLASS:
        if isinstance(value, class_):
            return encoder
    raise ValueError(f"no cell can hold a {type(value).__name__}")
