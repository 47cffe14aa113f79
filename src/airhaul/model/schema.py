"""The fields for creating the table of a model, and a model made from a table."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, cast

from pydantic import create_model

from airhaul.errors import SchemaError
from airhaul.fields import card_of
from airhaul.model.base import RecordBase, table_name_of
from airhaul.model.columns import Column, columns_of
from airhaul.model.fields import airtable_field
from airhaul.model.infer import infer_options
from airhaul.model.links.tables import TableIds, linked_model, linked_table_id
from airhaul.wire.shapes import FIELD_TYPES, FieldJson, FieldType, TableJson

# Texts in files are read by them: the symbol of money, the zone of times. And frames have types by
# them: that of what is computed.
_READ_BY_OPTIONS: Final = (
    "currency",
    "date",
    "dateTime",
    "duration",
    "formula",
    "rollup",
    "multipleLookupValues",
)


def fields_to_create(model: type[RecordBase], tables: TableIds | None = None) -> list[FieldJson]:
    """Describe the fields of a table for a model.

    Computed columns are left out: the API cannot create them. So are links to tables that are not
    known, which can be created once the table is.

    Args:
        model: The model.
        tables: The tables of the base, for links.

    Returns:
        The fields in the order of the model, except that the first one that can be the primary
        field comes first.

    Raises:
        SchemaError: The model has no field that can be the primary field, or names its columns by
            ID.
    """
    if columns_of(model).are_ids:
        raise SchemaError(
            f"{model.__name__} names its columns by ID, and Airtable chooses the IDs of new "
            "fields. Create the table first, and then declare the model with the IDs."
        )
    later = {column.name for column in columns_of(model).linked if not _is_known(column, tables)}
    fields = [
        field_of(column, tables)
        for column in columns_of(model).by_name.values()
        if not column.card.is_computed and column.name not in later
    ]
    if not move_primary_first(fields):
        raise SchemaError(
            f"{model.__name__} has no field that can be the primary field of a table; add a field "
            "of text, number or date."
        )
    return fields


def move_primary_first(fields: list[FieldJson]) -> bool:
    """Move the first field that can be the primary field of a table to the front.

    Args:
        fields: The fields of a new table; changed in place.

    Returns:
        Whether there is such a field.
    """
    for place, field in enumerate(fields):
        if card_of(field["type"]).can_be_primary:
            fields.insert(0, fields.pop(place))
            return True
    return False


def new_field(
    name: str,
    type_: FieldType,
    options: Mapping[str, Any] | None = None,
    description: str | None = None,
) -> FieldJson:
    """Describe a field to be created.

    Args:
        name: The field's name in Airtable.
        type_: Its type.
        options: Airtable's options for the type; None for none.
        description: Its description; None for none.
    """
    field: FieldJson = {"name": name, "type": type_}
    if options is not None:
        field["options"] = dict(options)
    if description:
        field["description"] = description
    return field


def field_of(column: Column, tables: TableIds | None = None) -> FieldJson:
    """Describe the field of a table for a column of a model.

    Args:
        column: The column; not a computed one.
        tables: The tables of the base, for links.

    Raises:
        SchemaError: It links to a table, and the model does not set to which one.
    """
    options = column.info.options
    if options is None and column.info.choices is not None:
        options = {"choices": [{"name": name} for name in column.info.choices]}
    if options is None:
        options = infer_options(column.type, column.shape)
    if column.type == "multipleRecordLinks" and options is None:
        options = {"linkedTableId": _linked_table_id(column, tables or {})}
    return new_field(column.column, column.type, options, column.info.description)


def _is_known(column: Column, tables: TableIds | None) -> bool:
    """Whether a link can be created: its table is known, and it is not the inverse of another."""
    if column.info.options is not None:
        return True
    return column.info.inverse is None and linked_table_id(column, tables or {}) is not None


def _linked_table_id(column: Column, tables: TableIds) -> str:
    if column.link is None:
        raise SchemaError(
            f"The field {column.name!r} links to another table. Declare which one as "
            'list[Link[Company]], or with airtable_field(options={"linkedTableId": "tbl..."}).'
        )
    found = linked_table_id(column, tables)
    if found is None:
        name = table_name_of(linked_model(column))
        raise SchemaError(
            f"The field {column.name!r} links to the table {name!r}, which the base does not have."
        )
    return found


def model_of_table(table: TableJson, *, by_id: bool = False) -> type[RecordBase]:
    """Make a model that reads and writes a table.

    Args:
        table: The table as "get base schema" returns it.
        by_id: Whether requests and replies name its fields by ID.

    Returns:
        A model with an optional field for each column. The fields have the names of the columns as
        Python names: ``"First Name"`` becomes ``first_name``.
    """
    names = python_names(field["name"] for field in table["fields"])
    definitions: dict[str, Any] = {}
    for name, field in zip(names, table["fields"], strict=True):
        type_ = cast("FieldType", field["type"])
        annotation = card_of(type_).python
        definitions[name] = (
            annotation | None if annotation not in (Any, bool) else annotation,
            airtable_field(
                default=False if annotation is bool else None,
                column=column_name(field, by_id=by_id),
                title=field["name"],
                # A type that airhaul does not know yet is read and written unchanged.
                type=type_ if type_ in FIELD_TYPES else "singleLineText",
                read_only=card_of(type_).is_computed,
                options=field.get("options") if type_ in _READ_BY_OPTIONS else None,
                choices=_choices_of(field),
            ),
        )
    model = create_model(class_name(table["name"]), __base__=RecordBase, **definitions)
    model.__airhaul_table__ = table["name"]
    model.__airhaul_is_of_table__ = True
    model.__airhaul_field_ids__ = by_id
    return model


def column_name(field: FieldJson, *, by_id: bool) -> str:
    """Return how requests and replies name a field of a table.

    Args:
        field: The field as "get base schema" returns it.
        by_id: Whether by its ID.
    """
    return field.get("id", "") if by_id else field["name"]


def titles_in(table: TableJson) -> Mapping[str, str]:
    """Return the names of a table's fields by ID."""
    return {column_name(field, by_id=True): field["name"] for field in table["fields"]}


def _choices_of(field: FieldJson) -> tuple[str, ...] | None:
    """The choices of a select field; None for other types."""
    if field["type"] not in ("singleSelect", "multipleSelects"):
        return None
    return tuple(choice["name"] for choice in (field.get("options") or {}).get("choices", ()))


def class_name(text: str) -> str:
    """Turn the name of a table into a class name: ``"Open tasks"`` becomes ``OpenTasks``."""
    words = re.findall(r"\w+", text)
    name = "".join(word[:1].upper() + word[1:] for word in words)
    return name if name.isidentifier() else f"Table{name}"


def python_names(columns: Iterable[str]) -> Sequence[str]:
    """Turn column names into different field names."""
    taken = set(dir(RecordBase)) | set(RecordBase.model_fields)
    names: list[str] = []
    for column in columns:
        name = re.sub(r"\W+", "_", column).strip("_").lower() or "field"
        if not name.isidentifier() or keyword.iskeyword(name):
            name = f"field_{name}"
        while name in taken or name.startswith("model_"):
            name = f"{name}_" if not name.startswith("model_") else f"field_{name}"
        taken.add(name)
        names.append(name)
    return names
