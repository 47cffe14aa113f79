"""``BoundRecord``: a model, and the connection and table that its verbs use."""

from __future__ import annotations

from functools import partial
from typing import ClassVar, Self

from airhaul.client.config import Config
from airhaul.client.connection import Connection, Origin
from airhaul.client.default import connection_for
from airhaul.client.sync.session import Session
from airhaul.client.sync.table import Table
from airhaul.model.base import RecordBase


class BoundRecord(RecordBase):
    """A model, and the connection and table that its verbs use."""

    __airhaul_config__: ClassVar[Config | None] = None
    __airhaul_base_id__: ClassVar[str | None] = None

    @classmethod
    def _table(cls) -> Table[Self]:
        return Table(Session(partial(connection_and_base_of, cls)), cls)

    def _own_table(self) -> Table[Self]:
        """The table that this record was read from; the model's if it was not read."""
        return self._table_at(self._reading.origin if self._reading else None)

    @classmethod
    def _table_at(cls, origin: object) -> Table[Self]:
        """The table over the connection that read a record; the model's if none did."""
        return Table(Session(lambda: origin), cls) if isinstance(origin, Origin) else cls._table()

    @classmethod
    def _load(cls, record_id: str, origin: object) -> Self:
        return cls._table_at(origin).get(record_id)

    @classmethod
    async def _load_async(cls, record_id: str, origin: object) -> Self:
        # Imported here: most programs never await.
        from airhaul.client.aio.session import AsyncSession
        from airhaul.client.aio.table import AsyncTable

        found = origin if isinstance(origin, Origin) else connection_and_base_of(cls)
        return await AsyncTable(AsyncSession(lambda: found), cls).get(record_id)


def connection_and_base_of(model: type[BoundRecord]) -> tuple[Connection, str | None]:
    """Look up the connection that a model uses now, and its own base if it has one.

    Args:
        model: The model.

    Returns:
        The connection, and the base's id; None for the base of the connection.

    Raises:
        ConfigurationError: The model has no connection of its own, and none is configured.
    """
    return connection_for(model.__airhaul_config__, model.__airhaul_base_id__)
