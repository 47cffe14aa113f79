"""Text cells.

Not published, and decided here: the contents of e-mail, URL and phone cells are not validated; a
text cell has at most 100,000 characters. Rich text is stored in Airtable's form, as far as recorded
answers show it.
"""

from __future__ import annotations

from typing import Any, Final

from airhaul.fields.text import stored_rich_text
from airhaul.formula.values import to_text
from airhaul.local_base.protocol import refusal
from airhaul.local_base.store.schema import Field
from airhaul.local_base.writing.cells.write_context import WriteContext

_LONGEST: Final = 100_000

CLEARED_RICH_TEXT: Final = "\n"
"""How a cleared rich text cell is read back: a line break (observed, not published)."""


def check_text(field: Field, value: Any, write: WriteContext) -> Any:
    """Accept text; with typecast also a number."""
    if write.typecast and isinstance(value, int | float) and not isinstance(value, bool):
        value = to_text(value)
    if isinstance(value, dict | list):
        raise refusal.cannot_parse(value, field.name)
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise refusal.cannot_accept(field.name)
    return value


def check_rich_text(field: Field, value: Any, write: WriteContext) -> Any:
    """Accept text, and bring it into the form in which Airtable stores it."""
    text = check_text(field, value, write)
    return stored_rich_text(text) if text else text


def check_barcode(field: Field, value: Any, write: WriteContext) -> Any:
    """Accept ``{"text", "type"?}``; with typecast also a plain text."""
    if write.typecast and isinstance(value, str):
        value = {"text": value}
    if not isinstance(value, dict) or not value.keys() <= {"text", "type"}:
        raise refusal.cannot_parse(value, field.name)
    text, type_ = value.get("text"), value.get("type")
    if text is None and type_ is None:
        return None
    if not isinstance(text, str) or not isinstance(type_, str | None) or len(text) > _LONGEST:
        raise refusal.cannot_accept(field.name)
    if not text:
        return None
    return {"text": text} if type_ is None else {"text": text, "type": type_}
