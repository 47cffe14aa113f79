"""The file of rejected rows: as they were given, with the reasons, to be corrected and sent again.

It is written as the rows come, beside its place, and put there at the end: what was rejected before
a crash is in the file with ``.part`` at its end, and a file may be imported and take the rejected
rows of the same import.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any, Final

from airhaul.errors import FileFormatError
from airhaul.tabular.choose import Format, format_of
from airhaul.tabular.rows import ERROR_COLUMN, LINE_COLUMN
from airhaul.tabular.write import as_json, as_text, csv_line

_FORMATS: Final[tuple[Format, ...]] = ("csv", "tsv", "jsonl")


class RejectsFile:
    """Takes rejected rows; the file is there once there is one.

    Args:
        path: The file; what is there is replaced.

    Raises:
        FileFormatError: The suffix tells no format that can be written row by row, or there is no
            place for the file: better now than at the first rejected row of many.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        folder = self.path.parent
        if self.path.is_dir() or not folder.is_dir():
            why = "it is a folder" if self.path.is_dir() else f"there is no folder {folder}"
            raise FileFormatError(f"rejected rows cannot go there: {why}", source=str(path))
        self._part = self.path.with_name(f"{self.path.name}.part")
        self._format = format_of(path)
        self._file: IO[str] | None = None
        self._columns: list[str] = []
        self.count = 0
        if self._format not in _FORMATS:
            raise FileFormatError(
                f"rejected rows go to a file of the formats {', '.join(_FORMATS)}",
                source=self.path.name,
            )

    def add(
        self, row: Mapping[str, Any], more: Iterable[str], reason: str, line: int | None
    ) -> None:
        """Write a row.

        Args:
            row: The row as it was given.
            more: Columns that other rows may have; looked at with the first row.
            reason: Why it was rejected.
            line: Its line in the file it came from, or None.

        Raises:
            OSError: The file cannot be written.
        """
        if self._file is None:
            self._columns = list(dict.fromkeys([*row, *more, LINE_COLUMN, ERROR_COLUMN]))
            # Half a surrogate pair may be why a row was rejected. It has no bytes, but an escape.
            self._file = self._part.open(
                "w", encoding="utf-8", errors="backslashreplace", newline=""
            )
            if self._format != "jsonl":
                self._file.write(csv_line(self._columns, self._delimiter))
        self._file.write(self._line({**row, LINE_COLUMN: line, ERROR_COLUMN: reason}))
        self._file.flush()
        self.count += 1

    @property
    def _delimiter(self) -> str:
        return "\t" if self._format == "tsv" else ","

    def _line(self, values: Mapping[str, Any]) -> str:
        if self._format != "jsonl":
            return csv_line((as_text(values.get(name)) for name in self._columns), self._delimiter)
        plain = {name: _finite(as_json(value)) for name, value in values.items()}
        return json.dumps(plain, ensure_ascii=False) + "\n"

    def close(self) -> None:
        """Put the file in its place; without a rejected row there is none, an old one is removed.

        What an old one holds was rejected by another call, and would be taken for this one's.
        """
        if self._file is not None:
            self._file.close()
            self._file = None
            self._part.replace(self.path)
        elif not self.count and _is_rejects_file(self.path):
            self.path.unlink()


def _is_rejects_file(path: Path) -> bool:
    """Whether a file was written here: nobody else's is ever removed."""
    try:
        with path.open(encoding="utf-8") as file:
            return ERROR_COLUMN in file.readline()
    except (OSError, UnicodeDecodeError):
        return False


def _finite(value: Any) -> Any:
    """JSON has no NaN; a rejected row may hold one, and is to be read again."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
