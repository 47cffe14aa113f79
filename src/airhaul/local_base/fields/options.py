"""Making a field from its description.

Source: https://airtable.com/developers/web/api/field-model; for refusals, the notes of clients that
were tested against Airtable. Computed fields are refused, as in every recorded answer; one client
(the airtable2 package for R) has reported since the middle of 2026 that formulas and rollups are
created.
"""

from __future__ import annotations

from typing import Any

from airhaul.fields import card_of
from airhaul.local_base.fields.linked_options import complete_computed, complete_links
from airhaul.local_base.fields.plain_options import complete_plain
from airhaul.local_base.protocol import refusal
from airhaul.local_base.store.schema import Field
from airhaul.wire.ids import is_id, new_id
from airhaul.wire.limits import DESCRIPTION_LENGTH
from airhaul.wire.shapes import FIELD_TYPES

__all__ = ["new_field"]


def new_field(table_name: str, described: Any, *, any_type: bool = False) -> Field:
    """Make a field from its description, without resolving references to other fields.

    Args:
        table_name: The table's name, for messages.
        described: ``{"name", "type", "description"?, "options"?}``.
        any_type: Whether types that the API does not create are allowed, and the id and options as
            the metadata API prints them.

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
    if card_of(type_).is_computed and not any_type:
        raise refusal.unsupported_type(table_name, name, type_)
    if not isinstance(description, str | None) or len(description or "") > DESCRIPTION_LENGTH:
        raise refusal.invalid_request()
    if options is not None and not isinstance(options, dict):
        raise refusal.invalid_options(name, "options must be an object")
    if not any_type:
        _validate(name, type_, options or {})
    completed = _complete(name, type_, options or {}, any_type=any_type)
    given_id = described.get("id")
    field_id = str(given_id) if any_type and is_id(given_id, "fld") else new_id("fld")
    return Field(field_id, name, type_, completed, description or None)


def _validate(name: str, type_: str, options: dict[str, Any]) -> None:
    """Check that all options are given, and no others."""
    defaults = card_of(type_).default_options
    if defaults is None:
        return
    known = defaults.keys()
    if not options:
        raise refusal.failed_validation(f"{name}.options is missing")
    for key in sorted(known - options.keys()):
        raise refusal.failed_validation(f"{name}.options.{key} is missing")
    for key in sorted(options.keys() - known):
        raise refusal.failed_validation(f"{name}.options.{key} is not included in the schema")


def _complete(
    name: str, type_: str, options: dict[str, Any], *, any_type: bool
) -> dict[str, Any] | None:
    if type_ == "multipleRecordLinks":
        return complete_links(name, options, as_printed=any_type)
    if not card_of(type_).is_computed or type_ == "externalSyncSource":
        return complete_plain(name, type_, options, ids=any_type)
    return complete_computed(name, type_, options)
