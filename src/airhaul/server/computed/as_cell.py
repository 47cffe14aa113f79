"""What was computed, as the JSON of a cell."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any, Final

from airhaul.formula.values import FormulaFault, Value, to_text, truth


def as_cell(value: Value, result_type: str | None = None) -> Any:
    """Turn a value into a cell.

    Source: https://airtable.com/developers/web/api/field-model, and answers that other clients have
    recorded for errors and NaN; infinity is decided likewise. True and false are 1 and 0, but where
    the result is a check box.

    Args:
        value: What was computed.
        result_type: The type that the metadata tells of the result: a ``date`` has no time, and a
            ``checkbox`` is true or empty.

    Returns:
        The JSON; None for what is empty.
    """
    match value:
        case None | "":
            return None
        case FormulaFault():
            return {"error": "#ERROR!"}
        case bool() | int() | float() if result_type == "checkbox":
            return truth(value) or None
        case bool():
            return int(value)
        case float() if not math.isfinite(value):
            return {"specialValue": to_text(value)}
        case datetime():
            text = to_text(value)
            return text.partition("T")[0] if result_type == "date" else text
        case list():
            cells = [as_cell(item, result_type) for item in value]
            return [cell for cell in cells if cell is not None] or None
        case _:
            return value


def as_value(cell: Any) -> Value:
    """Turn a cell that was computed elsewhere into a value: the other way round.

    Args:
        cell: The JSON; a point in time stays text, as nothing tells it apart.
    """
    if isinstance(cell, list):
        return [as_value(item) for item in cell]
    if not isinstance(cell, dict):
        return cell
    if "specialValue" in cell:
        return _SPECIAL.get(cell["specialValue"], math.nan)
    return FormulaFault("an error that was copied")


_SPECIAL: Final = {"Infinity": math.inf, "-Infinity": -math.inf}
