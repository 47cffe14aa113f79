"""The rejects file: rejected rows as they were given, with the reasons, to correct and send again.

Rows are written immediately to a new file with the suffix ``.part``, which is renamed at the end.
So the rows rejected before a crash are saved, and an import can read a rejects file and replace it.
The name of the new file cannot be foreseen: no link is followed, and no other file is replaced.
"""

from __future__ import annotations

import csv
import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Final

from airhaul.errors import FileFormatError
from airhaul.tabular.choose import format_of
from airhaul.tabular.formats.compression import compression_of
from airhaul.tabular.formats.csv import allow_long_cells
from airhaul.tabular.rows import ERROR_COLUMN, LINE_COLUMN
from airhaul.tabular.settings import Format
from airhaul.tabular.write import as_json, as_text, csv_line, finite

_FORMATS: Final[tuple[Format, ...]] = ("csv", "tsv", "jsonl")
_OURS: Final = (LINE_COLUMN, ERROR_COLUMN)


class RejectsFile:
    """Writes rejected rows; without any there is no file.

    Args:
        path: The file; an existing one is replaced.

    Raises:
        FileFormatError: The format cannot be written row by row, or the folder does not exist:
            better now than at the first rejected row.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        folder = self.path.parent
        if self.path.is_dir() or not folder.is_dir():
            why = "it is a folder" if self.path.is_dir() else f"the folder {folder} does not exist"
            raise FileFormatError(f"cannot write rejected rows to it: {why}", source=str(path))
        self._part = self.path.with_name(f"{self.path.name}.{secrets.token_hex(4)}.part")
        self._format = format_of(path)
        self._file: IO[str] | None = None
        self._columns: list[str] = []
        self.count = 0
        if self._format not in _FORMATS or compression_of(path) is not None:
            raise FileFormatError(
                f"rejected rows can only be written as {', '.join(_FORMATS)}, not compressed",
                source=str(path),
            )

    def add(self, row: Mapping[str, Any], reason: str, line: int | None) -> None:
        """Write a row, with all its columns.

        Args:
            row: The row as it was given.
            reason: Why it was rejected.
            line: The line of the row in its file; None for another source.

        Raises:
            OSError: The file cannot be written.
        """
        new = [name for name in row if name not in self._columns and name not in _OURS]
        self._columns += new
        if self._file is None:
            self._file = self._open(self._part)
        elif new and self._format != "jsonl":
            self._file.close()
            self._file = self._widened()
        self._file.write(self._line({**row, LINE_COLUMN: line, ERROR_COLUMN: reason}))
        self._file.flush()
        self.count += 1

    def _open(self, path: Path, mode: str = "x") -> IO[str]:
        # A row may be rejected because of half a surrogate pair, which UTF-8 can only escape.
        file = path.open(mode, encoding="utf-8", errors="backslashreplace", newline="")
        if self._format != "jsonl" and mode == "x":
            file.write(csv_line([*self._columns, *_OURS], self._delimiter))
        return file

    def _widened(self) -> IO[str]:
        """Write a CSV file again, with columns that its first rows do not have; it stays open."""
        wider = self._part.with_name(f"{self._part.name}.wider")
        allow_long_cells(self._part.stat().st_size)
        with self._part.open(encoding="utf-8", newline="") as rows, self._open(wider) as file:
            for row in csv.DictReader(rows, delimiter=self._delimiter):
                file.write(self._line(row))
        wider.replace(self._part)
        return self._open(self._part, "a")

    @property
    def _delimiter(self) -> str:
        return "\t" if self._format == "tsv" else ","

    def _line(self, values: Mapping[str, Any]) -> str:
        if self._format != "jsonl":
            names = [*self._columns, *_OURS]
            return csv_line((as_text(values.get(name)) for name in names), self._delimiter)
        plain = {name: finite(as_json(value)) for name, value in values.items()}
        return json.dumps(plain, ensure_ascii=False) + "\n"

    def close(self) -> None:
        """Rename the file; without rejected rows, delete one of an earlier call.

        The rows of an earlier call would look like those of this call.
        """
        file, self._file = self._file, None
        if file is not None:
            file.close()
            self._part.replace(self.path)
        elif not self.count and _is_rejects_file(self.path):
            self.path.unlink()


def _is_rejects_file(path: Path) -> bool:
    """Whether a file is a rejects file: no other file is ever deleted."""
    try:
        with path.open(encoding="utf-8") as file:
            return ERROR_COLUMN in file.readline()
    except (OSError, UnicodeDecodeError):
        return False
