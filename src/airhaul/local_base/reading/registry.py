"""The registry of readers: which function makes the reader of a field, by the field's type."""

from __future__ import annotations

from typing import Final

from airhaul.fields import card_of
from airhaul.formula.values import FAULT
from airhaul.local_base.reading import formula, linked, stored, system
from airhaul.local_base.reading.field_reader import (
    FieldReader,
    MakeReader,
    ReadContext,
    fault_reader,
)
from airhaul.local_base.store.schema import Field, Table

_MAKERS: Final[dict[str, MakeReader]] = {
    "richText": stored.rich_text,
    "barcode": stored.barcode,
    "aiText": stored.ai_text,
    "singleCollaborator": stored.collaborator,
    "multipleCollaborators": stored.collaborators,
    "multipleAttachments": stored.attachments,
    "multipleRecordLinks": linked.links,
    "count": linked.count,
    "multipleLookupValues": linked.lookup,
    "rollup": linked.rollup,
    "formula": formula.formula,
    "button": formula.button,
    "autoNumber": system.auto_number,
    "createdTime": system.created_time,
    "createdBy": system.created_by,
    "lastModifiedTime": system.last_modified_time,
    "lastModifiedBy": system.last_modified_by,
}
"""Types that are absent are read as they are stored; see ``stored.as_stored``."""


def make_reader(context: ReadContext, table: Table, field: Field) -> FieldReader:
    """Make the reader of a field.

    Args:
        context: What the reader may ask for.
        table: The field's table.
        field: The field.

    Returns:
        The reader; for a computed field that refers to something that does not exist, or to
        itself, one that gives an error.
    """
    if card_of(field.type).is_computed and field.id not in context.computable(table):
        return formula.no_url(field) if field.type == "button" else fault_reader(FAULT)
    return _MAKERS.get(field.type, stored.as_stored)(context, table, field)
