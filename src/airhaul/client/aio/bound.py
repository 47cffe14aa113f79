"""``AsyncBound``: a model and the connection to its table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from airhaul.model.base import RecordBase, table_name_of
from airhaul.model.read import Reader

if TYPE_CHECKING:
    from airhaul.client.aio.airtable import AsyncAirtable

M = TypeVar("M", bound=RecordBase)


class AsyncBound(Generic[M]):
    """A model and the connection to its table.

    Args:
        airtable: The connection.
        model: The model, which names the table.
    """

    def __init__(self, airtable: AsyncAirtable, model: type[M]) -> None:
        self.airtable = airtable
        self.model = model
        self.name = table_name_of(model)

    def __repr__(self) -> str:
        """Which table it is, and which model it has."""
        return f"<{type(self).__name__} {self.name!r} of {self.model.__name__}>"

    def _reader(self) -> Reader[M]:
        return Reader(self.model, origin=self.airtable.origin)
