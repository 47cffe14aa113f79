"""Bases, tables, fields and views as the local base holds them; all are immutable."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from airhaul.local_base.protocol import refusal

CHOICE_TYPES: Final = frozenset({"singleSelect", "multipleSelects", "externalSyncSource"})
"""The types of fields whose options list choices."""

# Options that Airtable's metadata API does not print.
_UNPRINTED: Final[dict[str, tuple[str, ...]]] = {"rollup": ("formula",), "button": ("label", "url")}


@dataclass(frozen=True, slots=True)
class Base:
    """One base; ``created`` is ISO 8601 in UTC."""

    id: str
    name: str
    created: str


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a table."""

    id: str
    name: str
    type: str
    options: dict[str, Any] | None = None
    description: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the field as the metadata API prints it."""
        shown: dict[str, Any] = {"type": self.type}
        own = _UNPRINTED.get(self.type, ())
        options = {key: value for key, value in (self.options or {}).items() if key not in own}
        if options:
            shown["options"] = options
        shown |= {"id": self.id, "name": self.name}
        if self.description is not None:
            shown["description"] = self.description
        return shown


@dataclass(frozen=True, slots=True)
class View:
    """One view of a table.

    Args:
        id: Its id.
        name: Its name.
        type: Its type, as in ``grid``.
        settings: Its filter, order and visible fields.
    """

    id: str
    name: str
    type: str = "grid"
    settings: dict[str, Any] = field(default_factory=dict[str, Any])

    def as_json(self, table: Table, *, with_visible_fields: bool = False) -> dict[str, Any]:
        """Return the view as the metadata API prints it; only grids list their visible fields."""
        shown: dict[str, Any] = {"id": self.id, "name": self.name, "type": self.type}
        if with_visible_fields and self.type == "grid":
            there = [field.id for field in table.fields]
            kept = self.settings.get("visibleFieldIds")
            shown["visibleFieldIds"] = (
                there if kept is None else [id_ for id_ in kept if id_ in there]
            )
        return shown


@dataclass(frozen=True)
class Table:
    """One table of a base; its first field is the primary one."""

    id: str
    base_id: str
    name: str
    fields: tuple[Field, ...]
    views: tuple[View, ...] = ()
    description: str | None = None
    date_dependency: dict[str, Any] | None = None

    def as_json(self, *, with_visible_fields: bool = False) -> dict[str, Any]:
        """Return the table as the metadata API prints it."""
        shown: dict[str, Any] = {"id": self.id, "name": self.name}
        if self.description is not None:
            shown["description"] = self.description
        shown |= {
            "primaryFieldId": self.fields[0].id,
            "fields": [field.as_json() for field in self.fields],
            "views": [
                view.as_json(self, with_visible_fields=with_visible_fields) for view in self.views
            ],
        }
        if self.date_dependency is not None:
            shown["dateDependencySettings"] = self.date_dependency
        return shown

    @property
    def primary(self) -> Field:
        """The field whose cell names a record."""
        return self.fields[0]

    @cached_property
    def by_id(self) -> dict[str, Field]:
        """The fields by id."""
        return {field.id: field for field in self.fields}

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """The fields by id and by name; the name wins."""
        return {**self.by_id, **{field.name: field for field in self.fields}}

    @cached_property
    def by_lower_name(self) -> dict[str, Field]:
        """The fields by lower-case name, for formulas."""
        return {field.name.lower(): field for field in self.fields}

    def find(self, name: str) -> Field:
        """Find a field by name or id.

        Raises:
            Refusal: The table has no such field.
        """
        found = self.by_name.get(name)
        if found is None:
            raise refusal.unknown_field(name)
        return found

    def find_in_formula(self, name: str) -> Field | None:
        """Find a field as formulas do: by name or id, else without regard to case (decided)."""
        return self.by_name.get(name) or self.by_lower_name.get(name.lower())
