"""The field of a linked table whose values are the names in a column of links."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from airhaul.bulk.reads.linked_names import NameQuery, name_queries
from airhaul.bulk.rows.diff import as_text
from airhaul.bulk.rows.keys import likeness
from airhaul.errors import ConfigurationError, UnknownFieldError
from airhaul.fields import card_of
from airhaul.messages import Message, Option, counted
from airhaul.model.base import table_name_of
from airhaul.model.columns import Column, columns_of
from airhaul.wire.shapes import FieldJson, RecordJson, TableJson

_MOST_IDS: Final = 5


@dataclass(frozen=True, slots=True)
class LinkKey:
    """A column of links whose cells may hold names.

    Args:
        column: The column.
        field: The field of the linked table that has the names.
        creates: Whether to create the linked records that are missing.
    """

    column: Column
    field: str
    creates: bool


@dataclass(slots=True)
class LinkedField:
    """The field of a linked table that has names, and the records by name, as far as looked up.

    Args:
        table: The linked table.
        key_field: The field.
        ids: The ids of the records by name; none for a name that no record has.
        looked_up: How many names were looked up.
        is_whole: Whether all records of the table were read.
        refused: Why no record could be created for a name.
        to_create: Names that no record had, and for which one is or will be created.
        by_likeness: Names that records have, or will have; one of those that are alike.
        alike: Those of ``to_create`` that are like another name, with that.
    """

    table: TableJson
    key_field: FieldJson
    ids: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    looked_up: int = 0
    is_whole: bool = False
    refused: dict[str, str] = field(default_factory=dict[str, str])
    to_create: set[str] = field(default_factory=set[str])
    by_likeness: dict[str, str] = field(default_factory=dict[str, str])
    alike: dict[str, str] = field(default_factory=dict[str, str])

    def is_known(self, name: str) -> bool:
        """Whether a record has a name, or will have it."""
        return bool(self.ids.get(name)) or name in self.to_create

    def learn(self, names: Iterable[str], records: Iterable[RecordJson]) -> None:
        """Take what looking up some names has found.

        Args:
            names: The names; they had not been looked up before.
            records: Records of the linked table, maybe also with names that are nearly the same.
        """
        found: dict[str, dict[str, None]] = {name: {} for name in names}
        column, as_written = self.key_field["name"], card_of(self.key_field["type"]).as_written
        for record in records:
            cell = record["fields"].get(column)
            name = as_text(cell if as_written is None else as_written(cell))
            self.by_likeness.setdefault(likeness(name), name)
            if name in found or self.is_whole:
                found.setdefault(name, {})[record["id"]] = None
        self.ids |= {name: list(ids) for name, ids in found.items()}

    def note_created(self, names: Iterable[str]) -> None:
        """Note that a record will be created for each of some names that no record has."""
        for name in names:
            if self.ids.get(name) or name in self.to_create or not self.can_have(name):
                continue
            self.to_create.add(name)
            other = self.by_likeness.setdefault(likeness(name), name)
            if other != name:
                self.alike[name] = other

    @property
    def note(self) -> str | None:
        """What somebody may not have meant of the names to create; None if there is nothing."""
        if not self.alike:
            return None
        found = counted(len(self.alike), "new name differs", "new names differ")
        name, other = next(iter(self.alike.items()))
        return (
            f"In {self.table['name']!r}, {found} from another one only in case, spaces or Unicode "
            f"form, such as {name!r} from {other!r}. They are names of different records."
        )

    def queries(self, names: Iterable[str], *, with_alike: bool) -> list[NameQuery]:
        """Return what to read to learn which records have some names that were not looked up.

        Args:
            names: The names.
            with_alike: Whether to read those with names that differ only in case and spaces, too.
        """
        new = [name for name in names if name not in self.ids]
        if self.is_whole or not new:
            return []
        return name_queries(self.table["id"], self.key_field, new, with_alike=with_alike)

    def can_have(self, name: str) -> bool:
        """Whether a record that is created with a name is found by it.

        None is by a blank name, nor by rich text that Airtable stores in another form.
        """
        return bool(name.strip()) and card_of(self.key_field["type"]).canonical(name) == name

    def refusal(self, name: str) -> str:
        """Return why no link can be made of a name."""
        found = self.ids.get(name, [])
        where = f"of {self.table['name']!r} have the {self.key_field['name']}"
        if len(found) > 1:
            more = f" and {len(found) - _MOST_IDS} more" if len(found) > _MOST_IDS else ""
            ids = ", ".join(found[:_MOST_IDS])
            return f"several records {where} {name!r}: {ids}{more}; use the ID of one"
        if name in self.refused:
            return Message(
                f"no record could be created in {self.table['name']!r} for {name!r}: ",
                self.refused[name],
            )
        reason = f"no record of {self.table['name']!r} has the {self.key_field['name']} {name!r}"
        if not card_of(self.key_field["type"]).is_text or not name.strip():
            return reason
        if not self.can_have(name):
            return f"{reason}, and one that is created would have another"
        return Message(f"{reason}; to create it, set ", Option("create_missing", value=True))


def described_by_model(key: LinkKey) -> TableJson | None:
    """Describe the linked table of a typed link by its model; None if the schema is needed."""
    if key.column.link is None:
        return None
    model = key.column.link.model
    columns = columns_of(model)
    column = columns.by_any_name.get(key.field)
    if column is None or columns.are_ids:
        return None
    name = table_name_of(model)
    field: FieldJson = {"name": column.column, "type": column.type}
    return {"id": name, "name": name, "primaryFieldId": "", "fields": [field], "views": []}


def field_with_names(table: TableJson, key: LinkKey) -> FieldJson:
    """Find the field that has the names.

    Raises:
        UnknownFieldError: The table does not have it.
        ConfigurationError: Its cells are no names, or no record can be created by it.
    """
    wanted = key.field
    if key.column.link is not None:
        named = columns_of(key.column.link.model).by_any_name.get(wanted)
        wanted = wanted if named is None else named.column
    found = next((one for one in table["fields"] if wanted in (one["name"], one.get("id"))), None)
    if found is None:
        names = ", ".join(repr(one["name"]) for one in table["fields"])
        raise UnknownFieldError(
            f"The table {table['name']!r}, to which {key.column.shown_name!r} links, has no field "
            f"{key.field!r}; it has {names}.",
            field=key.field,
        )
    card = card_of(found["type"])
    if card.is_list or card.python in (bool, dict[str, Any]):
        raise ConfigurationError(
            f"The field {found['name']!r} of {table['name']!r} ({found['type']}) has no names that "
            "identify records. Use a field of text, numbers, dates or choices."
        )
    if key.creates and (card.is_computed or not card.is_text):
        raise ConfigurationError(
            Message(
                f"No record can be created in {table['name']!r} by its field {found['name']!r} "
                f"({found['type']}); ",
                Option("create_missing"),
                " needs a field of text that can be written.",
            )
        )
    return found
