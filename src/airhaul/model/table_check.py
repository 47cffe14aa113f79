"""Comparing a model with its table, and planning what the table lacks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from airhaul.errors import SchemaError
from airhaul.fields import card_of
from airhaul.messages import Message, Method, Option, counted
from airhaul.model.base import RecordBase, table_name_of
from airhaul.model.columns import Column, columns_of, folded_name
from airhaul.model.infer import infer_options, types_that_fit
from airhaul.model.links.tables import (
    linked_model,
    linked_table_id,
    missing_tables,
    table_ids,
)
from airhaul.model.schema import column_name, field_of, fields_to_create
from airhaul.wire.shapes import FIELD_TYPES, FieldJson, TableJson

DifferenceKind = Literal["table", "missing", "renamed", "read-only", "type", "options", "choices"]
"""What differs; "table" means that the base has no such table."""

_SELECTS: Final = ("singleSelect", "multipleSelects")


@dataclass(frozen=True, slots=True)
class TableDifference:
    """One difference between a model and its table.

    Args:
        kind: What differs.
        field: The field of the model; None if the whole table is missing.
        column: Its name in the table, as far as it is known.
        expected: What the model declares: a type, options, choices or a name.
        found: What the table has; None for nothing.
        reason: What differs, in a sentence.
        remedy: What to do about it, in a sentence.
    """

    kind: DifferenceKind
    field: str | None
    column: str | None
    expected: Any
    found: Any
    reason: str
    remedy: str

    def text(self) -> Message:
        """Return what differs, and what to do about it."""
        place = "" if self.field is None else f"field {self.field!r}: "
        return Message(place, self.reason, "; ", self.remedy)

    def __str__(self) -> str:
        return self.text()


@dataclass(frozen=True, slots=True)
class TablePlan:
    """What is added to a base so that it fits a model. Nothing is changed or deleted.

    Args:
        table: The table's name.
        creates_table: Whether the table is created.
        fields: The fields to create, as the API takes them.
        by_hand: The differences that the API cannot remove.
    """

    table: str
    creates_table: bool = False
    fields: list[FieldJson] = field(default_factory=list[FieldJson])
    by_hand: list[TableDifference] = field(default_factory=list[TableDifference])

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to create."""
        return not (self.creates_table or self.fields)

    def summary(self) -> str:
        """Return the plan in one line."""
        fields = counted(len(self.fields), "field")
        parts = [f"a table with {fields} to create"] if self.creates_table else []
        if self.fields and not self.creates_table:
            parts.append(f"{fields} to create")
        if self.by_hand:
            parts.append(f"{len(self.by_hand)} to change by hand")
        return f"{self.table}: {', '.join(parts) or 'nothing to create'}"

    def details(self) -> list[str]:
        """Return a line for each field to create, and for each difference to remove by hand."""
        created = [f"+ {one['name']!r}, {one['type']}" for one in self.fields]
        return [*created, *(Message("! ", one.text()) for one in self.by_hand)]

    def __str__(self) -> str:
        return Message.of_lines([self.summary(), *self.details()])


def check_table(
    model: type[RecordBase], tables: Sequence[TableJson], name: str
) -> list[TableDifference]:
    """Compare a model with its table.

    Fields of the table that the model does not name are no difference, nor is another type that
    the annotation fits as well: a ``str`` may be an e-mail address. A declared type has to be that
    of the table.

    Args:
        model: The model.
        tables: The tables of the base as "get base schema" returns them.
        name: The name or id of the table in the model.

    Returns:
        The differences, in the order of the model.
    """
    table = _table_in(tables, name)
    if table is None:
        return [
            TableDifference(
                "table", None, None, name, None,
                f"the base has no table {name!r}", Message(Method("sync_table"), " creates it"),
            )
        ]  # fmt: skip
    by_id = columns_of(model).are_ids
    base = _Base(table, tables, by_id=by_id)
    return [
        difference
        for column in columns_of(model).by_name.values()
        for difference in _differences(column, base)
    ]


