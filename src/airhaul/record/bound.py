"""``BoundRecord``: a model, and the connection and table that its verbs use."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Self

from airhaul.model.base import RecordBase

# The clients are imported by the first verb, so that a program starts before they are needed.
if TYPE_CHECKING:
    from airhaul.client.config import Config
    from airhaul.client.connection import Connection
    from airhaul.client.sync.table import Table


class BoundRecord(RecordBase):
    """A model, and the connection and table that its verbs use."""

    __airhaul_config__: ClassVar[Config | None] = None
    __airhaul_base_id__: ClassVar[str | None] = None

    @classmethod
    def _table(cls) -> Table[Self]:
        from airhaul.client.sync.session import Session
        from airhaul.client.sync.table import Table

        return Table(Session(partial(connection_and_base_of, cls)), cls)

    def _own_table(self) -> Table[Self]:
        """The table that this record was read from; the model's if it was not read."""
        return self._table_at(self._reading.origin if self._reading else None)

    @classmethod
    def _table_at(cls, origin: object) -> Table[Self]:
        """The table over the connection that read a record; the model's if none did."""
        from airhaul.client.connection import Origin
        from airhaul.client.sync.session import Session
        from airhaul.client.sync.table import Table

        return Table(Session(lambda: origin), cls) if isinstance(origin, Origin) else cls._table()

    @classmethod
    def _load(cls, record_id: str, origin: object) -> Self:
        return cls._table_at(origin).get(record_id)

    @classmethod
    async def _load_async(cls, record_id: str, origin: object) -> Self:
        # Imported here: most programs never await.
        from airhaul.client.aio.session import AsyncSession
        from airhaul.client.aio.table import AsyncTable
        from airhaul.client.connection import Origin

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
    from airhaul.client.default import connection_for

    return connection_for(model.__airhaul_config__, model.__airhaul_base_id__)
