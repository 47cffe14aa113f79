"""One row of a file, with its address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ERROR_COLUMN: Final = "airhaul error"
LINE_COLUMN: Final = "airhaul line"
"""What a file of rejected rows has besides their cells; read over when it is imported again."""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row of a file.

    Args:
        line: The line on which it begins, from 1; the header of a CSV file is line 1.
        cells: Column name to value; text from CSV, JSON values from JSON.
    """

    line: int
    cells: dict[str, object]
