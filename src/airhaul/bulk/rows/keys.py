"""Keys: one to three columns that identify the record of a row."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from airhaul.bulk.rows.diff import canonical, is_empty
from airhaul.errors import ConfigurationError, RowError, UnknownFieldError
from airhaul.formula import LookupField, Node, Q, build_lookup
from airhaul.formula.build import all_of, any_of
from airhaul.messages import Message, Method
from airhaul.model.base import RecordBase
from airhaul.model.columns import Column, columns_of
from airhaul.model.lookups import lookup_field
from airhaul.wire.limits import MERGE_FIELDS
from airhaul.wire.shapes import Cells

KeyNames = str | Sequence[str]


@dataclass(frozen=True)
class Key:
    """The columns that identify the record of a row.

    Args:
        model: The model.
        columns: One to three of its columns.
    """

    model: type[RecordBase]
    columns: tuple[Column, ...]

    @classmethod
    def of(cls, model: type[RecordBase], names: KeyNames) -> Key:
        """Look up a key's columns.

        Args:
            model: The model.
            names: One to three fields or columns by name.

        Raises:
            UnknownFieldError: The model has no such field.
            ConfigurationError: A field cannot identify records, or there are too many fields.
        """
        given = [names] if isinstance(names, str) else list(names)
        if not 0 < len(given) <= MERGE_FIELDS or len(set(given)) < len(given):
            raise ConfigurationError(f"A key is one to {MERGE_FIELDS} different fields.")
        columns = tuple(columns_of(model).find(name) for name in given)
        for column in columns:
            if column.read_only or column.card.key is None:
                raise ConfigurationError(
                    f"The field {column.shown_name!r} ({column.type}) cannot be a key. Use a field "
                    "that can be written and identifies records, such as text, a number, a date "
                    "or a choice."
                )
        return cls(model, columns)

    @property
    def can_be_merged_on(self) -> bool:
        """Whether Airtable itself finds records by this key."""
        return all(column.card.key == "merged" for column in self.columns)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names."""
        return tuple(column.column for column in self.columns)

    def parts_in(self, rows: Sequence[Cells]) -> list[list[Any]]:
        """Return the keys in some rows part by part, in a form to compare.

        Args:
            rows: The cells of each row.

        Returns:
            For each column of the key, its part of each row's; None for a part that is blank.
        """
        return [
            comparable((cells.get(column) for cells in rows), form) for column, form in self._forms
        ]

    def value_in(self, cells: Cells) -> tuple[Any, ...] | None:
        """Return the key in some cells, in a form to compare; None if a part of it is blank."""
        parts: list[Any] = []
        for column, form in self._forms:
            cell = cells.get(column)
            part = form(cell) if cell or not is_empty(cell) else None
            if part is None:
                return None
            parts.append(part)
        return tuple(parts)

    @cached_property
    def _forms(self) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
        """Each column, with what brings its cells into a form to compare."""
        return tuple((column.column, column.card.canonical) for column in self.columns)

    def require(self, cells: Cells) -> tuple[Any, ...]:
        """Return the key that a row has.

        Raises:
            RowError: A part is blank, or in a form in which Airtable does not store it.
        """
        value = self.value_in(cells)
        if value is None:
            blank = next(
                column
                for column in self.columns
                if canonical(column.type, cells.get(column.column)) is None
            )
            raise RowError("the key is blank", field=blank.shown_name)
        for column in self.columns:
            cell = cells[column.column]
            if not column.card.is_stored_as_sent(cell) and not _are_choices(cell, column):
                raise RowError(
                    f"{cell!r} cannot be a key: Airtable would store it in another form "
                    f"({column.type}), or refuse it; give it as it is stored",
                    field=column.shown_name,
                    value=cell,
                )
        return value

    def shown(self, cells: Cells) -> str:
        """Return the key of a row for messages: ``email='ada@example.org'``."""
        return ", ".join(
            f"{column.shown_name}={cells.get(column.column)!r}" for column in self.columns
        )

    def formula_for(self, rows: Iterable[Cells]) -> Node:
        """Return the formula that holds for the records with the keys of some rows.

        It may hold for a few others, where a formula compares less exactly than ``value_in``.
        """
        # Not by name: a column may have the name of another one, or of the record ID.
        fields = {column.name: lookup_field(column) for column in self.columns}

        def resolve(name: str) -> LookupField:
            if name not in fields:
                raise UnknownFieldError(f"the key has no field {name!r}", field=name)
            return fields[name]

        def one(cells: Cells) -> Node:
            tests: list[Node] = []
            for column in self.columns:
                cell = cells[column.column]
                parts = cell if isinstance(cell, list) else [cell]
                lookup = "__contains" if column.type == "multipleSelects" else ""
                tests += [
                    build_lookup(Q(**{f"{column.name}{lookup}": part}), resolve).wide
                    for part in parts
                ]
            return all_of(tests)

        return any_of([one(cells) for cells in rows])


