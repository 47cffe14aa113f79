"""``create_tables``: the tables of several models, with the links between them."""

from __future__ import annotations

from functools import partial
from typing import Final

from airhaul.client.connection import Connection
from airhaul.client.sync.session import Session
from airhaul.errors import ConfigurationError
from airhaul.record.bound import BoundRecord, connection_and_base_of
from airhaul.wire.shapes import TableJson


class CreateTables:
    """Create the tables of several models: ``create_tables(Company, Contact, Deal)``.

    ``await create_tables.aio(Company, Contact, Deal)`` is the async version.
    """

    def __call__(self, *models: type[BoundRecord], exist_ok: bool = False) -> list[TableJson]:
        """Create the tables that fit some models, with the links between them.

        The tables are created in the order of their links, and then the links that are left: those
        of a circle, and of a table to itself. This takes a request for each table, each such link,
        and each inverse of a link that a model names, and two for the schema.

        Args:
            *models: The models; all of one connection and one base.
            exist_ok: Whether tables of these names may exist already; they are left as they are,
                also if they differ.

        Returns:
            The tables as Airtable describes them, in the order of the models.

        Raises:
            ConfigurationError: The models are of several connections or bases.
            SchemaError: A table exists already, no table can hold a model, or a model links to a
                table that is neither there nor created; nothing was created.
            InvalidRequestError: Airtable refused a table or a field.
        """
        session = Session(partial(_shared_connection, models))
        return session.create_tables(*models, exist_ok=exist_ok)

    async def aio(self, *models: type[BoundRecord], exist_ok: bool = False) -> list[TableJson]:
        """Create the tables as ``create_tables(...)`` does; arguments and errors are the same.

        Returns:
            The tables as Airtable describes them, in the order of the models.
        """
        # Imported here: most programs never await.
        from airhaul.client.aio.session import AsyncSession

        session = AsyncSession(partial(_shared_connection, models))
        return await session.create_tables(*models, exist_ok=exist_ok)


create_tables: Final = CreateTables()
"""Create the tables of several models: ``create_tables(Company, Contact, Deal)``."""


def _shared_connection(models: tuple[type[BoundRecord], ...]) -> tuple[Connection, str | None]:
    found = [connection_and_base_of(model) for model in models]
    others = [model.__name__ for model, one in zip(models, found, strict=True) if one != found[0]]
    if others:
        raise ConfigurationError(
            f"{models[0].__name__} and {', '.join(others)} are models of several bases; create the "
            "tables of each base by themselves."
        )
    return found[0]
