"""Making a field from its description.

Source: https://airtable.com/developers/web/api/field-model; for refusals, the notes of clients that
were tested against Airtable. Since the middle of 2026, four of them report that Airtable creates
formulas and rollups (one is ``noamross/airtable2``, a package for R); the other computed fields
are refused, as in every recorded answer.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from airhaul.fields import card_of
from airhaul.local_base.fields.linked_options import (
    complete_computed,
    complete_links,
    known_options,
)
from airhaul.local_base.fields.plain_options import complete_plain
from airhaul.local_base.protocol import refusal
from airhaul.local_base.store.schema import Field
from airhaul.local_base.transaction.context import NewFields
from airhaul.wire.ids import is_id, new_id
from airhaul.wire.limits import DESCRIPTION_LENGTH
from airhaul.wire.shapes import FIELD_TYPES

__all__ = ["new_field"]

_COMPUTED_BY_THE_API: Final = frozenset({"formula", "rollup"})


def new_field(table_name: str, described: Any, allowed: NewFields) -> Field:
    """Make a field from its description, without resolving references to other fields.

    Args:
        table_name: The table's name, for messages.
        described: ``{"name", "type", "description"?, "options"?}``.
        allowed: What fields can be created from.

    Raises:
        Refusal: A part is missing or of the wrong shape, or the API does not create the type.
    """
    if not isinstance(described, dict):
        raise refusal.invalid_request()
    name, type_ = described.get("name"), described.get("type")
    description, options = described.get("description"), described.get("options")
    if not isinstance(name, str) or not isinstance(type_, str):
        raise refusal.invalid_request()
    if not name.strip():
        raise refusal.duplicate_field_name()
    if type_ not in FIELD_TYPES:
        raise refusal.invalid_request()
    is_created = not card_of(type_).is_computed or type_ in _COMPUTED_BY_THE_API
    if allowed is NewFields.OF_THE_API and not is_created:
        raise refusal.unsupported_type(table_name, name, type_)
    if not isinstance(description, str | None) or len(description or "") > DESCRIPTION_LENGTH:
        raise refusal.invalid_request()
    if options is not None and not isinstance(options, dict):
        raise refusal.invalid_options(name, "options must be an object")
    as_printed = allowed is NewFields.AS_PRINTED
    if not as_printed:
        _validate(name, type_, options or {})
    completed = _complete(name, type_, options or {}, as_printed=as_printed)
    given_id = described.get("id")
    field_id = str(given_id) if as_printed and is_id(given_id, "fld") else new_id("fld")
    return Field(field_id, name, type_, completed, description or None)


def _validate(name: str, type_: str, options: dict[str, Any]) -> None:
    """Check that all options are given, and no others."""
    card = card_of(type_)
    needed: Collection[str]
    known: Collection[str]
    if card.default_options is not None:
        needed = known = card.default_options.keys()
    elif card.is_computed and type_ != "externalSyncSource":
        needed, known = known_options(type_)
    else:
        return
    if needed and not options:
        raise refusal.failed_validation(f"{name}.options is missing")
    for key in sorted(set(needed) - options.keys()):
        raise refusal.failed_validation(f"{name}.options.{key} is missing")
    for key in sorted(options.keys() - set(known)):
        raise refusal.failed_validation(f"{name}.options.{key} is not included in the schema")


def _complete(
    name: str, type_: str, options: dict[str, Any], *, as_printed: bool
) -> dict[str, Any] | None:
    if type_ == "multipleRecordLinks":
        return complete_links(name, options, as_printed=as_printed)
    if not card_of(type_).is_computed or type_ == "externalSyncSource":
        return complete_plain(name, type_, options, ids=as_printed)
    return complete_computed(name, type_, options)
