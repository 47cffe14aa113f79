"""How a model says which column a field stands for, where its name and annotation do not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from pydantic import Field
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from airhaul.errors import ConfigurationError
from airhaul.wire.shapes import FIELD_TYPES, FieldType


@dataclass(frozen=True, slots=True)
class ColumnInfo:
    """What the model says of a column; usable as ``Annotated`` metadata too.

    Args:
        column: The column's name in Airtable; None for the pydantic alias or the field's own name.
        type: The field type in Airtable; None to infer it from annotation and name.
        read_only: Never write it. Computed types are read-only by themselves.
        choices: The choices of a select field, for creating its table.
        options: Airtable's options for the type, for creating its table; they win.
        description: The column's description, for creating its table.
    """

    column: str | None = None
    type: FieldType | None = None
    read_only: bool = False
    choices: tuple[str, ...] | None = None
    options: Mapping[str, Any] | None = None
    description: str | None = None

    def __post_init__(self) -> None:
        if self.type is not None and self.type not in FIELD_TYPES:
            raise ConfigurationError(
                f"{self.type!r} is no field type of Airtable; the types are "
                f"{', '.join(sorted(FIELD_TYPES))}."
            )


def airtable_field(
    default: Any = PydanticUndefined,
    *,
    column: str | None = None,
    type: FieldType | None = None,
    read_only: bool = False,
    choices: Sequence[str] | None = None,
    options: Mapping[str, Any] | None = None,
    description: str | None = None,
    default_factory: Callable[[], Any] | None = None,
    **constraints: Any,
) -> Any:
    """Describe a field of a model: pydantic's ``Field`` with the column it stands for.

    Args:
        default: The Python default; without one the field is required.
        column: The column's name in Airtable, as ``"Full Name"``.
        type: Airtable's field type, as ``"currency"``; else told from annotation and name.
        read_only: Read it, never write it.
        choices: The choices of a select field, used when its table is created.
        options: Airtable's options for the type, used when its table is created.
        description: Documentation, in Python and in Airtable.
        default_factory: A callable that makes the default.
        **constraints: Anything else that ``pydantic.Field`` takes: ``gt``, ``alias``, ...

    Returns:
        What a class body assigns to a field; typed ``Any``, as pydantic's ``Field`` is.

    Raises:
        ConfigurationError: ``type`` is no field type of Airtable.
    """
    if default_factory is not None:
        constraints["default_factory"] = default_factory
    else:
        constraints["default"] = default
    info = cast("FieldInfo", Field(description=description, **constraints))
    info.metadata.append(
        ColumnInfo(
            column=column,
            type=type,
            read_only=read_only,
            choices=tuple(choices) if choices is not None else None,
            options=options,
            description=description,
        )
    )
    return info
