"""Comparing a cell of a file with what came back from the base."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from file_trips.originals import Digits

_TEXT: Final = ("singleLineText", "multilineText", "email", "url", "singleSelect")
_YES: Final = ("true", "yes", "checked")
_NO: Final = ("", "false", "no")


def is_same(original: Any, exported: Any, type_: str) -> bool:
    """Whether an exported cell says what the file says.

    Args:
        original: The cell of the file: text, or a JSON value.
        exported: The cell of the export, CSV or JSON.
        type_: The type of the field that held it.
    """
    said = "" if original is None else original
    came = "" if exported is None else exported
    if isinstance(said, bool):
        said = "true" if said else "false"
    if isinstance(came, bool):
        came = "true" if came else "false"
    if type_ in _TEXT:
        return came == said or (type_ in ("email", "url", "singleSelect") and _blank(said, came))
    if type_ == "multipleSelects":
        return came == said or (isinstance(came, str) and came == _joined(said or []))
    if not (isinstance(said, str) and isinstance(came, str)):
        return False
    said, came = said.strip(), came.strip()
    if type_ == "checkbox":
        return (said.lower() in _YES, said.lower() in _NO) == (came in _YES, came in _NO)
    if type_ == "number":
        return said == came or (bool(said and came) and _is_same_number(said, came))
    if type_ == "dateTime":
        return said == came or (bool(said and came) and _moment(said) == _moment(came))
    return said == came


def _blank(said: str, came: str) -> bool:
    return not said.strip() and not came


def _joined(items: list[str]) -> str:
    """A list in a cell of CSV: items between commas, those that need it in quotes."""
    quoted = ('"' + item.replace('"', '""') + '"' for item in items)
    pairs = zip(items, quoted, strict=True)
    return ", ".join(q if set(item) & set(',"') or item[0] in "[ " else item for item, q in pairs)


def _is_same_number(said: str, came: str) -> bool:
    """Whether both are the same number; a double may be printed with more digits than it needs."""
    try:
        one, other = Decimal(said), Decimal(came)
    except InvalidOperation:
        return False
    digits = len("".join(map(str, one.as_tuple().digits)).strip("0")) or 1
    return one == other or Decimal(f"{float(other):.{digits - 1}e}") == one


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def plain(value: Any) -> str:
    """A value for a list of differences."""
    return str(value) if isinstance(value, Digits) else repr(value)
