"""A row of a file, with its line; and the settings of the file applied to it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

from airhaul.errors import FileFormatError
from airhaul.messages import Message, Option, OptionName
from airhaul.tabular.settings import FileSettings
from airhaul.tabular.texts.formulas import unescaped
from airhaul.tabular.texts.style import PLAIN, TextStyle

ERROR_COLUMN: Final = "airhaul error"
LINE_COLUMN: Final = "airhaul line"
"""Extra columns of a rejects file; ignored when that file is imported."""

OnHeader = Callable[[Mapping[str, object]], object]
"""Called with the columns of a file, by name; see ``read_rows``."""

# Objects of JSON may have different names; only so many combinations are remembered.
_MOST_KINDS: Final = 1_000


@dataclass(slots=True)  # one that is frozen takes three times as long to make
class SourceRow:
    """A row of a file.

    Args:
        line: The line on which it begins, from 1; the header of a CSV file is line 1.
        cells: The values by column name: text from CSV, JSON values from JSON.
        style: How the texts write numbers and dates.
        in_file: The values as they are in the file, by its own column names; None if ``cells`` has
            these.
        is_typed: Whether the columns of the file have types, as those of a data frame have: its
            values are what they are, and no text is read as anything else.
        has_lists: Whether the file has lists of its own, so that a text is one item: with a comma
            in it, it is not several, as it may be in CSV.
    """

    line: int
    cells: dict[str, object]
    style: TextStyle = PLAIN
    in_file: Mapping[str, object] | None = None
    is_typed: bool = False
    has_lists: bool = False

    @property
    def is_read_specially(self) -> bool:
        """Whether the file can only be read with its settings."""
        return self.in_file is not None or self.style is not PLAIN

    @property
    def given(self) -> Mapping[str, object]:
        """The values as they are in the file."""
        return self.cells if self.in_file is None else self.in_file


class RowChanges:
    """What the settings of a file change in its rows: names, columns left out, empty cells.

    Args:
        settings: The settings.
        style: How the texts write numbers and dates.
        source: The name of the file, for errors.
        blank: What an empty cell is in this format.
    """

    def __init__(
        self, settings: FileSettings, style: TextStyle, source: str, blank: str | None
    ) -> None:
        self._columns = settings.columns
        self._ignore = settings.ignore
        self._nulls = frozenset(word.strip() for word in settings.nulls)
        self._style = style
        self._source = source
        self._blank = blank
        self._names: dict[tuple[str, ...], dict[str, str | None]] = {}
        self._is_escaped = settings.escape_formulas
        self._are_of_cells = bool(self._columns or self._ignore or self._nulls or self._is_escaped)
        self.are_needed = self._are_of_cells or style is not PLAIN

    def apply(self, row: SourceRow) -> SourceRow:
        """Return the row as the caller wants it.

        Raises:
            FileFormatError: Two of its columns would have the same name.
        """
        if not self._are_of_cells:
            style, given = self._style, None
            return SourceRow(row.line, row.cells, style, given, row.is_typed, row.has_lists)
        given = row.cells
        key = tuple(given)
        names = self._names.get(key)
        if names is None:
            if len(self._names) == _MOST_KINDS:
                self._names.clear()
            names = self._names[key] = self._renamed(key, row.line)
        cells = {
            name: self._value(value)
            for column, value in given.items()
            if (name := names[column]) is not None
        }
        return SourceRow(row.line, cells, self._style, given, row.is_typed, row.has_lists)

    def _value(self, value: object) -> object:
        if self._is_escaped and isinstance(value, str):
            value = unescaped(value)
        if not self._nulls or isinstance(value, bool) or not isinstance(value, str | int | float):
            return value
        return self._blank if str(value).strip() in self._nulls else value

    def header(self, columns: Mapping[str, object]) -> Mapping[str, object]:
        """Return what is known of the columns of a file, by the names that its rows have for them.

        Args:
            columns: What is known of them, by their names in the file.

        Raises:
            FileFormatError: Two of them would have the same name.
        """
        if not self._are_of_cells:
            return columns
        names = self._renamed(tuple(columns), None)
        return {name: columns[column] for column, name in names.items() if name is not None}

    def _renamed(self, columns: tuple[str, ...], line: int | None) -> dict[str, str | None]:
        """The names of some columns; None for one that is left out."""
        names: dict[str, str | None] = {
            column: unescaped(column) if self._is_escaped else column for column in columns
        }
        named = {wanted for wanted, _ in self._wanted()}
        chosen: dict[str, str] = {}
        for wanted, name in self._wanted():
            column = _find(wanted, columns)
            if column is None or (column != wanted and column in named):
                continue  # another setting names it exactly
            first = chosen.setdefault(column, wanted)
            if first != wanted:
                raise FileFormatError(
                    f"the settings name the column {column!r} twice, as {first!r} and {wanted!r}",
                    source=self._source,
                    line=line,
                )
            names[column] = name
        before: dict[str, str] = {}
        for column, name in names.items():
            first = column if name is None else before.setdefault(name, column)
            if first != column:
                raise FileFormatError(
                    Message(
                        f"the columns {first!r} and {column!r} would both be {name!r}; leave one "
                        "out: ",
                        Option("ignore", (first,)),
                    ),
                    source=self._source,
                    line=line,
                )
        return names

    def _wanted(self) -> list[tuple[str, str | None]]:
        return [*self._columns.items(), *((column, None) for column in self._ignore)]

    def check(self, columns: Collection[str]) -> None:
        """Refuse settings that name a column which the file does not have.

        Args:
            columns: All columns of the file. The rejects of a file need not have all of them.

        Raises:
            FileFormatError: A column is not there.
        """
        if ERROR_COLUMN in columns:
            return
        options: tuple[tuple[OptionName, Collection[str]], ...] = (
            ("columns", self._columns),
            ("ignore", self._ignore),
        )
        for option, wanted in options:
            for name in wanted:
                if _find(name, columns) is None:
                    raise FileFormatError(
                        Message(
                            f"there is no column {name!r}, which ",
                            Option(option),
                            f" names; the columns are {', '.join(map(repr, columns))}",
                        ),
                        source=self._source,
                    )


def _find(wanted: str, columns: Collection[str]) -> str | None:
    """Find the column of exactly that name, or the only one with other case or spaces around it."""
    if wanted in columns:
        return wanted
    near = [column for column in columns if _folded(column) == _folded(wanted)]
    return near[0] if len(near) == 1 else None


def _folded(name: str) -> str:
    return name.strip().casefold()
