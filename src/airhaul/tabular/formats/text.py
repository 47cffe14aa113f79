"""Reading text files; an error for bytes that are not text has the line."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final, NoReturn

from airhaul.errors import FileFormatError
from airhaul.messages import Message, Option
from airhaul.tabular.formats.compression import open_to_read
from airhaul.tabular.open_files import shown_name

_BLOCK_BYTES: Final = 64 * 1024
_SAVE: Final = "save the file as UTF-8"
# The mark of UTF-32 begins like that of UTF-16.
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def read_lines(path: str | Path, encoding: str | None = None, hint: str = _SAVE) -> Iterator[str]:
    r"""Read a text file line by line; the line ends are kept.

    Args:
        path: The file; a byte order mark is skipped.
        encoding: The encoding, such as ``"cp1252"``; None for UTF-8, or UTF-16 with a byte order
            mark.
        hint: What to do about a file that is not UTF-8.

    Yields:
        Lines; each ends in ``\n``, except perhaps the last. If the file has no ``\n``, each ends in
        ``\r``, as spreadsheet programs of the Macintosh write them.

    Raises:
        FileFormatError: There are bytes that are not text in that encoding (the error has the line
            for UTF-8), or a NUL character, or the encoding does not exist.
    """
    source = shown_name(path)
    with open_to_read(path) as file:
        start = file.read(_BLOCK_BYTES)
        file.seek(0)
        mark = _mark_of(start)
        if encoding is not None:
            encoding = _known(encoding, mark, source)
        elif mark is not None and mark != "utf-8":
            encoding = mark
        end = _line_end(start, encoding or "utf-8")
        lines = (
            _utf_8(_raw_lines(file, end), source, hint)
            if encoding is None
            else _decoded(file, encoding, end, source)
        )
        for number, line in enumerate(lines, start=1):
            if "\0" in line:
                raise FileFormatError(_not_text(encoding), source=source, line=number)
            yield line


def _not_text(encoding: str | None) -> str:
    reason = "there is a NUL character, so this is not a text file"
    if encoding is not None:
        return reason
    return Message(reason, " in UTF-8; for one in UTF-16, set ", Option("encoding", "utf-16-le"))


def _line_end(start: bytes, encoding: str) -> str:
    """The character that ends a line, found in the first bytes of a file."""
    text = start.decode(encoding, errors="replace")
    return "\r" if "\r" in text and "\n" not in text else "\n"


def _raw_lines(file: BinaryIO, end: str) -> Iterator[bytes]:
    if end == "\n":
        yield from file
        return
    rest = b""
    while block := file.read(_BLOCK_BYTES):
        *lines, rest = (rest + block).split(b"\r")
        yield from (line + b"\r" for line in lines)
    if rest:
        yield rest


def _utf_8(lines: Iterable[bytes], source: str, hint: str) -> Iterator[str]:
    for number, raw in enumerate(lines, start=1):
        try:
            yield raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            _refuse(error, source, number, hint)


def _mark_of(start: bytes) -> str | None:
    """The encoding that a byte order mark names, if a file starts with one."""
    return next((name for mark, name in _MARKS if start.startswith(mark)), None)


def _known(encoding: str, mark: str | None, source: str) -> str | None:
    """Check an encoding; None for UTF-8, because that reader reports the line of an error."""
    try:
        "".encode(encoding)
    except LookupError:
        raise FileFormatError(
            f"{encoding!r} is not an encoding; expected one such as utf-8, utf-16, cp1252 (Windows "
            "in Western Europe), cp1250, latin-1, mac-roman or shift-jis",
            source=source,
        ) from None
    name = codecs.lookup(encoding).name.removesuffix("-sig")
    if mark is not None and name not in (mark, mark.removesuffix("-le").removesuffix("-be")):
        raise FileFormatError(
            Message(
                f"the byte order mark at the start is that of {mark}, not of {encoding}; set ",
                Option("encoding", mark),
            ),
            source=source,
        )
    return None if name == "utf-8" else encoding


def _decoded(file: BinaryIO, encoding: str, end: str, source: str) -> Iterator[str]:
    # With this line end, other line breaks inside a cell are kept.
    with io.TextIOWrapper(file, encoding=encoding, newline=end) as text:
        try:
            # An encoding that names its byte order keeps the mark as a character.
            yield from (line.removeprefix("\ufeff") for line in islice(text, 1))
            yield from text
        except UnicodeError as error:
            raise FileFormatError(
                f"the file is not in the encoding {encoding}: {error}", source=source
            ) from None


def read_blocks(path: str | Path) -> Iterator[str]:
    """Read a UTF-8 file in blocks, for a text that may be one long line.

    Args:
        path: The file; a byte order mark is skipped.

    Yields:
        Parts of the text, at most 64 KiB each, cut between any two characters.

    Raises:
        FileFormatError: There are bytes that are not UTF-8; the error has the line.
    """
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    line = 1
    with open_to_read(path) as file:
        ended = False
        while not ended:
            raw = file.read(_BLOCK_BYTES)
            ended = not raw
            try:
                text = decoder.decode(raw, final=ended)
            except UnicodeDecodeError as error:
                line += error.object.count(b"\n", 0, error.start)
                _refuse(error, shown_name(path), line)
            line += text.count("\n")
            yield text


def _refuse(error: UnicodeDecodeError, source: str, line: int, hint: str = _SAVE) -> NoReturn:
    raise FileFormatError(
        Message(f"byte {error.object[error.start]:#04x} is not UTF-8; ", hint),
        source=source,
        line=line,
    ) from None
