"""``RecordWriteVerbs``: the verbs of a model that write one record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from airhaul.record.bound import BoundRecord


class RecordWriteVerbs(BoundRecord):
    """The verbs of a model that write one record."""

    @classmethod
    def create(cls, *, typecast: bool = False, **values: Any) -> Self:
        """Create one record.

        Args:
            typecast: Let Airtable convert text, add missing choices, and link records by name.
            **values: The values by field name.

        Returns:
            The record as Airtable has stored it.

        Raises:
            RowError: A value does not fit its field; nothing was sent.
        """
        return cls._table().create(typecast=typecast, **values)

    @classmethod
    def get_or_create(
        cls,
        defaults: Mapping[str, Any] | None = None,
        /,
        *,
        typecast: bool = False,
        **lookups: Any,
    ) -> tuple[Self, bool]:
        """Find the record with these values, or create it.

        This takes up to two requests. Another client may create the record between them; where that
        matters, use ``update_or_create``.

        Args:
            defaults: Values by field name that only a new record gets.
            typecast: Let Airtable convert text, add missing choices, and link records by name.
            **lookups: Values by field name that identify the record; a new record gets them too.

        Returns:
            The record, and whether it is new.

        Raises:
            UnknownFieldError: A lookup is not the name of a field.
            RowError: A value does not fit its field; nothing was sent.
        """
        return cls._table().get_or_create(defaults, typecast=typecast, **lookups)

    @classmethod
    def update_or_create(
        cls,
        defaults: Mapping[str, Any] | None = None,
        /,
        *,
        typecast: bool = False,
        **lookups: Any,
    ) -> tuple[Self, bool]:
        """Update the record with these values, or create it.

        Airtable itself looks for the record if it can merge on the fields
        (https://airtable.com/developers/web/api/update-multiple-records).

        Args:
            defaults: Values by field name that the record gets in either case.
            typecast: Let Airtable convert text, add missing choices, and link records by name.
            **lookups: One to three values by field name that identify the record; a new record gets
                them too.

        Returns:
            The record, and whether it is new.

        Raises:
            ConfigurationError: A field cannot be a key.
            BulkError: Several records have these values, or a value does not fit its field.
        """
        return cls._table().update_or_create(defaults, typecast=typecast, **lookups)

    def save(self, *, typecast: bool = False) -> Self:
        """Create the record, or send the fields that changed in it.

        A record without an id is created. Nothing is sent when nothing has changed.

        Args:
            typecast: Let Airtable convert text, add missing choices, and link records by name.

        Returns:
            The record itself, as Airtable has stored it.

        Raises:
            RowError: A value does not fit its field; nothing was sent.
            NotFoundError: The record was deleted.
        """
        return self._own_table().save(self, typecast=typecast)

    def delete(self) -> None:
        """Delete the record.

        Raises:
            NotFoundError: The table has no such record.
            ConfigurationError: The record has no id, because it was never saved.
        """
        self._own_table().delete(self)

    def refresh(self) -> Self:
        """Read the record again, in place.

        Changes that were not saved are lost.

        Returns:
            The record itself.

        Raises:
            NotFoundError: The table has no such record.
            ConfigurationError: The record has no id, because it was never saved.
        """
        return self._own_table().refresh(self)