def plan_table(
    model: type[RecordBase],
    tables: Sequence[TableJson],
    name: str,
    planned: Iterable[type[RecordBase]] = (),
) -> TablePlan:
    """Plan what has to be created so that a table fits a model.

    Args:
        model: The model.
        tables: The tables of the base as "get base schema" returns them.
        name: The name or id of the table in the model.
        planned: Models whose tables are there or created, too, so that the model can link to them.

    Raises:
        SchemaError: The table does not exist, and no table can hold the model.
    """
    table = _table_in(tables, name)
    # A table that has no id yet is named by its name.
    ids = {table_name_of(other): table_name_of(other) for other in planned} | table_ids(tables)
    if table is None:
        missing_tables([model], ids)
        return TablePlan(
            name, creates_table=True, fields=fields_to_create(model, {name: name, **ids})
        )
    base = _Base(table, tables, by_id=columns_of(model).are_ids)
    base.ids = ids
    fields: list[FieldJson] = []
    by_hand: list[TableDifference] = []
    for difference in check_table(model, tables, name):
        column = columns_of(model).by_name[difference.field or ""]
        if difference.kind == "missing" and _obstacle(column, base) is None:
            fields.append(field_of(column, base.ids))
        else:
            by_hand.append(difference)
    return TablePlan(name, fields=fields, by_hand=by_hand)


def _table_in(tables: Sequence[TableJson], name: str) -> TableJson | None:
    return next((table for table in tables if name in (table["id"], table["name"])), None)


class _Base:
    """A table, by the names that columns have for its fields, and the tables next to it."""

    def __init__(self, table: TableJson, tables: Sequence[TableJson], *, by_id: bool) -> None:
        self.by_id = by_id
        self.there = {column_name(field, by_id=by_id): field for field in table["fields"]}
        self.ids = table_ids(tables)
        self.names = {table["id"]: table["name"] for table in tables}
        self.links = {
            (key, column_name(field, by_id=by_id))
            for table in tables
            for key in (table["id"], table["name"])
            for field in table["fields"]
            if field["type"] == "multipleRecordLinks"
        }


def _differences(column: Column, base: _Base) -> Iterator[TableDifference]:
    found = base.there.get(column.column)
    if found is None:
        obstacle = _obstacle(column, base)
        yield TableDifference(
            "missing", column.name, column.column, column.type, None,
            f"the table has no field {column.column!r}",
            obstacle or Message(Method("sync_table"), " creates it"),
        )  # fmt: skip
        return
    title = found["name"]
    if base.by_id and column.field_info.title not in (None, title):
        yield TableDifference(
            "renamed", column.name, title, column.title, title,
            f"the field {column.title!r} was renamed to {title!r}", "set title= to the new name",
        )  # fmt: skip
    wrong_type = _type_difference(column, found)
    if wrong_type is not None:
        yield wrong_type
        return
    wanted = _wanted_options(column, found)
    options = found.get("options") or {}
    differing = {
        name: value for name, value in wanted.items() if not _has(options.get(name), value)
    }
    if differing:
        now = {name: options.get(name) for name in differing}
        yield TableDifference(
            "options", column.name, title, differing, now,
            f"{title!r} has the options {now}, and the model declares {differing}",
            "change them in Airtable, or in the model",
        )  # fmt: skip
    yield from _choice_differences(column, found)
    if column.link is not None and found["type"] == "multipleRecordLinks":
        yield from _link_differences(column, found, base)


def _obstacle(column: Column, base: _Base) -> str | None:
    """Return what to do about a missing field that the API cannot create; None if it can."""
    if base.by_id:
        return "it was deleted, or the ID is wrong"
    # Airtable refuses a second name that differs in case only.
    alike = [name for name in base.there if folded_name(name) == folded_name(column.column)]
    if alike:
        return f"{alike[0]!r} may be the one; rename it in Airtable, or set column={alike[0]!r}"
    if column.card.is_computed:
        return "create it in Airtable"
    if column.link is not None and column.info.inverse is not None:
        return _obstacle_of_inverse(column, base)
    try:
        field_of(column, base.ids)
    except SchemaError as error:
        return error.message
    return None


