"""Opening text, with the line in the error when bytes are no text."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, NoReturn

from airhaul.errors import FileFormatError

_BLOCK_BYTES: Final = 64 * 1024


def read_lines(path: str | Path) -> Iterator[str]:
    r"""Read a text file line by line, line ends kept as they are.

    Args:
        path: The file, in UTF-8, or in UTF-16 with a byte order mark; the mark is left out.

    Yields:
        Lines that end in ``\n``, but for the last.

    Raises:
        FileFormatError: Bytes that are not text in that encoding, or a NUL, with the line.
    """
    source = Path(path).name
    with Path(path).open("rb") as file:
        is_wide = file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        file.seek(0)
        lines = _utf_16(file, source) if is_wide else _utf_8(file, source)
        for number, line in enumerate(lines, start=1):
            if "\0" in line:
                raise FileFormatError(
                    "there is a NUL character; is this a text file?", source=source, line=number
                )
            yield line


def _utf_8(file: BinaryIO, source: str) -> Iterator[str]:
    for number, raw in enumerate(file, start=1):
        try:
            yield raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            _refuse(error, source, number)


def _utf_16(file: BinaryIO, source: str) -> Iterator[str]:
    number = 0
    # The line end is named, so that a carriage return inside a cell is kept.
    with io.TextIOWrapper(file, encoding="utf-16", newline="\n") as text:
        try:
            for number, line in enumerate(text, start=1):  # noqa: B007
                yield line
        except UnicodeDecodeError:
            raise FileFormatError(
                "the file says that it is UTF-16, and a character is cut off or is none; "
                "save it as UTF-8",
                source=source,
                line=number + 1,
            ) from None


def read_blocks(path: str | Path) -> Iterator[str]:
    """Read a UTF-8 file in blocks of one size, for a text that may be a single long line.

    Args:
        path: The file; a byte order mark at its start is left out.

    Yields:
        Pieces of the text, at most 64 KiB each, cut anywhere between two characters.

    Raises:
        FileFormatError: Bytes that are not UTF-8, with the line.
    """
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    line = 1
    with Path(path).open("rb") as file:
        ended = False
        while not ended:
            raw = file.read(_BLOCK_BYTES)
            ended = not raw
            try:
                text = decoder.decode(raw, final=ended)
            except UnicodeDecodeError as error:
                line += error.object.count(b"\n", 0, error.start)
                _refuse(error, Path(path).name, line)
            line += text.count("\n")
            yield text


def _refuse(error: UnicodeDecodeError, source: str, line: int) -> NoReturn:
    suffix = Path(source).suffix
    raise FileFormatError(
        f"byte {error.object[error.start]:#04x} is not UTF-8; save the file as UTF-8 (in a "
        'spreadsheet "CSV UTF-8"), or convert it: '
        f"iconv -f WINDOWS-1252 -t UTF-8 {source} > new{suffix}",
        source=source,
        line=line,
    ) from None
