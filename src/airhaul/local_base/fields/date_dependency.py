"""The date dependency settings of a table.

Source: https://airtable.com/developers/web/api/model/date-dependency-settings. The settings are
stored and printed; dates are not moved, which Airtable does only in its own pages.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from airhaul.local_base.protocol import refusal
from airhaul.local_base.store.schema import Field, Table

_DATES: Final = frozenset({"date", "dateTime"})
_FIELDS: Final = {
    "startDateFieldId": _DATES,
    "endDateFieldId": _DATES,
    "durationFieldId": frozenset({"number", "duration"}),
}
_MODES: Final = ("flexible", "fixed", "none")
_OTHERS: Final[dict[str, Callable[[Any], bool]]] = {
    "isEnabled": lambda value: isinstance(value, bool),
    "shouldSkipWeekendsAndHolidays": lambda value: isinstance(value, bool),
    "reschedulingMode": lambda value: value in _MODES,
    "isForwardOnly": lambda value: value is None or isinstance(value, bool),
    "holidays": lambda value: (
        isinstance(value, list) and all(isinstance(day, str) for day in value)
    ),
    "predecessorFieldId": lambda value: value is None or isinstance(value, str),
}


def check_date_dependency(table: Table, given: Any) -> dict[str, Any] | None:
    """Check the settings in a request; None removes them.

    Args:
        table: The table.
        given: The JSON.

    Raises:
        Refusal: A part is missing or of the wrong shape, or a field does not fit.
    """
    if given is None:
        return None
    if not isinstance(given, dict) or not given.keys() <= _FIELDS.keys() | _OTHERS.keys():
        raise refusal.invalid_request()
    settings: dict[str, Any] = {"predecessorFieldId": None, "holidays": [], **given}
    for name, types in _FIELDS.items():
        if _field(table, settings.get(name)).type not in types:
            raise refusal.invalid_request()
    for name, fits in _OTHERS.items():
        optional = name == "isForwardOnly" and name not in settings
        if not optional and not fits(settings.get(name)):
            raise refusal.invalid_request()
    predecessor = settings["predecessorFieldId"]
    if predecessor is not None and _field(table, predecessor).type != "multipleRecordLinks":
        raise refusal.invalid_request()
    return settings


def _field(table: Table, field_id: Any) -> Field:
    field = table.by_id.get(field_id) if isinstance(field_id, str) else None
    if field is None:
        raise refusal.invalid_request()
    return field
