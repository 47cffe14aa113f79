"""The columns of a model: for each field its name in Airtable, its type and its rules."""

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
"""The fields that every record has and that are not cells."""

NO_VALUE: Final = object()
"""Means that there is no value, not even None."""


class Column:
    """A field of a model, and its field in Airtable, here called column.

    Args:
        name: The name of the field in the model.
        info: The field as pydantic describes it.
        is_of_table: Whether the model was made from a table: its users know the names in Airtable,
            and not those in the model.
    """

    def __init__(self, name: str, info: FieldInfo, *, is_of_table: bool = False) -> None:
        self.name = name
        self.field_info = info
        self.info = next(
            (item for item in reversed(info.metadata) if isinstance(item, ColumnInfo)), ColumnInfo()
        )
        shape = shape_of(info.annotation)
        self.shape = Shape(
            shape.core,
            shape.item,
            shape.accepts_none,
            shape.choices,
            (*shape.metadata, *info.metadata),
        )
        self.column: str = self.info.column or info.alias or name
        self.shown_name: str = self.column if is_of_table else name
        self.type: FieldType = self.info.type or infer_type(name, self.shape)
        self.read_only: bool = self.info.read_only or self.type in COMPUTED_TYPES
        alias = info.validation_alias if info.validation_alias is not None else info.alias
        self.input_name: str = alias if isinstance(alias, str) else name
        choices = alias.choices if isinstance(alias, AliasChoices) else ()
        self.other_names = [choice for choice in choices if isinstance(choice, str)]

    @cached_property
    def empty(self) -> Any:
        """The value of an empty cell; ``NO_VALUE`` if it reads as the default of the field.

        The empty value of the type comes before the default, so that an unticked checkbox is False
        even if the default is True.
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
        """Whether ``""`` is a value, and not a blank cell."""
        if self.shape.choices is not None:
            return "" in self.shape.choices
        return self.type in TEXT_TYPES or self.shape.is_a(str)

    @cached_property
    def known_choices(self) -> frozenset[str]:
        """The choices that the model has for a select field."""
        item = self.shape.item or self.shape
        of_options = [choice["name"] for choice in (self.info.options or {}).get("choices", ())]
        return frozenset([*(self.info.choices or ()), *(item.choices or ()), *of_options])

    def make_default(self, others: dict[str, Any]) -> Any:
        """Make the default of the field for one record; ``NO_VALUE`` if it has none.

        Args:
            others: The valid fields before this one, by name.
        """
        try:
            value = self.field_info.get_default(call_default_factory=True, validated_data=others)
        except KeyError as error:
            if error.args[0] in others:
                raise
            return NO_VALUE  # the default depends on a field that is not valid
        return NO_VALUE if value is PydanticUndefined else value

    @cached_property
    def validator(self) -> TypeAdapter[Any]:
        """The validator of a value of this field alone."""
        annotation: Any = self.field_info.annotation
        return TypeAdapter(_annotated(annotation, self.field_info.metadata))


def _folded(name: str) -> str:
    return name.strip().casefold()


def _annotated(annotation: Any, metadata: list[Any]) -> Any:
    constraints = [item for item in metadata if not isinstance(item, ColumnInfo)]
    for constraint in constraints:
        annotation = Annotated[annotation, constraint]
    return annotation


@dataclass(frozen=True)
class Columns:
    """All columns of a model.

    Args:
        model_name: The class name of the model, for messages.
        by_name: The columns by field name, in the order of the model.
        table_name: The name of the table, if the model was made from a table.
    """

    model_name: str
    by_name: dict[str, Column]
    table_name: str | None = None

    @cached_property
    def by_column(self) -> dict[str, Column]:
        """The columns by column name."""
        found: dict[str, Column] = {}
        for column in self.by_name.values():
            if column.column in found:
                raise SchemaError(
                    f"{self.model_name}: the fields {found[column.column].name!r} and "
                    f"{column.name!r} have the same column {column.column!r}."
                )
            found[column.column] = column
        return found

    @cached_property
    def by_any_name(self) -> dict[str, Column]:
        """The columns by column name, field name or alias; the column name comes first.

        If the model was made from a table, only the column names count: the field names are made
        from them, and one may be the name of another column.
        """
        if self.table_name is not None:
            return self.by_column
        return {**self.by_input, **self.by_column}

    @cached_property
    def by_input(self) -> dict[str, Column]:
        """The columns by the names that pydantic accepts and reports: field name or alias."""
        return {
            **{other: column for column in self.by_name.values() for other in column.other_names},
            **{column.input_name: column for column in self.by_name.values()},
            **self.by_name,
        }

    @cached_property
    def _by_folded_name(self) -> dict[str, Column | None]:
        """The columns by name without case and surrounding spaces; None if it is ambiguous."""
        found: dict[str, Column | None] = {}
        for name, column in self.by_any_name.items():
            folded = _folded(name)
            found[folded] = column if found.get(folded, column) is column else None
        return found

    def find_loosely(self, name: str) -> Column | None:
        """Find the only column whose name differs at most in case and surrounding spaces."""
        return self._by_folded_name.get(_folded(name))

    @cached_property
    def writable(self) -> tuple[Column, ...]:
        """The columns that a create or update may send."""
        return tuple(column for column in self.by_name.values() if not column.read_only)

    def find(self, name: str) -> Column:
        """Find a column by column name, field name or alias.

        Only if there is none of exactly this name, find one as ``find_loosely`` does.

        Raises:
            UnknownFieldError: There is none, or several; the message has similar names.
        """
        column = self.by_any_name.get(name) or self.find_loosely(name)
        if column is None:
            raise self.unknown(name)
        return column

    def unknown(self, *unknown: str) -> UnknownFieldError:
        """Make the error for unknown names; it suggests names similar to the first of them."""
        name = unknown[0]
        near = difflib.get_close_matches(name, self.by_any_name, n=3)
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
    """Read the columns of a model; cached for each class.

    Raises:
        SchemaError: No column can hold the type of a field, or two fields have the same column.
    """
    found = model.__dict__.get("__airhaul_columns__")
    if isinstance(found, Columns):
        return found
    if not model.__pydantic_complete__:
        model.model_rebuild()  # resolves forward references
    is_of_table = model.__airhaul_is_of_table__
    columns = Columns(
        model.__name__,
        {
            name: Column(name, info, is_of_table=is_of_table)
            for name, info in model.model_fields.items()
            if name not in SYSTEM_FIELDS
        },
        model.__airhaul_table__ if is_of_table else None,
    )
    _ = columns.by_column  # report two fields with the same column now, not at the first write
    type.__setattr__(model, "__airhaul_columns__", columns)
    return columns
