"""Creating the tables of models that link to each other: tables first, then what is left of links.

A link needs the id of its table. So the tables are created in the order of their links, and the
links of a circle, or from a table to itself, once all tables are there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import count
from typing import Any

from airhaul.bulk.engine.flow import Flow
from airhaul.bulk.reads.table_reader import TableReader
from airhaul.errors import InvalidRequestError, SchemaError
from airhaul.model.base import RecordBase, table_name_of
from airhaul.model.columns import Column, columns_of
from airhaul.model.links.tables import (
    check_inverses,
    in_order_of_links,
    inverse_of,
    linked_table_id,
    links_to_create,
    missing_tables,
    table_ids,
)
from airhaul.model.schema import field_of, fields_to_create
from airhaul.wire import endpoints
from airhaul.wire.replies import object_in
from airhaul.wire.shapes import FieldJson, TableJson

Model = type[RecordBase]
Link = tuple[Model, Column]
"""A column of links, with its model."""


class NewTables:
    """Creates tables and fields for models.

    Args:
        reader: Sends the requests.
    """

    def __init__(self, reader: TableReader) -> None:
        self._reader = reader
        self._tables: dict[str, TableJson] = {}

    def learn(self, tables: Sequence[TableJson]) -> None:
        """Take the schema of the base."""
        self._tables = {table["id"]: table for table in tables}

    @property
    def _ids(self) -> dict[str, str]:
        return table_ids(self._tables.values())

    def create(self, models: Sequence[Model], *, exist_ok: bool) -> Flow[list[TableJson]]:
        """Create the tables of models with their links.

        It takes a request for the schema before and, if there are links, one after; one for each
        table, for each link of a circle, and for each inverse that has a name of its own.

        Args:
            models: The models.
            exist_ok: Whether tables may exist already; they are left as they are.

        Returns:
            The tables, in the order of the models.

        Raises:
            SchemaError: A table exists already, or no table can hold a model, or a model links to a
                table that is neither there nor created; nothing was created.
        """
        self.learn((yield from self._reader.tables()))
        new = self._new(models, exist_ok=exist_ok)
        for model in new:
            check_inverses(model)
            fields_to_create(model, self._ids)  # raises what is wrong before anything is created
        missing_tables(new, self._ids)
        made: list[Link] = []
        left: list[Link] = []
        for model in in_order_of_links(new):
            known = self._ids
            created = yield from self._create(model, exist_ok=exist_ok)
            for column in links_to_create(model) if created else ():
                is_left = linked_table_id(column, known) is None and column.info.options is None
                (left if is_left else made).append((model, column))
        for model, column in left:
            yield from self.add_link(model, column)
        yield from self.name_inverses([*made, *left])
        ids = self._ids
        return [self._tables[ids[table_name_of(model)]] for model in models]

    def _new(self, models: Sequence[Model], *, exist_ok: bool) -> list[Model]:
        known = self._ids
        there = [model for model in models if table_name_of(model) in known]
        if there and not exist_ok:
            names = ", ".join(repr(table_name_of(model)) for model in there)
            raise SchemaError(
                f"The base {self._reader.base_id} has the tables {names} already. To leave them as "
                "they are, pass exist_ok=True; to add what they lack, use sync_table()."
            )
        return [model for model in models if model not in there]

    def _create(self, model: Model, *, exist_ok: bool) -> Flow[bool]:
        """Create one table; return whether it is new: another process may have created it."""
        name, base_id = table_name_of(model), self._reader.base_id
        fields = fields_to_create(model, self._ids)
        try:
            reply = yield from self._reader.fetch(endpoints.create_table(base_id, name, fields))
        except InvalidRequestError:
            if exist_ok:
                self.learn((yield from self._reader.tables()))
                if name in self._ids:
                    return False
            raise
        table: TableJson = object_in(reply, "table")
        self._tables[table["id"]] = table
        return True

    def add_link(self, model: Model, column: Column) -> Flow[None]:
        """Create the field of a link in a table that is there.

        Args:
            model: The model.
            column: One of its columns of links.
        """
        ids = self._ids
        table_id = ids[table_name_of(model)]
        call = endpoints.create_field(self._reader.base_id, table_id, field_of(column, ids))
        yield from self._reader.fetch(call)

    def name_inverses(self, links: Sequence[Link]) -> Flow[None]:
        """Give the other sides of new links the names that the linked models have for them.

        The schema is read first, since Airtable has chosen names. One that another new link has got
        is taken from it.

        Args:
            links: The new links.
        """
        if not links:
            return
        self.learn((yield from self._reader.tables()))
        ids = self._ids
        made: dict[str, tuple[str, Column | None]] = {}
        for model, column in links:
            field = self._named(ids[table_name_of(model)], column.column)
            inverse_id = (field.get("options") or {}).get("inverseLinkFieldId")
            if inverse_id is not None and column.link is not None:
                linked_id = linked_table_id(column, ids) or ""
                made[inverse_id] = linked_id, inverse_of(model, column)
        for inverse_id, (table_id, inverse) in made.items():
            if inverse is not None:
                yield from self._name(table_id, inverse_id, inverse, made.keys())

    def _name(
        self, table_id: str, field_id: str, inverse: Column, made: Collection[str]
    ) -> Flow[None]:
        name, description = inverse.column, inverse.info.description
        holder = self._named(table_id, name)
        if holder and holder["id"] != field_id:
            if holder["id"] not in made:
                return  # the table has had a field of this name before
            yield from self._change(table_id, holder["id"], {"name": self._free(table_id, name)})
        field = self._with_id(table_id, field_id)
        if field.get("name") != name or description:
            changes = {"name": name, **({"description": description} if description else {})}
            yield from self._change(table_id, field_id, changes)

    def _change(self, table_id: str, field_id: str, changes: Mapping[str, str]) -> Flow[None]:
        call = endpoints.update_field(self._reader.base_id, table_id, field_id, changes)
        yield from self._reader.fetch(call)
        self._with_id(table_id, field_id).update(changes)

    def _named(self, table_id: str, name: str) -> Any:
        """Find a field of a table by its name; names that differ in case are equal."""
        fields = self._fields(table_id)
        return next((one for one in fields if one["name"].casefold() == name.casefold()), {})

    def _with_id(self, table_id: str, field_id: str) -> Any:
        return next((one for one in self._fields(table_id) if one.get("id") == field_id), {})

    def _fields(self, table_id: str) -> Sequence[FieldJson]:
        return self._tables[table_id]["fields"] if table_id in self._tables else ()

    def _free(self, table_id: str, name: str) -> str:
        names = (f"{name} {number}" for number in count(2))
        return next(one for one in names if not self._named(table_id, one))


def create_tables(
    reader: TableReader, models: Sequence[Model], *, exist_ok: bool
) -> Flow[list[TableJson]]:
    """Create the tables of models; arguments and errors as of ``NewTables.create``."""
    return NewTables(reader).create(models, exist_ok=exist_ok)


def add_fields(
    reader: TableReader, model: Model, tables: Sequence[TableJson], fields: Sequence[FieldJson]
) -> Flow[None]:
    """Add planned fields to the table of a model.

    Args:
        reader: Sends the requests.
        model: The model.
        tables: The schema of the base.
        fields: The fields as they were planned.
    """
    new = NewTables(reader)
    new.learn(tables)
    table_id = table_ids(tables)[table_name_of(model)]
    links = {column.column: column for column in links_to_create(model)}
    made = [(model, links[field["name"]]) for field in fields if field["name"] in links]
    for field in fields:
        yield from reader.fetch(endpoints.create_field(reader.base_id, table_id, field))
    if any(inverse_of(*link) is not None for link in made):
        yield from new.name_inverses(made)


def has_links(model: Model) -> bool:
    """Return whether a model has links to other models, for whose tables the schema is needed."""
    return bool(columns_of(model).linked)
