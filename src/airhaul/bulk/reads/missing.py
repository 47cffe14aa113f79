"""Columns of a model that the table does not have: recognizing and reporting them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from airhaul.errors import AirhaulError, InvalidRequestError, UnknownFieldError
from airhaul.model.base import RecordBase
from airhaul.model.columns import columns_of

_UNKNOWN: Final = "UNKNOWN_FIELD_NAME"
_NAMED: Final = re.compile(
    r'Unknown field name: "(?P<a>.*)"|Could not find a field named (?P<b>.*)', re.DOTALL
)


def missing_column(error: AirhaulError, columns: Iterable[str]) -> str | None:
    """Return which of some columns a refusal names as one that the table does not have.

    Args:
        error: The refusal.
        columns: The columns that were sent.

    Returns:
        The column; None if the refusal is about something else, or about none of them. Airtable may
        name it in lower case.
    """
    if not isinstance(error, InvalidRequestError) or error.type != _UNKNOWN:
        return None
    found = _NAMED.search(error.detail)
    name = "" if found is None else found["a"] or found["b"] or ""
    sent = list(columns)
    if name in sent:
        return name
    near = [column for column in sent if column.casefold() == name.casefold()]
    return near[0] if len(near) == 1 else None


def missing_fields(
    model: type[RecordBase], table: str, columns: Iterable[str]
) -> UnknownFieldError:
    """Make the error for columns of a model that the table does not have.

    Args:
        model: The model.
        table: The name or ID of the table.
        columns: At least one of the model's columns.
    """
    known = columns_of(model)
    missing = sorted(map(known.by_column.__getitem__, columns), key=lambda one: one.column)
    named = [f"{one.column!r}, the column of {known.model_name}.{one.name}" for one in missing]
    if known.table_name is not None:
        named = [repr(one.title) for one in missing]
    return UnknownFieldError(
        f"The table {table!r} has no field {'; nor '.join(named)}. Add the field to the table, or "
        "change the model.",
        field=missing[0].shown_name,
    )


def explained(
    error: AirhaulError, model: type[RecordBase], table: str, columns: Iterable[str]
) -> AirhaulError:
    """Return the error for a missing column if a refusal is about one, else the refusal itself.

    Args:
        error: The refusal.
        model: The model.
        table: The name or ID of the table.
        columns: The columns that were sent.
    """
    missing = missing_column(error, columns)
    if missing is None or missing not in columns_of(model).by_column:
        return error
    made = missing_fields(model, table, [missing])
    made.__cause__ = error
    return made
