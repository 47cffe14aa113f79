"""Types for the JSON that Airtable sends and accepts.

Source: https://airtable.com/developers/web/api/field-model and the endpoint pages.
"""

from __future__ import annotations

from typing import Any, Final, Literal, NotRequired, TypedDict, get_args

Cells = dict[str, Any]
"""The ``fields`` of a record: field name (or ID) to cell; empty cells are absent."""

WritableType = Literal[
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
]
ComputedType = Literal[
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
FieldType = Literal[WritableType, ComputedType]

FIELD_TYPES: Final[frozenset[str]] = frozenset(get_args(FieldType))
COMPUTED_TYPES: Final[frozenset[str]] = frozenset(get_args(ComputedType))
WRITABLE_TYPES: Final[frozenset[str]] = frozenset(get_args(WritableType))
"""The types whose cells can be written; the API can create fields of these types only."""

TEXT_TYPES: Final[frozenset[str]] = frozenset(
    {"singleLineText", "multilineText", "richText", "email", "url", "phoneNumber"}
)
NUMBER_TYPES: Final[frozenset[str]] = frozenset(
    {"number", "percent", "currency", "duration", "rating"}
)

# https://airtable.com/developers/web/api/update-multiple-records lists number, text, long text,
# single and multiple select, and date; tests showed that the service treats e-mail, URL and phone
# number as text.
MERGEABLE_TYPES: Final[frozenset[str]] = frozenset(
    {
        "number",
        "singleLineText",
        "multilineText",
        "singleSelect",
        "multipleSelects",
        "date",
        "email",
        "url",
        "phoneNumber",
    }
)
"""The types of the fields by which an upsert can identify a record."""

# The types that a primary field can have; the exact list is not published.
PRIMARY_TYPES: Final[frozenset[str]] = (
    TEXT_TYPES
    | NUMBER_TYPES - {"rating"}
    | {"date", "dateTime", "barcode", "formula", "autoNumber"}
)


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
