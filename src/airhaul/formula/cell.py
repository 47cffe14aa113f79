"""Converting computed values to the JSON of cells, and back.

Source: https://airtable.com/developers/web/api/field-model, and answers that other clients have
recorded for errors and NaN; infinity is decided in the same way. True and false are 1 and 0, except
if the result type is a check box.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any, Final

from airhaul.formula.values import EXACT, FormulaFault, Value, to_number, to_text, truth

_SPECIAL: Final = {"Infinity": math.inf, "-Infinity": -math.inf}


def to_cell(value: Value, result_type: str | None = None) -> Any:
    """Convert the value of a formula to a cell.

    Args:
        value: The value.
        result_type: The result type in the field's metadata: a ``date`` has no time, and a
            ``checkbox`` is true or empty.

    Returns:
        The cell as JSON; None if it is empty (blank, ``""`` or a list without values).
    """
    match value:
        case None | "":
            return None
        case FormulaFault():
            return {"error": "#ERROR!"}
        case int() | float() if result_type == "checkbox":
            return truth(value) or None
        case int() | float():
            return _number(to_number(value))
        case datetime():
            text = to_text(value)
            return text.partition("T")[0] if result_type == "date" else text
        case list():
            cells = [to_cell(item, result_type) for item in value]
            return [cell for cell in cells if cell is not None] or None
        case _:
            return value


def _number(value: float) -> Any:
    if not math.isfinite(value):
        return {"specialValue": to_text(value)}
    return int(value) if abs(value) <= EXACT and value == int(value) else value


def to_value(cell: Any) -> Value:
    """Convert a cell that was computed elsewhere to a value.

    Args:
        cell: The JSON; a date stays text, since JSON does not distinguish the two.
    """
    if isinstance(cell, list):
        return [to_value(item) for item in cell]
    if not isinstance(cell, dict):
        return cell
    if "specialValue" in cell:
        return _SPECIAL.get(cell["specialValue"], math.nan)
    return FormulaFault("an error that was copied")
