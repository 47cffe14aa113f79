"""The options of writable fields, checked and completed.

Source: https://airtable.com/developers/web/api/field-model
"""

from __future__ import annotations

from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from airhaul.fields import card_of
from airhaul.local_base.protocol import refusal
from airhaul.local_base.protocol.request import read_whole_number
from airhaul.local_base.writing.cells.choices import HUES, new_choice
from airhaul.wire.ids import is_id

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
_WITHOUT_OPTIONS: Final = frozenset({"singleCollaborator", "multipleCollaborators", "barcode"})
_BRIGHT: Final = (
    *("greenBright", "tealBright", "cyanBright", "blueBright", "purpleBright"),
    *("pinkBright", "redBright", "orangeBright", "yellowBright", "grayBright"),
)
_RATING_ICONS: Final = ("star", "heart", "thumbsUp", "flag", "dot")
_CHECKBOX_ICONS: Final = ("check", "xCheckbox", *_RATING_ICONS)
_SUFFIXES: Final = ("Light2", "Light1", "Bright", "Dark1")
_CHOICE_COLORS: Final = frozenset(hue + suffix for hue in HUES for suffix in _SUFFIXES)


def complete_plain(
    name: str, type_: str, options: dict[str, Any], *, ids: bool = False
) -> dict[str, Any] | None:
    """Check and complete the options of a writable field that is not a link.

    Args:
        name: The field's name, for messages.
        type_: Its type.
        options: The options in the request.
        ids: Whether choices may come with ids, which they keep.

    Raises:
        Refusal: The options do not fit the type.
    """
    if card_of(type_).is_text or type_ in _WITHOUT_OPTIONS:
        if options:
            raise refusal.invalid_options(name, f"{type_} has none")
        return None
    if type_ in _HIGHEST_PRECISION:
        return _number(name, type_, options)
    match type_:
        case "duration":
            return {"durationFormat": _one_of(name, options, "durationFormat", _DURATION_FORMATS)}
        case "rating":
            highest = read_whole_number(options.get("max"))
            if highest is None or not 1 <= highest <= 10:
                raise refusal.invalid_options(name, "max must be 1 to 10")
            return {
                "icon": _one_of(name, options, "icon", _RATING_ICONS, "star"),
                "max": highest,
                "color": _one_of(name, options, "color", _BRIGHT, "yellowBright"),
            }
        case "checkbox":
            return {
                "icon": _one_of(name, options, "icon", _CHECKBOX_ICONS, "check"),
                "color": _one_of(name, options, "color", _BRIGHT, "greenBright"),
            }
        case "multipleAttachments":
            return {"isReversed": options.get("isReversed") is True}
        case "date":
            return {"dateFormat": _date_format(name, options)}
        case "dateTime":
            return _date_time(name, options)
        case _:
            return {"choices": _choices(name, options, ids=ids)}


def _number(name: str, type_: str, options: dict[str, Any]) -> dict[str, Any]:
    precision, highest = read_whole_number(options.get("precision")), _HIGHEST_PRECISION[type_]
    if precision is None or not 0 <= precision <= highest:
        raise refusal.invalid_options(name, f"precision must be 0 to {highest}")
    if type_ != "currency":
        return {"precision": precision}
    symbol = options.get("symbol")
    if not isinstance(symbol, str):
        raise refusal.invalid_options(name, "symbol must be text")
    return {"precision": precision, "symbol": symbol}


def _one_of(
    name: str,
    options: dict[str, Any],
    key: str,
    allowed: tuple[str, ...],
    default: str | None = None,
) -> str:
    value = options.get(key, default)
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
        "dateFormat": _date_format(name, options),
        "timeFormat": _format(name, options, "timeFormat", _TIME_FORMATS),
        "timeZone": zone,
    }


def _choices(name: str, options: dict[str, Any], *, ids: bool) -> list[dict[str, Any]]:
    given = options.get("choices")
    if not isinstance(given, list):
        raise refusal.invalid_options(name, "choices must be a list")
    made: list[dict[str, Any]] = []
    taken: set[str] = set()
    for place, choice in enumerate(given):
        label = choice.get("name") if isinstance(choice, dict) else None
        if not isinstance(label, str) or not label:
            raise refusal.invalid_options(name, "each choice needs a name")
        if label in taken:
            raise refusal.invalid_options(name, f"the choice {label!r} stands there twice")
        taken.add(label)
        color, choice_id = choice.get("color"), choice.get("id")
        if color is not None and color not in _CHOICE_COLORS:
            raise refusal.invalid_options(name, f"{color!r} is no colour of a choice")
        keeps_id = ids and is_id(choice_id, "sel")
        made.append(new_choice(label, place, color, choice_id if keeps_id else None))
    return made
