"""The settings with which a file is read: its format, its columns, and how its texts are meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Self

from airhaul.errors import ConfigurationError, shown
from airhaul.messages import Message, Option, OptionName
from airhaul.tabular.texts.date_format import DateFormat
from airhaul.tabular.texts.style import PLAIN, TextStyle

Format = Literal["csv", "tsv", "json", "jsonl", "parquet", "arrow", "excel"]

_OPTIONS_OF_ROWS: Final[tuple[OptionName, ...]] = (
    "columns",
    "ignore",
    "nulls",
    "decimal_comma",
    "date_format",
    "from_airtable_csv",
    "escape_formulas",
)


@dataclass(frozen=True, slots=True)
class FileSettings:
    """The settings with which a file is read; the journal keeps them for a resumed run.

    Args:
        format: The format; None to infer it from the suffix.
        sheet: The sheet of an Excel workbook; None for the only one that is visible and not empty.
        encoding: The encoding of CSV or TSV, such as ``"cp1252"``; None for UTF-8, or UTF-16 with a
            byte order mark. JSON is always UTF-8.
        delimiter: The character that separates the columns of CSV or TSV; None to find it.
        columns: The names of fields by the names of the file's columns, where these differ.
        ignore: The columns to leave out.
        nulls: The words that mean an empty cell.
        decimal_comma: Whether numbers are written ``3,50`` and ``1.234,50``.
        date_format: How dates are written, such as ``"DD.MM.YYYY"``; None for ISO 8601.
        from_airtable_csv: Whether numbers, dates and durations are written as their fields show
            them.
        escape_formulas: Whether texts that a spreadsheet would run as formulas have an apostrophe
            in front, which reading the file removes: texts that begin with ``=``, ``+``, ``-``,
            ``@``, a tab or a carriage return; only for CSV and TSV.

    Raises:
        ConfigurationError: A setting is invalid, or two contradict each other.
    """

    format: Format | None = None
    sheet: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict[str, str])
    ignore: tuple[str, ...] = ()
    nulls: tuple[str, ...] = ()
    decimal_comma: bool = False
    date_format: str | None = None
    from_airtable_csv: bool = False
    escape_formulas: bool = False

    def __post_init__(self) -> None:
        if self.delimiter is not None and not _may_separate(self.delimiter):
            raise ConfigurationError(
                Message(
                    Option("delimiter"),
                    " is one character, such as a semicolon, and no letter, digit, quote or line "
                    f"break; got {self.delimiter!r}.",
                )
            )
        if self.date_format is not None:
            DateFormat.of(self.date_format)
        both = [name for name in self.columns if name in self.ignore]
        if both:
            raise ConfigurationError(
                Message(
                    f"The column {both[0]!r} is both in ",
                    Option("columns"),
                    " and in ",
                    Option("ignore"),
                    "; decide on one.",
                )
            )

    def style(self, fields: Mapping[str, Mapping[str, Any]] | None = None) -> TextStyle:
        """How the texts of the file write numbers and dates.

        Args:
            fields: The options of the table's fields, by name and by ID, if they were read.
        """
        if not (self.decimal_comma or self.date_format or self.from_airtable_csv):
            return PLAIN
        dates = None if self.date_format is None else DateFormat.of(self.date_format)
        return TextStyle(self.decimal_comma, dates, self.from_airtable_csv, fields or {})

    def as_options(self) -> Iterator[Option]:
        """The options that a file of rejected rows needs, too: all but its format and encoding.

        Yields:
            Those that are set, for messages.
        """
        for name in _OPTIONS_OF_ROWS:
            value = getattr(self, name)
            if value:
                yield Option(name, value)

    @classmethod
    def of(cls, format: Format | None, options: Mapping[str, Any]) -> Self:
        """Make the settings of the options of a call; one name or word may be given as it is.

        Args:
            format: The format of the file.
            options: The other settings, by name.
        """
        given = {**options}
        for name in ("ignore", "nulls"):
            value = given.get(name) or ()
            given[name] = (value,) if isinstance(value, str) else tuple(value)
        given["columns"] = _renamings(given.get("columns") or {})
        return cls(format, **given)


DEFAULTS: Final = FileSettings()
"""The settings for a file that its suffix, header and content describe."""


def _may_separate(delimiter: str) -> bool:
    is_text = delimiter.isalnum() or delimiter in '"\r\n'
    return len(delimiter) == 1 and not is_text


def _renamings(columns: Any) -> dict[str, str]:
    names: dict[Any, Any] = dict(columns) if isinstance(columns, Mapping) else {None: None}
    if not all(isinstance(name, str) for pair in names.items() for name in pair):
        raise ConfigurationError(
            Message(
                Option("columns"),
                " has the names of fields by the names of columns, as in ",
                Option("columns", {"E-mail address": "Email"}),
                f", got {shown(columns)}; to leave a column out, set ",
                Option("ignore"),
                ".",
            )
        )
    return names
