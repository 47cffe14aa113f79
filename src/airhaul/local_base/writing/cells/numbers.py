"""Number cells, and check boxes.

Airtable stores numbers as JavaScript does: as doubles, so whole numbers beyond 2^53 are rounded
(https://github.com/Airtable/airtable.js/issues/423), and it prints them accordingly: 3.0 is 3. Not
published, and decided here: numbers are stored in full, whatever the field's precision.
"""

from __future__ import annotations

import re
import sys
from typing import Any, Final

from airhaul.fields.encode import as_printed
from airhaul.local_base.protocol import refusal
from airhaul.local_base.store.schema import Field
from airhaul.local_base.writing.cells.write_context import WriteContext

_TYPED: Final = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_YES: Final = frozenset({"true", "checked", "yes", "1", "x"})
_NO: Final = frozenset({"false", "unchecked", "no", "0"})


def check_number(field: Field, value: Any, write: WriteContext) -> Any:
    """Accept a number; with typecast also text such as ``$1,000`` or ``5%``."""
    if write.typecast and isinstance(value, str):
        value = _typed(field, value)
        if value is None:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refusal.cannot_accept(field.name)
    return as_printed(_finite(field, value))


def _finite(field: Field, number: float) -> float:
    # JSON allows numbers beyond the range of doubles, such as 1e400.
    if not abs(number) <= sys.float_info.max:
        raise refusal.cannot_accept(field.name)
    return number


def _typed(field: Field, text: str) -> float | None:
    symbol = (field.options or {}).get("symbol", "")
    plain = text.strip().replace(",", "")
    sign = "-" if plain.startswith("-") else ""  # negative amounts are written as -$5
    plain = sign + plain.removeprefix(sign).removeprefix(symbol).lstrip("$€£").strip()
    if not plain:
        return None
    percent = plain.endswith("%")
    plain = plain.removesuffix("%").strip()
    if not _TYPED.fullmatch(plain):
        raise refusal.cannot_accept(field.name)
    return float(plain) / (100 if percent else 1)


def check_duration(field: Field, value: Any, write: WriteContext) -> Any:
    """Accept seconds; with typecast also ``h:mm`` and ``h:mm:ss``."""
    if not (write.typecast and isinstance(value, str) and ":" in value):
        return check_number(field, value, write)
    text = value.strip()
    parts = text.removeprefix("-").split(":")
    if len(parts) > 3 or not all(_TYPED.fullmatch(part) for part in parts):
        raise refusal.cannot_accept(field.name)
    hours, minutes, seconds = [*map(float, parts), 0.0][:3]
    total = as_printed(_finite(field, hours * 3600 + minutes * 60 + seconds))
    return -total if text.startswith("-") else total


def check_rating(field: Field, value: Any, write: WriteContext) -> Any:
    """Accept a whole number up to the field's maximum; 0 clears the cell."""
    number = check_number(field, value, write)
    if number is None:
        return None
    highest = (field.options or {}).get("max", 5)
    if number != int(number) or not 0 <= number <= highest:
        raise refusal.cannot_accept(field.name)
    return int(number) or None


def check_checkbox(field: Field, value: Any, write: WriteContext) -> Any:
    """Accept true and false; with typecast also words such as ``checked``."""
    if write.typecast and isinstance(value, str) and not value.strip():
        return None
    if write.typecast and isinstance(value, str) and value.strip().lower() in _YES | _NO:
        return value.strip().lower() in _YES
    if not isinstance(value, bool):
        raise refusal.cannot_accept(field.name)
    return value
