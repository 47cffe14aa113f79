"""The columns of a model: for each field its name in Airtable, its type and its rules."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import AliasChoices, TypeAdapter
from pydantic_core import PydanticUndefined

from airhaul.errors import SchemaError, UnknownFieldError
from airhaul.fields import card_of
from airhaul.model.annotations import shape_of
from airhaul.model.fields import ColumnInfo
from airhaul.model.infer import infer_type, refuse_records
from airhaul.model.links.assigning import take_links
from airhaul.model.links.link import LinkDeclaration
from airhaul.model.links.named import LinkedByName, complete
from airhaul.wire.ids import is_id
from airhaul.wire.shapes import FieldType

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
        by_id: Whether requests name the column by its ID.
    """

    def __init__(
        self, name: str, info: FieldInfo, *, is_of_table: bool = False, by_id: bool = False
    ) -> None:
        self.name = name
        self.field_info = info
        shape = shape_of(info.annotation)
        self.shape = replace(shape, metadata=(*shape.metadata, *info.metadata))
        declared = [item for item in self.shape.metadata if isinstance(item, ColumnInfo)]
        self.info = declared[-1] if declared else ColumnInfo()
        self.column: str = self.info.column or info.alias or name
        # What people call the column; an ID tells them nothing.
        self.title: str = (info.title or name) if by_id else self.column
        self.shown_name: str = self.title if is_of_table else name
        refuse_records(name, self.shape)
        self.type: FieldType = self.info.type or infer_type(name, self.shape)
        links_to = (self.shape.item or self.shape).links_to
        self.link = None if links_to is None else LinkDeclaration(links_to, name)
        self.card = card_of(self.type)
        self.encode: Callable[[Any], Any] = self.card.encode
        # What each row that is written needs, in one attribute.
        self.writes = (name, self.column, self.encode)
        self.read_only: bool = self.info.read_only or self.card.is_computed
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

    def titled(self, title: str) -> Column:
        """Return the same column as people call it in the table."""
        titled = copy.copy(self)
        titled.title = title
        return titled

    @cached_property
    def takes_blank_text(self) -> bool:
        """Whether ``""`` is a value, and not a blank cell."""
        if self.shape.choices is not None:
            return "" in self.shape.choices
        return (self.card.is_text or self.shape.is_a(str)) and self.takes("")

    def takes(self, text: str) -> bool:
        """Whether a text is a valid value: of a UUID, or of text of some length, few are."""
        try:
            self.validator.validate_python(text)
        except Exception:  # noqa: BLE001 - a validator of the model may raise anything
            return False
        return True

    @property
    def may_be_left_out(self) -> bool:
        """Whether Airtable computes the column, and no record needs a value for it."""
        return self.read_only and not self.field_info.is_required()

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


def folded_name(name: str) -> str:
    """Return a name in the form in which names that differ in case and spaces are equal."""
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
        are_ids: Whether requests and replies name the columns by their IDs.
        titles: The names of these columns in the table by ID, as far as they are known.
    """

    model_name: str
    by_name: dict[str, Column]
    table_name: str | None = None
    are_ids: bool = False
    titles: Mapping[str, str] = field(default_factory=dict[str, str])

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
        titles = {self.titles[id_]: self.by_column[id_] for id_ in self.titles}
        known = {**titles, **self.by_column}
        return known if self.table_name is not None else {**self.by_input, **known}

    def titled(self, titles: Mapping[str, str]) -> Columns:
        """Return these columns with their names in the table, so that files can use them.

        Args:
            titles: The names of the table's fields by ID.
        """
        own = {id_: title for id_, title in titles.items() if id_ in self.by_column}
        by_name = {
            name: column.titled(own.get(column.column, column.title))
            for name, column in self.by_name.items()
        }
        return replace(self, by_name=by_name, titles=own)

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
            folded = folded_name(name)
            found[folded] = column if found.get(folded, column) is column else None
        return found

    def find_loosely(self, name: str) -> Column | None:
        """Find the only column whose name differs at most in case and surrounding spaces."""
        return self._by_folded_name.get(folded_name(name))

    @cached_property
    def writable(self) -> tuple[Column, ...]:
        """The columns that a create or update may send."""
        return tuple(column for column in self.by_name.values() if not column.read_only)

    @cached_property
    def writes(self) -> tuple[tuple[str, str, Callable[[Any], Any]], ...]:
        """What each row that is created needs of the columns: field name, column name, encoder."""
        return tuple(column.writes for column in self.writable)

    @cached_property
    def links(self) -> tuple[Column, ...]:
        """The columns that link to other records, and can be written."""
        return tuple(one for one in self.writable if one.type == "multipleRecordLinks")

    @cached_property
    def linked(self) -> tuple[Column, ...]:
        """The columns whose values are ``Link`` objects."""
        return tuple(one for one in self.by_name.values() if one.link is not None)

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
        names = list(self.by_name)
        if self.table_name is not None or self.titles:
            names = [repr(column.title) for column in self.by_name.values()]
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
    complete(model)
    is_of_table, by_id = model.__airhaul_is_of_table__, model.__airhaul_field_ids__
    columns = Columns(
        model.__name__,
        {
            name: Column(name, info, is_of_table=is_of_table, by_id=by_id)
            for name, info in model.model_fields.items()
            if name not in SYSTEM_FIELDS
        },
        model.__airhaul_table__ if is_of_table else None,
        by_id,
    )
    _ = columns.by_column  # report two fields with the same column now, not at the first write
    if is_of_table and by_id:
        columns = columns.titled({each.column: each.title for each in columns.by_name.values()})
    elif not is_of_table:
        _refuse_names_with_ids(columns)
    _prepare_links(model, columns)
    type.__setattr__(model, "__airhaul_columns__", columns)
    return columns


def _prepare_links(model: type[RecordBase], columns: Columns) -> None:
    """Let the links of a model find their models, and be assigned from records and ids."""
    for column in columns.linked:
        assert column.link is not None, "these columns have links"
        if isinstance(column.link.target, LinkedByName) and column.link.target.owner is None:
            column.link.target.owner = model
    if columns.linked:
        take_links(model, {one.name: (one.link, one.shape) for one in columns.linked if one.link})


def _refuse_names_with_ids(columns: Columns) -> None:
    """Refuse columns of which some are IDs and some are names: a reply has only one of both."""
    ids = [name for name, column in columns.by_name.items() if is_id(column.column, "fld")]
    names = [name for name in columns.by_name if name not in ids]
    if columns.are_ids and names:
        raise SchemaError(
            f"{columns.model_name} has field_ids=True, and no field ID for {', '.join(names)}. "
            'Give each field its ID with airtable_field(column="fld...").'
        )
    if ids and not columns.are_ids:
        raise SchemaError(
            f"{columns.model_name}: the column of {', '.join(ids)} is a field ID. Declare the "
            "class with field_ids=True, and give each of its fields a field ID."
        )


def check_columns(model: type[RecordBase]) -> None:
    """Check the columns of a model where it is declared.

    A model with a type that is declared later, or a type parameter, is checked at its first use.

    Raises:
        SchemaError: As of ``columns_of``.
    """
    is_generic = bool(model.__pydantic_generic_metadata__["parameters"])
    if model.__pydantic_complete__ and not is_generic:
        columns_of(model)
