"""The values that each type of field accepts, and how they are stored.

Source: https://airtable.com/developers/web/api/field-model. Not published, and decided here: ``""``
clears text cells and is refused by all other types.
"""

from __future__ import annotations

from typing import Any, Final

from airhaul.local_base.protocol import refusal
from airhaul.local_base.store.schema import Field
from airhaul.local_base.writing.cells import (
    attachments,
    choices,
    dates,
    links,
    numbers,
    people,
    text,
)
from airhaul.local_base.writing.cells.write_context import Check, WriteContext

__all__ = ["WriteContext", "check_cell"]


def check_cell(field: Field, value: Any, write: WriteContext) -> Any:
    """Convert a value of a request to a cell as it is stored.

    Args:
        field: The field.
        value: The JSON in the request.
        write: The settings of the request.

    Returns:
        The cell; None if it is empty.

    Raises:
        Refusal: The value does not fit the field's type.
    """
    check = _CHECKS.get(field.type)
    if check is None:
        raise refusal.is_computed(field.name)
    if value is None:
        return None
    cell = check(field, value, write)
    return None if cell in ("", []) or cell is False else cell


_CHECKS: Final[dict[str, Check]] = {
    "singleLineText": text.check_text,
    "multilineText": text.check_text,
    "richText": text.check_rich_text,
    "email": text.check_text,
    "url": text.check_text,
    "phoneNumber": text.check_text,
    "barcode": text.check_barcode,
    "number": numbers.check_number,
    "percent": numbers.check_number,
    "currency": numbers.check_number,
    "duration": numbers.check_duration,
    "rating": numbers.check_rating,
    "checkbox": numbers.check_checkbox,
    "date": dates.check_date,
    "dateTime": dates.check_date_time,
    "singleSelect": choices.check_single_select,
    "multipleSelects": choices.check_multiple_selects,
    "singleCollaborator": people.check_collaborator,
    "multipleCollaborators": people.check_collaborators,
    "multipleRecordLinks": links.CheckLinks(check_cell),
    "multipleAttachments": attachments.check_attachments,
}
