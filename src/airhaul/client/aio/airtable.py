"""``AsyncAirtable``: one account or local base, and the way to its tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from pydantic import SecretStr

from airhaul.bulk.engine.engine import Engine
from airhaul.bulk.reads.one_call import OneCall
from airhaul.client.aio.run_verbs import AsyncRunVerbs
from airhaul.client.aio.table import AsyncTable
from airhaul.client.config import Config, config_from_env, make_config
from airhaul.client.connection import Connection, Origin
from airhaul.client.inputs import OnEvent
from airhaul.client.local import LocalOptions
from airhaul.drive import aio as drive
from airhaul.drive.lane import Lane
from airhaul.errors import ConfigurationError, UnknownTableError
from airhaul.model.base import RecordBase
from airhaul.model.schema import model_of_table
from airhaul.wire import endpoints
from airhaul.wire.call import Call
from airhaul.wire.replies import list_in, object_in
from airhaul.wire.shapes import BaseJson, FieldJson, TableJson

if TYPE_CHECKING:
    from airhaul.client.aio.runs import AsyncRuns
    from airhaul.client.local import LocalFaults
    from airhaul.local_base.base import LocalBase

M = TypeVar("M", bound=RecordBase)


class AsyncAirtable(AsyncRunVerbs):
    """One account or local base, and the way to its tables.

    Use it as a context manager, or call ``aclose()`` at the end.

    Args:
        access_token: A personal access token, ``pat...``.
        base_id: The base, ``app...``.
        endpoint_url: The service's root; Airtable's own if None.
        local: A local base's file, or ``":memory:"``, instead of a token.
        connection: An open connection to share, instead of a token or a file.
        **options: Anything else that ``Config`` takes: ``timeout_s``, ``concurrency``, ...

    Raises:
        ConfigurationError: Something is missing or contradicts.
    """

    def __init__(
        self,
        access_token: str | SecretStr | None = None,
        base_id: str | None = None,
        *,
        endpoint_url: str | None = None,
        local: str | Path | None = None,
        connection: Connection | None = None,
        **options: Any,
    ) -> None:
        self._owns_connection = connection is None
        self._base_id = base_id
        self.connection = connection or Connection(
            make_config(
                access_token=access_token,
                base_id=base_id,
                endpoint_url=endpoint_url,
                local=local,
                **options,
            )
        )

    def __repr__(self) -> str:
        """Which base it is and where; never the token."""
        base_id = self._base_id or self.config.base_id
        of_which = f" {base_id}" if base_id else ""
        where = self.config.local or self.config.endpoint_url
        return f"<{type(self).__name__}{of_which} at {where}>"

    @classmethod
    def local(
        cls,
        path: str | Path = ":memory:",
        *,
        schema: str | Path | Mapping[str, Any] | None = None,
        latency: float = 0.0,
        faults: LocalFaults | None = None,
        requests_per_second: int | None = None,
        monthly_quota: int | None = None,
        **options: Any,
    ) -> Self:
        """Open an embedded base: a file that is made if it is not there, or memory.

        Args:
            path: The file, or ``":memory:"``.
            schema: A base to make in it: a file as the metadata API prints it, or what stands in
                one.
            latency: How long each reply is held back, in seconds.
            faults: What goes wrong, as ``["503-before:0.05", "POST close-after@1"]``.
            requests_per_second: The limit of the base, which the client keeps to; None for none.
            monthly_quota: How many data requests are answered; None for any number.
            **options: Anything else that ``Config`` takes.
        """
        local_options = LocalOptions(schema, latency, faults, requests_per_second, monthly_quota)
        config = make_config(local=path, **options)
        airtable = cls(connection=Connection(config, local_options=local_options))
        airtable._owns_connection = True
        return airtable

    @classmethod
    def from_env(cls, env_file: str | Path | None = ".env") -> Self:
        """Connect as the environment says, and a file for what is not set there.

        Args:
            env_file: The file; None for none.

        Raises:
            ConfigurationError: Neither a token nor a local base is named, or both are.
        """
        airtable = cls(connection=Connection(config_from_env(env_file)))
        airtable._owns_connection = True
        return airtable

    @property
    def config(self) -> Config:
        """How this connection reaches its base."""
        return self.connection.config

    @property
    def base_id(self) -> str:
        """The base that verbs work on."""
        return self._base_id or self.connection.base_id

    @property
    def local_base(self) -> LocalBase:
        """The local base itself: its requests, its faults, its latency.

        Raises:
            ConfigurationError: This is a connection to a service.
        """
        return self.connection.emulator

    @property
    def origin(self) -> Origin:
        """Where the records come from that are read here."""
        return Origin(self.connection, self.base_id)

    @property
    def requests_made(self) -> int:
        """How many requests were sent over this connection; Free and Team plans pay by the call."""
        return self.connection.budget.made

    def lane(self) -> Lane:
        """The way to the base, at its pace."""
        return self.connection.lane(self.base_id)

    def table(self, model: type[M]) -> AsyncTable[M]:
        """The table of a model, with all its verbs; nothing is sent.

        Raises:
            ConfigurationError: It is a name, and no model.
        """
        if isinstance(model, str):
            raise ConfigurationError(
                f"table() takes a model; a table by its name is table_named({model!r})."
            )
        return AsyncTable(self, model)

    async def table_named(self, name: str) -> AsyncTable[RecordBase]:
        """A table by name or id, with a model made of its columns; reads the base's schema.

        Args:
            name: The table's name or id.

        Raises:
            UnknownTableError: The base has no such table.
        """
        schema = await self.table_schema(name)
        return AsyncTable(self, model_of_table(schema))

    async def call(self, call: Call, *, on_event: OnEvent | None = None) -> Any:
        """Send one call, paced and repeated where that is safe.

        Args:
            call: What to send.
            on_event: Called with each event, such as ``Retrying``.

        Returns:
            The answer's JSON.

        Raises:
            ApiError: Airtable refused.
            TransportError: No reply came.
        """
        lane = self.connection.lane(call.base_id)
        job = Engine(
            OneCall(call),
            lane.pace,
            concurrency=1,
            retries=self.config.retries,
            known_base=lane.known_base,
            budget=lane.budget,
        )
        return await drive.call(job, lane, on_event)

    async def whoami(self) -> dict[str, Any]:
        """Ask whose token this is."""
        answer: dict[str, Any] = object_in(await self.call(endpoints.whoami()), "account")
        return answer

    async def bases(self) -> list[BaseJson]:
        """List the bases that the token may see."""
        found: list[BaseJson] = []
        offset: str | None = None
        while True:
            page = await self.call(endpoints.list_bases(offset))
            found += list_in(page, "bases")
            offset = page.get("offset")
            if not offset:
                return found

    async def schema(self) -> list[TableJson]:
        """Read the tables of the base with their fields."""
        answer = await self.call(endpoints.base_schema(self.base_id))
        tables: list[TableJson] = list_in(answer, "tables")
        return tables

    async def table_schema(self, name: str) -> TableJson:
        """Read one table with its fields.

        Args:
            name: The table's name or id.

        Raises:
            UnknownTableError: The base has no such table.
        """
        tables = await self.schema()
        for table in tables:
            if name in (table["id"], table["name"]):
                return table
        there = ", ".join(repr(table["name"]) for table in tables) or "none"
        raise UnknownTableError(
            f"The base {self.base_id} has no table {name!r}; its tables: {there}."
        )

    async def create_table(
        self, name: str, fields: Iterable[FieldJson], *, description: str | None = None
    ) -> TableJson:
        """Create a table of described fields; for a model there is its own ``create_table``.

        Args:
            name: The table's name.
            fields: ``{"name", "type", "options"?}`` each; the first becomes the primary field.
            description: What the table is for.

        Returns:
            The table, with its ids.
        """
        call = endpoints.create_table(self.base_id, name, list(fields), description=description)
        table: TableJson = object_in(await self.call(call), "table")
        return table

    def _runs(self) -> AsyncRuns:
        from airhaul.client.aio.runs import AsyncRuns

        return AsyncRuns(self)

    async def __aenter__(self) -> Self:
        """Keep connections open until the end of the block."""
        await self.connection.acquire()  # async only
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close what is open."""
        await self.connection.release()  # async only
        await self.aclose()

    async def aclose(self) -> None:
        """Close connections and the local base, unless they are shared."""
        if self._owns_connection:
            self.connection.close()
