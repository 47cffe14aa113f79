"""The columns of a model: for each field the column it stands for, its type and its rules."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import AliasChoices, TypeAdapter
from pydantic_core import PydanticUndefined

from airhaul.errors import SchemaError, UnknownFieldError
from airhaul.model.annotations import Shape, shape_of
from airhaul.model.fields import ColumnInfo
from airhaul.model.infer import infer_type
from airhaul.wire.shapes import COMPUTED_TYPES, TEXT_TYPES, FieldType

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from airhaul.model.base import RecordBase

SYSTEM_FIELDS: Final = ("id", "created_time")
"""Fields that every record has and no cell holds."""

NO_VALUE: Final = object()
"""Stands where there is no value at all, not even None."""


class Column:
    """One field of a model and the column it stands for.

    Args:
        name: The field's name in the model.
        info: What pydantic knows of the field.
    """

    def __init__(self, name: str, info: FieldInfo) -> None:
        self.name = name
        self.field_info = info
        said = next(
            (item for item in reversed(info.metadata) if isinstance(item, ColumnInfo)), ColumnInfo()
        )
        self.info = said
        shape = shape_of(info.annotation)
        self.shape = Shape(
            shape.core,
            shape.item,
            shape.accepts_none,
            shape.choices,
            (*shape.metadata, *info.metadata),
        )
        self.column: str = said.column or info.alias or name
        self.type: FieldType = said.type or infer_type(name, self.shape)
        self.read_only: bool = said.read_only or self.type in COMPUTED_TYPES
        alias = info.validation_alias if info.validation_alias is not None else info.alias
        self.input_name: str = alias if isinstance(alias, str) else name
        choices = alias.choices if isinstance(alias, AliasChoices) else ()
        self.other_names = [choice for choice in choices if isinstance(choice, str)]

    @cached_property
    def empty(self) -> Any:
        """What an empty cell reads as by its type, or ``NO_VALUE``: then it reads as the default.

        The type's own empty value comes first, so that an unticked box is False even where the
        model's default is True; then None.
        """
        if self.type == "checkbox" or self.shape.is_a(bool):
            return False
        if self.shape.accepts_none:
            return None
        if self.shape.is_sequence:
            return self.shape.core()
        if self.shape.core is str and self.shape.choices is None:
            return ""
        return NO_VALUE

    @property
    def takes_blank_text(self) -> bool:
        """Whether ``""`` is a value of its own, and not just a blank cell."""
        if self.shape.choices is not None:
            return "" in self.shape.choices
        return self.type in TEXT_TYPES or self.shape.is_a(str)

    def make_default(self, beside: dict[str, Any]) -> Any:
        """Make the default of one record, or give ``NO_VALUE`` where the model has none.

        Args:
            beside: The fields before this one that are valid, by name.
        """
        try:
            value = self.field_info.get_default(call_default_factory=True, validated_data=beside)
        except KeyError as error:
            if error.args[0] in beside:
                raise
            return NO_VALUE  # it is made of a field that is not valid
        return NO_VALUE if value is PydanticUndefined else value

    @cached_property
    def validator(self) -> TypeAdapter[Any]:
        """Validates one value of this field alone."""
        annotation: Any = self.field_info.annotation
        return TypeAdapter(_annotated(annotation, self.field_info.metadata))


def _annotated(annotation: Any, metadata: list[Any]) -> Any:
    constraints = [item for item in metadata if not isinstance(item, ColumnInfo)]
    for constraint in constraints:
        annotation = Annotated[annotation, constraint]
    return annotation


@dataclass(frozen=True)
class Columns:
    """All columns of a model.

    Args:
        model_name: The model's class name, for messages.
        by_name: Field name to column, in the order of the model.
        table_name: The table's name, where the model was made of a table: its users know the names
            of table and columns, and not those of class and fields.
    """

    model_name: str
    by_name: dict[str, Column]
    table_name: str | None = None

    @cached_property
    def by_column(self) -> dict[str, Column]:
        """Column name to column."""
        found: dict[str, Column] = {}
        for column in self.by_name.values():
            if column.column in found:
                raise SchemaError(
                    f"{self.model_name}: the fields {found[column.column].name!r} and "
                    f"{column.name!r} both stand for the column {column.column!r}."
                )
            found[column.column] = column
        return found

    @cached_property
    def by_any_name(self) -> dict[str, Column]:
        """Column, aliases and field name to column; the field name wins."""
        return {
            **{other: column for column in self.by_name.values() for other in column.other_names},
            **self.by_column,
            **{column.input_name: column for column in self.by_name.values()},
            **self.by_name,
        }

    @cached_property
    def writable(self) -> tuple[Column, ...]:
        """The columns that a create or update may send."""
        return tuple(column for column in self.by_name.values() if not column.read_only)

    def find(self, name: str) -> Column:
        """Find a column by the field's name, its alias or the column's name.

        Raises:
            UnknownFieldError: There is none, with the nearest names.
        """
        try:
            return self.by_any_name[name]
        except KeyError:
            raise self.unknown(name) from None

    def unknown(self, *unknown: str) -> UnknownFieldError:
        """Make the error for names that no field has; the nearest names are told of the first."""
        name = unknown[0]
        known = self.by_any_name if self.table_name is None else self.by_column
        near = difflib.get_close_matches(name, known, n=3)
        names = list(self.by_name) if self.table_name is None else list(map(repr, self.by_column))
        hint = (
            f"did you mean {' or '.join(repr(other) for other in near)}?"
            if near
            else f"it has {', '.join(names) or 'no fields'}."
        )
        whose = self.table_name or self.model_name
        word = "field" if len(unknown) == 1 else "fields"
        lacking = f"{whose} has no {word} {', '.join(map(repr, unknown))}"
        return UnknownFieldError(f"{lacking}; {hint}", field=name)


def columns_of(model: type[RecordBase]) -> Columns:
    """Read the columns of a model, once for each class.

    Raises:
        SchemaError: An annotation that no column can hold, or two fields for one column.
    """
    found = model.__dict__.get("__airhaul_columns__")
    if isinstance(found, Columns):
        return found
    if not model.__pydantic_complete__:
        model.model_rebuild()  # names used before they were defined
    columns = Columns(
        model.__name__,
        {
            name: Column(name, info)
            for name, info in model.model_fields.items()
            if name not in SYSTEM_FIELDS
        },
        model.__airhaul_table__ if model.__airhaul_is_of_table__ else None,
    )
    _ = columns.by_column  # two fields for one column must not wait for the first write
    type.__setattr__(model, "__airhaul_columns__", columns)
    return columns
