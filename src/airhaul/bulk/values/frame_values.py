"""Values as pandas, NumPy and Arrow have them, as Python's own; no such library is imported."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

PLAIN_TYPES: Final = frozenset({str, int, bool, list, dict, date, datetime, type(None)})
"""The most frequent types of values that ``plain`` returns as they are."""

NUMPY_TIMES: Final = ("datetime64", "timedelta64")
# The ends of NumPy's types of intervals in months, in years, and in no unit at all.
_WITHOUT_LENGTH: Final = ("M]", "Y]", "m8")


class _Months:
    """An interval of months or years, which has no length, so that no field holds it.

    NumPy takes an average month in its place, and Pydantic its number without a unit.

    Args:
        text: The interval.
    """

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def plain(value: Any) -> Any:
    """Turn a value of a data frame into one of Python.

    Args:
        value: A value of a row.

    Returns:
        None for a missing value (NaN, NaT, ``pandas.NA``), scalars and arrays of NumPy and
        intervals of Arrow as Python has them, and any other value as it is.
    """
    if type(value).__module__ == "numpy":
        value = _of_numpy(value)
    if isinstance(value, float | datetime):
        return None if value != value else value  # noqa: PLR0124 - only NaN and NaT differ
    if isinstance(value, timedelta):
        # That of pandas rounds its seconds in another way.
        return timedelta(value.days, value.seconds, value.microseconds)
    if isinstance(value, Decimal):
        return None if value.is_nan() else value
    match type(value).__name__:
        case "NAType":
            return None
        case "MonthDayNano":  # an interval of Arrow, such as DuckDB has it
            return _of_interval(value)
        case _:
            return value


def _of_numpy(value: Any) -> Any:
    name = type(value).__name__
    if name == "longdouble":
        return Decimal(str(value))  # Python's own floats have fewer digits
    if name == "timedelta64" and value.dtype.str.endswith(_WITHOUT_LENGTH) and value == value:  # noqa: PLR0124
        return _Months(str(value))
    # Python has no nanoseconds: without this step, they would become an integer.
    exact = value.astype(f"{name}[us]") if name in NUMPY_TIMES else value
    return exact.tolist()


def _of_interval(value: Any) -> Any:
    micros, rest = divmod(value.nanoseconds, 1_000)
    if value.months or rest:  # a month has no length, and Python no nanoseconds
        return value
    return timedelta(days=value.days, microseconds=micros)
