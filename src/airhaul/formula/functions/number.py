"""Numeric functions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from airhaul.formula.functions.function import Function, plain
from airhaul.formula.values import FormulaFault, Value, flatten, to_number


def _number(value: Value) -> float:
    number = to_number(value)
    assert not isinstance(number, FormulaFault), "errors never reach a plain function"
    return number


def _safely(compute: Callable[..., float]) -> Callable[..., Value]:
    """Compute with numbers; what has no answer is NaN, what is too large infinite."""

    def apply(*values: Value) -> Value:
        numbers = [_number(value) for value in values]
        if any(map(math.isnan, numbers)):
            return math.nan
        try:
            result: Any = compute(*numbers)
        except OverflowError:
            return math.inf
        except (ValueError, ZeroDivisionError):
            return math.nan
        return math.nan if isinstance(result, complex) else result

    return apply


def _numbers(values: tuple[Value, ...]) -> list[float]:
    """The numbers among the values, lists opened; texts and blanks are passed over."""
    return [value for value in flatten(values) if isinstance(value, int | float)]


def _sum(*values: Value) -> Value:
    return sum(_numbers(values))


def _average(*values: Value) -> Value:
    numbers = _numbers(values)
    return sum(numbers) / len(numbers) if numbers else math.nan


def _max(*values: Value) -> Value:
    return max(_numbers(values), default=0)


def _min(*values: Value) -> Value:
    return min(_numbers(values), default=0)


def _multiple(value: float, step: float, whole: Callable[[float], float]) -> float:
    if step == 0:
        return 0
    count = value / step
    # 1.1 / 0.1 is a little more than 11; a multiple that is meant must count as one.
    near = round(count) if math.isfinite(count) else count
    count = near if math.isclose(count, near, rel_tol=1e-12) else whole(count)
    return _tidy(count * step, step)


def _tidy(value: float, step: float) -> float:
    digits = max(0, -math.floor(math.log10(abs(step)))) if step else 0
    tidy = round(value, digits + 3)
    return int(tidy) if tidy == int(tidy) else tidy


def _absolute(value: float) -> float:
    return abs(value)


def _even(value: float) -> float:
    away = math.ceil(abs(value) / 2) * 2
    return away if value >= 0 else -away


def _odd(value: float) -> float:
    away = math.ceil((abs(value) + 1) / 2) * 2 - 1
    return away if value >= 0 else -away


def _power(base: float, exponent: float) -> float:
    return math.pow(base, exponent)


def _log(value: float, base: float = 10) -> float:
    return (
        math.log10(value)
        if base == 10
        else math.log2(value)
        if base == 2
        else (math.log(value) / math.log(base))
    )


def _rounded(whole: Callable[[float], float]) -> Callable[..., Value]:
    def apply(value: float, precision: float = 0) -> float:
        digits = int(max(-300, min(300, precision)))
        scaled = value * 10.0**digits
        near = round(scaled, 9)  # 1.005 * 100 is 100.49999999999999
        result = whole(near) / 10.0**digits
        return int(result) if result == int(result) else result

    return _safely(apply)


def _away_from_zero(value: float) -> float:
    return math.ceil(value) if value > 0 else math.floor(value)


def _mod(value: float, divisor: float) -> float:
    # The sign of the divisor; not published.
    return value % divisor


def _count_filled(*values: Value) -> Value:
    return sum(value is not None and value != "" for value in flatten(values))


FUNCTIONS: dict[str, Function] = {
    "ABS": plain(_safely(_absolute), 1),
    "AVERAGE": plain(_average, 1, None),
    "SUM": plain(_sum, 1, None),
    "MAX": plain(_max, 1, None),
    "MIN": plain(_min, 1, None),
    "COUNT": plain(lambda *values: len(_numbers(values)), 1, None),
    "COUNTA": plain(_count_filled, 1, None),
    "COUNTALL": plain(lambda *values: len(flatten(values)), 1, None),
    "CEILING": plain(_safely(lambda x, step=1: _multiple(x, step, math.ceil)), 1, 2),
    "FLOOR": plain(_safely(lambda x, step=1: _multiple(x, step, math.floor)), 1, 2),
    "EVEN": plain(_safely(_even), 1),
    "ODD": plain(_safely(_odd), 1),
    "EXP": plain(_safely(math.exp), 1),
    "LOG": plain(_safely(_log), 1, 2),
    "POWER": plain(_safely(_power), 2),
    "SQRT": plain(_safely(math.sqrt), 1),
    "INT": plain(_safely(math.floor), 1),
    "MOD": plain(_safely(_mod), 2),
    "ROUND": plain(_rounded(lambda x: math.floor(x + 0.5)), 1, 2),
    "ROUNDUP": plain(_rounded(_away_from_zero), 1, 2),
    "ROUNDDOWN": plain(_rounded(math.trunc), 1, 2),
}
