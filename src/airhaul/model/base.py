"""``RecordBase``: a pydantic model with an id, a creation time, and a memory of what was read."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, PrivateAttr

from airhaul.errors import CellError, ConfigurationError
from airhaul.wire.shapes import Cells


@dataclass(slots=True)
class Loaded:
    """What Airtable last said of a record.

    Args:
        cells: Its ``fields``, by column name, as they came.
        fetched: The columns that were asked for; None for all.
        errors: The cells that did not fit their types.
        origin: The connection that read it, and that saves it; stays behind when a record is
            pickled.
    """

    cells: Cells
    fetched: frozenset[str] | None = None
    errors: tuple[CellError, ...] = ()
    origin: object = None

    def __reduce__(self) -> tuple[Any, ...]:
        return Loaded, (self.cells, self.fetched, self.errors)

    def __deepcopy__(self, memo: dict[int, Any]) -> Loaded:
        return Loaded(copy.deepcopy(self.cells, memo), self.fetched, self.errors, self.origin)


class RecordBase(BaseModel):
    """A row of a table, typed.

    Args:
        id: Airtable's record id; None until the record is created. Never written.
        created_time: When Airtable created it, in UTC with whole seconds. Never written.
    """

    model_config = ConfigDict(populate_by_name=True)

    __airhaul_table__: ClassVar[str | None] = None

    id: str | None = None
    created_time: datetime | None = None

    _loaded: Loaded | None = PrivateAttr(default=None)

    @property
    def cell_errors(self) -> tuple[CellError, ...]:
        """The cells of this record that did not fit their types when it was read."""
        return self._loaded.errors if self._loaded else ()

    @property
    def not_fetched(self) -> frozenset[str]:
        """The fields that were not asked for when the record was read, by their Python names."""
        from airhaul.model.columns import columns_of

        if self._loaded is None or self._loaded.fetched is None:
            return frozenset()
        fetched = self._loaded.fetched
        return frozenset(
            column.name
            for column in columns_of(type(self)).by_name.values()
            if column.column not in fetched
        )

    def __eq__(self, other: object) -> bool:
        """Two records are equal when class and values are, however they were read."""
        if not isinstance(other, RecordBase):
            return NotImplemented
        return type(self) is type(other) and self.__dict__ == other.__dict__

    __hash__: ClassVar[None]  # type: ignore[assignment] # records change


def table_name_of(model: type[RecordBase]) -> str:
    """The table that a model is bound to, by name or id.

    Raises:
        ConfigurationError: It is bound to none.
    """
    if model.__airhaul_table__ is None:
        raise ConfigurationError(
            f"{model.__name__} is not bound to a table; declare it as "
            f'class {model.__name__}(Record, table="...").'
        )
    return model.__airhaul_table__
