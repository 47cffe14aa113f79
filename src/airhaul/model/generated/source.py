"""The source of the models of a base: a module with a class for each table."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final

from airhaul.errors import UnknownTableError
from airhaul.model.generated.fields import (
    Declaration,
    column_arguments,
    declare,
    description_of,
    with_default,
)
from airhaul.model.generated.literals import docstring, literal, wrapped
from airhaul.model.generated.names import (
    USED_IN_MODULES,
    Names,
    class_name,
    lock_of,
    names_in,
    names_of,
)
from airhaul.wire.shapes import FieldJson, TableJson

_HEADER: Final = "Made by `airhaul models`, which makes it again when the base has changed."


@dataclass(frozen=True, slots=True)
class GeneratedModels:
    """The models of a base as Python source.

    Args:
        source: A module that declares them.
        lock: The names of models and fields, as JSON; hand it over when the models are made again,
            so that they stay the same although a field was renamed. It keeps the names of tables
            that were left out this time.
        models: The names of the models.
    """

    source: str
    lock: Mapping[str, Any]
    models: Sequence[str]


def models_source(
    tables: Sequence[TableJson],
    only: Sequence[str],
    *,
    by_id: bool,
    lock: object,
    reserved: Container[str],
) -> GeneratedModels:
    """Make the models of a base; ``generate_models`` documents the arguments.

    Args:
        tables: All tables of the base.
        only: The tables to make models of, by name or ID; all if empty.
        by_id: Whether the models name tables and fields by ID.
        lock: The names that were chosen before; None for none.
        reserved: The names that no field can have.

    Raises:
        UnknownTableError: The base has no table of a name.
        ConfigurationError: The lock is not one.
    """
    locked = names_in(lock)
    chosen = _chosen(tables, only)
    names = names_of(chosen, reserved, locked)
    module = _Module(chosen, names, by_id=by_id)
    named = {**locked, **names}
    lock_now = lock_of(named, [table for table in tables if table["id"] in named])
    return GeneratedModels(module.source(), lock_now, [one.model for one in names.values()])


def is_generated(source: str) -> bool:
    """Return whether a module was made here, so that it can be made again."""
    return _HEADER in source


def _chosen(tables: Sequence[TableJson], only: Sequence[str]) -> list[TableJson]:
    known = {name for table in tables for name in (table["id"], table["name"])}
    for name in only:
        if name not in known:
            titles = ", ".join(repr(table["name"]) for table in tables)
            raise UnknownTableError(f"The base has no table {name!r}; its tables: {titles}.")
    return [table for table in tables if not only or {table["id"], table["name"]} & {*only}]


class _Module:
    """A module, while it is made.

    Args:
        tables: The tables of its models.
        names: The names of models and fields.
        by_id: Whether the models name tables and fields by ID.
    """

    def __init__(self, tables: Sequence[TableJson], names: Names, *, by_id: bool) -> None:
        self._tables = tables
        self._names = names
        self._by_id = by_id
        self._fields = {
            field["id"]: (table, field)
            for table in tables
            for field in table["fields"]
            if "id" in field
        }
        self._taken = {*USED_IN_MODULES, *(one.model for one in names.values())}
        self._declared: set[str] = set()
        self._words = {"Record"}

    def source(self) -> str:
        """Return the whole module."""
        classes = [line for table in self._tables for line in self._class(table)]
        return "\n".join([f'"""{_HEADER}"""', "", *_imports(self._words), *classes, ""])

    def _class(self, table: TableJson) -> Iterator[str]:
        names = self._names[table["id"]]
        aliases: list[str] = []
        lines: list[str] = []
        for column in table["fields"]:
            name = names.fields[column.get("id", column["name"])]
            alias = self._alias(names.model, name)
            declared = self._declare(table, name, column, alias)
            self._words.update(_words_in(declared))
            if declared.choices:
                self._taken.add(alias)
                choices = [literal(choice) for choice in declared.choices]
                aliases += wrapped(f"{alias} = Literal[", choices, "]")
            lines += _field(name, declared)
        yield from ("", "")
        if aliases:
            yield from (*aliases, "", "")
        yield from self._heading(table, names.model)
        if described := table.get("description"):
            yield from (*docstring(described, "    "), "")
        yield from lines or ["    pass"]
        self._declared.add(names.model)

    def _heading(self, table: TableJson, name: str) -> list[str]:
        bound = [f"table={literal(table['id' if self._by_id else 'name'])}"]
        if self._by_id:
            bound.append("field_ids=True")
        return wrapped(f"class {name}(", ["Record", *bound], "):")

    def _alias(self, model: str, field: str) -> str:
        """Return the name for the choices of a field: ``TaskStatus`` for ``Task.status``."""
        name = plain = class_name(f"{model}_{field}")
        number = 2
        while name in self._taken:
            name, number = f"{plain}{number}", number + 1
        return name

    def _declare(self, table: TableJson, name: str, column: FieldJson, alias: str) -> Declaration:
        options = column.get("options") or {}
        linked = self._names.get(options.get("linkedTableId", ""))
        if column["type"] != "multipleRecordLinks":
            return declare(name, column, alias, by_id=self._by_id)
        if linked is None:
            declared = declare(name, column, alias, by_id=self._by_id)
            linked_id = {"linkedTableId": options.get("linkedTableId", "")}
            declared.arguments.append(f"options={literal(linked_id)}")
            return declared
        target = linked.model if linked.model in self._declared else literal(linked.model)
        is_single = options.get("prefersSingleRecordLink") is True
        annotation, default = with_default(
            f"Link[{target}]" if is_single else f"list[Link[{target}]]"
        )
        arguments = column_arguments(name, column, by_id=self._by_id)
        other = self._first_side(table, column)
        if other is not None:
            arguments.append(f"inverse={literal(other)}")
        return Declaration(annotation, default, [*arguments, *description_of(column)])

    def _first_side(self, table: TableJson, column: FieldJson) -> str | None:
        """Return the field of which a column of links is the other side; None for a first side."""
        found = self._fields.get((column.get("options") or {}).get("inverseLinkFieldId", ""))
        if found is None or found[0]["id"] == table["id"]:
            return None
        other_table, other = found
        is_first = self._rank(table, column) <= self._rank(other_table, other)
        return None if is_first else self._names[other_table["id"]].fields[other.get("id", "")]

    def _rank(self, table: TableJson, column: FieldJson) -> tuple[bool, bool, int]:
        """Return what decides which of both sides of a link is the first.

        It is the one that links to a single record; or that has another name than the table it
        links to, as Airtable names other sides; or whose table comes first.
        """
        options = column.get("options") or {}
        titles = {one["id"]: one["name"] for one in self._tables}
        is_named_so = column["name"] == titles.get(options.get("linkedTableId", ""))
        is_single = options.get("prefersSingleRecordLink") is True
        return not is_single, is_named_so, [*titles].index(table["id"])


def _field(name: str, declared: Declaration) -> list[str]:
    begin = f"{name}: {declared.annotation} = "
    if not declared.arguments:
        return [f"    {begin}{declared.default}"]
    arguments = [declared.default, *declared.arguments]
    return wrapped(f"{begin}airtable_field(", arguments, ")", indent="    ")


def _words_in(declared: Declaration) -> Iterator[str]:
    """Yield the names that a declaration uses, of those that may have to be imported."""
    unquoted = re.sub(r"([\"']).*?\1", "", declared.annotation)
    yield from re.findall(r"\b(?:dt|Any|Link)\b", unquoted)
    if declared.choices:
        yield "Literal"
    if declared.arguments:
        yield "airtable_field"


def _imports(words: AbstractSet[str]) -> list[str]:
    """Return the imports of a module that uses some names."""
    standard = ["import datetime as dt"] if "dt" in words else []
    typing = [name for name in ("Any", "Literal") if name in words]
    if typing:
        standard.append(f"from typing import {', '.join(typing)}")
    ours = [name for name in ("Link", "Record", "airtable_field") if name in words]
    return [*standard, *([""] if standard else []), f"from airhaul import {', '.join(ours)}"]
