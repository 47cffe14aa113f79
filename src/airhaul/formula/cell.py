"""From a computed value to the JSON of a cell.

Source: https://airtable.com/developers/web/api/field-model and answers of other clients' tests:
errors and numbers that JSON has not are objects. What a comparison gives is 1 or 0, a number: not
published, and decided.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from airhaul.formula.result_type import ResultType
from airhaul.formula.values import EXACT, FormulaFault, Value, to_moment, to_number, to_text


def to_cell(value: Value, result: ResultType | None = None) -> Any:
    """Make a cell of what a formula gave.

    Args:
        value: The value.
        result: What the formula gives; a point in time is a date alone if that is a date.

    Returns:
        The cell as JSON; None if it is empty (blank, ``""`` or an empty list).
    """
    if isinstance(value, FormulaFault):
        return {"error": "#ERROR!"}
    if isinstance(value, str):
        return value or None
    if isinstance(value, list):
        return [to_cell(item, result) for item in value] or None
    if isinstance(value, int | float):
        return _number(to_number(value))
    moment = to_moment(value)
    if not isinstance(moment, datetime):
        return None if moment is None else to_cell(moment)
    as_date = result is not None and result.kind == "date"
    return f"{moment.date()}" if as_date else to_text(moment)


def _number(value: float) -> Any:
    if math.isnan(value):
        return {"specialValue": "NaN"}
    if math.isinf(value):
        return {"specialValue": "Infinity" if value > 0 else "-Infinity"}
    return int(value) if abs(value) <= EXACT and value == int(value) else value
