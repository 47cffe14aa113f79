"""Creating the tables of models that link to each other: tables first, then what is left of links.

A link needs the id of its table. So the tables are created in the order of their links, and the
links of a circle, or from a table to itself, once all tables are there.
"""

from __future__ import annotations

from collections.abc import Sequence
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
        table, and one for each link of a circle and for each inverse that has a name of its own.

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
        left: list[tuple[Model, Column]] = []
        for model in in_order_of_links(new):
            known = self._ids
            created = yield from self._create(model, exist_ok=exist_ok)
            for column in links_to_create(model) if created else ():
                if linked_table_id(column, known) is None and column.info.options is None:
                    left.append((model, column))
                else:
                    yield from self._name_inverse(model, column)
        for model, column in left:
            yield from self.add_link(model, column)
        if any(links_to_create(model) for model in new):
            self.learn((yield from self._reader.tables()))
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
        """Create the field of a link in a table that is there, and name its inverse.

        Args:
            model: The model.
            column: One of its columns of links.
        """
        ids = self._ids
        table = self._tables[ids[table_name_of(model)]]
        call = endpoints.create_field(self._reader.base_id, table["id"], field_of(column, ids))
        made: FieldJson = object_in((yield from self._reader.fetch(call)), "field")
        table["fields"] = [*table["fields"], made]
        yield from self._name_inverse(model, column)

    def _name_inverse(self, model: Model, column: Column) -> Flow[None]:
        """Give the other side of a new link the name that the linked model has for it."""
        inverse = None if column.link is None else inverse_of(model, column)
        if inverse is None:
            return
        ids = self._ids
        made = self._field(ids[table_name_of(model)], column.column)
        linked_id = linked_table_id(column, ids) or ""
        id_ = (made.get("options") or {}).get("inverseLinkFieldId")
        if id_ is None or self._field(linked_id, inverse.column):
            return  # the table had a field of this name before
        changes = {"name": inverse.column}
        if inverse.info.description:
            changes["description"] = inverse.info.description
        call = endpoints.update_field(self._reader.base_id, linked_id, id_, changes)
        yield from self._reader.fetch(call)

    def _field(self, table_id: str, name: str) -> Any:
        table = self._tables.get(table_id)
        found = (field for field in table["fields"] if field["name"] == name) if table else ()
        return next(iter(found), {})


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
    for field in fields:
        if field["name"] in links:
            yield from new.add_link(model, links[field["name"]])
        else:
            yield from reader.fetch(endpoints.create_field(reader.base_id, table_id, field))


def has_links(model: Model) -> bool:
    """Return whether a model has links to other models, for whose tables the schema is needed."""
    return bool(columns_of(model).linked)
