"""Compressed text files, such as ``deals.csv.gz``: read and written as if they were not."""

from __future__ import annotations

import contextlib
import gzip
import importlib
import zlib
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, cast

from airhaul.errors import FileFormatError, MissingExtraError
from airhaul.tabular.open_files import shown_name

Compression = Literal["gz", "zst"]

_SUFFIXES: Final[dict[str, Compression]] = {".gz": "gz", ".zst": "zst", ".zstd": "zst"}


def compression_of(path: str | Path) -> Compression | None:
    """Return how a file is compressed, by its last suffix; None if it is not."""
    return _SUFFIXES.get(Path(path).suffix.lower())


def without_compression(path: str | Path) -> Path:
    """Return the name that a file has when it is not compressed."""
    name = Path(path)
    return name if compression_of(name) is None else name.with_suffix("")


@contextlib.contextmanager
def open_to_read(path: str | Path) -> Generator[BinaryIO]:
    """Open a file, and decompress it while it is read.

    Raises:
        FileFormatError: It is not compressed as its suffix says, or is damaged or cut off.
        MissingExtraError: No library for Zstandard is installed.
        OSError: The file cannot be read.
    """
    opener, damaged = _opener(path)
    with opener(path, "rb") as file:
        try:
            yield file
        except damaged as error:
            raise FileFormatError(
                f"its compressed content is damaged or cut off: {error}", source=shown_name(path)
            ) from None


def _opener(path: str | Path) -> tuple[Callable[..., Any], tuple[type[Exception], ...]]:
    """Return what opens a file, and its errors for content that cannot be decompressed."""
    match compression_of(path):
        case None:
            return open, ()
        case "gz":
            return gzip.open, (EOFError, gzip.BadGzipFile, zlib.error)
        case "zst":
            library = _zstandard(path)
            return library.open, (EOFError, library.ZstdError)


def compressing(file: BinaryIO, path: str | Path) -> BinaryIO:
    """Return what compresses all that is written to it, and writes it to a file.

    Args:
        file: The file; it stays open.
        path: The name that it will have, which decides; the file itself if it has no such suffix.

    Raises:
        MissingExtraError: No library for Zstandard is installed.
    """
    match compression_of(path):
        case None:
            return file
        case "gz":
            # Without the time, equal records make equal files.
            name = without_compression(path).name
            return cast("BinaryIO", gzip.GzipFile(name, "wb", fileobj=file, mtime=0))
        case "zst":
            return cast("BinaryIO", _zstandard(path).open(file, "wb"))


def _zstandard(path: str | Path) -> Any:
    """The library: that of Python 3.14, or one that is installed."""
    for name in ("compression.zstd", "backports.zstd", "zstandard"):
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    name = shown_name(path)
    raise MissingExtraError(f"{name} is compressed by Zstandard: pip install backports.zstd")
