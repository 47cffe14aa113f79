"""``RecordBase``: a pydantic model with an ID, a creation time, and the cells as they were read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict

from airhaul.errors import CellError, ConfigurationError
from airhaul.wire.shapes import Cells


@dataclass(slots=True, frozen=True)
class Reading:
    """How a record was read; many records share one.

    Args:
        not_fetched: The fields that were not requested, by their names in the model.
        errors: The cells that did not fit their types.
        origin: The connection that read the record and saves it; not pickled.
    """

    not_fetched: frozenset[str] = frozenset()
    errors: tuple[CellError, ...] = ()
    origin: object = None

    def __reduce__(self) -> tuple[Any, ...]:
        return Reading, (self.not_fetched, self.errors)

    def __deepcopy__(self, memo: dict[int, Any]) -> Reading:
        return self


class RecordBase(BaseModel):
    """A row of a table, typed.

    Args:
        id: The record ID; None until the record is created. Never written.
        created_time: When Airtable created the record, in UTC with whole seconds. Never written.
    """

    model_config = ConfigDict(populate_by_name=True)

    __airhaul_table__: ClassVar[str | None] = None
    __airhaul_field_ids__: ClassVar[bool] = False
    __airhaul_is_of_table__: ClassVar[bool] = False

    id: str | None = None
    created_time: datetime | None = None

    # The cells and the reading are put into the dict of private attributes directly. Declared as
    # private attributes, pydantic would set them in Python, which doubles the time per record.

    @property
    def _cells(self) -> Cells | None:
        """The ``fields`` of the record as Airtable sent them, by column name."""
        private = self.__pydantic_private__
        return private.get("_cells") if private else None

    @property
    def _reading(self) -> Reading | None:
        """How the record was read."""
        private = self.__pydantic_private__
        return private.get("_reading") if private else None

    @property
    def cell_errors(self) -> tuple[CellError, ...]:
        """The cells of this record that did not fit their types when it was read."""
        return self._reading.errors if self._reading else ()

    @property
    def not_fetched(self) -> frozenset[str]:
        """The fields that were not requested when the record was read, by their Python names."""
        return self._reading.not_fetched if self._reading else frozenset()

    @property
    def _unknown(self) -> frozenset[str]:
        """The fields of a stored record whose cells are not known: all if it was never read."""
        if self._reading is None and self.id is not None:
            return frozenset(type(self).model_fields)
        return self.not_fetched

    @classmethod
    def _load(cls, record_id: str, origin: object) -> Self:  # noqa: ARG003 - see Record
        """Read a record that is linked from one that ``origin`` has read; one request.

        Raises:
            ConfigurationError: The model has no verbs, because it is no ``Record``.
        """
        raise _no_verbs(cls)

    @classmethod
    async def _load_async(
        cls,
        record_id: str,  # noqa: ARG003 - see Record
        origin: object,  # noqa: ARG003 - see Record
    ) -> Self:
        """Read a record as ``_load`` does."""
        raise _no_verbs(cls)

    def __eq__(self, other: object) -> bool:
        """Records are equal if their class and their values are, however they were read."""
        if not isinstance(other, RecordBase):
            return NotImplemented
        return type(self) is type(other) and self.__dict__ == other.__dict__

    __hash__: ClassVar[None]  # type: ignore[assignment] # records change


def _no_verbs(model: type[RecordBase]) -> ConfigurationError:
    return ConfigurationError(
        f"{model.__name__} cannot read its records; declare it as "
        f'class {model.__name__}(Record, table="...").'
    )


def remember(record: RecordBase, cells: Cells, reading: Reading) -> None:
    """Store the cells of a record as Airtable sent them, and how it was read."""
    kept = {"_cells": cells, "_reading": reading}
    private = record.__pydantic_private__
    object.__setattr__(record, "__pydantic_private__", {**private, **kept} if private else kept)


def table_name_of(model: type[RecordBase]) -> str:
    """Return the name or ID of the table that a model is bound to.

    Raises:
        ConfigurationError: The model is not bound to a table.
    """
    if model.__airhaul_table__ is None:
        raise ConfigurationError(
            f"{model.__name__} is not bound to a table; declare it as "
            f'class {model.__name__}(Record, table="...").'
        )
    return model.__airhaul_table__
