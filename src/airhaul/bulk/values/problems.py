"""What is wrong with the values of a row, as errors that name their fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from airhaul.bulk.values.file_values import (
    DATE_FORM,
    DURATION_FORM,
    MOMENT_FORM,
    NUMBER_FORM,
    TICK_FORM,
    WHOLE_FORM,
)
from airhaul.errors import RowError, causes_of, reason_of, shown

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from airhaul.model.columns import Column, Columns
    from airhaul.wire.shapes import FieldType

_FORMS: Final[dict[FieldType, str]] = {
    "multipleAttachments": 'attachments are a list such as [{"url": "https://..."}]',
    "multipleCollaborators": 'people are a list such as [{"email": "ada@example.org"}]',
    "singleCollaborator": 'a person is written {"email": "ada@example.org"}',
    "barcode": 'a barcode is written {"text": "0012"}',
}
_MISSING: Final = "missing"
# Follows from another error: a default is made of a field that is not valid.
_NO_DEFAULT: Final = "default_factory_not_called"


def problems_in(error: ValidationError, columns: Columns) -> list[tuple[str | None, RowError]]:
    """Find what Pydantic refuses, without required fields that are missing.

    Args:
        error: Pydantic's error.
        columns: The columns of the model.

    Returns:
        For each value the name of its field, or None if it concerns the whole row, and its first
        error: a union has one for each of its types.
    """
    found: dict[tuple[object, ...], tuple[str | None, RowError]] = {}
    for details in causes_of(error):
        if details["type"] in (_MISSING, _NO_DEFAULT) and len(details["loc"]) == 1:
            continue
        place = str(details["loc"][0]) if details["loc"] else None
        # Each item of a list is a value; other parts of a place name a type of a union.
        item = [part for part in details["loc"][1:] if isinstance(part, int)]
        key = (place or "", *item)
        if key in found:
            continue
        column = columns.by_input.get(place) if place is not None else None
        if place is None:
            found[key] = None, RowError(reason_of(details))
        else:
            name = column.shown_name if column else place
            problem = RowError(refusal_of(details, column), field=name, value=details["input"])
            found[key] = (column.name if column else place), problem
    return list(found.values())


def missing_in(error: ValidationError) -> list[str]:
    """Return the names of the required fields that are missing, as Pydantic reports them."""
    return [
        str(details["loc"][0])
        for details in error.errors(include_url=False)
        if details["type"] == _MISSING and len(details["loc"]) == 1
    ]


def refusal_of(error: ErrorDetails, column: Column | None) -> str:
    """Return what is wrong with a value, and how such values are written.

    Args:
        error: An error of Pydantic.
        column: The column of the value; None if the model has none of this name.
    """
    value = error["input"]
    kind = error["type"]
    how = ""
    if kind == "finite_number":
        how = "; use None for an empty cell"
    elif kind in ("bool_parsing", "bool_type"):
        how = f"; {TICK_FORM}"
    elif kind == "time_delta_parsing":
        how = f"; {DURATION_FORM}"
    elif kind in ("dict_type", "list_type") and column is not None and column.type in _FORMS:
        how = f"; {_FORMS[column.type]}"
    if isinstance(value, str) and any(map(str.isdigit, value)):
        if kind.startswith("date_"):
            how = f"; {DATE_FORM}"
        elif kind.startswith("datetime_"):
            how = f"; {MOMENT_FORM}"
        elif kind == "int_parsing":
            how = f"; {WHOLE_FORM}"
        elif kind in ("float_parsing", "decimal_parsing"):
            how = f"; {NUMBER_FORM}"
    return f"{reason_of(error)}, got {shown(value)}{how}"
