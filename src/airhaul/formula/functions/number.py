"""Numeric functions.

Rounding is decimal, on the digits with which a number is written: ``ROUND(1.005, 2)`` is 1.01,
although the nearest float is a little less. Not published, and decided.
"""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from airhaul.formula.functions.function import Function, plain
from airhaul.formula.values import Value, flatten, to_number

# 50 digits hold the product of two floats' digits exactly; without traps nothing raises.
_UP: Final = decimal.Context(prec=50, rounding=decimal.ROUND_CEILING, traps=[])
_DOWN: Final = decimal.Context(prec=50, rounding=decimal.ROUND_FLOOR, traps=[])


def _of_numbers(compute: Callable[..., float]) -> Callable[..., Value]:
    """Apply a function to numbers; an undefined result is NaN, one that is too large infinite."""

    def apply(*values: Value) -> Value:
        numbers = [to_number(value) for value in values]
        if any(map(math.isnan, numbers)):
            return math.nan
        try:
            return compute(*numbers)
        except OverflowError:
            return math.inf
        except (ValueError, ZeroDivisionError):
            return math.nan

    return apply


def _rounding(compute: Callable[..., float]) -> Callable[..., Value]:
    """Apply a function to numbers; an infinite first number stays as it is."""
    return _of_numbers(
        lambda value, *rest: value if math.isinf(value) else compute(value, *rest),
    )


def _numbers(values: tuple[Value, ...]) -> list[float]:
    """Return the numbers among values and in lists; texts and blanks are ignored."""
    return [to_number(value) for value in flatten(values) if isinstance(value, int | float)]


def _sum(*values: Value) -> Value:
    return sum(_numbers(values))


def _average(*values: Value) -> Value:
    numbers = _numbers(values)
    return sum(numbers) / len(numbers) if numbers else math.nan


def _extreme(choose: Callable[..., Any]) -> Callable[..., Value]:
    """Make MAX or MIN; of dates alone the last or first, as rollups need."""

    def apply(*values: Value) -> Value:
        filled = [value for value in flatten(values) if value is not None and value != ""]
        if filled and all(isinstance(value, datetime) for value in filled):
            return choose(filled)
        return choose(_numbers(values), default=0)

    return apply


def _count(*values: Value) -> Value:
    return len(_numbers(values))


def _count_filled(*values: Value) -> Value:
    return sum(value is not None and value != "" for value in flatten(values))


def _absolute(value: float) -> float:
    return abs(value)


def _even(value: float) -> float:
    away = math.ceil(abs(value) / 2) * 2
    return away if value >= 0 else -away


def _odd(value: float) -> float:
    away = math.ceil((abs(value) + 1) / 2) * 2 - 1
    return away if value >= 0 else -away


def _power(base: float, exponent: float) -> float:
    if base == 0 and exponent < 0:
        return math.inf
    return math.pow(base, exponent)


def _log(value: float, base: float = 10) -> float:
    if base == 10:
        return math.log10(value)
    return math.log2(value) if base == 2 else math.log(value) / math.log(base)


def _mod(value: float, divisor: float) -> float:
    # The sign of the divisor, as in spreadsheets; not published.
    return value % divisor


def _multiple(context: decimal.Context) -> Callable[..., float]:
    """Round to a multiple in the context's direction; the only multiple of 0 is 0."""

    def compute(value: float, step: float = 1) -> float:
        if step == 0:
            return 0
        size = _decimal(abs(step))
        count = context.divide(_decimal(value), size).to_integral_value(context.rounding, context)
        return _float(context.multiply(count, size))

    return compute


def _rounded(positive: str, negative: str) -> Callable[..., float]:
    """Round to decimal places, left of the point when negative, in a direction for each sign."""

    def compute(value: float, precision: float = 0) -> float:
        # No float has digits that far from its point.
        places = int(max(-400, min(400, precision)))
        direction = positive if value >= 0 else negative
        shifted = _decimal(value).scaleb(places, _UP)
        return _float(shifted.to_integral_value(direction, _UP).scaleb(-places, _UP))

    return compute


def _decimal(value: float) -> Decimal:
    return Decimal(repr(value))


def _float(value: Decimal) -> float:
    number = float(value)
    return int(number) if number.is_integer() else number


FUNCTIONS: dict[str, Function] = {
    "ABS": plain(_of_numbers(_absolute), 1),
    "AVERAGE": plain(_average, 1, None),
    "SUM": plain(_sum, 1, None),
    "MAX": plain(_extreme(max), 1, None),
    "MIN": plain(_extreme(min), 1, None),
    "COUNT": plain(_count, 1, None),
    "COUNTA": plain(_count_filled, 1, None),
    "COUNTALL": plain(lambda *values: len(flatten(values)), 1, None),
    "CEILING": plain(_rounding(_multiple(_UP)), 1, 2),
    "FLOOR": plain(_rounding(_multiple(_DOWN)), 1, 2),
    "EVEN": plain(_rounding(_even), 1),
    "ODD": plain(_rounding(_odd), 1),
    "EXP": plain(_of_numbers(math.exp), 1),
    "LOG": plain(_of_numbers(_log), 1, 2),
    "POWER": plain(_of_numbers(_power), 2),
    "SQRT": plain(_of_numbers(math.sqrt), 1),
    "INT": plain(_rounding(math.floor), 1),
    "MOD": plain(_of_numbers(_mod), 2),
    "ROUND": plain(_rounding(_rounded(decimal.ROUND_HALF_UP, decimal.ROUND_HALF_DOWN)), 1, 2),
    "ROUNDUP": plain(_rounding(_rounded(decimal.ROUND_UP, decimal.ROUND_UP)), 1, 2),
    "ROUNDDOWN": plain(_rounding(_rounded(decimal.ROUND_DOWN, decimal.ROUND_DOWN)), 1, 2),
}
