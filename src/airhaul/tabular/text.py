"""Opening text, with the line in the error when bytes are not UTF-8."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NoReturn

from airhaul.errors import FileFormatError

_BLOCK_BYTES: Final = 64 * 1024


def read_lines(path: str | Path) -> Iterator[str]:
    r"""Read a UTF-8 file line by line, line ends kept as they are.

    Args:
        path: The file; a byte order mark at its start is left out.

    Yields:
        Lines that end in ``\n``, but for the last.

    Raises:
        FileFormatError: Bytes that are not UTF-8, or a NUL, with the line.
    """
    source = Path(path).name
    with Path(path).open("rb") as file:
        for number, raw in enumerate(file, start=1):
            try:
                line = raw.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                _refuse(error, source, number)
            if "\0" in line:
                raise FileFormatError(
                    "there is a NUL character; is this a text file?", source=source, line=number
                )
            yield line


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
    raise FileFormatError(
        f"byte {error.object[error.start]:#04x} is not UTF-8; save the file as UTF-8",
        source=source,
        line=line,
    ) from None
