"""Reading JSON: an array of objects, or an object a line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NoReturn, cast

from airhaul.errors import FileFormatError
from airhaul.tabular.rows import SourceRow
from airhaul.tabular.text import read_lines

_SPACE: Final = re.compile(r"[ \t\r\n]*")
# A record of Airtable is smaller by far; what is larger is no list of rows.
_LARGEST_ROW: Final = 50_000_000


def _no_such_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


_DECODER: Final = json.JSONDecoder(parse_constant=_no_such_number)


def read_json_lines(path: str | Path) -> Iterator[SourceRow]:
    """Read a file with one JSON object a line; blank lines are skipped.

    Args:
        path: A UTF-8 file.

    Yields:
        The rows.

    Raises:
        FileFormatError: A line is not a JSON object.
    """
    source = Path(path).name
    for number, line in enumerate(read_lines(path), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line, parse_constant=_no_such_number)
        except (ValueError, RecursionError) as error:
            raise FileFormatError(f"not JSON: {error}", source=source, line=number) from None
        yield _row(value, source, number)


def read_json(path: str | Path) -> Iterator[SourceRow]:
    """Read an array of objects, one at a time, without holding the file.

    Args:
        path: A UTF-8 file.

    Yields:
        The rows.

    Raises:
        FileFormatError: The file is not an array of objects, with the line.
    """
    source = Path(path).name
    text = _Window(read_lines(path), source)
    text.expect("[", "expected an array of objects, which begins with [")
    if text.peek() == "]":
        text.expect("]", "")
    else:
        while True:
            text.peek()
            line = text.line
            yield _row(text.value(), source, line)
            if text.peek() != ",":
                break
            text.expect(",", "")
        text.expect("]", "expected , or ] after an object")
    if text.peek():
        text.fail("there is more after the end of the array")


def _row(value: Any, source: str, line: int) -> SourceRow:
    if not isinstance(value, dict):
        raise FileFormatError(
            f"expected an object, got {json.dumps(value)[:60]}", source=source, line=line
        )
    return SourceRow(line, cast("dict[str, object]", value))


class _Window:
    """A moving view of a long text, that knows on which line it stands."""

    def __init__(self, lines: Iterator[str], source: str) -> None:
        self._lines = lines
        self._source = source
        self._text = ""
        self._at = 0
        self.line = 1

    def peek(self) -> str:
        """The next character that is not white space, or ``""`` at the end."""
        while True:
            match = _SPACE.match(self._text, self._at)
            assert match is not None, "the pattern matches nothing too"
            self._move(match.end())
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def expect(self, character: str, otherwise: str) -> None:
        """Step over a character, or fail."""
        if self.peek() != character:
            self.fail(otherwise)
        self._move(self._at + 1)

    def value(self) -> Any:
        """Read one JSON value, taking in as many lines as it needs."""
        wanted = 0
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except RecursionError:
                self.fail("nested too deeply")
            except ValueError as error:
                # Perhaps only its end is missing: twice as much text each time keeps this linear.
                wanted = max(1, 2 * wanted)
                if len(self._text) - self._at > _LARGEST_ROW or not self._more(wanted):
                    self.fail(f"not JSON: {getattr(error, 'msg', error)}")
            else:
                self._move(end)
                return value

    def fail(self, message: str) -> NoReturn:
        """Raise with the line."""
        raise FileFormatError(message, source=self._source, line=self.line)

    def _more(self, lines: int = 1) -> bool:
        taken = [line for line, _ in zip(self._lines, range(lines), strict=False)]
        self._text = self._text[self._at :] + "".join(taken)
        self._at = 0
        return bool(taken)

    def _move(self, to: int) -> None:
        self.line += self._text.count("\n", self._at, to)
        self._at = to
