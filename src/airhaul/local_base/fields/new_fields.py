"""Adding fields: references to other fields are resolved, links get their inverse field.

Not published, and decided: the inverse of a link has the name of the linking table, followed by a
number if that name is taken. A link from a table to itself has no inverse, as in Airtable.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from itertools import count
from typing import Any

from airhaul.errors import FormulaError
from airhaul.fields import card_of
from airhaul.formula import parse, print_formula, with_fields
from airhaul.local_base.fields.options import new_field
from airhaul.local_base.protocol import refusal
from airhaul.local_base.reading.references import computed_depths, linked_table
from airhaul.local_base.reading.results import corrected_fields
from airhaul.local_base.store.schema import Field, Table
from airhaul.local_base.transaction.changes import FieldChanged, FieldCreated
from airhaul.local_base.transaction.context import Context
from airhaul.wire.ids import new_id


def add_field(context: Context, table: Table, described: Any) -> Field:
    """Add a field to a table.

    Args:
        context: The request.
        table: The table.
        described: ``{"name", "type", "description"?, "options"?}``.

    Returns:
        The field as stored.

    Raises:
        Refusal: The name is taken, or the field cannot be created.
    """
    field = new_field(table.name, described, context.new_fields)
    if field.name.lower() in table.by_lower_name or field.id in table.by_id:
        raise refusal.duplicate_field_name()
    context.session.schema.add_field(table, field)
    resolve_fields(context, table.base_id, [field])
    stored = context.session.schema.table(table.id).by_id[field.id]
    context.changes.append(FieldCreated(table.id, stored))
    return stored


def change_options(context: Context, table: Table, field: Field, options: Any) -> Field:
    """Change the formula of a formula field or rollup.

    Args:
        context: The request.
        table: Its table.
        field: The field.
        options: ``{"formula"}``.

    Returns:
        The field as stored.

    Raises:
        Refusal: The field has no formula, or the formula is invalid or refers to the field itself.
    """
    text = options.get("formula") if isinstance(options, dict) else None
    if field.type not in ("formula", "rollup") or not isinstance(text, str):
        raise refusal.invalid_request()  # as Airtable is observed to refuse options of links
    changed = replace(field, options={**(field.options or {}), "formula": text, "isValid": True})
    context.session.schema.change_field(table, changed)
    resolve_fields(context, table.base_id, [changed])
    return context.session.schema.table(table.id).by_id[field.id]


def resolve_fields(context: Context, base_id: str, fields: list[Field]) -> None:
    """Resolve the references of new fields, add inverse links, and update result types.

    Args:
        context: The request.
        base_id: The base.
        fields: New fields, already stored.

    Raises:
        Refusal: A reference does not exist, or leads back to the field itself.
    """
    schema = context.session.schema
    new_ids = {field.id for field in fields}
    for table in list(schema.tables(base_id).values()):
        for field in table.fields:
            if field.id in new_ids:
                resolved = _resolve(schema.tables(base_id), table, field)
                if resolved != field:
                    schema.change_field(table, resolved)
                _add_inverse(context, table, resolved)
    context.cells.forget()
    computable = computed_depths(schema.tables(base_id))
    for field in fields:
        is_broken = (field.options or {}).get("isValid") is False
        if card_of(field.type).is_computed and field.id not in computable and not is_broken:
            raise refusal.invalid_options(
                field.name, "it refers to what is not there, or to itself"
            )
    refresh_results(context, base_id, except_for=new_ids)


def refresh_results(
    context: Context, base_id: str, *, except_for: Collection[str] = frozenset()
) -> None:
    """Update the metadata of computed fields: whether they are valid, and their result types.

    Args:
        context: The request.
        base_id: The base.
        except_for: The ids of fields whose changes the caller records.
    """
    schema = context.session.schema
    for table, field in corrected_fields(schema.tables(base_id)):
        before = table.by_id[field.id]
        schema.change_field(table, field)
        if field.id not in except_for:
            context.changes.append(FieldChanged(table.id, before, field))
    context.cells.forget()


def _resolve(tables: Mapping[str, Table], table: Table, field: Field) -> Field:
    """Replace names of fields in options by ids."""
    options = dict(field.options or {})
    if options.get("isValid") is False:
        return field
    if field.type == "multipleRecordLinks":
        if options["linkedTableId"] not in tables:
            raise refusal.invalid_options(field.name, "linkedTableId is no table of the base")
        return field
    if "recordLinkFieldId" in options:
        options["recordLinkFieldId"] = table.find(options["recordLinkFieldId"]).id
        linked = linked_table(table, options["recordLinkFieldId"], tables)
        if linked is None:
            raise refusal.invalid_options(field.name, "recordLinkFieldId is no link")
        if "fieldIdInLinkedTable" in options:
            options["fieldIdInLinkedTable"] = linked.find(options["fieldIdInLinkedTable"]).id
    if options.get("referencedFieldIds") and field.type not in ("formula", "rollup"):
        options["referencedFieldIds"] = [
            table.find(name).id for name in options["referencedFieldIds"]
        ]
    for key in ("formula", "url"):
        if options.get(key) and field.type in ("formula", "rollup", "button"):
            options[key] = _by_ids(table, field, options[key])
    return replace(field, options=options or None)


def _by_ids(table: Table, field: Field, text: str) -> str:
    def id_of(name: str) -> str:
        if field.type == "rollup":
            return name
        found = table.find_in_formula(name)
        if found is None:
            raise refusal.invalid_options(field.name, f"Unknown field names: {name.lower()}")
        return found.id

    try:
        return print_formula(with_fields(parse(text), id_of))
    except FormulaError:
        raise refusal.invalid_options(
            field.name, "Invalid formula. Please check your formula text."
        ) from None


def _add_inverse(context: Context, table: Table, link: Field) -> None:
    options = link.options or {}
    linked_id = options.get("linkedTableId")
    if (
        link.type != "multipleRecordLinks"
        or linked_id == table.id
        or "inverseLinkFieldId" in options
    ):
        return
    schema = context.session.schema
    linked = schema.table(str(linked_id))
    inverse = Field(
        new_id("fld"),
        _free_name(linked, table.name),
        "multipleRecordLinks",
        {
            "linkedTableId": table.id,
            "isReversed": False,
            "prefersSingleRecordLink": False,
            "inverseLinkFieldId": link.id,
        },
    )
    schema.add_field(linked, inverse)
    schema.change_field(table, replace(link, options={**options, "inverseLinkFieldId": inverse.id}))
    context.changes.append(FieldCreated(linked.id, inverse))


def _free_name(table: Table, wanted: str) -> str:
    names = (wanted if number == 1 else f"{wanted} {number}" for number in count(1))
    return next(name for name in names if name.lower() not in table.by_lower_name)