def _obstacle_of_inverse(column: Column, base: _Base) -> str:
    """Return what to do about a missing field that is the other side of another model's link."""
    linked = linked_model(column)
    link = columns_of(linked).by_name.get(column.info.inverse or "")
    whose = f"{linked.__name__}.{column.info.inverse}"
    if link is None or (table_name_of(linked), link.column) not in base.links:
        return f"Airtable creates it together with {whose}"
    return f"rename the other side of {whose} to {column.column!r} in Airtable"


def _type_difference(column: Column, found: FieldJson) -> TableDifference | None:
    type_, title = found["type"], found["name"]
    declared = column.info.type
    is_computed = type_ in FIELD_TYPES and card_of(type_).is_computed
    if type_ == declared:
        return None
    if is_computed and declared is None:
        if column.read_only:
            return None
        return TableDifference(
            "read-only", column.name, title, column.type, type_,
            f"Airtable computes {title!r} ({type_}), and the model writes it",
            "declare it with airtable_field(read_only=True)",
        )  # fmt: skip
    if declared is None and type_ in types_that_fit(column.shape):
        return None
    return TableDifference(
        "type", column.name, title, column.type, type_,
        f"{title!r} is of type {type_}, and the model's field is {column.type}",
        "change the type in Airtable, or the annotation, or set airtable_field(type=...)",
    )  # fmt: skip


def _link_differences(column: Column, found: FieldJson, base: _Base) -> Iterator[TableDifference]:
    """Compare the linked table, and how many records a cell may link to.

    A field that takes several records is no difference for a model that has one: Airtable's API
    cannot create any other, and a cell that has several is reported when it is read.
    """
    title, options = found["name"], found.get("options") or {}
    wanted, linked_id = table_name_of(linked_model(column)), str(options.get("linkedTableId", ""))
    if linked_table_id(column, base.ids) != linked_id:
        now = base.names.get(linked_id, linked_id)
        yield TableDifference(
            "options", column.name, title, wanted, now,
            f"{title!r} links to the table {now!r}, and the model to {wanted!r}",
            "link to the model of that table, or set column= to the field that links to "
            f"{wanted!r}",
        )  # fmt: skip
    if column.shape.is_sequence and options.get("prefersSingleRecordLink"):
        yield TableDifference(
            "options", column.name, title, "several records", "one record",
            f"{title!r} takes one record, and the model several",
            f"declare Link[{linked_model(column).__name__}] | None, or allow several in Airtable",
        )  # fmt: skip


def _wanted_options(column: Column, found: FieldJson) -> dict[str, Any]:
    """Return the options that the table has to have for the values of the model."""
    if column.info.options is not None:
        return {name: value for name, value in column.info.options.items() if name != "choices"}
    wanted: dict[str, Any] = {}
    if found["type"] in ("number", "percent", "currency") and column.shape.is_a(int):
        wanted["precision"] = 0
    if found["type"] == column.type == "rating":
        wanted["max"] = (infer_options(column.type, column.shape) or {})["max"]
    return wanted


def _has(there: Any, wanted: Any) -> bool:
    """Return whether an option has what is wanted; Airtable adds to what it was given."""
    if isinstance(wanted, Mapping) and isinstance(there, Mapping):
        return all(_has(there.get(name), value) for name, value in wanted.items())
    return bool(there == wanted)


def _choice_differences(column: Column, found: FieldJson) -> Iterator[TableDifference]:
    if found["type"] not in _SELECTS:
        return
    title = found["name"]
    there = [choice["name"] for choice in (found.get("options") or {}).get("choices", ())]
    lacking = sorted(column.known_choices - set(there))
    item = column.shape.item or column.shape
    unknown = [] if item.choices is None else [one for one in there if one not in item.choices]
    if lacking:
        yield TableDifference(
            "choices", column.name, title, lacking, there,
            f"{title!r} does not have the choices {', '.join(map(repr, lacking))}",
            Message("add them in Airtable, or write them with ", Option("typecast", True)),
        )  # fmt: skip
    if unknown:
        yield TableDifference(
            "choices", column.name, title, list(item.choices or ()), unknown,
            f"{title!r} has choices that the model does not know: {', '.join(map(repr, unknown))}",
            "add them to the model; records that have them are read with a cell error",
        )  # fmt: skip
