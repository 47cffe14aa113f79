"""The options with which a field is created, checked and completed.

Source: https://airtable.com/developers/web/api/field-model
"""

from __future__ import annotations

from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from airhaul.server import refusal
from airhaul.server.cells import new_choice
from airhaul.server.schema import Field
from airhaul.wire.ids import new_id
from airhaul.wire.shapes import WRITABLE_TYPES

_DATE_FORMATS: Final = {
    "local": "l",
    "friendly": "LL",
    "us": "M/D/YYYY",
    "european": "D/M/YYYY",
    "iso": "YYYY-MM-DD",
}
_TIME_FORMATS: Final = {"12hour": "h:mma", "24hour": "HH:mm"}
_DURATION_FORMATS: Final = ("h:mm", "h:mm:ss", "h:mm:ss.S", "h:mm:ss.SS", "h:mm:ss.SSS")
_HIGHEST_PRECISION: Final = {"number": 8, "percent": 8, "currency": 7}
_WITHOUT_OPTIONS: Final = frozenset(
    {"singleLineText", "multilineText", "richText", "email", "url", "phoneNumber"}
)


def new_field(table_name: str, described: Any) -> Field:
    """Make a field of its description.

    Args:
        table_name: The table's name, for messages.
        described: ``{"name", "type", "description"?, "options"?}``.

    Raises:
        Refusal: A part is missing or of the wrong shape, or the API does not create the type.
    """
    if not isinstance(described, dict):
        raise refusal.invalid_request()
    name, type_ = described.get("name"), described.get("type")
    description, options = described.get("description"), described.get("options")
    if not isinstance(name, str) or not isinstance(type_, str):
        raise refusal.invalid_request()
    if not name.strip():
        raise refusal.duplicate_field_name()
    if type_ not in WRITABLE_TYPES:
        raise refusal.unsupported_type(table_name, name, type_)
    if description is not None and not isinstance(description, str):
        raise refusal.invalid_request()
    if options is not None and not isinstance(options, dict):
        raise refusal.invalid_options(name, "options must be an object")
    completed = _complete(name, type_, options or {})
    return Field(new_id("fld"), name, type_, completed, description)


def _complete(name: str, type_: str, options: dict[str, Any]) -> dict[str, Any] | None:
    if type_ in _WITHOUT_OPTIONS:
        if options:
            raise refusal.invalid_options(name, f"{type_} has none")
        return None
    if type_ in _HIGHEST_PRECISION:
        return _number(name, type_, options)
    match type_:
        case "duration":
            return {"durationFormat": _one_of(name, options, "durationFormat", _DURATION_FORMATS)}
        case "rating":
            highest = options.get("max")
            if not isinstance(highest, int) or not 1 <= highest <= 10:
                raise refusal.invalid_options(name, "max must be 1 to 10")
            return {
                "icon": options.get("icon", "star"),
                "max": highest,
                "color": options.get("color", "yellowBright"),
            }
        case "checkbox":
            return {
                "icon": options.get("icon", "check"),
                "color": options.get("color", "greenBright"),
            }
        case "date":
            return {"dateFormat": _date_format(name, options)}
        case "dateTime":
            return _date_time(name, options)
        case _:
            return {"choices": _choices(name, options)}


def _number(name: str, type_: str, options: dict[str, Any]) -> dict[str, Any]:
    precision, highest = options.get("precision"), _HIGHEST_PRECISION[type_]
    if not isinstance(precision, int) or not 0 <= precision <= highest:
        raise refusal.invalid_options(name, f"precision must be 0 to {highest}")
    if type_ != "currency":
        return {"precision": precision}
    symbol = options.get("symbol")
    if not isinstance(symbol, str):
        raise refusal.invalid_options(name, "symbol must be text")
    return {"precision": precision, "symbol": symbol}


def _one_of(name: str, options: dict[str, Any], key: str, allowed: tuple[str, ...]) -> str:
    value = options.get(key)
    if value not in allowed:
        raise refusal.invalid_options(name, f"{key} must be one of {', '.join(allowed)}")
    return str(value)


def _date_format(name: str, options: dict[str, Any]) -> dict[str, str]:
    return _format(name, options, "dateFormat", _DATE_FORMATS)


def _format(
    name: str, options: dict[str, Any], key: str, formats: dict[str, str]
) -> dict[str, str]:
    given = options.get(key)
    if not isinstance(given, dict):
        given = {}
    chosen = given.get("name")
    if chosen not in formats or given.get("format", formats[chosen]) != formats[chosen]:
        raise refusal.invalid_options(name, f"{key} must be named {', '.join(formats)}")
    return {"name": chosen, "format": formats[chosen]}


def _date_time(name: str, options: dict[str, Any]) -> dict[str, Any]:
    zone = options.get("timeZone")
    if zone not in ("utc", "client"):
        try:
            ZoneInfo(zone if isinstance(zone, str) and zone != "UTC" else "")
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise refusal.refuse(
                422, "INVALID_FIELD_TYPE_OPTIONS_FOR_CREATE", f'Invalid timezone "{zone}"'
            ) from None
    return {
        "timeZone": zone,
        "dateFormat": _date_format(name, options),
        "timeFormat": _format(name, options, "timeFormat", _TIME_FORMATS),
    }


def _choices(name: str, options: dict[str, Any]) -> list[dict[str, Any]]:
    given = options.get("choices")
    if not isinstance(given, list):
        raise refusal.invalid_options(name, "choices must be a list")
    made: list[dict[str, Any]] = []
    for place, choice in enumerate(given):
        label = choice.get("name") if isinstance(choice, dict) else None
        if not isinstance(label, str) or not label:
            raise refusal.invalid_options(name, "each choice needs a name")
        if any(label == other["name"] for other in made):
            raise refusal.invalid_options(name, f"the choice {label!r} stands there twice")
        made.append(new_choice(label, place, choice.get("color")))
    return made
