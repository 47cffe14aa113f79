"""Declaring the column of a field, where the name and the annotation are not enough."""

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
    """The declaration of a column; can also be used as ``Annotated`` metadata.

    Args:
        column: The column's name in Airtable; None for the pydantic alias or the field name.
        type: The field type in Airtable; None to infer it from annotation and name.
        read_only: Whether to never write it. Computed types are always read-only.
        choices: The choices of a select field, for creating the table.
        options: Airtable's options for the type, for creating the table; they replace ``choices``.
        description: The description in Airtable, for creating the table.
        inverse: The field of the linked model whose link this is the other side of.
    """

    column: str | None = None
    type: FieldType | None = None
    read_only: bool = False
    choices: tuple[str, ...] | None = None
    options: Mapping[str, Any] | None = None
    description: str | None = None
    inverse: str | None = None

    def __post_init__(self) -> None:
        if self.type is not None and self.type not in FIELD_TYPES:
            raise ConfigurationError(
                f"{self.type!r} is not a field type of Airtable; expected one of "
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
    inverse: str | None = None,
    default_factory: Callable[[], Any] | None = None,
    **constraints: Any,
) -> Any:
    """Declare a field of a model: pydantic's ``Field`` with the column in Airtable.

    Args:
        default: The Python default; without one the field is required.
        column: The column's name in Airtable, such as ``"Full Name"``.
        type: Airtable's field type, such as ``"currency"``; None to infer it from annotation and
            name.
        read_only: Whether to never write the field.
        choices: The choices of a select field, for creating the table.
        options: Airtable's options for the type, for creating the table.
        description: The description, in Python and in Airtable.
        inverse: For links: the name of the field in the linked model whose other side this is.
            Airtable makes both sides of a link, so ``create_tables`` creates that field, and gives
            its other side the name of this one.
        default_factory: A callable that makes the default.
        **constraints: Any other argument of ``pydantic.Field``: ``gt``, ``alias``, ...

    Returns:
        The value to assign in the class body; typed ``Any``, like pydantic's ``Field``.

    Raises:
        ConfigurationError: ``type`` is not a field type of Airtable.
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
            inverse=inverse,
        )
    )
    return info
