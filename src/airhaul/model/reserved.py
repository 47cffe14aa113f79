"""Names that no field can have, because every record uses them for something else."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Final

from airhaul.errors import ConfigurationError
from airhaul.model.base import RecordBase
from airhaul.model.columns import SYSTEM_FIELDS
from airhaul.model.fields import ColumnInfo

_MEANING: Final = {"id": "the record ID", "created_time": "the creation time of the record"}


def refuse_names_of_verbs(model_name: str, fields: Iterable[str], verbs: Container[str]) -> None:
    """Refuse fields named like a method; pydantic would use the method as the default.

    Args:
        model_name: The model, for the message.
        fields: The names of the fields.
        verbs: The names of the methods.

    Raises:
        ConfigurationError: A field is named like a method.
    """
    reserved = sorted(name for name in fields if name in verbs)
    if reserved:
        raise ConfigurationError(
            f"{model_name}: the fields {', '.join(reserved)} are named like methods of Record. "
            'Rename them, and keep their columns with airtable_field(column="...").'
        )


def refuse_other_system_fields(model: type[RecordBase]) -> None:
    """Refuse a column declared as ``id`` or ``created_time``: it would never be written.

    Args:
        model: The model; it can declare ``id`` and ``created_time`` as every record has them.

    Raises:
        ConfigurationError: The model declares one of them as something else.
    """
    for name in SYSTEM_FIELDS:
        own, ours = model.model_fields[name], RecordBase.model_fields[name]
        is_column = any(isinstance(item, ColumnInfo) for item in own.metadata)
        if is_column or own.is_required() or own.annotation != ours.annotation:
            raise ConfigurationError(
                f"{model.__name__}: the field {name!r} is {_MEANING[name]}, not a column. Leave it "
                "out. If your table has a column of this name, declare it as a field of another "
                f'name, with airtable_field(column="{name}").'
            )
