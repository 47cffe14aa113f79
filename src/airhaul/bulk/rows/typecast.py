"""What typecast makes of text, to compare it with what is stored.

Airtable does not document how it converts text
(https://airtable.com/developers/web/api/create-records says "best effort"). A text is compared only
where it has one meaning: ``$1,200.50`` has, and ``1/2/2024`` has not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from airhaul.wire.shapes import FieldType

_NUMBER: Final = re.compile(r"([-+]?)[$€£]?\s*(\d+|\d{1,3}(?:,\d{3})+|(?=\.\d))(\.\d*)?\s*(%?)")
_TIME: Final = re.compile(r"(-?)(\d+):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?")
_YES: Final = frozenset({"true", "checked", "yes", "1"})
_NO: Final = frozenset({"false", "unchecked", "no", "0"})


def is_converted(type_: FieldType, sent: Any, stored: Any) -> bool:
    """Return whether typecast stores a text as the cell that is stored.

    Args:
        type_: The column's type.
        sent: The text, or a list of texts.
        stored: The cell as it came; None if it did not.
    """
    convert = _CONVERTED.get(type_)
    return convert is not None and convert(sent, stored)


def _is_number(sent: Any, stored: Any) -> bool:
    match = _NUMBER.fullmatch(sent.strip()) if isinstance(sent, str) else None
    if match is None or not isinstance(stored, int | float):
        return False
    sign, whole, decimals, percent = match.groups()
    number = float(f"{sign}{whole.replace(',', '')}{decimals or ''}")
    return bool((number / 100 if percent else number) == stored)


def _is_duration(sent: Any, stored: Any) -> bool:
    match = _TIME.fullmatch(sent.strip()) if isinstance(sent, str) else None
    if match is None:
        return _is_number(sent, stored)
    sign, hours, minutes, seconds = match.groups()
    total = int(hours) * 3600 + int(minutes) * 60 + float(seconds or 0)
    return bool((-total if sign else total) == stored)


def _is_ticked(sent: Any, stored: Any) -> bool:
    word = sent.strip().lower() if isinstance(sent, str) else None
    return word in (_YES if stored is True else _NO)


def _is_choice(sent: Any, stored: Any) -> bool:
    return isinstance(sent, str) and sent.strip() == (stored or "")


def _are_choices(sent: Any, stored: Any) -> bool:
    if not isinstance(sent, list) or not all(isinstance(item, str) for item in sent):
        return False
    items = {item.strip() for item in sent} - {""}
    return items == set(stored or ())


def _is_person(sent: Any, stored: Any) -> bool:
    return isinstance(stored, Mapping) and isinstance(sent, str) and sent in stored.values()


def _are_people(sent: Any, stored: Any) -> bool:
    if not isinstance(stored, list):
        return False
    given = sent if isinstance(sent, list) else str(sent).split(",")
    names = list(dict.fromkeys(one.strip() for one in given if isinstance(one, str)))
    return len(names) == len(given) == len(stored) and all(
        any(_is_person(name, person) for person in stored) for name in names
    )


_CONVERTED: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "number": _is_number,
    "currency": _is_number,
    "percent": _is_number,
    "rating": _is_number,
    "duration": _is_duration,
    "checkbox": _is_ticked,
    "singleSelect": _is_choice,
    "multipleSelects": _are_choices,
    "singleCollaborator": _is_person,
    "multipleCollaborators": _are_people,
}
