"""Choosing the format of a file, and reading files of any format."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal, get_args

from airhaul.errors import FileFormatError
from airhaul.messages import Message, Option
from airhaul.tabular.csv import read_csv
from airhaul.tabular.json import read_json, read_json_lines
from airhaul.tabular.rows import SourceRow

Format = Literal["csv", "tsv", "json", "jsonl"]

_BY_SUFFIX: Final[dict[str, Format]] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}


def format_of(path: str | Path, format: Format | None = None) -> Format:
    """Choose the format of a file.

    Args:
        path: The file.
        format: The format; None to infer it from the suffix.

    Raises:
        FileFormatError: The format does not exist, or no format has this suffix.
    """
    if format is not None:
        if format not in get_args(Format):
            raise FileFormatError(
                f"{format!r} is not a file format; expected one of {', '.join(get_args(Format))}."
            )
        return format
    suffix = Path(path).suffix.lower()
    if suffix not in _BY_SUFFIX:
        raise FileFormatError(
            Message(
                f"no file format has the suffix {suffix!r}; expected one of "
                f"{', '.join(_BY_SUFFIX)}, or set ",
                Option("format"),
                ".",
            ),
            source=Path(path).name,
        )
    return _BY_SUFFIX[suffix]


def read_rows(
    path: str | Path, format: Format | None = None, encoding: str | None = None
) -> Iterator[SourceRow]:
    """Read the rows of a file one by one; only one row is in memory.

    Args:
        path: The file.
        format: The format; None to infer it from the suffix.
        encoding: The encoding of CSV or TSV, such as ``"cp1252"``; None for UTF-8, or UTF-16 with
            a byte order mark. JSON is always UTF-8.

    Yields:
        The rows, in the order of the file.

    Raises:
        FileFormatError: The content does not have the format; the error has the line.
        OSError: The file cannot be read.
    """
    kind = format_of(path, format)
    if encoding is not None and kind not in ("csv", "tsv"):
        raise FileFormatError(
            Message(Option("encoding"), " is for CSV and TSV only; JSON is always UTF-8"),
            source=Path(path).name,
        )
    match kind:
        case "csv":
            yield from read_csv(path, encoding=encoding)
        case "tsv":
            yield from read_csv(path, "\t", encoding)
        case "json":
            yield from read_json(path)
        case "jsonl":
            yield from read_json_lines(path)
