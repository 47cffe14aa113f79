"""Reading JSON: an array of objects, or one object on each line.

Stricter than the json module: NaN and infinity are refused, because JSON has no such numbers, and
so is a name that occurs twice in an object, because one of its values would be lost. Numbers keep
the text that they have in the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final, NoReturn, cast

from airhaul.errors import FileFormatError
from airhaul.messages import Message, Option
from airhaul.tabular.formats.text import read_blocks, read_lines
from airhaul.tabular.numbers import JsonNumber
from airhaul.tabular.open_files import shown_name
from airhaul.tabular.rows import ERROR_COLUMN, SourceRow

_SPACE: Final = " \t\r\n"
# A record of Airtable is much smaller; a larger value is not a row.
_LARGEST_ROW: Final = 50_000_000
# The longest token besides a string is an escaped surrogate pair: \ud83d\ude00.
_LONGEST_TOKEN: Final = 12


def _no_such_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number in JSON")


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    cells = dict(pairs)
    if len(cells) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twice!r} occurs twice in one object")
    return cells


_DECODER: Final = json.JSONDecoder(
    parse_constant=_no_such_number, parse_float=JsonNumber, object_pairs_hook=_each_name_once
)


def read_json_lines(path: str | Path) -> Iterator[SourceRow]:
    """Read a file with one JSON object on each line; blank lines are skipped.

    Args:
        path: A UTF-8 file.

    Yields:
        The rows.

    Raises:
        FileFormatError: A line is not a JSON object.
    """
    source = shown_name(path)
    for number, line in enumerate(read_lines(path), start=1):
        if not line.strip():
            continue
        if line.lstrip().startswith("["):
            reason = f"expected an object, got {line.strip()[:60]}; for an array of objects, set "
            raise FileFormatError(
                Message(reason, Option("format", "json")), source=source, line=number
            )
        try:
            value = _DECODER.decode(line)
        except json.JSONDecodeError as error:
            message = f"not JSON: {error.msg}, at character {error.pos + 1}"
        except ValueError as error:
            message = f"not JSON: {error}"
        except RecursionError:
            message = "nested too deeply"
        else:
            yield _row(value, source, number)
            continue
        raise FileFormatError(message, source=source, line=number)


def read_json(path: str | Path) -> Iterator[SourceRow]:
    """Read an array of objects one at a time, without loading the whole file.

    Args:
        path: A UTF-8 file; it may be a single line.

    Yields:
        The rows, each with the line on which its object begins.

    Raises:
        FileFormatError: The file is not an array of objects; the error has the line.
    """
    source = shown_name(path)
    text = _Window(read_blocks(path), source)
    if text.peek() == "{":
        text.fail(
            Message(
                "expected an array of objects; for one object on each line, set ",
                Option("format", "jsonl"),
            )
        )
    text.expect("[", "expected an array of objects, which begins with [")
    more = text.peek() != "]"
    while more:
        if text.peek() == "]":
            text.fail("there is a comma before the ] that ends the array")
        line = text.line
        yield _row(text.value(), source, line)
        more = text.peek() == ","
        if more:
            text.expect(",", "")
    text.expect("]", "expected , or ] after an object")
    if text.peek():
        text.fail("there is text after the end of the array")


def _row(value: Any, source: str, line: int) -> SourceRow:
    if not isinstance(value, dict):
        raise FileFormatError(
            f"expected an object, got {json.dumps(value)[:60]}", source=source, line=line
        )
    cells = cast("dict[str, object]", value)
    # Rejected rows of CSV have its texts; those of a file with lists have lists where it counts.
    return SourceRow(line, cells, has_lists=ERROR_COLUMN not in cells)


class _Window:
    """A moving window over a long text that knows its line."""

    def __init__(self, blocks: Iterator[str], source: str) -> None:
        self._blocks = blocks
        self._source = source
        self._text = ""
        self._at = 0
        self.line = 1

    def peek(self) -> str:
        """Return the next character that is not white space; ``""`` at the end."""
        while True:
            at = self._at
            while at < len(self._text) and self._text[at] in _SPACE:
                at += 1
            self._move(at)
            if at < len(self._text):
                return self._text[at]
            if not self._more():
                return ""

    def expect(self, character: str, otherwise: str) -> None:
        """Skip this character, or fail with a message."""
        if self.peek() != character:
            self.fail(otherwise)
        self._move(self._at + 1)

    def value(self) -> Any:
        """Read one JSON value, loading as much text as it needs."""
        blocks = 1
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if not self._may_be_cut(error) or not self._more(blocks):
                    self._move(error.pos)
                    self.fail(f"not JSON: {error.msg}")
                # Doubling the text keeps the time for a long row linear.
                blocks *= 2
            except ValueError as error:
                self.fail(f"not JSON: {error}")
            except RecursionError:
                self.fail("nested too deeply")
            else:
                self._move(end)
                return value

    def fail(self, message: str) -> NoReturn:
        """Raise the error with the current line."""
        raise FileFormatError(message, source=self._source, line=self.line)

    def _may_be_cut(self, error: json.JSONDecodeError) -> bool:
        """Whether the error may only be that the loaded text ends too early."""
        if len(self._text) - self._at > _LARGEST_ROW:
            return False
        is_open = error.msg.startswith("Unterminated string")
        return is_open or error.pos >= len(self._text) - _LONGEST_TOKEN

    def _more(self, blocks: int = 1) -> bool:
        taken = list(islice(self._blocks, blocks))
        self._text = self._text[self._at :] + "".join(taken)
        self._at = 0
        return bool(taken)

    def _move(self, to: int) -> None:
        self.line += self._text.count("\n", self._at, to)
        self._at = to
