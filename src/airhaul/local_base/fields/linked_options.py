"""The shape of the options of links and of computed fields.

Source: https://airtable.com/developers/web/api/field-model. Of the computed fields, Airtable's API
creates formulas and rollups; how the others are described is decided here: as the metadata API
prints them, optionally with names instead of ids; also with ``formula`` for a rollup (of
``values``), and ``label`` and ``url`` (a formula) for a button, which the metadata API does not
print.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from airhaul.local_base.protocol import refusal

_KNOWN: Final[dict[str, frozenset[str]]] = {
    "formula": frozenset({"formula"}),
    "rollup": frozenset({"recordLinkFieldId", "fieldIdInLinkedTable", "formula"}),
    "multipleLookupValues": frozenset({"recordLinkFieldId", "fieldIdInLinkedTable"}),
    "count": frozenset({"recordLinkFieldId"}),
    "createdTime": frozenset({"result"}),
    "lastModifiedTime": frozenset({"referencedFieldIds", "result"}),
    "lastModifiedBy": frozenset({"referencedFieldIds"}),
    "button": frozenset({"label", "url"}),
    "aiText": frozenset({"prompt", "referencedFieldIds"}),
}
_OPTIONAL: Final = frozenset({"result", "referencedFieldIds", "label", "url", "prompt"})
_PRINTED: Final = frozenset({"isValid", "result", "referencedFieldIds"})


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


_SHAPES: Final[dict[str, Callable[[Any], bool]]] = {
    "isValid": lambda value: isinstance(value, bool),
    "prompt": lambda value: isinstance(value, list),
    "referencedFieldIds": lambda value: isinstance(value, list) and all(map(_is_text, value)),
    "result": lambda value: isinstance(value, dict) and _is_text(value.get("type")),
}
_MOMENT: Final = {
    "type": "dateTime",
    "options": {
        "dateFormat": {"name": "local", "format": "l"},
        "timeFormat": {"name": "12hour", "format": "h:mma"},
        "timeZone": "client",
    },
}


def complete_links(name: str, options: dict[str, Any], *, as_printed: bool) -> dict[str, Any]:
    """Check and complete the options of links.

    Args:
        name: The field's name, for messages.
        options: ``{"linkedTableId", "viewIdForRecordSelection"?}``.
        as_printed: Whether the keys that only the metadata API prints are allowed.

    Raises:
        Refusal: An option is missing, unknown or of the wrong shape.
    """
    allowed = {"linkedTableId", "viewIdForRecordSelection"}
    if as_printed:
        allowed |= {"isReversed", "prefersSingleRecordLink", "inverseLinkFieldId"}
    _check_keys(name, "multipleRecordLinks", options, allowed)
    if not isinstance(options.get("linkedTableId"), str):
        raise refusal.invalid_options(name, "linkedTableId must be the id of a table")
    for key in ("viewIdForRecordSelection", "inverseLinkFieldId"):
        if not isinstance(options.get(key, ""), str):
            raise refusal.invalid_options(name, f"{key} must be an id")
    return {
        **options,
        "isReversed": options.get("isReversed") is True,
        "prefersSingleRecordLink": options.get("prefersSingleRecordLink") is True,
    }


def known_options(type_: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the options with which a computed field is created: those it needs, and all.

    Args:
        type_: Its type.
    """
    known = _KNOWN.get(type_, frozenset())
    return known - _OPTIONAL - ({"formula"} if type_ == "rollup" else set()), known


def complete_computed(name: str, type_: str, options: dict[str, Any]) -> dict[str, Any] | None:
    """Check and complete the options of a computed field, without looking at other fields.

    Args:
        name: The field's name, for messages.
        type_: Its type.
        options: The options in the request.

    Raises:
        Refusal: An option is missing, unknown or of the wrong shape.
    """
    needed, known = known_options(type_)
    _check_keys(name, type_, options, known | _PRINTED)
    for key, value in options.items():
        may_be_null = key in _OPTIONAL and value is None
        if not may_be_null and not _SHAPES.get(key, _is_text)(value):
            raise refusal.invalid_options(name, f"{key} is of the wrong kind")
    is_broken = (
        options.get("isValid") is False
    )  # as the metadata API prints a field that lost a reference
    missing = [key for key in sorted(needed) if not options.get(key)]
    if missing and not is_broken:
        raise refusal.invalid_options(name, f"{missing[0]} is missing")
    completed = dict(options)
    if type_ in ("createdTime", "lastModifiedTime"):
        completed["result"] = _moment(name, options.get("result"))
    if type_ == "aiText":
        completed = {"prompt": [], "referencedFieldIds": [], **completed}
    return completed or None


def _moment(name: str, given: Any) -> dict[str, Any]:
    if given is None:
        return _MOMENT
    if given.get("type") not in ("date", "dateTime") or not isinstance(given.get("options"), dict):
        raise refusal.invalid_options(name, "result must be a date, or a date with time")
    return dict(given)


def _check_keys(name: str, type_: str, options: dict[str, Any], allowed: Any) -> None:
    unknown = options.keys() - allowed
    if unknown:
        raise refusal.invalid_options(name, f"{type_} has no option {min(unknown)}")
