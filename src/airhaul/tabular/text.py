"""Opening text, with the line in the error when bytes are not UTF-8."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from airhaul.errors import FileFormatError


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
                raise FileFormatError(
                    f"byte {raw[error.start]:#04x} is not UTF-8; save the file as UTF-8",
                    source=source,
                    line=number,
                ) from None
            if "\0" in line:
                raise FileFormatError(
                    "there is a NUL character; is this a text file?", source=source, line=number
                )
            yield line
