"""The functions of the formula language, by their groups in Airtable's reference."""

from __future__ import annotations

from airhaul.formula.functions import array, date, logic, number, record, regex, text
from airhaul.formula.functions.function import Function

FUNCTIONS: dict[str, Function] = {
    **array.FUNCTIONS,
    **date.FUNCTIONS,
    **logic.FUNCTIONS,
    **number.FUNCTIONS,
    **record.FUNCTIONS,
    **regex.FUNCTIONS,
    **text.FUNCTIONS,
}
"""Every function by its name in capitals."""
