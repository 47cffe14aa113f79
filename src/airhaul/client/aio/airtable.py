"""``AsyncAirtable``: a connection to Airtable or to a local base."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from pydantic import SecretStr

from airhaul.client.aio.run_verbs import AsyncRunVerbs
from airhaul.client.aio.session import AsyncSession
from airhaul.client.aio.table import AsyncTable
from airhaul.client.config import (
    config_from_env,
    hide_token,
    make_config,
    without_password,
)
from airhaul.client.connection import Connection
from airhaul.client.local import LocalOptions
from airhaul.errors import ConfigurationError
from airhaul.model.base import RecordBase, table_name_of
from airhaul.model.schema import model_of_table
from airhaul.wire import endpoints
from airhaul.wire.replies import list_in, object_in
from airhaul.wire.shapes import BaseJson

if TYPE_CHECKING:
    from airhaul.client.aio.runs import AsyncRuns
    from airhaul.client.local import LocalFaults
    from airhaul.local_base.base import LocalBase

M = TypeVar("M", bound=RecordBase)


class AsyncAirtable(AsyncSession, AsyncRunVerbs):
    """A connection to Airtable or to a local base.

    Use it as a context manager, or call ``aclose()`` at the end.

    Args:
        access_token: A personal access token, ``pat...``.
        base_id: The base's id, ``app...``.
        endpoint_url: The root URL of the service; Airtable's if None.
        local: The file of a local base, ``":memory:"``, or a local base that is open already and
            stays open, instead of a token.
        connection: An open connection to share, instead of a token or a file.
        **options: Any other option of ``Config``: ``timeout_s``, ``concurrency``, ...

    Raises:
        ConfigurationError: A value is missing or invalid, or two contradict each other.
    """

    def __init__(
        self,
        access_token: str | SecretStr | None = None,
        base_id: str | None = None,
        *,
        endpoint_url: str | None = None,
        local: str | Path | LocalBase | None = None,
        connection: Connection | None = None,
        **options: Any,
    ) -> None:
        access_token, base_id = hide_token(access_token, base_id)
        self._owns_connection = connection is None
        if connection is None:
            connection = Connection.to(
                access_token, base_id, endpoint_url=endpoint_url, local=local, **options
            )
        found = connection, base_id
        super().__init__(lambda: found)

    def __repr__(self) -> str:
        """Which base it is, and where; the token is never shown."""
        if not hasattr(self, "_find"):  # its constructor has failed
            return f"<{type(self).__name__} that is not connected>"
        config = self.config
        base_id = self._find()[1] or config.base_id
        of_which = f" {base_id}" if base_id else ""
        where = config.local or without_password(config.endpoint_url)
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
        """Open a local base: a file, which is created if it does not exist, or memory.

        Args:
            path: The file, or ``":memory:"``.
            schema: A base to create in it: a file with the schema as the metadata API returns it,
                or its content.
            latency: How long to hold back each reply, in seconds.
            faults: What goes wrong, such as ``["503-before:0.05", "POST close-after@1"]``.
            requests_per_second: The rate limit of the base, which the client keeps to; None for no
                limit.
            monthly_quota: How many data requests are answered; None for no limit.
            **options: Any other option of ``Config``: ``concurrency``, ``journal``, ...

        Returns:
            A connection to the base.

        Raises:
            ConfigurationError: The file is not a local base, or an option is invalid.
        """
        local_options = LocalOptions(schema, latency, faults, requests_per_second, monthly_quota)
        config = make_config(local=path, **options)
        airtable = cls(connection=Connection(config, local_options=local_options))
        airtable._owns_connection = True
        return airtable

    @classmethod
    def from_env(cls, env_file: str | Path | None = ".env", **options: Any) -> Self:
        """Connect as configured in the environment, or else in a file.

        The variables are ``AIRTABLE_ACCESS_TOKEN``, ``AIRTABLE_BASE_ID``,
        ``AIRTABLE_ENDPOINT_URL``, ``AIRHAUL_LOCAL``, ``AIRHAUL_PACE`` and ``AIRHAUL_JOURNAL``.

        Args:
            env_file: The file to read variables from that the environment does not set; None for
                none. It may be missing.
            **options: Arguments of the class but the token, which take precedence over both:
                ``base_id``, ``journal``, ...

        Returns:
            A connection to the base.

        Raises:
            ConfigurationError: Neither a token nor a local base is set, or both are.
        """
        airtable = cls(connection=Connection(config_from_env(env_file, **options)))
        airtable._owns_connection = True
        return airtable

    def table(self, model: type[M]) -> AsyncTable[M]:
        """Get the table of a model, with all its verbs; nothing is sent.

        Args:
            model: The model.

        Returns:
            The table.

        Raises:
            ConfigurationError: ``model`` is a table's name, for which ``table_named`` is; or it is
                not bound to a table.
        """
        if isinstance(model, str):
            raise ConfigurationError(
                f"table() takes a model; to get a table by name, use table_named({model!r})."
            )
        table_name_of(model)  # report a model without a table here, and not at the first verb
        return AsyncTable(self, model)

    async def table_named(self, name: str) -> AsyncTable[Any]:
        """Get a table by name or id, with a model made from its fields.

        The base's schema is read for it.

        Args:
            name: The table's name or id.

        Returns:
            The table.

        Raises:
            UnknownTableError: The base has no such table.
        """
        schema = await self.table_schema(name)
        return AsyncTable(self, model_of_table(schema))

    async def whoami(self) -> dict[str, Any]:
        """Read which user the token belongs to, and its scopes.

        Source: https://airtable.com/developers/web/api/get-user-id-scopes

        Returns:
            The account as Airtable describes it: ``id``, ``scopes``, ...

        Raises:
            AuthenticationError: The token is not valid.
        """
        answer: dict[str, Any] = object_in(await self.call(endpoints.whoami()), "account")
        return answer

    async def bases(self) -> list[BaseJson]:
        """List the bases that the token has access to.

        Source: https://airtable.com/developers/web/api/list-bases

        Returns:
            The bases, each with its ``id``, ``name`` and ``permissionLevel``.

        Raises:
            ApiError: Airtable refused the request.
        """
        found: list[BaseJson] = []
        offset: str | None = None
        while True:
            page = await self.call(endpoints.list_bases(offset))
            found += list_in(page, "bases")
            offset = page.get("offset")
            if not offset:
                return found

    def _runs(self) -> AsyncRuns:
        from airhaul.client.aio.runs import AsyncRuns

        return AsyncRuns(self)

    async def __aenter__(self) -> Self:
        """Keep the HTTP connections open until the end of the block."""
        await self.connection.acquire()  # async only
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connections and the local base, unless they are shared."""
        await self.connection.release()  # async only
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections and the local base, unless they are shared."""
        if self._owns_connection:
            self.connection.close()
