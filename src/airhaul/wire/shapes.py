"""Types for the JSON that Airtable sends and accepts.

Source: https://airtable.com/developers/web/api/field-model and the endpoint pages.
"""

from __future__ import annotations

from typing import Any, Final, Literal, NotRequired, TypedDict, get_args

Cells = dict[str, Any]
"""The ``fields`` of a record: field name (or ID) to cell; empty cells are absent."""

FieldType = Literal[
    "singleLineText",
    "multilineText",
    "richText",
    "email",
    "url",
    "phoneNumber",
    "number",
    "percent",
    "currency",
    "duration",
    "rating",
    "checkbox",
    "date",
    "dateTime",
    "singleSelect",
    "multipleSelects",
    "singleCollaborator",
    "multipleCollaborators",
    "multipleRecordLinks",
    "multipleAttachments",
    "barcode",
    "formula",
    "rollup",
    "multipleLookupValues",
    "count",
    "autoNumber",
    "createdTime",
    "lastModifiedTime",
    "createdBy",
    "lastModifiedBy",
    "button",
    "aiText",
    "externalSyncSource",
]
"""The type of a field; ``airhaul.fields`` has a card for each."""

FIELD_TYPES: Final[frozenset[str]] = frozenset(get_args(FieldType))


class RecordJson(TypedDict):
    """A record; ``createdTime`` is ISO 8601 in UTC with whole seconds."""

    id: str
    createdTime: str
    fields: Cells


class FieldJson(TypedDict):
    """A field of a table; ``id`` is absent in a field to be created."""

    name: str
    type: str
    id: NotRequired[str]
    description: NotRequired[str]
    options: NotRequired[dict[str, Any] | None]


class ViewJson(TypedDict):
    """A view of a table."""

    id: str
    name: str
    type: str


class TableJson(TypedDict):
    """A table of a base, as "get base schema" returns it."""

    id: str
    name: str
    primaryFieldId: str
    fields: list[FieldJson]
    views: list[ViewJson]
    description: NotRequired[str]


class BaseJson(TypedDict):
    """A base, as "list bases" returns it."""

    id: str
    name: str
    permissionLevel: str
