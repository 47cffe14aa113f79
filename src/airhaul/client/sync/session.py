# Generated from client/aio/session.py by tools/sync_face.py: change that one instead.
"""``Session``: one base over one connection; ``Bound``: a model bound to it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from airhaul.bulk.engine.engine import Engine
from airhaul.bulk.engine.flow import Flow
from airhaul.bulk.plans.new_tables import create_tables
from airhaul.bulk.reads.one_call import OneCall
from airhaul.bulk.reads.table_reader import TableReader, table_in
from airhaul.bulk.results.checks import check_flags
from airhaul.bulk.rows.keys import Key
from airhaul.bulk.rows.target import Target
from airhaul.client.config import Config
from airhaul.client.connection import Connection, FindConnection, Origin
from airhaul.drive import blocking as drive
from airhaul.drive.lane import Lane
from airhaul.errors import InvalidRequestError, UnknownTableError
from airhaul.model.base import RecordBase, table_name_of
from airhaul.model.columns import Columns
from airhaul.model.read import Reader
from airhaul.wire import endpoints
from airhaul.wire.call import Call
from airhaul.wire.replies import list_in, object_in
from airhaul.wire.shapes import FieldJson, TableJson

if TYPE_CHECKING:
    from airhaul.local_base.base import LocalBase

M = TypeVar("M", bound=RecordBase)
T = TypeVar("T")


class Session:
    """One base over one connection: what tables need of it.

    Args:
        find: Looks up the connection, and the base's id, None for the one that is configured. It is
            called when a verb runs, so that a model can be used before its connection is known.
    """

    def __init__(self, find: FindConnection) -> None:
        self._find = find

    @property
    def connection(self) -> Connection:
        """The connection."""
        return self._find()[0]

    @property
    def base_id(self) -> str:
        """The id of the base that verbs work on."""
        connection, base_id = self._find()
        return base_id or connection.base_id

    @property
    def config(self) -> Config:
        """The configuration of this connection."""
        return self.connection.config

    @property
    def local_base(self) -> LocalBase:
        """The local base, with its requests, its faults and its latency.

        Raises:
            ConfigurationError: The connection is not to a local base.
        """
        return self.connection.local_base

    @property
    def requests_made(self) -> int:
        """How many requests this connection has sent; Free and Team plans limit them per month."""
        return self.connection.budget.made

    @property
    def origin(self) -> Origin:
        """Where the records that are read here come from."""
        return Origin(self.connection, self.base_id)

    def lane(self) -> Lane:
        """Get the lane of requests to the base, which paces them.

        Returns:
            The lane.
        """
        return self.connection.lane(self.base_id)

    def call(self, call: Call) -> Any:
        """Send one request, at the base's pace, and retry it where that is safe.

        Args:
            call: The request.

        Returns:
            The JSON of the reply.

        Raises:
            ApiError: Airtable refused the request.
            TransportError: No usable reply came.
        """
        lane = self.connection.lane(call.base_id)
        return drive.call(Engine(OneCall(call), lane.context, concurrency=1), lane)

    def follow(self, flow: Flow[T]) -> T:
        """Run the jobs of a flow one after the other.

        Args:
            flow: Decides which job comes next.

        Returns:
            What the flow returns.
        """
        return drive.follow(flow, self.lane())

    def schema(self) -> list[TableJson]:
        """Read the tables of the base, with their fields.

        Source: https://airtable.com/developers/web/api/get-base-schema

        Returns:
            The tables as Airtable describes them.

        Raises:
            ApiError: Airtable refused the request.
        """
        answer = self.call(endpoints.base_schema(self.base_id))
        tables: list[TableJson] = list_in(answer, "tables")
        return tables

    def table_schema(self, name: str) -> TableJson:
        """Read one table of the base, with its fields.

        Args:
            name: The table's name or id.

        Returns:
            The table as Airtable describes it.

        Raises:
            UnknownTableError: The base has no such table.
        """
        return table_in(self.schema(), name, self.base_id)

    def create_table(
        self,
        name: str,
        fields: Iterable[FieldJson],
        *,
        description: str | None = None,
        exist_ok: bool = False,
    ) -> TableJson:
        """Create a table from a description of its fields.

        A model's own ``create_table`` creates the table that fits the model.

        Args:
            name: The table's name.
            fields: The fields, each ``{"name", "type", "options"?}``
                (https://airtable.com/developers/web/api/field-model); the first becomes the primary
                field.
            description: What the table is for.
            exist_ok: Whether a table of this name may exist already; it is left as it is, also if
                it differs.

        Returns:
            The table as Airtable describes it, with the ids of its fields.

        Raises:
            InvalidRequestError: The base has a table of this name already, or a field is not valid.
        """
        if exist_ok and (found := self.find_table(name)) is not None:
            return found
        call = endpoints.create_table(self.base_id, name, list(fields), description=description)
        try:
            table: TableJson = object_in(self.call(call), "table")
        except InvalidRequestError:
            # Another process may have created it since.
            if exist_ok and (found := self.find_table(name)) is not None:
                return found
            raise
        return table

    def create_tables(self, *models: type[RecordBase], exist_ok: bool = False) -> list[TableJson]:
        """Create the tables that fit some models, with the links between them.

        The tables are created in the order of their links, and then the links that are left: those
        of a circle, and of a table to itself. This takes a request for each table, each such link,
        and each inverse of a link that a model names, and two for the schema.

        Args:
            *models: The models.
            exist_ok: Whether tables of these names may exist already; they are left as they are,
                also if they differ.

        Returns:
            The tables as Airtable describes them, in the order of the models.

        Raises:
            SchemaError: A table exists already, no table can hold a model, or a model links to a
                table that is neither there nor created; nothing was created.
            InvalidRequestError: Airtable refused a table or a field.
        """
        if not models:
            return []
        lane, name = self.lane(), table_name_of(models[0])
        reader = TableReader(lane.context, self.base_id, name)
        return drive.follow(create_tables(reader, models, exist_ok=exist_ok), lane)

    def create_field(self, table_id: str, field: FieldJson) -> FieldJson:
        """Create a field in a table.

        Source: https://airtable.com/developers/web/api/create-field

        Args:
            table_id: The table's id.
            field: The field, ``{"name", "type", "options"?, "description"?}``
                (https://airtable.com/developers/web/api/field-model).

        Returns:
            The field as Airtable describes it, with its id.

        Raises:
            InvalidRequestError: The table has a field of this name already, or the field is not
                valid.
        """
        made: FieldJson = object_in(
            self.call(endpoints.create_field(self.base_id, table_id, field)), "field"
        )
        return made

    def find_table(self, name: str) -> TableJson | None:
        """Read one table of the base, if it is there.

        Args:
            name: The table's name or id.

        Returns:
            The table as Airtable describes it, or None if the base has no such table.
        """
        try:
            return self.table_schema(name)
        except UnknownTableError:
            return None


class Bound(Generic[M]):
    """A model and the connection to its table.

    Args:
        airtable: The connection.
        model: The model, which names the table.
    """

    def __init__(self, airtable: Session, model: type[M]) -> None:
        self.airtable = airtable
        self.model = model

    @property
    def name(self) -> str:
        """The name or id of the table.

        Raises:
            ConfigurationError: The model is not bound to a table.
        """
        return table_name_of(self.model)

    def __repr__(self) -> str:
        """Which table it is, and which model it has."""
        name = self.model.__airhaul_table__
        return f"<{type(self).__name__} {name!r} of {self.model.__name__}>"

    def _reader(self) -> Reader[M]:
        return Reader(self.model, origin=self.airtable.origin)


def target_of(
    table: Bound[Any],
    *,
    typecast: bool = False,
    key: Key | None = None,
    columns: Columns | None = None,
) -> Target:
    """Describe a table for what decides about its rows.

    Args:
        table: The table.
        typecast: Whether Airtable may convert text, and add choices to select fields.
        key: What upserts merge on.
        columns: The columns of the model by the names that the rows have for them; None for the
            model's own.

    Returns:
        The description.

    Raises:
        ConfigurationError: ``typecast`` is neither True nor False.
    """
    check_flags(typecast=typecast)
    titles = {} if columns is None else columns.titles
    base_id, name = table.airtable.base_id, table.name
    return Target(base_id, name, table.model, typecast, key, titles=titles)


def reader_of(table: Bound[Any]) -> TableReader:
    """Make what reads lists of a table, and its schema.

    Args:
        table: The table.

    Returns:
        The reader.
    """
    return TableReader.of(table.airtable.lane().context, target_of(table))
