"""Inferring the type of each column of a file from its rows.

A column has the narrowest type that fits all values; if one value does not fit, or would lose
something, it is text. So is a column of JSON whose values are of several kinds, such as numbers and
texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, Literal, cast

from airhaul.tabular.misfits import MisfitCounter, Misfits
from airhaul.tabular.numbers import is_exact, is_exact_number
from airhaul.tabular.texts.field_text import is_word_for_nothing
from airhaul.tabular.texts.style import PLAIN, TextStyle

InferredType = Literal[
    "singleLineText",
    "multilineText",
    "number",
    "checkbox",
    "date",
    "dateTime",
    "duration",
    "singleSelect",
    "multipleSelects",
    "email",
    "url",
]

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
# Cells keep milliseconds, and no more.
_MOMENT: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,3}0*)?)?(Z|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_URL: Final = re.compile(r"https?://\S+")
_LINE_BREAK: Final = re.compile(r"[\r\n]")
_NO: Final = frozenset({"false", "no"})
# Airtable's own CSV files have "checked" for a ticked box, and a blank cell for another.
_TICKS: Final = _NO | {"true", "yes", "checked"}
_HIGHEST_PRECISION: Final = 8

# Choices repeat: at most a dozen short values, each in 20 rows on average.
_MOST_CHOICES: Final = 12
_ROWS_PER_CHOICE: Final = 20
_LONGEST_CHOICE: Final = 40
# The items of lists are always choices, so this limit only saves memory.
_MOST_ITEMS: Final = 10_000


@dataclass(frozen=True, slots=True)
class InferredColumn:
    """A column of a file.

    Args:
        name: The column's name.
        type: The field type that fits the values.
        precision: The number of decimal places of a number; else None.
        choices: The values of a choice, in the order of the file; else empty.
        blanks: The number of rows without a value.
        fits: Whether the type can hold every value; no type holds an object, a list of anything
            but different texts, or both texts and lists.
        words: The words such as ``NA`` without which the column would have another type.
        misfits: The few values without which a column of text would have another type; None if
            there are none, or many.
    """

    name: str
    type: InferredType
    precision: int | None = None
    choices: tuple[str, ...] = ()
    blanks: int = 0
    fits: bool = True
    words: tuple[str, ...] = ()
    misfits: Misfits | None = None


def infer_columns(
    rows: Iterable[Mapping[str, object]],
    style: TextStyle = PLAIN,
    header: Mapping[str, object] = MappingProxyType({}),
) -> list[InferredColumn]:
    """Infer the type of each column.

    Args:
        rows: The values by column name, as text or as JSON.
        style: How the texts write numbers and dates.
        header: The columns that may have no value, each with a value of its type, or None; it is
            read after the rows.

    Returns:
        The columns: those of the header, and then the others in the order in which they first
        occur. None if there are no rows.
    """
    seen: dict[str, _Seen] = {}
    count = 0
    for row in rows:
        for name, value in row.items():
            if name not in seen:
                seen[name] = _Seen(style)
            seen[name].add(value)
        count += 1
    columns: list[InferredColumn] = []
    for name in dict.fromkeys([*header, *seen] if count else ()):
        column = seen.get(name) or _Seen(style)
        blanks = count - column.filled
        if not column.filled:
            column.add(header.get(name))
        columns.append(replace(column.conclude(name, count), blanks=blanks))
    return columns


@dataclass(slots=True)
class _Seen:
    """What the rows so far show of a column."""

    style: TextStyle
    filled: int = 0
    fits: set[str] = field(
        default_factory=lambda: {
            "checkbox",
            "number",
            "date",
            "dateTime",
            "duration",
            "email",
            "url",
            "list",
        }
    )
    precision: int = 0
    choices: dict[str, None] | None = field(default_factory=dict[str, None])
    long: bool = False
    has_no: bool = False
    lists: int = 0
    is_nested: bool = False
    kind: type | None = None
    words: dict[str, None] = field(default_factory=dict[str, None])
    others: tuple[type, set[str]] | None = None
    misfits: MisfitCounter = field(default_factory=MisfitCounter)

    def add(self, value: object) -> None:
        if value is None or (isinstance(value, str) and not value.strip()):
            return
        self.filled += 1
        if isinstance(value, dict | bytes):
            self.is_nested = True
        if isinstance(value, list):
            self.lists += 1
            self.fits &= {"list"}
            self._add_items(cast("list[object]", value))
            return
        self.fits.discard("list")
        text = _plain(value)
        kind = _kind(value)
        self.has_no = self.has_no or (isinstance(value, str) and text.strip().lower() in _NO)
        fitting = _fitting(value, text, self.style)
        self._add_word(text, kind, fitting)
        self.misfits.add(text, fitting)
        self.fits &= fitting if self.kind in (None, kind) else set()
        self.kind = kind
        if "number" in self.fits:
            number = text if kind is not str else self.style.plain_number(text.strip())
            self.precision = max(self.precision, _precision(number or text))
        self.long = self.long or _LINE_BREAK.search(text) is not None or len(text) > 200
        self._add_choice(text)

    def _add_word(self, text: str, kind: type, fitting: set[str]) -> None:
        """Note a word for nothing, or else what fits all values besides such words."""
        if not fitting and is_word_for_nothing(text.strip()):
            self.words[text.strip()] = None
            return
        of_kind, before = self.others or (kind, fitting)
        self.others = kind, before & fitting if kind is of_kind else set()

    def _add_items(self, items: list[object]) -> None:
        texts = {item: None for item in items if isinstance(item, str) and _is_choice(item)}
        if len(texts) < len(items):
            self.is_nested = True
            self.choices = None
        if self.choices is None:
            return
        self.choices |= texts
        if len(self.choices) > _MOST_ITEMS:
            self.choices = None

    def _add_choice(self, text: str) -> None:
        if self.choices is None:
            return
        self.choices[text] = None
        is_short = len(text) <= _LONGEST_CHOICE and not self.long and _is_choice(text)
        if not is_short or len(self.choices) > _MOST_CHOICES:
            self.choices = None

    def conclude(self, name: str, rows: int) -> InferredColumn:
        blanks = rows - self.filled
        if self.filled == 0:
            return InferredColumn(name, "singleLineText", blanks=blanks)
        if "list" in self.fits and self.choices is not None:
            return InferredColumn(name, "multipleSelects", None, tuple(self.choices), blanks)
        if "number" in self.fits:
            return InferredColumn(name, "number", self.precision, (), blanks)
        simple: tuple[InferredType, ...] = (
            "checkbox",
            "date",
            "dateTime",
            "duration",
            "email",
            "url",
        )
        if "checkbox" in self.fits and blanks and self.has_no:
            # A checkbox cannot distinguish "no" from a blank cell.
            return InferredColumn(name, "singleSelect", None, tuple(self.choices or ()), blanks)
        for type_ in simple:
            if type_ in self.fits:
                return InferredColumn(name, type_, blanks=blanks)
        words = tuple(self.words) if self.others and self.others[1] else ()
        misfits = None if words else self.misfits.conclude(self.filled)
        choices = self.choices
        if choices is not None and len(choices) * _ROWS_PER_CHOICE <= self.filled:
            return InferredColumn(
                name, "singleSelect", None, tuple(choices), blanks, words=words, misfits=misfits
            )
        return InferredColumn(
            name,
            "multilineText" if self.long else "singleLineText",
            blanks=blanks,
            fits=not self.is_nested and not self.lists,
            words=words,
            misfits=misfits,
        )


def _plain(value: object) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _is_choice(text: str) -> bool:
    return bool(text) and text == text.strip()


def _kind(value: object) -> type:
    if isinstance(value, bool):
        return bool
    return float if isinstance(value, int | float) else str


def _of_calendar(value: object) -> set[str]:
    """The types of a value of a workbook, or of a file with types, that is a date or a time."""
    if isinstance(value, timedelta):
        return {"duration"}
    if isinstance(value, datetime):
        return {"dateTime"} if value.microsecond % 1_000 == 0 else set()  # as cells keep it
    return {"date", "dateTime"}  # midnight may look like a date


def _fitting(value: object, text: str, style: TextStyle) -> set[str]:
    if isinstance(value, bool):
        return {"checkbox"}
    if isinstance(value, int | float):
        return {"number"} if is_exact(value) else set()
    if isinstance(value, date | timedelta):
        return _of_calendar(value)
    fits: set[str] = set()
    # Text columns keep the spaces around a value; the others have no place for them.
    bare = text.strip()
    if bare.lower() in _TICKS:
        fits.add("checkbox")
    if is_exact_number(style.plain_number(bare) or ""):
        fits.add("number")
    fits |= _as_date(bare, style)
    if _DATE.fullmatch(bare) and _is_date(date.fromisoformat, bare):
        fits |= {"date"}
    if _MOMENT.fullmatch(bare) and _is_date(_in_utc, bare):
        fits.add("dateTime")
    if _EMAIL.fullmatch(text):
        fits.add("email")
    if _URL.fullmatch(text):
        fits.add("url")
    return fits


def _as_date(text: str, style: TextStyle) -> set[str]:
    """The types of a text that is a date in the notation of the file."""
    if style.dates is None:
        return set()
    try:
        found = style.dates.read(text)
    except ValueError:
        return set()
    if found is None:
        return set()
    return {"dateTime" if isinstance(found, datetime) else "date"}


def _is_date(parse: Any, text: str) -> bool:
    try:
        parse(text)
    except (ValueError, OverflowError):
        return False
    return True


def _in_utc(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is None else moment.astimezone(UTC)


def _precision(text: str) -> int:
    whole, _, fraction = text.strip().lower().partition(".")
    has_exponent = "e" in whole or "e" in fraction
    return _HIGHEST_PRECISION if has_exponent else min(len(fraction), _HIGHEST_PRECISION)
