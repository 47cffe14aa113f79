"""``generate_models``: the tables of a base as models, in Python source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from airhaul.model.generated.source import GeneratedModels, models_source
from airhaul.record.record import Record
from airhaul.wire.shapes import TableJson


def generate_models(
    tables: Iterable[TableJson],
    only: str | Iterable[str] = (),
    *,
    field_ids: bool = False,
    lock: Mapping[str, Any] | None = None,
) -> GeneratedModels:
    """Make models of the tables of a base, as Python source.

        Path("crm.py").write_text(generate_models(airtable.schema()).source)

    Args:
        tables: All tables of the base, as ``Airtable.schema`` returns them.
        only: The tables to make models of, by name or ID; all of them if empty.
        field_ids: Whether the models name tables and fields by ID, so that no renaming breaks them.
        lock: The ``lock`` of models that were made before, whose names are kept.

    Returns:
        The source of a module, and the lock of its names.

    Raises:
        UnknownTableError: The base has no table of a name.
        ConfigurationError: The lock is not one.
    """
    named = (only,) if isinstance(only, str) else tuple(only)
    reserved = {*dir(Record), *Record.model_fields}
    return models_source(list(tables), named, by_id=field_ids, lock=lock, reserved=reserved)