def _are_choices(cell: Any, column: Column) -> bool:
    """Return whether a cell has only choices of a select field, also those with spaces around."""
    items = cell if isinstance(cell, list) else [cell]
    return all(isinstance(item, str) and item in column.known_choices for item in items)


def comparable(cells: Iterable[Any], form: Callable[[Any], Any]) -> list[Any]:
    """Bring the cells of a column into a form to compare; None for those that are blank.

    Args:
        cells: The cells.
        form: What brings one into that form.
    """
    return [form(cell) if cell or not is_empty(cell) else None for cell in cells]


class KeysAlike:
    """New keys that differ from others only in case, spaces or Unicode form.

    They are different keys; but often somebody meant the same one.

    Args:
        count: How many there are.
        first: The first of them, with one that is like it.
    """

    def __init__(self) -> None:
        self._new: dict[tuple[Any, ...], tuple[Any, ...]] = {}
        self.count = 0
        self.first: tuple[tuple[Any, ...], tuple[Any, ...]] | None = None

    def add(self, new: Sequence[tuple[Any, ...]], others: Iterable[tuple[Any, ...]]) -> None:
        """Look for such keys in a part of the rows.

        Args:
            new: The keys of its new records.
            others: All keys of the part, also the new ones, and those of existing records.
        """
        by_likeness = {_all_likeness(key): key for key in new}
        found: dict[tuple[Any, ...], tuple[Any, ...]] = {}
        for likeness, key in by_likeness.items():
            earlier = self._new.get(likeness)
            if earlier is not None and earlier != key:
                found[key] = earlier
        for other in others if by_likeness else ():
            key = by_likeness.get(_all_likeness(other), other)
            if key != other:
                found.setdefault(key, other)
        self._new |= by_likeness
        self.count += len(found)
        self.first = self.first or next(iter(found.items()), None)


def likeness(text: str) -> str:
    """Return what texts have in common that differ only in case, spaces or Unicode form."""
    return unicodedata.normalize("NFC", text.strip().casefold())


def _all_likeness(key: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(likeness(part) if isinstance(part, str) else part for part in key)


class Seen(Protocol):
    """A check that no two rows of one input have the same key."""

    def add(self, value: tuple[Any, ...], index: int, cells: Cells) -> None:
        """Take the key of a row.

        Args:
            value: The key, in a form to compare.
            index: The row's place in the input.
            cells: Its cells.

        Raises:
            RowError: Another row has it.
        """
        ...


class KeysSeen:
    """A check that no two rows of one input have the same key.

    Args:
        key: The key.
        by_letter: Whether keys that differ in upper and lower case only are kept apart. Whether
            Airtable keeps them apart when it merges is not published.
    """

    def __init__(self, key: Key, *, by_letter: bool) -> None:
        self._key = key
        self._by_letter = by_letter
        self._first: dict[tuple[Any, ...], int] = {}
        # The keys that folding has changed, by the folded ones.
        self._as_given: dict[tuple[Any, ...], tuple[Any, ...]] = {}

    def add(self, value: tuple[Any, ...], index: int, cells: Cells) -> None:
        """Take the key of a row; arguments and errors as of ``Seen.add``."""
        folded = value if self._by_letter else tuple(map(_folded, value))
        first = self._first.setdefault(folded, index)
        if first == index:
            if folded != value:
                self._as_given[folded] = value
            return
        if value == self._as_given.get(folded, folded):
            raise same_key(self._key, first, cells)
        message = Message(
            f"row {first} has a key that differs from {self._key.shown(cells)} in case only, "
            "and whether Airtable distinguishes them is not documented; ",
            Method("sync"),
            " distinguishes them",
        )
        raise RowError(message, field=self._key.columns[0].shown_name)


def same_key(key: Key, first: int, cells: Cells) -> RowError:
    """Make the error for a row that has the key of another one.

    Args:
        key: The key.
        first: The other row's place in the input.
        cells: The cells of the row.
    """
    message = f"row {first} has the same key, {key.shown(cells)}"
    return RowError(message, field=key.columns[0].shown_name)


def _folded(part: Any) -> Any:
    return part.casefold() if isinstance(part, str) else part
