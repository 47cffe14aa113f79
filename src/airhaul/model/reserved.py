"""Names that no field may have, since every record has them for something else."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Final

from airhaul.errors import ConfigurationError
from airhaul.model.base import RecordBase
from airhaul.model.columns import SYSTEM_FIELDS
from airhaul.model.fields import ColumnInfo

_MEANING: Final = {"id": "id of the record", "created_time": "time of the record's creation"}


def refuse_names_of_verbs(model_name: str, fields: Iterable[str], verbs: Container[str]) -> None:
    """Refuse fields that hide a verb; pydantic would take the verb for the field's default.

    Args:
        model_name: The model, for the message.
        fields: The names of its fields.
        verbs: The names that are taken.

    Raises:
        ConfigurationError: A field has one of them.
    """
    reserved = sorted(name for name in fields if name in verbs)
    if reserved:
        raise ConfigurationError(
            f"{model_name}: the fields {', '.join(reserved)} have names of a record's verbs. "
            'Rename them, and keep the column with airtable_field(column="...").'
        )


def refuse_other_system_fields(model: type[RecordBase]) -> None:
    """Refuse a column of the user's own that is called ``id``: it would never be written.

    Args:
        model: The model; it may declare ``id`` and ``created_time`` as every record has them.

    Raises:
        ConfigurationError: It declares one of them as something else.
    """
    for name in SYSTEM_FIELDS:
        own, ours = model.model_fields[name], RecordBase.model_fields[name]
        is_column = any(isinstance(item, ColumnInfo) for item in own.metadata)
        if is_column or own.is_required() or own.annotation != ours.annotation:
            raise ConfigurationError(
                f"{model.__name__}: the field {name!r} is Airtable's own {_MEANING[name]}, and no "
                "column. Leave it out; a column of yours that is called so goes into a field of "
                f'another name, with airtable_field(column="{name}").'
            )
